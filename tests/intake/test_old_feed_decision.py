"""The ladder of a feed's message, rung by rung and in its order, by values."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

import cap
from cap.profiles import facts
from dispatcher.intake.feed_decision import (
    FeedDecision,
    RelatedState,
    continued,
    decide_feed_message,
    same_event,
)
from dispatcher.intake.prepare import AUTHENTICITY_DOUBTS, Doubt, Incoming, Message
from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
from dispatcher.model.vocabulary import Lane, Reason
from tests.support.feed_messages import (
    DUEREN,
    HOUR,
    JUELICH,
    NOW,
    cancel,
    dwd_id,
    update,
    warning,
)

MINUTE = timedelta(minutes=1)
FEED, OTHER_FEED, CENTRE = "feed-dwd", "feed-lhp", "leitstelle"
FIRST, SECOND, END = warning(1), update(2, warning(1)), cancel(3, warning(1))
ALL_CLEAR = update(2, warning(1), response_types=(cap.ResponseType.ALL_CLEAR,))
DIGEST, OTHER_DIGEST = b"this content", b"another content"


def message(
    alert: cap.Alert = FIRST,
    *,
    places: tuple[str, ...] = (DUEREN,),
    doubts: tuple[Doubt, ...] = (),
    expires: datetime = NOW + 6 * HOUR,
    **more_facts: Any,
) -> Message:
    assert alert.sent is not None
    return Message(
        alert,
        alert.sent,
        replace(facts(alert), **more_facts),
        tuple(AffectedMunicipality(ags, f"Ort {ags}", "geocode", 1.0) for ags in places),
        doubts,
        expires,
        Incoming(alert, b""),
    )


def on_record(alert: cap.Alert = FIRST, **changes: Any) -> StoredAlert:
    assert alert.sent is not None
    values: dict[str, Any] = {
        "id": alert.identifier[-38:-4],
        "source_id": FEED,
        "sender": alert.sender,
        "identifier": alert.identifier,
        "sent": alert.sent,
        "msg_type": str(alert.msg_type),
        "status": "Actual",
        "scope": "Public",
        "event": alert.infos[0].event,
        "headline": "",
        "severity": str(alert.infos[0].severity),
        "sha256": OTHER_DIGEST,
        "received_at": NOW,
        "expires": NOW + 6 * HOUR,
        "lane": Lane.PRIORITY,
        "reason": Reason.FIRST_NOTICE,
        "chain_id": "chain",
        "state": "planned",
        "planned_at": None,
        "settled_at": None,
        "stopped_by": None,
        "audience": 0,
        "begins": alert.sent,
    }
    return StoredAlert(**values | changes)


def known(**changes: Any) -> RelatedState:
    """What the record knows, half an hour after the first message."""
    values: dict[str, Any] = {"now": NOW + 30 * MINUTE, "source_id": FEED, "digest": DIGEST}
    return RelatedState(**values | changes)


SENT = on_record(id="sent")
SENT_END = on_record(END, id="end", reason=Reason.CANCEL, msg_type="Cancel")
DELISTED = on_record(id="gone", reason=Reason.NO_LONGER_LISTED, sent=NOW + 20 * MINUTE)
LATER = on_record(SECOND, id="later", msg_type="Update", reason=Reason.UPDATE)
ELSEWHERE_SENT = on_record(
    warning(9, identifier="lhp-1", sender="lhp@x.example"), id="theirs", source_id=OTHER_FEED
)


class Case(NamedTuple):
    """One way to a reason."""

    message: Message
    known: RelatedState
    decision: FeedDecision


def duplicate(of: str) -> FeedDecision:
    return FeedDecision(Reason.DUPLICATE, covered_by=of)


LADDER: dict[str, Case] = {
    # repeated
    "the same content again": Case(message(), known(same=replace(SENT, sha256=DIGEST)), duplicate("sent")),
    "the same content again, though it was never sent": Case(
        message(), known(same=replace(SENT, sha256=DIGEST, reason=Reason.HELD)), duplicate("sent")
    ),
    "another feed's copy that was sent": Case(
        message(), known(same=replace(SENT, source_id=OTHER_FEED)), duplicate("sent")
    ),
    "another feed's copy that was held": Case(
        message(),
        known(same=replace(SENT, source_id=OTHER_FEED, reason=Reason.HELD)),
        FeedDecision(Reason.FIRST_NOTICE),
    ),
    "what a centre submitted here, whatever became of it": Case(
        message(), known(same=replace(SENT, source_id=CENTRE, reason=Reason.EXPIRED)), duplicate("sent")
    ),
    "an edition under another spelling, though older": Case(
        message(),
        known(editions=(replace(SENT, identifier=dwd_id(1, "DEU"), sent=NOW - HOUR),)),
        duplicate("sent"),
    ),
    "an edition by another feed, not older": Case(
        message(), known(editions=(replace(SENT, source_id=OTHER_FEED),)), duplicate("sent")
    ),
    "an older edition by another feed": Case(
        message(),
        known(editions=(replace(SENT, source_id=OTHER_FEED, sent=NOW - HOUR),)),
        FeedDecision(Reason.FIRST_NOTICE),
    ),
    "an edition that was not sent": Case(
        message(),
        known(editions=(replace(SENT, identifier=dwd_id(1, "DEU"), reason=Reason.HELD),)),
        FeedDecision(Reason.FIRST_NOTICE),
    ),
    "the same content after the source's silence": Case(
        message(),
        known(same=replace(SENT, sha256=DIGEST), chain=(SENT, DELISTED)),
        FeedDecision(Reason.UPDATE),
    ),
    "another content under its own identity": Case(
        message(), known(same=SENT, chain=(SENT,)), FeedDecision(Reason.UPDATE)
    ),
    # not for the public
    "an acknowledgement": Case(
        message(replace(FIRST, msg_type=cap.MsgType.ACK)), known(), FeedDecision(Reason.NOT_A_WARNING)
    ),
    "an exercise": Case(
        message(replace(FIRST, status=cap.Status.EXERCISE)), known(), FeedDecision(Reason.NOT_ACTUAL)
    ),
    "a test by its profile": Case(message(is_test=True), known(), FeedDecision(Reason.NOT_ACTUAL)),
    "a restricted message": Case(
        message(replace(FIRST, scope=cap.Scope.RESTRICTED)), known(), FeedDecision(Reason.NOT_PUBLIC)
    ),
    "what expires now": Case(message(expires=NOW + 30 * MINUTE), known(), FeedDecision(Reason.EXPIRED)),
    "what expires in a moment": Case(
        message(expires=NOW + 30 * MINUTE + timedelta(microseconds=1)),
        known(),
        FeedDecision(Reason.FIRST_NOTICE),
    ),
    # outdated
    "an update of it came before": Case(message(), known(later=(LATER,)), FeedDecision(Reason.SUPERSEDED)),
    "a held update of it came before": Case(
        message(), known(later=(replace(LATER, reason=Reason.HELD),)), FeedDecision(Reason.FIRST_NOTICE)
    ),
    "an acknowledgement of it came before": Case(
        message(), known(later=(replace(LATER, msg_type="Ack"),)), FeedDecision(Reason.FIRST_NOTICE)
    ),
    "an older update names it": Case(
        message(),
        known(later=(replace(LATER, sent=NOW - MINUTE),)),
        FeedDecision(Reason.FIRST_NOTICE),
    ),
    "it names itself": Case(
        message(SECOND),
        known(later=(LATER,)),
        FeedDecision(Reason.UPDATE),
    ),
    "people know a later one of the chain": Case(
        message(SECOND),
        known(chain=(SENT, on_record(id="newer", sent=NOW + HOUR, reason=Reason.UPDATE))),
        FeedDecision(Reason.SUPERSEDED),
    ),
    "the chain's later one was only recorded": Case(
        message(SECOND),
        known(chain=(SENT, on_record(id="newer", sent=NOW + HOUR, reason=Reason.EXPIRED))),
        FeedDecision(Reason.UPDATE),
    ),
    "only the source's silence is later": Case(
        message(SECOND), known(chain=(SENT, DELISTED)), FeedDecision(Reason.UPDATE)
    ),
    "an end, and people know a later one of the chain": Case(
        message(END),
        known(chain=(SENT, on_record(id="newer", sent=NOW + HOUR, reason=Reason.UPDATE))),
        FeedDecision(Reason.SUPERSEDED),
    ),
    # ending
    "the end of what nobody was told": Case(message(END), known(), FeedDecision(Reason.NOTHING_TO_END)),
    "the end of what was only held": Case(
        message(END), known(chain=(replace(SENT, reason=Reason.HELD),)), FeedDecision(Reason.NOTHING_TO_END)
    ),
    "a second end": Case(
        message(replace(END, identifier="x", sent=NOW + 25 * MINUTE)),
        known(chain=(SENT, SENT_END)),
        FeedDecision(Reason.ALREADY_ENDED),
    ),
    "an end after the source's silence": Case(
        message(END), known(chain=(SENT, DELISTED)), FeedDecision(Reason.ALREADY_ENDED)
    ),
    "a cancel": Case(message(END), known(chain=(SENT,)), FeedDecision(Reason.CANCEL)),
    "an update that gives the all-clear": Case(
        message(ALL_CLEAR), known(chain=(SENT,)), FeedDecision(Reason.ALL_CLEAR)
    ),
    "green after yellow": Case(
        message(SECOND, not_a_warning=True), known(chain=(SENT,)), FeedDecision(Reason.ALL_CLEAR)
    ),
    "an end of unproved origin": Case(
        message(END, doubts=(Doubt.SIGNATURE, Doubt.SEVERITY)),
        known(chain=(SENT,)),
        FeedDecision(Reason.HELD, "signature"),
    ),
    "an end that is only grave": Case(
        message(END, doubts=(Doubt.SEVERITY, Doubt.AREA)),
        known(chain=(SENT,)),
        FeedDecision(Reason.CANCEL),
    ),
    # no alarm
    "a quiet one": Case(message(quiet=True), known(), FeedDecision(Reason.QUIET)),
    "green without yellow": Case(message(not_a_warning=True), known(), FeedDecision(Reason.NO_WARNING)),
    "advance information": Case(message(advance=True), known(), FeedDecision(Reason.ADVANCE)),
    "advance information about what people know": Case(
        message(SECOND, advance=True), known(chain=(SENT,)), FeedDecision(Reason.UPDATE)
    ),
    "for elsewhere": Case(message(places=()), known(), FeedDecision(Reason.ELSEWHERE)),
    "for elsewhere now, and people here were told": Case(
        message(SECOND, places=()), known(chain=(SENT,)), FeedDecision(Reason.UPDATE)
    ),
    "for nobody knows where": Case(
        message(places=(), doubts=(Doubt.AREA,)), known(), FeedDecision(Reason.HELD, "area")
    ),
    # alarm
    "another source's account of it": Case(
        message(),
        known(neighbours=((ELSEWHERE_SENT, {DUEREN}),)),
        FeedDecision(Reason.MERGED, covered_by="theirs"),
    ),
    "another source's account of what people know": Case(
        message(SECOND),
        known(neighbours=((ELSEWHERE_SENT, {DUEREN}),), chain=(SENT,)),
        FeedDecision(Reason.UPDATE),
    ),
    "a doubtful account of what another source sent": Case(
        message(doubts=(Doubt.SENDER,)),
        known(neighbours=((ELSEWHERE_SENT, {DUEREN}),)),
        FeedDecision(Reason.MERGED, covered_by="theirs"),
    ),
    "doubts": Case(
        message(doubts=(Doubt.SENDER, Doubt.SEVERITY)),
        known(),
        FeedDecision(Reason.HELD, "sender, severity"),
    ),
    "an update": Case(message(SECOND), known(chain=(SENT,)), FeedDecision(Reason.UPDATE)),
    "an update of what is not known": Case(message(SECOND), known(), FeedDecision(Reason.UPDATE)),
    "an alert about what people know": Case(
        message(), known(chain=(replace(SENT, sent=NOW - HOUR),)), FeedDecision(Reason.UPDATE)
    ),
    "a first notice": Case(message(), known(), FeedDecision(Reason.FIRST_NOTICE)),
}


@pytest.mark.parametrize("name", LADDER)
def test_each_rung(name: str) -> None:
    case = LADDER[name]
    assert decide_feed_message(case.message, case.known) == case.decision


def test_every_reason_that_a_feeds_message_can_get_is_in_the_table() -> None:
    """A person discards, and silence is no message."""
    reached = {case.decision.reason for case in LADDER.values()}
    assert reached == set(Reason) - {Reason.DISCARDED, Reason.NO_LONGER_LISTED}


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({"same": replace(SENT, sha256=DIGEST)}, {"places": (), "is_test": True}, Reason.DUPLICATE),
        ({"later": (LATER,)}, {"is_test": True, "quiet": True}, Reason.NOT_ACTUAL),
        ({"later": (LATER,)}, {"quiet": True, "doubts": (Doubt.SENDER,)}, Reason.SUPERSEDED),
        ({}, {"quiet": True, "not_a_warning": True, "advance": True, "places": ()}, Reason.QUIET),
        ({}, {"not_a_warning": True, "advance": True, "places": ()}, Reason.NO_WARNING),
        ({}, {"advance": True, "places": ()}, Reason.ADVANCE),
        ({}, {"places": (), "doubts": (Doubt.SEVERITY,)}, Reason.ELSEWHERE),
    ],
)
def test_of_several_rungs_the_first_decides(
    better: dict[str, Any], worse: dict[str, Any], reason: Reason
) -> None:
    assert decide_feed_message(message(**worse), known(**better)).reason is reason


@pytest.mark.parametrize("doubt", Doubt)
def test_only_doubts_about_the_message_itself_keep_it_from_ending_a_warning(doubt: Doubt) -> None:
    decided = decide_feed_message(message(END, doubts=(doubt,)), known(chain=(SENT,)))
    assert decided.reason is (Reason.HELD if doubt in AUTHENTICITY_DOUBTS else Reason.CANCEL)


@pytest.mark.parametrize(
    ("chain", "silent"),
    [
        ((), False),
        ((SENT,), False),
        ((SENT, DELISTED), True),
        ((SENT, DELISTED, LATER), False),
        ((SENT, DELISTED, replace(LATER, reason=Reason.HELD)), True),
    ],
)
def test_the_last_that_people_heard_counts(chain: tuple[StoredAlert, ...], silent: bool) -> None:
    assert known(chain=chain).was_delisted is silent


def test_a_message_continues_its_other_contents_its_editions_and_what_it_names_in_this_order() -> None:
    one, two, three = (on_record(id=name) for name in ("same", "edition", "named"))
    assert continued(known(same=one, editions=(two,), named=(three,))) == [one, two, three]
    assert continued(known(named=(three,))) == [three]


HOT, COLD = cap.NamedValue("DWD-II", "61"), cap.NamedValue("DWD-II", "70")


@pytest.mark.parametrize(
    ("changes", "stored", "places", "same"),
    [
        ({}, {}, {DUEREN}, True),
        ({}, {}, {DUEREN, JUELICH}, False),
        ({"places": (DUEREN, JUELICH)}, {}, {DUEREN}, False),
        ({"alert": replace(FIRST, infos=())}, {}, {DUEREN}, False),
        ({}, {"event": "starkREGEN"}, {DUEREN}, True),
        ({}, {"event": "Sturm"}, {DUEREN}, False),
        ({}, {"event": "Sturm", "hazards": ("DWD-II:61",)}, {DUEREN}, True),
        ({"hazards": (COLD,)}, {"event": "Sturm", "hazards": ("DWD-II:61",)}, {DUEREN}, False),
        ({"alert": warning(1, event="")}, {"event": "", "hazards": ()}, {DUEREN}, False),
        ({}, {"severity": "Extreme"}, {DUEREN}, True),
        ({}, {"severity": "Moderate"}, {DUEREN}, False),
        ({}, {"expires": NOW + 6 * HOUR + 30 * MINUTE}, {DUEREN}, True),
        ({}, {"expires": NOW + 6 * HOUR + 31 * MINUTE}, {DUEREN}, False),
        ({}, {"begins": NOW - 31 * MINUTE}, {DUEREN}, False),
        ({}, {"begins": None}, {DUEREN}, False),
        ({"alert": warning(1, onset=NOW + 5 * HOUR)}, {}, {DUEREN}, False),
    ],
)
def test_one_event_is_equal_places_hazard_and_window_and_not_graver(
    changes: dict[str, Any], stored: dict[str, Any], places: set[str], same: bool
) -> None:
    hazards = changes.pop("hazards", (HOT,))
    new = message(changes.pop("alert", FIRST), hazards=hazards, **changes)
    assert same_event(new, replace(ELSEWHERE_SENT, **stored), places) is same
