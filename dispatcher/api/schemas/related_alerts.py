"""What the API says of other alerts, as far as a source may know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.progress import ProgressBody, progress_body
from dispatcher.model.status import OverReason

if TYPE_CHECKING:
    from dispatcher.intake.effects import Behind
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import CountedAlert, Over


class OverBody(Body):
    """Since when and why an alert is no longer in force."""

    reason: OverReason = Field(
        description="expired: its validity is over; cancelled: a Cancel took it back; ended: an Update ended it; "
        "replaced: a later message says it anew; delisted: its feed stopped listing it"
    )
    by: words.AlertRef | None = Field(description="id of the alert that ended it")
    at: words.Moment = Field(description="since when")


class MergedIntoBody(Body):
    """The equal warning of which people are notified in place of this one. Of another source's only its existence is
    shown: then all members are null.
    """

    id: words.AlertRef | None = Field(None, description="Id of the alert of record.")
    sender: words.Sender | None = Field(None, description="Its CAP `sender`.")
    identifier: words.Identifier | None = Field(None, description="Its CAP `identifier`.")
    sent: words.Sent | None = Field(None, description="Its CAP `sent`.")
    headline: words.Headline | None = Field(None, description="Its headline.")
    progress: ProgressBody | None = Field(
        None,
        description="its recipients in numbers; null, too, where a submission could not wait for the count",
    )


class AcceptedAsBody(Body):
    """The alert that a message was accepted as before."""

    id: words.AlertRef = Field(description="Id of the alert of record.")
    progress: ProgressBody | None = Field(
        description="its recipients in numbers; null where they could not be counted in time, and where it is another "
        "source's",
    )


class OtherAlertBody(Body):
    """Another alert that has to do with this message. Of another source's only its existence is shown: then all
    members are null.
    """

    id: words.AlertRef | None = Field(None, description="Id of the alert of record.")
    sender: words.Sender | None = Field(None, description="Its CAP `sender`.")
    identifier: words.Identifier | None = Field(None, description="Its CAP `identifier`.")
    sent: words.Sent | None = Field(None, description="Its CAP `sent`.")
    headline: words.Headline | None = Field(None, description="Its headline.")


class SentInsteadBody(OtherAlertBody):
    """An equal warning that was merged into what this message replaces or ends, and is sent because of that."""

    elsewhere: bool = Field(
        description="true: only to those whom this message itself does not concern; false: to everybody whom it "
        "concerns, in place of the end",
        examples=[False],
    )


def over_body(over: Over | None) -> OverBody | None:
    """Return since when and why an alert is no longer in force; None while it is."""
    return None if over is None else OverBody(reason=over.reason, by=over.by, at=over.at)


def merged_into_body(stands_in: CountedAlert | None, reader: str | None) -> MergedIntoBody | None:
    """Return what the source `reader` may know of the warning that stands in for its own; None: an operator, who may
    know all.
    """
    if stands_in is None:
        return None
    other = stands_in.alert
    if reader not in (None, other.source_id):
        return MergedIntoBody()
    return MergedIntoBody(
        id=other.id,
        sender=other.sender,
        identifier=other.identifier,
        sent=other.sent,
        headline=other.headline,
        progress=progress_body(stands_in.progress) if stands_in.progress else None,
    )


def accepted_as_body(before: CountedAlert | None, reader: str) -> AcceptedAsBody | None:
    """Return what the source `reader` may know of the alert that its message was accepted as: sources may share a CAP
    sender, and then its progress may be another one's.
    """
    if before is None:
        return None
    counted = before.progress if before.alert.source_id == reader else None
    return AcceptedAsBody(id=before.alert.id, progress=progress_body(counted) if counted else None)


def other_alert_body(other: StoredAlert, reader: str) -> OtherAlertBody:
    """Return what the source `reader` may know of another alert."""
    return OtherAlertBody(**_named(other, reader))


def sent_instead_bodies(behind: Behind, reader: str) -> list[SentInsteadBody]:
    """Return what the source `reader` may know of equal warnings that are sent now."""
    both = ((behind.sent, False), (behind.elsewhere, True))
    return [
        SentInsteadBody(**_named(one, reader), elsewhere=elsewhere)
        for sent, elsewhere in both
        for one in sent
    ]


def _named(other: StoredAlert, reader: str) -> dict[str, Any]:
    if other.source_id != reader:
        return {}
    return {name: getattr(other, name) for name in ("id", "sender", "identifier", "sent", "headline")}
