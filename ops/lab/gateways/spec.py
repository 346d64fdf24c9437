"""Describes a stand-in to the rest of the lab: one value a channel, all of them in `registry`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    import msgspec

    from ops.lab.gateways.process import Listen

SHARE_OF_THE_REST = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """Holds what all stand-ins of one district are started with."""

    token: str
    """The token that an SMS provider requires with each message."""
    report_secret: str
    """The secret that it shows with its delivery reports."""
    decrypt: str
    """Whether push services open what they get `inline`, or leave it to the reader of their ledgers, `later`."""
    certificate: Path | None
    """The certificate of push services, where they speak TLS: PEM, its own authority."""
    key: Path | None

    def tls(self) -> tuple[str, ...]:
        """Return the options by which a stand-in speaks TLS; none where they do not."""
        return ("--tls-cert", str(self.certificate), "--tls-key", str(self.key)) if self.certificate else ()

    def trusting(self) -> dict[str, str]:
        """Return the service's settings by which it takes the certificate; none where there is none."""
        return {"WARN_OUTBOUND_CA_FILE": str(self.certificate)} if self.certificate else {}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A recipient's address on a channel, and what the stand-in must know to serve it."""

    ref: str
    """Opaque recipient key, the same in the gateways' ledgers."""
    address: str
    """A URL's path where the stand-in is reached by URL, else the whole address."""
    keys: Mapping[str, str]
    secret: msgspec.Struct | None
    """The line of the stand-in's state file, where it has one."""
    instance: str = ""
    """AGS of the municipality whose app it is, where that follows from who it is."""


def _none_of_their_own(_state: Path, _url: str) -> Mapping[str, bytes]:
    return {}


@dataclass(frozen=True, slots=True)
class StandinSpec:
    """Says how one channel's stand-in is launched, and what the lab must know of the channel."""

    name: str
    """Its name on the command line. Where a district has several they are called `name-1`, `name-2` and so on."""
    channel: str
    """The service's own name of it."""
    purpose: str
    """What the service's exemption for its origin is for, in `WARN_ALLOWED_ORIGINS`; "" where it needs none."""
    help: str
    share: float
    """The share of all persons who subscribe by it. One channel has SHARE_OF_THE_REST; 0: no person does, but each
    municipality's app instance."""
    gone: frozenset[int]
    """Answers after which a recipient may be forgotten."""
    several: bool
    """Whether a district spreads its subscribers over several of it."""
    by_url: bool
    """Whether its subscribers' addresses are URLs below its origin."""
    state_file: str
    """The file with its subscribers' secrets, below the state directory; "" for none."""
    add_options: Callable[[argparse.ArgumentParser], None]
    serve: Callable[[argparse.Namespace, Listen, Callable[[str], None]], Coroutine[Any, Any, None]]
    """Serves until it is told to end, and gives the line that says where to the last argument."""
    subscriber: Callable[[int, int | str], Subscriber]
    """The one that follows from a seed and a person's number or a municipality's AGS."""
    arguments: Callable[[Site], tuple[str, ...]]
    """What it is launched with in a district."""
    settings: Callable[[Site, str], Mapping[str, str]]
    """The service's settings for it, given its URL, besides that it may be contacted."""
    credentials: Callable[[Path, str], Mapping[str, bytes]] = _none_of_their_own
    """What municipalities have of their own to speak with it, by AGS, given the state directory and its URL. It lies
    there once the stand-in has started."""
    family: str = ""
    """What the lab's ledgers and counts call its recipients. Where nothing is said: as the service does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", self.family or self.channel)

    def names(self, several: int) -> tuple[str, ...]:
        """Return the names of a district's; `several` is how many there are where there may be more than one."""
        if not self.several:
            return (self.name,)
        return tuple(f"{self.name}-{number + 1}" for number in range(several))
