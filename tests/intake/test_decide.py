"""The one ladder of every message, rung by rung and in its order, by values; and a table of everything that can meet."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

import cap
from dispatcher.intake.decide import Decision, decide
from dispatcher.intake.effects import TAKES_EFFECT
from dispatcher.intake.meaning import ACTS_ON_OTHERS
from dispatcher.intake.prepare import Message, OnDoubt
from dispatcher.intake.related import RelatedState, resolve
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import (
    AUTHENTICITY_DOUBTS,
    DISPATCHED,
    DRILL_OF,
    DRILLS,
    ENDING_REASONS,
    OPEN_DRILL,
    WARNING,
    Doubt,
    Environment,
    Reason,
)
from tests.support.decisions import (
    ALL_CLEAR,
    AT,
    CENTRE,
    DIGEST,
    END,
    FEED,
    FIRST,
    OTHER_FEED,
    RULES,
    SECOND,
    known,
    message,
    on_record,
)
from tests.support.feed_messages import HOUR, NOW, dwd_id, update, warning

MINUTE = timedelta(minutes=1)
ENDS = NOW + 6 * HOUR
MONTH, IN_YEARS = AT + timedelta(days=30), datetime(9998, 12, 31, tzinfo=UTC)
FOR_YEARS = message(doubts=(Doubt.LIFETIME,))
DRILL = message(replace(FIRST, status=cap.Status.EXERCISE))
HOLD, REFUSE = OnDoubt.HOLD, OnDoubt.REFUSE

SENT = on_record(id="sent")
SENT_DRILL = on_record(id="drill", reason=Reason.DRILL, status="Exercise")
ENDED_DRILL = replace(SENT_DRILL, stopped_by="drilled")
DRILL_END = on_record(END, id="drilled", reason=Reason.DRILL_END, status="Exercise")
SENT_END = on_record(END, id="end", reason=Reason.CANCEL)
DELISTED = on_record(id="gone", reason=Reason.NO_LONGER_LISTED, sent=NOW + 20 * MINUTE, msg_type="Cancel")
LATER = on_record(SECOND, id="later", reason=Reason.UPDATE)
SECOND_SENT = on_record(SECOND, id="second", reason=Reason.UPDATE)
EQUAL = on_record(warning(9, identifier="lhp-1", sender="lhp@x.example"), id="theirs", source_id=OTHER_FEED)
SAME, OTHER_SPELLING = replace(SENT, sha256=DIGEST), replace(SENT, identifier=dwd_id(1, "DEU"))
SILENT = replace(SAME, stopped_by="gone")
REPLACED, ENDED = replace(SENT, stopped_by="second"), replace(SENT, stopped_by="end")


def of(reason: Reason, *doubts: Doubt, by: str | None = None, expires: datetime = ENDS) -> Decision:
    return Decision(reason, expires, doubts, by)


class Case(NamedTuple):
    """One way to a reason. `door` is that of a feed if nothing else is said."""

    message: Message
    known: RelatedState
    decision: Decision
    door: OnDoubt = HOLD


DUPLICATE = of(Reason.DUPLICATE, by="sent")
FIRST_NOTICE, UPDATE = of(Reason.FIRST_NOTICE), of(Reason.UPDATE)
REPLACED_BY_SECOND: dict[str, Any] = {
    "named": (REPLACED,),
    "graph": (REPLACED, SECOND_SENT),
    "replaced": {"second": frozenset({"sent"})},
}

LADDER: dict[str, Case] = {
    # powerless
    "a doubtful one": Case(
        message(doubts=(Doubt.SENDER, Doubt.SEVERITY)),
        known(),
        of(Reason.HELD, Doubt.SENDER, Doubt.SEVERITY),
    ),
    "a doubtful one again": Case(message(doubts=(Doubt.SENDER,)), known(same=SAME), DUPLICATE),
    "a doubtful one for elsewhere": Case(
        message(places=(), doubts=(Doubt.SENDER,)), known(), of(Reason.ELSEWHERE, Doubt.SENDER)
    ),
    "a doubtful one for elsewhere about what is known": Case(
        message(SECOND, places=(), doubts=(Doubt.SENDER,)),
        known(named=(SENT,)),
        of(Reason.HELD, Doubt.SENDER),
    ),
    "a doubtful one for nobody knows where": Case(
        message(places=(), doubts=(Doubt.SENDER, Doubt.AREA)),
        known(),
        of(Reason.HELD, Doubt.SENDER, Doubt.AREA),
    ),
    "a doubtful end": Case(
        message(END, doubts=(Doubt.SIGNATURE, Doubt.SEVERITY)),
        known(named=(SENT,)),
        of(Reason.HELD, Doubt.SIGNATURE, Doubt.SEVERITY),
    ),
    "a centre's from the future without a place, about nothing known": Case(
        message(END, places=(), doubts=(Doubt.CLOCK,)), known(), of(Reason.HELD, Doubt.CLOCK), REFUSE
    ),
    # repeated
    "the same content again": Case(message(), known(same=SAME), DUPLICATE),
    "the same content again, though it was never sent": Case(
        message(), known(same=replace(SAME, reason=Reason.HELD)), DUPLICATE
    ),
    "a centre's same content again": Case(message(), known(same=SAME), DUPLICATE, REFUSE),
    "a centre's other content under one identity": Case(
        message(), known(same=SENT), of(Reason.HELD, Doubt.IDENTITY), REFUSE
    ),
    "another feed's copy that was sent": Case(
        message(), known(copies=(replace(SENT, source_id=OTHER_FEED),)), DUPLICATE
    ),
    "another feed's copy that was sent, and which is less certain": Case(
        message(),
        known(copies=(replace(SENT, source_id=OTHER_FEED, proved=False),), succeeds=frozenset({"sent"})),
        UPDATE,
    ),
    "another feed's copy that was held": Case(
        message(), known(copies=(replace(SENT, source_id=OTHER_FEED, reason=Reason.HELD),)), FIRST_NOTICE
    ),
    "what a centre submitted here, whatever became of it": Case(
        message(), known(copies=(replace(SENT, source_id=CENTRE, reason=Reason.EXPIRED),)), DUPLICATE
    ),
    "a centre's own message, of which a feed brought a copy": Case(
        message(), known(copies=(SENT,), succeeds=frozenset({"sent"})), UPDATE, REFUSE
    ),
    "a centre's own message, all of which people have read in a copy": Case(
        message(),
        known(copies=(SENT,), succeeds=frozenset({"sent"}), equal_to=SENT),
        of(Reason.MERGED, by="sent"),
        REFUSE,
    ),
    "another feed's copy that told others": Case(
        message(),
        known(copies=(replace(SENT, source_id=OTHER_FEED),), covering=frozenset()),
        FIRST_NOTICE,
    ),
    "another feed's copy that is milder": Case(
        message(), known(copies=(replace(SENT, source_id=OTHER_FEED, severity="Minor"),)), FIRST_NOTICE
    ),
    "another feed's copy that has run out": Case(
        message(), known(copies=(replace(SENT, source_id=OTHER_FEED, expires=AT),)), FIRST_NOTICE
    ),
    "a test that a centre submitted here": Case(
        message(), known(copies=(replace(SENT, source_id=CENTRE, reason=Reason.NOT_ACTUAL),)), FIRST_NOTICE
    ),
    "an edition under another spelling that has run out": Case(
        message(), known(editions=(replace(OTHER_SPELLING, expires=AT),)), FIRST_NOTICE
    ),
    "the end of what another source told beyond the territory": Case(
        message(END), known(beyond=(SENT,)), of(Reason.HELD, Doubt.TERRITORY)
    ),
    "an edition under another spelling, though older": Case(
        message(), known(editions=(replace(OTHER_SPELLING, sent=NOW - HOUR),)), DUPLICATE
    ),
    "an edition by another feed, not older": Case(
        message(), known(editions=(replace(SENT, source_id=OTHER_FEED, sent=NOW + MINUTE),)), DUPLICATE
    ),
    "an older edition by another feed": Case(
        message(), known(editions=(replace(SENT, source_id=OTHER_FEED, sent=NOW - HOUR),)), FIRST_NOTICE
    ),
    "an edition that is less certain": Case(
        message(), known(editions=(replace(OTHER_SPELLING, proved=False),)), FIRST_NOTICE
    ),
    "an edition that was not sent": Case(
        message(), known(editions=(replace(OTHER_SPELLING, reason=Reason.HELD),)), FIRST_NOTICE
    ),
    "the same content after the source's silence": Case(
        message(), known(same=SILENT, graph=(SILENT, DELISTED)), FIRST_NOTICE
    ),
    "another content under its own identity": Case(message(), known(same=SENT), UPDATE),
    # unfit reference
    "a centre's update of nothing known": Case(
        message(SECOND), known(), of(Reason.HELD, Doubt.UNKNOWN_REFERENCE), REFUSE
    ),
    "a centre's end of somebody else's": Case(
        message(replace(END, sender="other@x.example")),
        known(),
        of(Reason.HELD, Doubt.FOREIGN_REFERENCE),
        REFUSE,
    ),
    "a centre's exercise about somebody else's": Case(
        message(replace(END, sender="other@x.example", status=cap.Status.EXERCISE)),
        known(),
        of(Reason.HELD, Doubt.FOREIGN_REFERENCE),
        REFUSE,
    ),
    "a centre's first alert that names somebody else's": Case(
        message(replace(FIRST, references=(cap.Reference("other@x.example", "1", NOW),))),
        known(),
        FIRST_NOTICE,
        REFUSE,
    ),
    # unfit lifetime
    "a centre's warning of years": Case(FOR_YEARS, known(), of(Reason.HELD, Doubt.LIFETIME), REFUSE),
    "a centre's exercise of years": Case(
        message(replace(FIRST, status=cap.Status.EXERCISE), doubts=(Doubt.LIFETIME,)),
        known(),
        of(Reason.HELD, Doubt.LIFETIME),
        REFUSE,
    ),
    "a centre's update of years of what people know": Case(
        message(SECOND, doubts=(Doubt.LIFETIME,)),
        known(named=(SENT,)),
        of(Reason.HELD, Doubt.LIFETIME),
        REFUSE,
    ),
    "a centre's end of years": Case(
        message(END, doubts=(Doubt.LIFETIME,)), known(named=(SENT,)), of(Reason.CANCEL), REFUSE
    ),
    "a centre's all-clear of years": Case(
        message(ALL_CLEAR, doubts=(Doubt.LIFETIME,)), known(named=(SENT,)), of(Reason.ALL_CLEAR), REFUSE
    ),
    "a centre's green of years after yellow": Case(
        message(SECOND, doubts=(Doubt.LIFETIME,), not_a_warning=True),
        known(named=(SENT,)),
        of(Reason.ALL_CLEAR),
        REFUSE,
    ),
    "a feed's exercise of years": Case(
        message(replace(FIRST, status=cap.Status.EXERCISE), doubts=(Doubt.LIFETIME,)),
        known(),
        of(Reason.NOT_ACTUAL),
    ),
    # not for the public
    "an acknowledgement": Case(
        message(replace(FIRST, msg_type=cap.MsgType.ACK)), known(), of(Reason.NOT_A_WARNING)
    ),
    "an exercise": Case(message(replace(FIRST, status=cap.Status.EXERCISE)), known(), of(Reason.NOT_ACTUAL)),
    "a centre's exercise": Case(DRILL, known(), of(Reason.DRILL), REFUSE),
    "a centre's exercise of an update": Case(
        message(replace(SECOND, status=cap.Status.EXERCISE)),
        known(named=(SENT_DRILL,)),
        of(Reason.DRILL_UPDATE),
        REFUSE,
    ),
    "a centre's exercise of an end": Case(
        message(replace(END, status=cap.Status.EXERCISE)),
        known(named=(SENT_DRILL,)),
        of(Reason.DRILL_END),
        REFUSE,
    ),
    "a centre's exercise of an all-clear": Case(
        message(replace(ALL_CLEAR, status=cap.Status.EXERCISE)),
        known(named=(SENT_DRILL,)),
        of(Reason.DRILL_END),
        REFUSE,
    ),
    "a centre's second end of an exercise": Case(
        message(replace(END, status=cap.Status.EXERCISE)),
        known(named=(ENDED_DRILL,), graph=(ENDED_DRILL, DRILL_END)),
        of(Reason.ALREADY_ENDED),
        REFUSE,
    ),
    "a centre's exercise that acts on a warning": Case(
        message(replace(END, status=cap.Status.EXERCISE)),
        known(crossing=(SENT,)),
        of(Reason.HELD, Doubt.ENVIRONMENT),
        REFUSE,
    ),
    "a centre's warning that acts on an exercise": Case(
        message(SECOND), known(crossing=(SENT_DRILL,)), of(Reason.HELD, Doubt.ENVIRONMENT), REFUSE
    ),
    "a centre's exercise that is over": Case(
        replace(DRILL, expires=NOW), known(), of(Reason.EXPIRED, expires=NOW), REFUSE
    ),
    "a centre's exercise in doubt": Case(
        replace(DRILL, doubts=(Doubt.AREA,)), known(), of(Reason.HELD, Doubt.AREA), REFUSE
    ),
    "a centre's restricted exercise": Case(
        message(replace(FIRST, status=cap.Status.EXERCISE, scope=cap.Scope.RESTRICTED)),
        known(),
        of(Reason.NOT_ACTUAL),
        REFUSE,
    ),
    "a test by its profile": Case(message(is_test=True), known(), of(Reason.NOT_ACTUAL)),
    "a restricted message": Case(
        message(replace(FIRST, scope=cap.Scope.RESTRICTED)), known(), of(Reason.NOT_PUBLIC)
    ),
    # superseded
    "an update of it came before": Case(message(), known(later=(LATER,)), of(Reason.SUPERSEDED, by="later")),
    "an end that its own update overtook": Case(
        message(END), known(named=(SENT,), later=(LATER,)), of(Reason.SUPERSEDED, by="later")
    ),
    "a newer edition that was sent": Case(
        message(),
        known(later=(replace(OTHER_SPELLING, sent=NOW + HOUR),)),
        of(Reason.SUPERSEDED, by="sent"),
    ),
    "a newer edition that may not act on it": Case(
        message(),
        known(editions=(replace(OTHER_SPELLING, sent=NOW + HOUR, proved=False),)),
        FIRST_NOTICE,
    ),
    "only the source's silence is newer": Case(
        message(), known(editions=(replace(DELISTED, identifier="x", proved=False),)), FIRST_NOTICE
    ),
    # ending
    "the end of what nobody was told": Case(message(END), known(), of(Reason.NOTHING_TO_END)),
    "the end of what was only held": Case(
        message(END), known(named=(replace(SENT, reason=Reason.HELD),)), of(Reason.NOTHING_TO_END)
    ),
    "a second end": Case(
        message(replace(END, identifier="x", sent=NOW + 25 * MINUTE)),
        known(named=(ENDED,), graph=(ENDED, SENT_END)),
        of(Reason.ALREADY_ENDED),
    ),
    "an end after the source's silence": Case(
        message(END), known(named=(SILENT,), graph=(SILENT, DELISTED)), of(Reason.ALREADY_ENDED)
    ),
    "the end of what was over": Case(
        message(END), known(named=(replace(SENT, expires=AT),)), of(Reason.EXPIRED)
    ),
    "the end of what was replaced": Case(
        message(END), known(**REPLACED_BY_SECOND), of(Reason.SUPERSEDED, by="second")
    ),
    "a centre's end of what was replaced": Case(
        message(END), known(**REPLACED_BY_SECOND), of(Reason.HELD, Doubt.REFERENCE_REPLACED), REFUSE
    ),
    "a centre's end of what was replaced by what is over": Case(
        message(END),
        known(**REPLACED_BY_SECOND | {"graph": (REPLACED, replace(SECOND_SENT, expires=AT))}),
        of(Reason.EXPIRED),
        REFUSE,
    ),
    "the end of what replaced it, and of its ancestors": Case(
        message(replace(END, references=())),
        known(**REPLACED_BY_SECOND | {"named": (SECOND_SENT,)}),
        of(Reason.CANCEL),
    ),
    "an end beside a branch that goes on": Case(
        message(END), known(named=(SENT,), graph=(SENT, SECOND_SENT)), of(Reason.CANCEL)
    ),
    "a cancel": Case(message(END), known(named=(SENT,)), of(Reason.CANCEL)),
    "a cancel that expired when it was sent": Case(
        message(END, expires=NOW),
        known(named=(replace(SENT, expires=ENDS - HOUR), SECOND_SENT)),
        of(Reason.CANCEL),
    ),
    "a cancel that holds for longer than what it ends": Case(
        message(END, expires=ENDS + HOUR),
        known(named=(SENT,)),
        of(Reason.CANCEL, expires=ENDS + HOUR),
    ),
    "the end of what waits behind an equal one": Case(
        message(END), known(named=(replace(SENT, reason=Reason.MERGED),)), of(Reason.CANCEL)
    ),
    "an update that gives the all-clear": Case(
        message(ALL_CLEAR), known(named=(SENT,)), of(Reason.ALL_CLEAR)
    ),
    "green after yellow": Case(
        message(SECOND, not_a_warning=True), known(named=(SENT,)), of(Reason.ALL_CLEAR)
    ),
    "an end of years": Case(
        replace(message(END, doubts=(Doubt.LIFETIME,), expires=IN_YEARS), latest_end=MONTH),
        known(named=(SENT,)),
        of(Reason.CANCEL, expires=MONTH),
    ),
    "an end of years of what a person let go out for years": Case(
        replace(message(END, doubts=(Doubt.LIFETIME,), expires=IN_YEARS), latest_end=MONTH),
        known(named=(replace(SENT, expires=IN_YEARS - HOUR),)),
        of(Reason.CANCEL, expires=IN_YEARS - HOUR),
    ),
    "an end that is only grave": Case(
        message(END, doubts=(Doubt.SEVERITY, Doubt.AREA)), known(named=(SENT,)), of(Reason.CANCEL)
    ),
    # over
    "what expires now": Case(message(expires=AT), known(), of(Reason.EXPIRED, expires=AT)),
    "what expires in a moment": Case(
        message(expires=AT + timedelta(microseconds=1)),
        known(),
        of(Reason.FIRST_NOTICE, expires=AT + timedelta(microseconds=1)),
    ),
    "an update that is over": Case(message(SECOND, expires=NOW), known(named=(SENT,)), of(Reason.LAPSED)),
    "one without an end, older than its source's patience": Case(
        message(warning(1, lasts=None, sent=AT - 12 * HOUR - MINUTE)), known(), of(Reason.OUTDATED)
    ),
    "one without an end, of just its source's patience": Case(
        message(warning(1, lasts=None, sent=AT - 12 * HOUR)), known(), FIRST_NOTICE
    ),
    "an old one that says until when": Case(
        message(warning(1, sent=AT - 13 * HOUR, lasts=24 * HOUR)), known(), FIRST_NOTICE
    ),
    "an old update without an end of what people know": Case(
        message(update(2, FIRST, lasts=None, sent=AT - 13 * HOUR)), known(named=(SENT,)), UPDATE
    ),
    # no alarm
    "a quiet one": Case(message(quiet=True), known(), of(Reason.QUIET)),
    "green without yellow": Case(message(not_a_warning=True), known(), of(Reason.NO_WARNING)),
    "advance information": Case(message(advance=True), known(), of(Reason.ADVANCE)),
    "a centre's advance information": Case(message(advance=True), known(), FIRST_NOTICE, REFUSE),
    "advance information about what people know": Case(
        message(SECOND, advance=True), known(named=(SENT,)), UPDATE
    ),
    "for elsewhere": Case(message(places=()), known(), of(Reason.ELSEWHERE)),
    "for elsewhere now, and people here were told": Case(
        message(SECOND, places=()), known(named=(SENT,)), UPDATE
    ),
    "for nobody knows where": Case(
        message(places=(), doubts=(Doubt.AREA,)), known(), of(Reason.HELD, Doubt.AREA)
    ),
    # equal
    "another source's account of it": Case(message(), known(equal_to=EQUAL), of(Reason.MERGED, by="theirs")),
    "another source's account of it, in doubt": Case(
        message(doubts=(Doubt.SEVERITY,)),
        known(equal_to=EQUAL),
        of(Reason.MERGED, Doubt.SEVERITY, by="theirs"),
    ),
    "a centre's account of it, in doubt": Case(
        message(doubts=(Doubt.SEVERITY,)), known(equal_to=EQUAL), of(Reason.HELD, Doubt.SEVERITY), REFUSE
    ),
    "another source's account of what people know": Case(
        message(SECOND), known(equal_to=EQUAL, named=(SENT,)), UPDATE
    ),
    # alarm
    "doubts": Case(
        message(doubts=(Doubt.SEVERITY, Doubt.STATUS)),
        known(),
        of(Reason.HELD, Doubt.SEVERITY, Doubt.STATUS),
    ),
    "a warning of years": Case(FOR_YEARS, known(), of(Reason.HELD, Doubt.LIFETIME)),
    "an update of years of what people know": Case(
        message(SECOND, doubts=(Doubt.LIFETIME,)), known(named=(SENT,)), of(Reason.HELD, Doubt.LIFETIME)
    ),
    "an update": Case(message(SECOND), known(named=(SENT,)), UPDATE),
    "a centre's update": Case(message(SECOND), known(named=(SENT,)), UPDATE, REFUSE),
    "an update of what is not known": Case(message(SECOND), known(), UPDATE),
    "a first notice": Case(message(), known(), FIRST_NOTICE),
}


@pytest.mark.parametrize("name", LADDER)
def test_each_rung(name: str) -> None:
    case = LADDER[name]
    assert decide(case.message, case.known, RULES[case.door]) == case.decision


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({"same": SAME}, {"places": (), "is_test": True}, Reason.DUPLICATE),
        ({"later": (LATER,)}, {"is_test": True, "quiet": True}, Reason.NOT_ACTUAL),
        ({"later": (LATER,)}, {"quiet": True, "doubts": (Doubt.SEVERITY,)}, Reason.SUPERSEDED),
        ({"later": (LATER,)}, {"is_test": True, "doubts": (Doubt.SENDER,)}, Reason.HELD),
        ({}, {"quiet": True, "not_a_warning": True, "advance": True, "places": ()}, Reason.QUIET),
        ({}, {"not_a_warning": True, "advance": True, "places": ()}, Reason.NO_WARNING),
        ({}, {"advance": True, "places": ()}, Reason.ADVANCE),
        ({}, {"places": (), "doubts": (Doubt.SEVERITY,)}, Reason.ELSEWHERE),
        ({}, {"places": (), "quiet": True, "expires": NOW}, Reason.EXPIRED),
    ],
)
def test_of_several_rungs_the_first_decides(
    better: dict[str, Any], worse: dict[str, Any], reason: Reason
) -> None:
    assert decide(message(**worse), known(**better), RULES[HOLD]).reason is reason


def test_doubts_are_recorded_in_their_order() -> None:
    assert of(Reason.HELD, Doubt.SENDER, Doubt.AREA).held_for == "sender, area"


# the table: everything that can meet

KINDS: dict[str, cap.Alert] = {
    "alert": FIRST,
    "update": SECOND,
    "all-clear": ALL_CLEAR,
    "cancel": END,
    "update without a text": replace(SECOND, infos=()),
    "cancel without a text": replace(END, infos=()),
    "acknowledgement": replace(SECOND, msg_type=cap.MsgType.ACK),
    "about another sender's": replace(
        SECOND, references=(cap.Reference("other@x.example", FIRST.identifier, NOW),)
    ),
}
PUBLICITY = (
    (cap.Status.ACTUAL, cap.Scope.PUBLIC),
    (cap.Status.TEST, cap.Scope.PUBLIC),
    (cap.Status.EXERCISE, cap.Scope.PUBLIC),
    (cap.Status.ACTUAL, cap.Scope.RESTRICTED),
)
OLD = NOW - 13 * HOUR
VALIDITY: dict[str, tuple[datetime | None, datetime, datetime]] = {
    "holds": (ENDS, NOW + 10 * MINUTE, ENDS),
    "over": (AT - MINUTE, NOW + 10 * MINUTE, AT - MINUTE),
    "none, old": (None, OLD, AT + 12 * HOUR),
    "none, fresh": (None, NOW + 10 * MINUTE, AT + 12 * HOUR),
}
"""The infos' `expires`, `sent`, and when the message ends."""
FROM_MESSAGE = (
    Doubt.SIGNATURE,
    Doubt.SENDER,
    Doubt.CLOCK,
    Doubt.LIFETIME,
    Doubt.AREA,
    Doubt.SEVERAL_TEXTS,
    Doubt.STATUS,
    Doubt.SEVERITY,
    Doubt.APPROVAL,
)
"""The doubts with which a message comes to the ladder; the others are found there."""
FACTS: tuple[dict[str, Any], ...] = (
    {},
    {"quiet": True},
    {"not_a_warning": True},
    {"advance": True},
    {"is_test": True},
    {"places": ()},
)
BY_SECOND = {"second": frozenset({"sent"})}
BY_END = {"end": frozenset({"sent"})}
RECORDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "the same": {"same": SAME},
    "the same, no longer listed": {"same": SILENT, "graph": (SILENT, DELISTED)},
    "other content": {"same": SENT},
    "a copy": {"copies": (replace(SENT, source_id=OTHER_FEED),), "succeeds": frozenset({"sent"})},
    "a less certain copy": {
        "copies": (replace(SENT, source_id=OTHER_FEED, proved=False),),
        "succeeds": frozenset({"sent"}),
    },
    "an equal copy": {"copies": (EQUAL,), "succeeds": frozenset({"theirs"}), "equal_to": EQUAL},
    "a newer edition": {
        "editions": (replace(OTHER_SPELLING, sent=ENDS),),
        "later": (replace(OTHER_SPELLING, sent=ENDS),),
    },
    "another source's equal": {"equal_to": EQUAL},
    "one in force": {"candidates": (SENT,)},
    "one expired": {"candidates": (replace(SENT, expires=AT),)},
    "one replaced": {"candidates": (REPLACED,), "graph": (REPLACED, SECOND_SENT), "replaced": BY_SECOND},
    "one ended": {"candidates": (ENDED,), "graph": (ENDED, SENT_END), "replaced": BY_END},
    "one merged": {"candidates": (replace(SENT, reason=Reason.MERGED, merged_into="theirs"),)},
    "one held": {"candidates": (replace(SENT, reason=Reason.HELD, held_for="severity"),)},
    "one held in doubt": {"candidates": (replace(SENT, reason=Reason.HELD, held_for="sender, area"),)},
    "one beyond the territory": {"beyond": (SENT,)},
    "one of the other environment": {"crossing": (SENT,)},
    "a later one": {"later": (LATER,)},
    "one in force, and a later one": {"candidates": (SENT,), "later": (LATER,)},
}
"""What the record knows; `candidates` for what the message names."""


