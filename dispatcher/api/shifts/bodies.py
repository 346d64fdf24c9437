"""What the API shows of a desk that is handed over, and what a person sends who takes it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.console.desk.shift import NOTE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dispatcher.console.desk.shift import BegunShift, OpenMatters
    from dispatcher.model.alerts import StoredAlert

Note = Annotated[
    str,
    Field(
        max_length=NOTE_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="one line for the next, on the audit trail for good: no names of people concerned",
        examples=["Pegel steigt, Entwarnung vorbereitet"],
    ),
]


class OpenMattersBody(Body):
    """What the next one has to know of."""

    count: int = Field(description="how many matters are open, also those that are not listed", examples=[3])
    held: list[words.AlertRef] = Field(description="What waits for a person, the gravest first; at most 30.")
    failing: list[words.AlertRef] = Field(
        description="What is in force and was not handed over to some, the gravest first."
    )
    in_force: list[words.AlertRef] = Field(
        description="What else is in force, the gravest first; at most 30 with `failing`."
    )
    silent_feeds: list[str] | None = Field(
        description="Feeds of which nobody knows what they list now; null: which ones cannot be found out.",
        examples=[["mowas"]],
    )


class ShiftBody(Body):
    """One shift that began."""

    at: words.Moment = Field(description="When it began.")
    by: str = Field(description="who took over: the person, by id", examples=["b.lang"])
    note: str = Field(
        description="the note for the next; may be empty", examples=["Pegel steigt, Entwarnung vorbereitet"]
    )
    open: int = Field(description="how many matters were open then", examples=[3])


class HandoverBody(Body):
    """What is open at a desk, and who has taken it over before."""

    as_of: words.Moment = Field(description="As of when this is, by the record's clock.")
    open: OpenMattersBody = Field(description="What is open.")
    shifts: list[ShiftBody] = Field(description="The latest shifts, the latest first; at most 20.")


class ShiftWanted(Body):
    """The taking over of a desk."""

    note: Note = ""
    form: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{43}$",
        description="32 random bytes in URL-safe Base64, by which the same sent again is known; null: it is not",
        examples=["c2hpZnQtb2YtbS1rZWxsZXItMDEyMzQ1Njc4OTAxMjM"],
    )


def handover_body(matters: OpenMatters, begun: Sequence[BegunShift]) -> HandoverBody:
    """Return what is shown of a desk."""
    return HandoverBody(
        as_of=matters.as_of,
        open=OpenMattersBody(
            count=matters.count,
            held=_ids(matters.held),
            failing=_ids(matters.failing),
            in_force=_ids(matters.in_force),
            silent_feeds=None if matters.silent_feeds is None else list(matters.silent_feeds),
        ),
        shifts=[ShiftBody(at=one.at, by=one.by, note=one.note, open=one.open) for one in begun],
    )


def _ids(alerts: Iterable[StoredAlert]) -> list[str]:
    return [one.id for one in alerts]
