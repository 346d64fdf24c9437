"""Count the parts of a warning's SMS, for each text that goes out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.sms.contract import MAX_PARTS
from channels.sms.fitting import compose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from channels.base import Notice
    from channels.sms.contract import Contract

ANY_LANGUAGE: Final = ""
"""Stands for all languages that the message and our own words do not have: they get one text."""


@dataclass(frozen=True, slots=True)
class TextParts:
    """How many parts the texts of a warning have, by kind of notice, language and gateway."""

    counted: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def of(self, kind: str, language: str, gateway: str) -> int:
        """Return the parts of a text in the first of a reader's languages (a priority list) in which it was counted; 0
        where it was not counted.
        """
        for wanted in (*language.split(","), ANY_LANGUAGE):
            for tag in (wanted, wanted.split("-")[0]):
                if (found := self.counted.get((kind, tag, gateway))) is not None:
                    return found
        return 0


NOT_COUNTED: Final = TextParts()


def parts_at(notice: Notice, contracts: Iterable[Contract]) -> dict[str, int]:
    """Return how many parts a notice's text has at each gateway, as its carrier composes it."""
    text = notice.lines or notice.text
    return {one.gateway: len(compose(text, one.max_parts, notice.language).parts) for one in contracts}


def most_parts(contracts: Iterable[Contract]) -> int:
    """Return how many parts an SMS has at most at any of these gateways; without one, as many as at any by default."""
    return max((one.max_parts for one in contracts), default=MAX_PARTS)