class Cell(NamedTuple):
    """A decision, and of what."""

    door: OnDoubt
    kind: str
    record: str
    message: Message
    known: RelatedState
    decision: Decision

    @property
    def reason(self) -> Reason:
        return self.decision.reason

    def __repr__(self) -> str:
        alert, more = self.message.alert, self.message
        return (
            f"{self.door} {self.kind} / {self.record} / {alert.status} {alert.scope} until {more.expires} "
            f"{more.doubts} {len(more.places)} places, {more.facts} -> {self.decision}"
        )


def messages() -> Iterator[tuple[str, Message]]:
    """Every message that can come to the ladder."""
    doubts: list[tuple[Doubt, ...]] = [(), *((doubt,) for doubt in FROM_MESSAGE), (Doubt.SENDER, Doubt.AREA)]
    for kind, (status, scope), validity in itertools.product(KINDS, PUBLICITY, VALIDITY):
        expires, sent, ends = VALIDITY[validity]
        alert = replace(KINDS[kind], status=status, scope=scope, sent=NOW if kind == "alert" else sent)
        if not alert.infos and expires is not None:
            continue
        alert = replace(alert, infos=tuple(replace(info, expires=expires) for info in alert.infos))
        if kind == "alert" and validity == "none, old":
            alert = replace(alert, sent=OLD)
        for doubt, more in itertools.product(doubts, FACTS):
            yield kind, message(alert, doubts=doubt, expires=ends, **more)


