"""What a stand-in is to the rest of the lab: one value a channel, all of them in `registry`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import msgspec

    from ops.lab.gateways.gateway import Examiner
    from ops.lab.gateways.process import Listen

SHARE_OF_THE_REST = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """What all stand-ins of one district are started with."""

    token: str
    """What an SMS provider asks for with each message."""
    report_secret: str
    """What it shows with its own delivery reports."""
    decrypt: str
    """Whether push services open what they get `inline`, or leave it to the reader of their ledgers, `later`."""
    certificate: Path | None
    """Of push services, where they speak TLS: PEM, its own authority."""
    key: Path | None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One recipient's address on a channel, and what the stand-in must know to serve it."""

    ref: str
    """Opaque recipient key, the same in the gateways' ledgers."""
    address: str
    """A URL's path where the stand-in is reached by URL, else the whole address."""
    keys: Mapping[str, str]
    secret: msgspec.Struct | None
    """The line of the stand-in's state file, where it has one."""


@dataclass(frozen=True, slots=True)
class StandinSpec:
    """How one channel's stand-in is launched, and what the lab must know of the channel."""

    name: str
    """On the command line. Where a district has several they are called `name-1`, `name-2` and so on."""
    channel: str
    """The service's own name of it."""
    help: str
    share: float
    """Of all persons, how many subscribe by it. One channel has SHARE_OF_THE_REST; 0: no person does, but each
    municipality's app instance."""
    gone: frozenset[int]
    """Answers after which a recipient may be forgotten."""
    several: bool
    """Whether a district spreads its subscribers over several of it."""
    by_url: bool
    """Whether its subscribers' addresses are URLs below its origin."""
    state_file: str
    """What the population leaves for it, below the state directory; "" for nothing."""
    add_options: Callable[[argparse.ArgumentParser], None]
    examiner: Callable[[argparse.Namespace, Listen], Examiner]
    subscriber: Callable[[int, int | str], Subscriber]
    """The one that follows from a seed and a person's number or a municipality's AGS."""
    arguments: Callable[[Site], tuple[str, ...]]
    """What it is launched with in a district."""
    settings: Callable[[Site, str], Mapping[str, str]]
    """What the service must be told of it, given its URL, beside that it may be contacted."""

    def names(self, several: int) -> tuple[str, ...]:
        """What those of one district are called; `several` is how many there are where there may be more than one."""
        if not self.several:
            return (self.name,)
        return tuple(f"{self.name}-{number + 1}" for number in range(several))
