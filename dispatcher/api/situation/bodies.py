"""What the API shows of what happened to an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.municipalities import MunicipalityBody, municipality_body
from dispatcher.console.alert.coverage import GapReason
from dispatcher.console.alert.timeline import Happening
from dispatcher.model.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.api.situation.dead_letters import CountedLetters, LetterReplay
    from dispatcher.api.situation.log import SituationLog
    from dispatcher.console.alert.coverage import CoverageGap
    from dispatcher.console.alert.timeline import Timeline, TimelineEvent
    from dispatcher.console.desk.log import LogEntry
    from dispatcher.model.ledger import DeadLetterGroup

_WHO = "who, as the audit trail has it, or the source or persons a message came from; empty where nobody is named"


class TimelineEventBody(Body):
    """One thing that happened to one message."""

    at: words.Moment = Field(description="When it happened.")
    alert: words.AlertRef
    happening: Happening = Field(description="What happened.", examples=["first_told"])
    who: str = Field(description=_WHO, examples=["person:b.lang"])
    why: str = Field(
        description="The reason that was given; empty where none was.", examples=["falscher Ort"]
    )
    recipients: int | None = Field(
        description="how many recipients a plan or a replay had; null for all else", examples=[120]
    )
    by: words.AlertRef | None = Field(
        description="Alert that did it, where one did that you may follow; else null."
    )


class TimelineBody(Body):
    """What happened to all messages of an alert's graph that one may follow."""

    events: list[TimelineEventBody] = Field(description="What happened, the earliest first.")
    left_out: int = Field(description="how many earlier messages are left out", examples=[0])


class LogEntryBody(Body):
    """One entry of a log: something that happened to a message."""

    at: words.Moment = Field(description="When it happened.")
    alert: words.AlertRef
    headline: words.Headline
    what: str = Field(
        description="`received`, `stopped`, `first` and `last` (a gateway accepted it for the first and for the last "
        "recipient), `rejected`, `released`, `concluded`, or an action of the audit trail",
        examples=["received"],
    )
    who: str = Field(
        description="who, as the audit trail has it, or the source; empty where nobody is named",
        examples=["person:b.lang"],
    )
    said: str = Field(
        description="of `received` why it is sent or not, of `stopped` the id of the alert that did it, of `last` how "
        "many accepted it; else the reason that was given, or nothing",
        examples=["first_notice"],
    )


class LogBody(Body):
    """What happened to messages."""

    entries: list[LogEntryBody] = Field(description="What happened, the earliest first.")
    goes_on: bool = Field(
        description="true: of more than 200 messages the newest are told of", examples=[False]
    )


class GapBody(Body):
    """One gap: of municipalities, or of a channel."""

    gap: GapReason = Field(
        description="nobody_subscribed, nobody_reached: in these municipalities; no_recipients, no_gateway: of this "
        "channel; many_failed, many_unheard: a weak channel, with the share of its recipients",
        examples=["nobody_subscribed"],
    )
    municipalities: list[MunicipalityBody] = Field(
        description="Municipalities, by name; empty for a channel."
    )
    channel: words.Channel | None = Field(description="Channel; null for municipalities.")
    kind: words.KindWord | None = Field(description="Kind of notice of a weak channel; else null.")
    percent: int | None = Field(
        description="the share that failed, or of which nothing was heard, of a weak channel; else null",
        examples=[6],
    )
    recipients: int | None = Field(description="of how many recipients; else null", examples=[100])


class CoverageBody(Body):
    """Where a warning reaches nobody, and which channels are weak."""

    is_known: bool = Field(
        description="false: of an end, and before its recipients are frozen, nobody can tell", examples=[True]
    )
    are_places_counted: bool = Field(
        description="false: the recipients could not be counted by municipality in time, and no municipality is named",
        examples=[True],
    )
    gaps: list[GapBody] = Field(description="The gaps, municipalities first.")


