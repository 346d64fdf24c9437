"""Fit a message's text to a cell broadcast, for a person to copy into MoWaS, which feeds DE-Alert: no interface of ours
reaches it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from channels.sms.gsm7 import Encoding, encoding_of, units
from channels.sms.sentences import GAP, sentences
from channels.sms.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOM: Final = {Encoding.GSM7: 1395, Encoding.UCS2: 615}
"""What 15 pages of 82 octets hold (3GPP TS 23.041, 9.4.1): 93 characters each of the GSM alphabet, of any other 41. The
1,395 characters of DE-Alert are those of the GSM alphabet, in which €, [ and their like count twice."""
WRITTEN: Final = ("headline", "description", "instruction", "areas", "contact")
"""The members of a message in the order in which they are read."""
URGENT: Final = ("headline", "instruction", "contact", "areas", "description")
"""The same in the order in which they find room: what to do before why."""
LONGEST: Final = 10_000
"""Characters of a member that are looked at: more never fits."""


@dataclass(frozen=True, slots=True)
class MissingMember:
    """What of a member has no room."""

    name: str
    sentences: int
    """How many whole ones; 0 where a headline was cut off within its only one."""


@dataclass(frozen=True, slots=True)
class BroadcastText:
    """A text to copy."""

    text: str
    length: int
    """In the characters by which `most` counts."""
    most: int
    left_out: tuple[MissingMember, ...] = ()


def broadcast_text(document: Sequence[tuple[str, str]], language: str = "de") -> BroadcastText | None:
    """Return the text of a message's members, `title` and those of `WRITTEN`; None where it says nothing. Each member
    ends with a whole sentence, is spelled in the GSM alphabet if it can be, and it is said what is left out.
    """
    members = dict(document)
    if not members.get("headline"):
        return None
    if title := members.get("title"):
        members["headline"] = f"{title}: {members['headline']}"
    wanted = {name: _sentences(members.get(name, ""), language) for name in WRITTEN}
    alphabet = encoding_of("\n".join(sentence for found in wanted.values() for sentence in found))
    most = ROOM[alphabet]
    headline = " ".join(wanted["headline"])
    if units(headline, alphabet) > most:
        text = _cut(headline, most, alphabet)
        rest = [MissingMember(name, len(wanted[name])) for name in URGENT[1:] if wanted[name]]
        return BroadcastText(text, units(text, alphabet), most, (MissingMember("headline", 0), *rest))
    kept: dict[str, list[str]] = {name: [] for name in WRITTEN}
    for name in URGENT:
        for sentence in wanted[name]:
            if units(_joined(kept | {name: [*kept[name], sentence]}), alphabet) > most:
                break
            kept[name].append(sentence)
    missing = {name: len(wanted[name]) - len(kept[name]) for name in URGENT}
    text, left_out = (
        _joined(kept),
        tuple(MissingMember(name, count) for name, count in missing.items() if count),
    )
    return BroadcastText(text, units(text, alphabet), most, left_out)


def _sentences(text: str, language: str) -> list[str]:
    return sentences(spelled(text[:LONGEST], language)) if text.strip() else []


def _joined(kept: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(" ".join(kept[name]) for name in WRITTEN if kept[name])


def _cut(sentence: str, most: int, alphabet: Encoding) -> str:
    """Return as many first words as have room, with what says that there were more."""
    short = sentence[: most - len(GAP)]
    while units(short + GAP, alphabet) > most:
        short = short[:-1]
    return (short.rpartition(" ")[0] or short) + GAP