def related(record: str, one: Message, source_id: str) -> RelatedState | None:
    """None where the record has only what the message does not act on: that is nothing."""
    values = dict(RECORDS[record])
    candidates = values.pop("candidates", ())
    lenient = source_id == FEED
    named = resolve(one, source_id, candidates, [each.id for each in candidates], lenient=lenient)
    if candidates and not named and record != "one held in doubt":
        return None
    if one.environment is Environment.EXERCISE and not lenient:
        values = {name: _as_drills(value) for name, value in values.items() if name != "equal_to"}
        named = [_as_drill(stored) for stored in named]
    return known(**values, named=named, source_id=source_id)


def _as_drill(stored: StoredAlert) -> StoredAlert:
    """The same, as the record has an exercise: no other is ever related with an exercise of a centre."""
    return replace(stored, status="Exercise", reason=DRILL_OF.get(stored.reason, stored.reason))


def _as_drills(value: Any) -> Any:
    if isinstance(value, StoredAlert):
        return _as_drill(value)
    return tuple(map(_as_drill, value)) if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def table() -> list[Cell]:
    cells = []
    for (door, rules), (kind, one), record in itertools.product(RULES.items(), list(messages()), RECORDS):
        if (state := related(record, one, rules.source_id)) is not None:
            cells.append(Cell(door, kind, record, one, state, decide(one, state, rules)))
    return cells