class LetterGroupBody(Body):
    """So many recipients that could not be served, for one reason."""

    ags: words.Ags | None = Field(
        description="Municipality that they follow; null where they follow none of the alert's any more."
    )
    channel: words.Channel
    reason: str = Field(
        description="kind of the last error, as in `waiting` of the status", examples=["permanent"]
    )
    code: str = Field(description="the gateway's code of it; may be empty", examples=["413"])
    recipients: int = Field(description="how many they are", examples=[2])


class LettersBody(Body):
    """An alert's dead letters in numbers: recipients that were refused or given up."""

    letters: int | None = Field(
        description="how many there are; null: they could not be counted in time", examples=[2]
    )
    groups: list[LetterGroupBody] = Field(
        description="the largest groups; whoever follows several municipalities counts in each"
    )


class ReplayWanted(Body):
    """The replay of an alert's dead letters."""

    letters: int = Field(
        ge=0,
        le=1_000_000_000,
        description="how many were shown: with another number nothing is sent",
        examples=[2],
    )


class ReplayBody(Body):
    """What became of dead letters."""

    replayed: int = Field(description="to how many it is sent again", examples=[2])
    left: dict[str, int] = Field(
        description="to how many it is not, and why: `unknown` (no dead letter any more), `expired`, `superseded`, "
        "`ended` (the subscription), `in_flight` (ask again)",
        examples=[{"ended": 1}],
    )


def timeline_body(timeline: Timeline) -> TimelineBody:
    """Return what happened."""
    return TimelineBody(events=[_event_body(one) for one in timeline.events], left_out=timeline.left_out)


def _event_body(event: TimelineEvent) -> TimelineEventBody:
    counts = event.happening in {Happening.PLANNED, Happening.REPLAYED}
    return TimelineEventBody(
        at=event.at,
        alert=event.alert.id,
        happening=event.happening,
        who=event.who,
        why=event.why,
        recipients=event.count if counts else None,
        by=event.by.id if event.by else None,
    )


def log_body(log: SituationLog) -> LogBody:
    """Return what happened to messages."""
    return LogBody(entries=[_entry_body(one) for one in log.entries], goes_on=log.goes_on)


def _entry_body(entry: LogEntry) -> LogEntryBody:
    return LogEntryBody(
        at=entry.at,
        alert=entry.alert.id,
        headline=entry.alert.headline,
        what=entry.what.removeprefix("log_"),
        who=entry.who,
        said=entry.said,
    )


def coverage_body(gaps: Sequence[CoverageGap] | None, *, are_places_counted: bool) -> CoverageBody:
    """Return the gaps; None: nobody knows them."""
    return CoverageBody(
        is_known=gaps is not None,
        are_places_counted=are_places_counted,
        gaps=[_gap_body(one) for one in gaps or ()],
    )


def _gap_body(one: CoverageGap) -> GapBody:
    is_share = one.gap in {GapReason.MANY_FAILED, GapReason.MANY_UNHEARD}
    return GapBody(
        gap=one.gap,
        municipalities=[municipality_body(place) for place in one.municipalities],
        channel=one.channel or None,
        kind=Kind(one.kind) if one.kind else None,
        percent=one.percent if is_share else None,
        recipients=one.of if is_share else None,
    )


def letters_body(counted: CountedLetters | None) -> LettersBody:
    """Return dead letters in numbers; None: they could not be counted in time."""
    if counted is None:
        return LettersBody(letters=None, groups=[])
    return LettersBody(letters=counted.letters, groups=[_group_body(one) for one in counted.groups])


def _group_body(group: DeadLetterGroup) -> LetterGroupBody:
    return LetterGroupBody(
        ags=group.ags, channel=group.channel, reason=group.label, code=group.code, recipients=group.recipients
    )


def replay_body(replay: LetterReplay) -> ReplayBody:
    """Return what became of dead letters."""
    fates = {fate.value: count for fate, count in sorted((replay.fates or {}).items())}
    return ReplayBody(replayed=fates.pop("replayed", 0), left=fates)
