"""Sum up how far an alert has come, by channel and by municipality. Pure: it counts what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from dispatcher.model.reports import ReceiptState
from dispatcher.model.vocabulary import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.model.ledger import ChannelSummary

PLACES_MAX: Final = 100
"""How many municipalities have a line of their own: a line is a quarter of a kB, and a page at most 100 kB."""
_FAILED: Final = "failed"
"""What a gateway reports of a message that it accepted and could not deliver."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Recipients in numbers. Each is one of `delivered`, `unknown`, `failed` and `waiting`; `displayed` is a part of
    `delivered`.
    """

    recipients: int = 0
    accepted: int = 0
    """A gateway took the message for them, which promises no more."""
    delivered: int = 0
    """The device said that it has the message, or for an SMS the network."""
    displayed: int = 0
    """The device said that it has shown it."""
    unknown: int = 0
    """Accepted, and nothing was said since."""
    failed: int = 0
    """Nothing more is tried, or the gateway reported that it could not deliver what it accepted."""
    waiting: int = 0

    @property
    def percent(self) -> int:
        """Return the share of those who do not wait any more, rounded down: 100 only when nobody waits."""
        return 100 * (self.recipients - self.waiting) // self.recipients if self.recipients else 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Figures)))


FIGURES: Final = tuple(one.name for one in fields(Figures))


@dataclass(frozen=True, slots=True)
class ChannelProgress:
    """How far one channel has come with one kind of notice."""

    channel: str
    kind: str
    figures: Figures
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlaceProgress:
    """How far an alert has come in one municipality. Whoever follows several counts in each."""

    place: AffectedMunicipality
    figures: Figures


@dataclass(frozen=True, slots=True)
class PlacesProgress:
    """The municipalities with a line of their own, by name, and how many others there are, with their sums."""

    lines: tuple[PlaceProgress, ...] = ()
    others: int = 0
    of_others: Figures = Figures()


def figures(
    states: Mapping[str, int], receipts: Mapping[str, int], reports: Mapping[str, int] | None = None
) -> Figures:
    """Return recipients in numbers, from their counts by state, by what their devices said and by what the gateway
    reported. Of a person with several endpoints one counts, and each of its devices may speak: no more are taken to be
    reached than were accepted.
    """
    counts = {State[name.upper()]: count for name, count in states.items()}
    recipients = sum(counts.values())
    waiting = sum(count for state, count in counts.items() if not state.terminal)
    accepted = sum(count for state, count in counts.items() if state.reached)
    delivered = min(accepted, receipts.get(ReceiptState.DELIVERED, 0))
    displayed = min(delivered, receipts.get(ReceiptState.DISPLAYED, 0))
    lost = min(accepted - delivered, (reports or {}).get(_FAILED, 0))
    return Figures(
        recipients,
        accepted,
        delivered,
        displayed,
        unknown=accepted - delivered - lost,
        failed=recipients - waiting - accepted + lost,
        waiting=waiting,
    )


def channels_progress(summaries: Iterable[ChannelSummary]) -> list[ChannelProgress]:
    """Return how far each channel has come, in the order of the ledger."""
    return [
        ChannelProgress(
            one.channel,
            one.kind,
            figures(one.states, one.receipts, one.reports),
            one.first_at,
            one.last_at,
        )
        for one in summaries
    ]


def places_progress(
    places: Sequence[AffectedMunicipality],
    recipients: Mapping[str, Mapping[str, int]],
    receipts: Mapping[str, Mapping[str, int]],
    most: int = PLACES_MAX,
) -> PlacesProgress:
    """Return how far it has come in each municipality. Of too many those with the most recipients have a line; nobody
    is left out of the count.
    """
    every = [
        PlaceProgress(one, figures(recipients.get(one.ags, {}), receipts.get(one.ags, {}))) for one in places
    ]
    every.sort(key=lambda one: (-one.figures.recipients, one.place.name, one.place.ags))
    lines = sorted(every[:most], key=lambda one: (one.place.name, one.place.ags))
    rest = every[most:]
    return PlacesProgress(tuple(lines), len(rest), sum((one.figures for one in rest), Figures()))
