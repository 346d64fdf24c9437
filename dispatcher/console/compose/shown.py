"""Arrange what the preview of a message shows before it is on record. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from dispatcher.model.vocabulary import ENDS, SENT, Kind, Lane, Reason
from dispatcher.texts.unrecorded import unrecorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cap
    from dispatcher.audience.reach import ShownCount
    from dispatcher.intake.four_eyes.texts import HeldTexts, MessageTexts
    from dispatcher.intake.submission import Preview
    from dispatcher.model.alerts import AffectedMunicipality


class ReachRow(NamedTuple):
    """Whom the message reaches in one municipality, in the order of the channels."""

    place: AffectedMunicipality
    counts: tuple[ShownCount, ...]


class ShownReach(NamedTuple):
    """Whom the message reaches."""

    channels: tuple[str, ...]
    total: tuple[ShownCount, ...]
    rows: list[ReachRow]


class People(NamedTuple):
    """How many a message goes to: exactly, or at least so many where some are shown as less than five."""

    number: int
    is_exact: bool


def goes_out(preview: Preview) -> bool:
    """Whether people get it: at once, or when a second person has approved it."""
    return (preview.reason in SENT or waits(preview)) and not preview.quota_reached and not preview.repeated


def waits(preview: Preview) -> bool:
    """Whether it waits for a second person."""
    return preview.reason is Reason.HELD


def people(preview: Preview) -> People:
    """Return how many get it, over all channels; also whom an Update tells that they are no longer concerned."""
    counts = [*preview.estimate.shown_by_channel().values()]
    if preview.dropped is not None:
        counts += preview.dropped.estimate.shown_by_channel().values()
    whole = [one for one in counts if isinstance(one, int)]
    return People(sum(whole), is_exact=len(whole) == len(counts))


def reach_shown(preview: Preview) -> ShownReach:
    """Return the table of channels and municipalities, as a source may see it."""
    by_channel = preview.estimate.shown_by_channel()
    by_place = preview.estimate.shown_by_municipality()
    channels = tuple(sorted(by_channel))
    rows = [
        ReachRow(place, tuple(by_place.get(place.ags, {}).get(channel, 0) for channel in channels))
        for place in preview.affected
    ]
    return ShownReach(channels, tuple(by_channel[one] for one in channels), rows)


def written(
    alert: cap.Alert, preview: Preview, affected: Sequence[AffectedMunicipality], texts: HeldTexts
) -> MessageTexts:
    """Return the texts of a message as they would be now."""
    now = alert.sent or datetime.now(UTC)
    stored = replace(unrecorded(alert, now, preview.expires), lane=Lane(preview.lane), reason=preview.reason)
    kind = Kind.CANCEL if preview.reason in ENDS else None
    return texts.both(alert, stored, affected, now, kind)
