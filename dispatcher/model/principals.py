"""Define the parties that the record knows by a key: sources, which submit, and instances, which read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A party that may submit: a control centre or a feed.

    `senders` are the CAP sender values it may use, `territory` the AGS prefixes it may warn.
    """

    id: str
    name: str
    senders: frozenset[str]
    territory: tuple[str, ...]
    inset_m: float | None = None
    """How deep a hazard must enter a municipality to concern it; None: as the matching rule has it."""
    by_severity: bool = False
    """Whether the matching rule is more generous for its Extreme and more sparing for its Minor warnings."""

    def may_warn(self, ags: str) -> bool:
        return ags.startswith(self.territory)


@dataclass(frozen=True, slots=True)
class Instance:
    """One municipality's app, which may pull what concerns its places (AGS)."""

    id: str
    name: str
    places: tuple[str, ...]
