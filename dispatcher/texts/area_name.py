"""Decide whether people read the sender's own name of the area, or the list of municipalities. Pure.

The list is always right. The name is taken where it is shorter and the target is the one that the sender named: nothing
of it was left out, clipped or put right by us, as far as message and record can show. It never says less than the
target (ops/docs/decisions/0033-the-senders-name-of-the-area.md).
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.characters import one_line
from dispatcher.model.vocabulary import FEED_PREFIX, Kind
from dispatcher.texts.words.catalogues import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    import cap
    from dispatcher.model.alerts import StoredAlert

NAME_CHARACTERS: Final = 60
"""The longest name, so that it never has to be cut where the list would be."""
MEANINGLESS: Final = frozenset(
    {
        "area",
        "gebiet",
        "kreis",
        "ort",
        "polygon",
        "region",
        "siehe karte",
        "warnbereich",
        "warngebiet",
        "warning area",
    }
)
"""Names that programs fill in, in lower case: they say nothing to people."""
_KEY_NAMES: Final = frozenset({"AGS", "ARS", "SHN"})
"""Schemes whose codes are prefixes of the municipalities' own keys, so that they can be compared here."""
_LINK: Final = re.compile(r"://|\bwww\.|@|[^\W\d_][.．。｡][^\W\d_]", re.IGNORECASE)
"""What no name of an area has, and a stranger might put there: links, domains, addresses."""
_DIGITS: Final = 5
"""So many digits are a telephone number, however they are grouped."""
_DANGER: Final = (
    r"gefahr\w*|ungefährlich\w*|warnung\w*|entwarn\w*|alarm\w*|sicher\w*|vorbei|vorüber|beendet|ende|evaku\w*|fehl\w*",
    r"danger\w*|hazard\w*|threat\w*|warning\w*|alert\w*|all[\s-]*clear|safe\w*|over|ended|evacuat\w*|false|hoax",
    r"tehlike\w*|uyarı\w*|alarm\w*|güven\w*|geçti|bitti|sona|tahliye\w*|asılsız",
    r"небезпе\w*|безпе\w*|попередж\w*|тривог\w*|загроз\w*|відбій|минул\w*|евакуац\w*|хибн\w*",
    r"\w*خطر|\w*تحذير\w*|\w*إنذار|آمن\w*|زال|زوال|انته\w*|إخلاء|كاذب\w*",
)
"""Words of danger and of its end, beside those of the notices themselves: a name must not say the contrary of the text
around it.
"""
_SEPARATORS: Final = re.compile(
    r"\s*(?:[,;/&+:|()·•]|\s[–—-]\s|\b(?:und|sowie|samt|nebst|oder|bis|and|or|to)\b)\s*", re.IGNORECASE
)
_FILL_WORDS: Final = re.compile(
    r"\b(?:nur|allein|lediglich|ausschließlich|only|just|die|der|das|the|in|im|bei|of|stadt|stadtgebiet|gemeinde|"
    r"gemeindegebiet|ort|raum|markt|city|town|municipality|area)\b",
    re.IGNORECASE,
)
"""What stands beside the name of a municipality without making it the name of anything larger."""
_AGS_LENGTH: Final = 8
_DISTRICT: Final = 5


class Because(StrEnum):
    """Why people read the one or the other."""

    SHORTER = "shorter"
    """The sender's name is shorter and of the same target: it is what people read."""
    NO_NAME = "no_name"
    """There is none, or one that says nothing."""
    UNFIT = "unfit"
    """It is too long, or holds what a name of an area has not."""
    NOT_SHORTER = "not_shorter"
    SAYS_LESS = "says_less"
    """It names some of the municipalities, and more are warned."""
    OTHER_AREAS = "other_areas"
    """Another info of the message names areas that this one has not."""
    CHANGED = "changed"
    """Something of the area was clipped, unreadable, unknown, or decided by a person."""


class AreaName(NamedTuple):
    """The sender's name where people read it, else nothing, and why."""

    name: str
    because: Because