def test_every_reason_and_every_doubt_is_reached_and_there_is_none_that_nobody_reaches(
    table: list[Cell],
) -> None:
    """A person discards, silence is no message, and canaries come by no door."""
    undecided = {Reason.DISCARDED, Reason.NO_LONGER_LISTED, Reason.CANARY}
    assert {cell.reason for cell in table} == set(Reason) - undecided
    assert {doubt for cell in table for doubt in cell.decision.doubts} == set(Doubt)
    feeds = {doubt for cell in table if cell.door is HOLD for doubt in cell.decision.doubts}
    assert feeds == {*FROM_MESSAGE, Doubt.TERRITORY}, "nobody could mend the others"


def test_a_doubtful_message_is_held_or_put_aside_whatever_it_says(table: list[Cell]) -> None:
    powerless = {Reason.HELD, Reason.DUPLICATE, Reason.ELSEWHERE}
    assert powerless & TAKES_EFFECT == {Reason.ELSEWHERE}
    doubtful = [cell for cell in table if AUTHENTICITY_DOUBTS & set(cell.message.doubts)]
    assert len(doubtful) > 10_000
    for cell in doubtful:
        assert cell.reason in powerless, cell
        if cell.reason is Reason.HELD:
            assert cell.decision.doubts == cell.message.doubts, cell
        elif cell.reason is Reason.DUPLICATE:
            assert cell.decision.covered_by == "sent", cell
        else:
            assert (cell.message.may_concern, list(cell.known.graph)) == (False, []), "it is not even kept"


