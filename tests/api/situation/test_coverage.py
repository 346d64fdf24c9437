"""Where an alert reaches nobody, as the route and the page find it."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from dispatcher.api.situation import coverage, uncounted
from dispatcher.api.situation.coverage import PlaceCounts, coverage_gaps, place_counts
from dispatcher.api.situation.uncounted import UncountedPlaces
from dispatcher.console.alert.coverage import GapReason
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import Reason
from tests.api.conftest import Service
from tests.support.messages import DUEREN, NOW, stored
from tests.support.submissions import warning

PLACE = AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)
PLANNED = replace(stored(), planned_at=NOW)
COUNTS = PlaceCounts({DUEREN: {"dead": 2}}, {})


def of_statuses(**members: Any) -> Any:
    return SimpleNamespace(
        statuses=SimpleNamespace(has_sms_gateway=False, **members), uncounted=UncountedPlaces()
    )


def gaps(alert: Any, counts: PlaceCounts | None = COUNTS) -> Any:
    status: Any = SimpleNamespace(alert=alert, channels=[])
    return coverage_gaps(of_statuses(), status, [PLACE], counts)


def test_municipalities_come_first_and_a_channel_without_gateway_is_said_to_have_none() -> None:
    found = gaps(PLANNED)
    assert (found[0].gap, found[0].municipalities) == (GapReason.NOBODY_REACHED, (PLACE,))
    assert {one.channel: one.gap for one in found[1:]}["sms"] is GapReason.NO_GATEWAY
    assert not any(one.municipalities for one in gaps(PLANNED, None)), "nobody has counted there"


def test_of_an_end_and_before_the_plan_nobody_knows() -> None:
    assert gaps(replace(PLANNED, planned_at=None)) is None
    assert gaps(replace(PLANNED, reason=Reason.CANCEL)) is None


async def test_what_cannot_be_counted_in_time_is_not_known(monkeypatch: Any) -> None:
    async def never(alert: Any) -> Any:
        await asyncio.Event().wait()

    async def at_once(alert: Any) -> Any:
        return {DUEREN: {"accepted": 1}}, {}

    counted = await place_counts(of_statuses(counted_by_municipality=at_once), PLANNED)
    assert counted == ({DUEREN: {"accepted": 1}}, {})
    monkeypatch.setattr(coverage, "PLACES_S", 0.0)
    dependencies = of_statuses(counted_by_municipality=never)
    assert await place_counts(dependencies, PLANNED) is None
    monkeypatch.undo()
    dependencies.statuses.counted_by_municipality = at_once
    assert await place_counts(dependencies, PLANNED) is None, "it is given up for a minute"
    assert await place_counts(dependencies, replace(PLANNED, id="another")) == counted


async def test_how_an_alert_stands_does_not_wait_for_its_municipalities_counts(
    service: Service, monkeypatch: Any
) -> None:
    path = f"/v1/alerts/{(await service.submit(warning())).json['alert']['id']}"
    monkeypatch.setattr(coverage, "PLACES_S", 0.0)
    monkeypatch.setattr(uncounted, "GIVEN_UP_S", 0.0)
    answer = await service.get(path)
    assert answer.status == 200
    assert answer.json["recipients_by_municipality"] is None
    assert answer.json["receipts_by_municipality"] is None
    monkeypatch.undo()
    counted = await service.get(path)
    assert counted.json == answer.json | {"recipients_by_municipality": {}, "receipts_by_municipality": {}}
    assert counted.json["municipalities"]