def area_name(
    alert: cap.Alert,
    info: cap.Info | None,
    stored: StoredAlert,
    places: Sequence[str],
    codes: Iterable[str],
    known: AbstractSet[str] = frozenset(),
) -> AreaName:
    """Return what the sender calls the area of the info that is told. `places` and `codes` are names and AGS of all
    municipalities that the alert concerns, `known` names of municipalities, in lower case (`casefold`).
    """
    name = _own_name(info)
    if name is None or info is None:
        return AreaName("", Because.NO_NAME)
    listed = ", ".join(places)
    reasons = {
        Because.UNFIT: _is_unfit(name),
        Because.NOT_SHORTER: len(name) >= len(listed),
        Because.SAYS_LESS: _says_less(name, places, known),
        Because.OTHER_AREAS: not _is_all(alert, info),
        Because.CHANGED: _is_changed(info, stored, frozenset(codes)),
    }
    because = next((reason for reason, applies in reasons.items() if applies), Because.SHORTER)
    return AreaName(name if because is Because.SHORTER else "", because)


def _own_name(info: cap.Info | None) -> str | None:
    """Return the areas' descriptions, each once; None where one of them has none, or one that says nothing."""
    names = [one_line(area.area_desc) for area in info.areas] if info else []
    if not names or any(name.lower() in MEANINGLESS or not _is_word(name) for name in names):
        return None
    return ", ".join(dict.fromkeys(names))


def _is_word(name: str) -> bool:
    return sum(sign.isalpha() for sign in name) > 1


def _is_unfit(name: str) -> bool:
    """Whether it is too long, or says what a name of an area does not say."""
    if len(name) > NAME_CHARACTERS or sum(sign.isdigit() for sign in name) >= _DIGITS:
        return True
    return bool(_LINK.search(name) or _telling().search(name))


@lru_cache(maxsize=1)
def _telling() -> re.Pattern[str]:
    """Return what speaks of danger, of its end, or takes something back, in any language."""
    fixed = {
        word
        for words in CATALOGUES.values()
        for kind in Kind
        for word in (words.prefix.get(kind, ""), *words.said.get(kind, ()))
        if word
    }
    patterns = [*map(re.escape, sorted(fixed)), *(words.denial for words in CATALOGUES.values()), *_DANGER]
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def _says_less(name: str, places: Sequence[str], known: AbstractSet[str]) -> bool:
    """Whether the name is a list of municipalities that leaves out some which are warned, or names one that is not."""
    warned = {place.casefold() for place in places}
    parts = {_bare(part) for part in _SEPARATORS.split(name) if part.strip()}
    if parts & known - warned:
        return True
    return parts <= warned and not parts >= warned


def _bare(part: str) -> str:
    """Return the part without what may stand beside a municipality's name, in lower case."""
    bare = " ".join(_FILL_WORDS.sub(" ", part).split())
    return (bare or part).casefold()


def _is_all(alert: cap.Alert, info: cap.Info) -> bool:
    """Whether the info has all shapes and codes of the message: the target is that of all infos together."""
    own = {(area.polygons, area.circles, area.geocodes) for area in info.areas}
    return all((area.polygons, area.circles, area.geocodes) in own for area in alert.areas())


def _is_changed(info: cap.Info, stored: StoredAlert, codes: frozenset[str]) -> bool:
    """Whether the target may not be what the sender named. A control centre's shape that leaves its territory is
    refused; a feed's is clipped, and nobody can tell here.
    """
    if stored.held_for:
        return True
    from_feed = stored.source_id.startswith(FEED_PREFIX)
    for area in info.areas:
        if area.unreadable or area.altitude_ft is not None or area.ceiling_ft is not None or area.excluded:
            return True
        if (area.polygons or area.circles) and from_feed:
            return True
        if not all(_is_whole(code, stored.territory, codes) for code in area.geocodes):
            return True
    return False


def _is_whole(code: cap.NamedValue, territory: Sequence[str], codes: frozenset[str]) -> bool:
    """Whether all that the code names lies in the territory, and something that it names is warned."""
    key = _as_ags(code)
    if not key or (territory and not key.startswith(tuple(territory))):
        return False
    return any(ags.startswith(key) for ags in codes)


def _as_ags(code: cap.NamedValue) -> str:
    """Return the prefix of the AGS that the code names; empty for one of another scheme, or that is none."""
    value = code.value.strip()
    if code.name.upper() not in _KEY_NAMES or not value.isascii() or not value.isdigit():
        return ""
    if len(value) == len("053580008008"):
        value = value[:_DISTRICT] + value[9:]
    if len(value) not in (2, 3, _DISTRICT, _AGS_LENGTH):
        return ""
    if len(value) == _AGS_LENGTH and value.endswith("000"):
        return value[:_DISTRICT] if value[3:_DISTRICT] != "00" else ""
    return value