def test_what_is_held_or_refused_says_why_and_nothing_else_does(table: list[Cell]) -> None:
    for cell in table:
        aside = cell.reason is Reason.ELSEWHERE and cell.message.is_doubtful
        merged = cell.reason is Reason.MERGED and bool(cell.message.doubts)
        assert (cell.reason is Reason.HELD or aside or merged) == bool(cell.decision.doubts), cell


def test_nothing_in_doubt_goes_out_as_a_warning(table: list[Cell]) -> None:
    assert not [cell for cell in table if cell.message.doubts and cell.reason in WARNING]


def test_only_what_stands_is_ended_and_its_end_is_told_as_long_as_it_would_have_held(
    table: list[Cell],
) -> None:
    ending = [cell for cell in table if cell.reason in ENDING_REASONS]
    assert len(ending) > 1_000
    for cell in ending:
        assert cell.known.standing, cell
        assert cell.decision.expires >= max(one.expires for one in cell.known.standing), cell
        assert cell.decision.expires >= cell.message.expires, cell


def test_people_who_were_warned_hear_of_an_end_as_an_end_and_of_the_rest_as_an_update(
    table: list[Cell],
) -> None:
    for cell in table:
        if cell.reason in DISPATCHED and cell.known.standing:
            ends = cell.message.ends or cell.message.facts.not_a_warning or cell.message.expires <= AT
            assert (cell.reason in ENDING_REASONS) == ends, cell
            assert cell.reason is not Reason.FIRST_NOTICE, cell
        if cell.message.ends:
            assert cell.reason not in WARNING, cell


