"""Define the parties that the record knows by a key: sources, which submit, instances, which read, and operators away
from the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class CredentialState(StrEnum):
    """What is true of a credential that is shown. All but `VALID` are refused, and look the same from outside."""

    VALID = "valid"
    MISSING = "missing"
    """Nothing was shown that could be one."""
    UNKNOWN = "unknown"
    """Nobody has it."""
    WRONG_KIND = "wrong_kind"
    """It is of a kind that is not let in here; whether it is good elsewhere was not looked up."""
    WRONG_ENVIRONMENT = "wrong_environment"
    """It is good, and of exercises where the way in is live, or the other way round. It alone is told so."""
    REVOKED = "revoked"
    DISABLED = "disabled"
    """The key is good, its bearer is disabled."""
    EXPIRED = "expired"
    WRONG_CERTIFICATE = "wrong_certificate"
    """The key is good, and bound to a certificate that did not come along."""
    WORTHLESS = "worthless"
    """The service's pepper was replaced since it was issued. Only the operator's lists say so: where it is shown it is
    `UNKNOWN`."""


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
    may_flash: bool = True
    """Whether its gravest warnings travel in the most urgent lane."""
    quota: int | None = None
    """How many warnings it may submit in an hour; 0: any number, None: as the setting has it."""

    def may_warn(self, ags: str) -> bool:
        return ags.startswith(self.territory)


@dataclass(frozen=True, slots=True)
class Branding:
    """How an app presents itself; empty where nothing is set. Colours are `#rrggbb` in lower case."""

    colour: str = ""
    """The colour behind text."""
    text_colour: str = ""
    logo: str = ""
    """An https URL, which the service never fetches."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One municipality's app, which may pull what concerns its places (AGS)."""

    id: str
    name: str
    places: tuple[str, ...]
    """Its own municipalities."""
    sandbox: bool = False
    """Whether it is for trying: it gets samples, and no warning."""
    territory: tuple[str, ...] = ()
    """The AGS and prefixes by which its places were named; empty where each was named by its own."""
    languages: tuple[str, ...] = ("de",)
    """Those of the app (BCP 47)."""
    branding: Branding = Branding()
    contact: str = ""
    """Whom to ask about it."""
    quota: int | None = None
    """How many requests it may make in a minute; 0: any number, None: as the setting has it."""
    shows: tuple[str, ...] = ()
    """The neighbours (ids of instances) whose warnings it also wants to show."""
    neighbouring: tuple[str, ...] = ()
    """The municipalities (AGS) of those of them who have consented; the record sees to it."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Return all municipalities (AGS) whose warnings it shows."""
        return self.places + self.neighbouring


@dataclass(frozen=True, slots=True)
class RemoteOperator:
    """An operator who minds instances away from the machine."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What a neighbour said: who there, and when."""

    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour whose warnings an instance wants to show; without its consent it shows none."""

    id: str
    name: str
    places: tuple[str, ...]
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class ChannelCredential:
    """What is known of a credential that an instance has of its own with a channel; the secret is sealed elsewhere."""

    instance_id: str
    channel: str
    fingerprint: str
    """Of Web Push the public key, as browsers take it."""
    subject: str = ""
    """How a push service reaches whoever sends; empty: as it reaches the operator."""
    created_at: datetime | None = None
    """When it was put, the last time."""
    replaced_at: datetime | None = None
    """When a newer one took its place."""


@dataclass(frozen=True, slots=True)
class PartyEntry:
    """A source, an instance or an operator as a list shows it. `places` is the territory of a source; `keys` counts the
    valid ones.
    """

    id: str
    name: str
    senders: tuple[str, ...]
    places: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    keys: int
