"""Phone numbers as SMS gateways take them."""

from __future__ import annotations

import re
from typing import Final

from channels.base import Permanent

# E.164: at most 15 digits; no country code begins with 0, and with one no subscriber has fewer than 8.
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}")


def check_number(number: str) -> None:
    """Return whether it is a number in E.164. Raises `Permanent` for what is none."""
    if not _E164.fullmatch(number):
        raise Permanent("number_invalid")