def test_what_is_not_for_the_public_never_reaches_it(table: list[Cell]) -> None:
    for cell in table:
        alert = cell.message.alert
        if cell.message.is_doubtful:
            continue
        public = alert.status is cap.Status.ACTUAL and alert.scope is cap.Scope.PUBLIC
        if not public or cell.message.facts.is_test or alert.msg_type is cap.MsgType.ACK:
            assert cell.reason not in DISPATCHED, cell
            # What an exercise is recorded for has no effect beyond exercises: see test_effects.
            assert alert.status is cap.Status.EXERCISE or cell.reason not in TAKES_EFFECT, cell


def test_only_a_centres_own_exercise_in_no_doubt_is_sent_as_one(table: list[Cell]) -> None:
    drills = [cell for cell in table if cell.reason in DRILLS]
    assert {cell.reason for cell in drills} == DRILLS
    for cell in drills:
        assert (cell.door, cell.message.alert.status) == (REFUSE, cap.Status.EXERCISE), cell
        assert cell.message.alert.scope is cap.Scope.PUBLIC, cell
        if cell.reason in OPEN_DRILL:
            assert (cell.message.doubts, cell.message.ends) == ((), False), cell
            assert cell.message.expires > AT, cell
        else:
            assert cell.known.standing, cell


def test_an_exercise_is_decided_upon_as_the_warning_would_be(table: list[Cell]) -> None:
    """But for what stands in for another warning, which no exercise does."""
    by_status: dict[str, dict[str, Reason]] = {"Actual": {}, "Exercise": {}}
    for cell in table:
        alert, message = cell.message.alert, cell.message
        if cell.door is REFUSE and alert.scope is cap.Scope.PUBLIC and alert.status in by_status:
            rest = (message.expires, message.doubts, len(message.places), message.facts, message.sent)
            by_status[alert.status][f"{cell.kind} / {cell.record} / {rest}"] = cell.reason
    assert len(by_status["Exercise"]) > 1_000
    for which, reason in by_status["Exercise"].items():
        real = by_status["Actual"][which]
        assert real is Reason.MERGED or reason is DRILL_OF.get(real, real), which


