"""Strips from an identifier the languages and prefixes that publishers add to it."""

import re
from typing import Final

# DWD CAP profile: the identifier ends in the language of the edition; NINA republishes it behind "dwd.".
_DWD: Final = re.compile(
    r"(?:dwd\.)?(2\.49\.0\.[01]\.276\.0\.DWD\..+?)(?:\.(?:MUL|DEU|ENG|FRA|ESP|ARA|RUS|TUR|POL))?"
)


def without_language(identifier: str) -> str:
    """Returns the part of an identifier that all language editions and republications of one warning share."""
    match = _DWD.fullmatch(identifier)
    return match.group(1) if match else identifier
