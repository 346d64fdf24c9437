"""Keep telephone numbers in one piece where a text runs from right to left.

There a screen shows "02421 220" as "220 02421", as each run of digits is a number of its own (Unicode Standard Annex 9,
rules W2 to W6). A blank that does not break joins them (class CS, rule W4), which takes no mark of direction and no
more room: old phones show such marks as boxes.
"""

from __future__ import annotations

import re
from typing import Final

from channels.sms.sentences import NUMBER

JOINED: Final = "\xa0"
_BETWEEN: Final = re.compile(r"[ ()/\xa0-]+")
_DATE: Final = re.compile(r"\d\d?[ /-]\d\d?[ /-]\d{4}")


def in_one_piece(text: str) -> str:
    """Return the text of a language that runs from right to left with what stands between the digits of its telephone
    numbers as a blank that does not break, and with 00 for a plus, which would go to the other end.
    """
    return NUMBER.sub(lambda found: _joined(found[0]), text)


def _joined(number: str) -> str:
    if _DATE.fullmatch(number):
        return number
    return JOINED.join(filter(None, _BETWEEN.split(number.replace("+", "00", 1))))