def test_what_is_over_or_of_unknown_age_is_no_warning(table: list[Cell]) -> None:
    for cell in table:
        if cell.reason in WARNING:
            assert cell.message.expires > AT, cell
        if cell.reason is Reason.FIRST_NOTICE and cell.message.open_ended:
            assert cell.message.sent >= AT - RULES[cell.door].default_lifetime, cell


def test_what_came_after_its_own_successor_is_never_sent(table: list[Cell]) -> None:
    """Whatever came first: both orders end with the successor."""
    late = [cell for cell in table if cell.known.later]
    assert late
    for cell in late:
        assert cell.reason not in DISPATCHED, cell
        if cell.reason is Reason.SUPERSEDED:
            assert cell.decision.covered_by in {one.id for one in cell.known.later}, cell


def test_a_centre_is_told_what_to_mend_and_nothing_of_its_own_is_put_aside(table: list[Cell]) -> None:
    aside = {Reason.ELSEWHERE, Reason.ADVANCE, Reason.NO_WARNING}
    for cell in table:
        if cell.door is REFUSE:
            assert cell.reason not in aside, cell
            if cell.message.acts and not cell.known.named:
                assert cell.reason in {Reason.HELD, Reason.DUPLICATE}, cell


def test_what_makes_a_message_unnecessary_is_named(table: list[Cell]) -> None:
    covered = {Reason.DUPLICATE, Reason.MERGED, Reason.SUPERSEDED}
    for cell in table:
        assert (cell.reason in covered) == (cell.decision.covered_by is not None), cell


def test_a_message_ends_or_replaces_only_by_its_type_or_as_itself(table: list[Cell]) -> None:
    """Else a source could lift what it only mentions."""
    for cell in table:
        if cell.message.alert.msg_type not in ACTS_ON_OTHERS:
            assert not cell.known.named, cell
            assert cell.reason is not Reason.CANCEL, cell
