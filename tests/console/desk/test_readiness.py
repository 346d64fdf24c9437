"""Whether the service can warn, by all that may be in the way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.console.desk.readiness import (
    APPROVAL_AFTER,
    KEY_AHEAD,
    LIMITING,
    STOPPING,
    CanWarn,
    FeedCondition,
    Hindrance,
    ServiceCondition,
    readiness,
)
from dispatcher.console.words import WORDS
from dispatcher.model.canary.canaries import Canary, CanaryStage, LaneProof
from dispatcher.model.vocabulary import Lane
from dispatcher.store.on_duty.condition import StoppedGateway
from tests.support.messages import HOUR, NOW

WELL = ServiceCondition(
    NOW,
    queue=True,
    worker_leads=True,
    gateways=(),
    feeds=(FeedCondition("dwd", NOW, None, "unchanged", 3),),
    key_expiries={"source": NOW + KEY_AHEAD},
    uncovered=0,
    held=4,
    canaries=(),
    oldest_approvals=(NOW - APPROVAL_AFTER,),
)
SILENT = FeedCondition("mowas", NOW - HOUR, NOW - HOUR, "unreachable", 3)
STOPPED = StoppedGateway("sms", "eins", "down", NOW, NOW)
A_MOMENT = timedelta(seconds=1)


def canary(*, late: bool) -> Canary:
    """One whose tests arrive, or have not for an hour."""
    at = NOW - HOUR if late else NOW
    lanes = tuple(LaneProof(lane, NOW, at, A_MOMENT) for lane in Lane)
    every = timedelta(minutes=1)
    return Canary("own", "webpush", "https://w", every, CanaryStage.DELIVERED, False, at, None, lanes)


def test_one_canary_that_hears_is_enough_and_what_none_hears_is_named_with_its_time() -> None:
    assert readiness(replace(WELL, canaries=(canary(late=True), canary(late=False)))).why == ()
    [why] = readiness(replace(WELL, canaries=(canary(late=True),))).why
    assert (why.lanes, why.at) == (tuple(Lane), NOW - HOUR)


def test_where_nothing_is_in_the_way_it_can_warn() -> None:
    assert readiness(WELL) == (type(readiness(WELL)))(CanWarn.READY)


@pytest.mark.parametrize(
    ("change", "hindrance", "verdict"),
    [
        ({"record": False}, Hindrance.RECORD, CanWarn.UNABLE),
        ({"worker_leads": False}, Hindrance.WORKERS, CanWarn.UNABLE),
        ({"queue": False}, Hindrance.QUEUE, CanWarn.LIMITED),
        ({"gateways": (STOPPED,)}, Hindrance.GATEWAY, CanWarn.LIMITED),
        ({"feeds": (SILENT, *(WELL.feeds or ()))}, Hindrance.FEED, CanWarn.LIMITED),
        ({"canaries": (canary(late=True),)}, Hindrance.CANARY, CanWarn.LIMITED),
        ({"uncovered": 2}, Hindrance.DUTY, CanWarn.READY),
        ({"oldest_approvals": (NOW - APPROVAL_AFTER - A_MOMENT,)}, Hindrance.APPROVAL, CanWarn.READY),
        ({"key_expiries": {"source": NOW + KEY_AHEAD - A_MOMENT}}, Hindrance.KEY, CanWarn.READY),
    ],
)
def test_each_thing_in_the_way_is_named(change: Any, hindrance: Hindrance, verdict: CanWarn) -> None:
    found = readiness(replace(WELL, **change))
    assert (found.verdict, [one.hindrance for one in found.why]) == (verdict, [hindrance])


@pytest.mark.parametrize(
    "name",
    [
        "queue",
        "worker_leads",
        "gateways",
        "feeds",
        "key_expiries",
        "uncovered",
        "held",
        "canaries",
        "oldest_approvals",
    ],
)
def test_what_is_not_known_is_never_taken_for_well(name: str) -> None:
    found = readiness(replace(WELL, **{name: None}))
    assert (found.verdict, [(one.hindrance, one.name) for one in found.why]) == (
        CanWarn.LIMITED,
        [(Hindrance.UNKNOWN, name)],
    )
    assert f"desk_part_{name}" in WORDS


def test_the_gravest_comes_first() -> None:
    all_at_once = ServiceCondition(
        NOW,
        queue=False,
        worker_leads=False,
        gateways=(STOPPED,),
        feeds=(SILENT,),
        uncovered=1,
        held=0,
        oldest_approvals=(),
    )
    found = readiness(all_at_once)
    ranks = [0 if one.hindrance in STOPPING else 1 if one.hindrance in LIMITING else 2 for one in found.why]
    assert (found.verdict, ranks) == (CanWarn.UNABLE, sorted(ranks))


def test_each_has_its_sentence() -> None:
    assert {f"desk_why_{one.value}" for one in Hindrance} <= set(WORDS)
    assert {f"desk_verdict_{one.value}" for one in CanWarn} <= set(WORDS)
