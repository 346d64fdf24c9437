"""Turns the text of one element into a value, and names by a code what was wrong with the text.

Each function returns (value or None, code or None). A value together with a code is a repair; None with a
code means that nothing could be read.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_EXACT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:[0-5]\d", re.ASCII)
_SCHEMA: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)", re.ASCII)
_LOOSE: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ]\s?(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"(?P<fraction>[.,]\d{1,12})?\s?(?P<zone>[Zz]|UTC|GMT|[-+]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_YEARS: Final = range(2, 9999)  # datetime has 1 to 9999: this leaves room for a day's shift at either end
_FARTHEST_OFFSET: Final = timedelta(hours=14)  # no zone is farther from UTC (XML Schema 1.0 part 2 §3.2.7)
_LATEST_ZONE: Final = timezone(timedelta(hours=-12))  # where a wall clock shows a given time last
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,350})?|\.\d{1,350})", re.ASCII)
_ITEM: Final = re.compile(r'"([^"]*)"|([^\s"]+)')
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def timestamp(text: str, *, ends: bool = False) -> tuple[datetime | None, str | None]:
    """Reads §3.3.2's YYYY-MM-DDThh:mm:ssXzh:zm: whole seconds, the offset as it is written.

    A time without zone is taken as UTC; one that ends something (`ends`) as the latest it can mean: nothing
    ends early by a guess. 24:00:00 is the next day's midnight, as in XML Schema. The first and the last year
    of the calendar, which mean "ever" and "never", are moved by one, so that every zone can show them.
    """
    if _EXACT.fullmatch(text) and (value := _exact(text)):
        return value, None
    stripped = text.strip()
    match = _LOOSE.fullmatch(stripped)
    if match is None:
        return None, "time-unreadable"
    zone, known = _zone(match["zone"], ends=ends)
    try:
        day = datetime.fromisoformat(match["date"])
    except ValueError:
        return None, "time-unreadable"
    if zone is None or not _is_clock(match):
        return None, "time-unreadable"
    clock = timedelta(
        hours=int(match["hour"]), minutes=int(match["minute"]), seconds=int(match["second"] or 0)
    )
    moment = day.replace(year=min(max(day.year, _YEARS[0]), _YEARS[-1])) + clock
    if moment.year not in _YEARS:  # the last midnight of all
        moment -= timedelta(seconds=1)
    far = "time-far" if moment.year != day.year and day.year not in _YEARS else None
    return moment.replace(tzinfo=zone), known or _style(stripped, match) or far


def is_schema_time(text: str) -> bool:
    """Whether XML Schema's dateTime, which CAP 1.0 and 1.1 refer to, spells a zoned time like that."""
    return bool(_SCHEMA.fullmatch(text.strip()))


def _exact(text: str) -> datetime | None:
    """Reads the usual spelling at once; None for the rare cases that deserve a closer look."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    offset = value.utcoffset()
    known = offset is not None and abs(offset) <= _FARTHEST_OFFSET
    return value if known and value.year in _YEARS else None


def _zone(text: str | None, *, ends: bool) -> tuple[timezone | None, str | None]:
    if text is None:
        return (_LATEST_ZONE if ends else UTC), "time-naive"
    if text[0] not in "+-":
        return UTC, "time-zulu"
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset > _FARTHEST_OFFSET or int(digits[2:]) > 59:
        return None, None
    return timezone(-offset if text[0] == "-" else offset), None


def _is_clock(match: re.Match[str]) -> bool:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    return (hour < 24 and minute < 60 and second <= 60) or (hour, minute, second) == (24, 0, 0)


def _style(text: str, match: re.Match[str]) -> str | None:
    if match["fraction"]:
        return "time-fraction"
    if not _EXACT.fullmatch(text) or match["second"] == "60":
        return "time-format"
    return None


def language(text: str) -> tuple[str | None, str | None]:
    """Reads an RFC 3066 tag as XML Schema's `language` has it; `en_US` is repaired to `en-US`."""
    stripped = text.strip()
    if _LANGUAGE.fullmatch(stripped):
        return stripped, None
    repaired = stripped.replace("_", "-")
    return (repaired if _LANGUAGE.fullmatch(repaired) else None), "language-invalid"


def decimal(text: str) -> tuple[float | None, str | None]:
    """Reads XML Schema's decimal, which has no exponent and no infinity."""
    stripped = text.strip()
    return (float(stripped), None) if _DECIMAL.fullmatch(stripped) else (None, "number-invalid")


def integer(text: str) -> tuple[int | None, str | None]:
    """Reads XML Schema's integer of up to 18 digits, which fit in 64 bits."""
    stripped = text.strip()
    return (int(stripped), None) if _INTEGER.fullmatch(stripped) else (None, "number-invalid")


def quoted_list(text: str) -> tuple[tuple[str, ...], str | None]:
    """Splits `addresses` or `incidents` (§3.2.1) at blanks; an item with blanks in it stands in double quotes."""
    items = (found[1] or found[2] for found in _ITEM.finditer(text))
    code = "list-quotes" if text.count('"') % 2 else None
    return tuple(stripped for item in items if item and (stripped := item.strip())), code
