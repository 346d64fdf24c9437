"""Whom a message would reach, before it is sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dispatcher.audience.estimate import AudienceEstimate, AudienceEstimator
from dispatcher.audience.location_index import LocationIndex
from dispatcher.audience.reach import TOO_FEW
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.delivery.planner import Planner
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.model.vocabulary import State
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.targeting.match import match
from dispatcher.targeting.target import target_of
from tests.api.conftest import Service
from tests.support.followers import AROUND, FOLLOWED, INSIDE, audience, circle, follow, send
from tests.support.histories import finish, ledger_of, subscription
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, InfoPart, Message
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning
from tests.targeting.drawing import circle as drawn_circle

PREVIEW = "/v1/alerts/preview"
FAR = "<circle>50.830,6.430 0.06</circle>"
HOME = "<circle>50.800,6.480 0.06</circle>"


async def test_a_preview_counts_places_and_names_gaps(
    service: Service, pool: Any, people: dict[str, int]
) -> None:
    await Subscriptions(pool, ADDRESSES).add_many([subscription("sms", HEIMBACH, channel="app")])
    answer = await service.submit(warning(DUEREN, JUELICH), path=PREVIEW)
    assert answer.json["reach"] == {"webpush": len(FOLLOWED)}
    assert answer.json["reach_by_municipality"][DUEREN] == {"webpush": len(FOLLOWED) - 1}
    assert answer.json["gaps"] == ["2 von 2 Gemeinden haben keine Abonnenten für app."]
    assert answer.json["population"] is None


async def test_where_counting_takes_too_long_all_else_is_said(
    service: Service, database_url: str, people: dict[str, int]
) -> None:
    """Here a count waits for ever, for whoever has the table."""
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        answer = await service.submit(warning(DUEREN, JUELICH), path=PREVIEW)
    await connection.close()
    assert answer.status == 200
    assert (answer.json["reach"], answer.json["reach_by_municipality"]) == (None, None)
    assert (answer.json["uncounted"], answer.json["sms"]) == ("timeout", None)
    assert {one["ags"] for one in answer.json["municipalities"]} == {DUEREN, JUELICH}
    again = await service.submit(warning(DUEREN, JUELICH), path=PREVIEW)
    assert (again.json["reach"], again.json["uncounted"]) == ({"webpush": len(FOLLOWED)}, None)


async def test_by_shape_the_exact_number_is_for_those_who_decide_and_not_for_the_source(
    service: Service, pool: Any, people: dict[str, int]
) -> None:
    boundaries = Boundaries.default()
    matched = match([drawn_circle(50.8, 6.48, 1)], boundaries)
    affected = [AffectedMunicipality(DUEREN, "Düren", "geometry", 0.1)]
    estimator = AudienceEstimator(
        Subscriptions(pool, ADDRESSES), LocationIndex(WatchedAreas(pool)), boundaries
    )
    target = target_of(matched, boundaries, [DUEREN])
    estimate = await estimator.of(matched, affected, target)
    assert estimate.reach.by_channel == {"webpush": len(AROUND)}
    assert await estimator.people(affected, target) == len(AROUND)
    assert estimate.shown_by_channel() == {"webpush": TOO_FEW}
    answer = await service.submit(circle(areas=(JUELICH,)), path=PREVIEW)
    assert answer.json["reach"] == {"webpush": TOO_FEW}
    assert answer.json["reach_by_municipality"] == {ags: {"webpush": TOO_FEW} for ags in (DUEREN, JUELICH)}


@pytest.mark.parametrize("neighbours", [0, 3, 4, 5, 9])
async def test_nobody_is_found_by_moving_a_small_circle_about(
    service: Service, pool: Any, neighbours: int
) -> None:
    """Whatever else is counted with the one who lives there, who follows the municipality."""
    await follow(pool, {"home": [INSIDE], **{f"n{number}": [DUEREN] for number in range(neighbours)}})
    await Subscriptions(pool, ADDRESSES).add_many([subscription("sms", HEIMBACH, channel="app")])
    here, there = [(await service.submit(circle(shapes), path=PREVIEW)).json for shapes in (HOME, FAR)]
    for member in ("reach", "reach_by_municipality", "gaps"):
        assert here[member] == there[member]
    count = neighbours if neighbours >= 5 else TOO_FEW
    assert here["reach"] == {"app": TOO_FEW, "webpush": count}


async def test_many_at_one_place_are_a_number(service: Service, pool: Any) -> None:
    """The control of the one above: a preview that told nothing would hide everybody."""
    await follow(pool, {f"home{number}": [INSIDE] for number in range(7)})
    here, there = [(await service.submit(circle(shapes), path=PREVIEW)).json for shapes in (HOME, FAR)]
    assert (here["reach"], there["reach"]) == ({"webpush": 5}, {"webpush": TOO_FEW})


def test_without_a_shape_every_number_is_shown() -> None:
    estimate = AudienceEstimate(SubscriberCounts({"app": 1}, {DUEREN: {"app": 1}}), None, ())
    assert estimate.shown_by_channel() == {"app": 1}
    assert estimate.shown_by_municipality() == {DUEREN: {"app": 1}}


async def told(service: Service, pool: Any, planner: Planner, message: Message) -> str:
    """Send the message to everybody whom it reaches. Returns its id."""
    alert_id = await send(service, planner, message)
    for row in await pool.fetch("SELECT id FROM batch WHERE alert_id = $1", alert_id):
        await finish(ledger_of(pool), row["id"], State.ACCEPTED)
    return alert_id


def changed(one: Message, name: str, *areas: str, **changes: Any) -> Message:
    """An Update of it for these municipalities, in words of its own."""
    return one.later(name, infos=(InfoPart(areas=areas, headline=f"Hochwasser: {name}", **changes),))


@pytest.mark.parametrize("beside", [(JUELICH,), (HEIMBACH,), ()])
async def test_the_end_of_one_branch_is_counted_as_it_is_sent(
    service: Service, pool: Any, planner: Planner, beside: tuple[str, ...]
) -> None:
    """Whom another branch concerns hears of no end; with none, or one for elsewhere, everybody does."""
    people = await follow(pool, {"d": [DUEREN], "j": [JUELICH], "both": [DUEREN, JUELICH]})
    one = warning(DUEREN, JUELICH)
    await told(service, pool, planner, one)
    branch = changed(one, "ast", DUEREN, JUELICH)
    await told(service, pool, planner, branch)
    if beside:
        await told(service, pool, planner, changed(one, "anderer-ast", *beside))
    end = branch.later("ende", "Cancel", infos=())
    preview = (await service.submit(end, path=PREVIEW)).json
    heard = {("cancel", name) for name in (("d",) if beside == (JUELICH,) else people)}
    assert preview["reason"] == "cancel"
    assert preview["reach"] == {"webpush": len(heard)}
    in_juelich = {"webpush": 2} if len(heard) == 3 else {}
    assert preview["reach_by_municipality"] == {
        DUEREN: {"webpush": max(1, len(heard) - 1)},
        JUELICH: in_juelich,
    }
    assert await audience(pool, people, await told(service, pool, planner, end)) == heard


async def test_an_update_that_has_lapsed_is_counted_by_those_whom_it_leaves(
    service: Service, pool: Any, planner: Planner
) -> None:
    people = await follow(pool, {"d": [DUEREN], "j": [JUELICH], "j2": [JUELICH]})
    one = warning(DUEREN)
    await told(service, pool, planner, one)
    lapsed = changed(one, "vorbei", JUELICH, lifetime=timedelta(minutes=5))
    preview = (await service.submit(lapsed, path=PREVIEW)).json
    assert (preview["reason"], preview["reach"]) == ("lapsed", {"webpush": 1})
    assert preview["reach_by_municipality"] == {DUEREN: {"webpush": 1}}
    alert_id = await told(service, pool, planner, lapsed)
    assert await audience(pool, people, alert_id) == {("no_longer_affected", "d")}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "first_notice"),
        ({"status": "System"}, "not_actual"),
        ({"scope": "Restricted", "more": "<restriction>Stab</restriction>"}, "not_public"),
        ({"lifetime": timedelta(minutes=5)}, "expired"),
    ],
)
async def test_what_is_only_recorded_reaches_nobody(
    service: Service, people: dict[str, int], changes: Any, reason: str
) -> None:
    answer = await service.submit(warning(**changes), path=PREVIEW)
    assert (answer.status, answer.json["reason"]) == (200, reason)
    reached = reason == "first_notice"
    assert bool(answer.json["reach"]) == bool(answer.json["reach_by_municipality"]) == reached
    assert (answer.json["municipalities"][0]["ags"], answer.json["population"]) == (DUEREN, None)


async def test_nor_does_an_equal_warning_a_late_one_an_end_of_nothing_or_a_repeated_one(
    service: Service, pool: Any, planner: Planner, people: dict[str, int]
) -> None:
    one = warning()
    await told(service, pool, planner, one)
    test = warning(status="Test")
    late = warning(headline="Sturm", event="Sturm")
    for each in (test, replace(changed(late, "sturm-2", DUEREN), references=(test, late))):
        assert (await service.submit(each)).status == 201
    cases = {
        "merged": replace(one, identifier="noch-eine", sent=one.sent + HOUR / 60),
        "superseded": late,
        "nothing_to_end": test.later("ende", "Cancel", status="Actual", infos=()),
        "first_notice": one,
    }
    for reason, message in cases.items():
        preview = (await service.submit(message, path=PREVIEW)).json
        assert (preview["reason"], preview["repeated"]) == (reason, message is one)
        assert (preview["reach"], preview["reach_by_municipality"], preview["gaps"]) == ({}, {}, [])
