"""Which gateways are named that have reached nobody, and since when nobody was."""

from typing import Any

import pytest

from dispatcher.metrics import CHANNELS, Metrics
from dispatcher.metrics.reach import OTHER, GatewayReach, Unreached, unreached_by_gateway
from dispatcher.model.vocabulary import Lane
from tests.metrics.test_registry import samples

FLASH, ROUTINE = Lane.FLASH, Lane.ROUTINE


def row(gateway: str, open_: int = 1, **changes: Any) -> GatewayReach:
    return GatewayReach(FLASH, "webpush", gateway, False, False, 100.0, open_, open_)._replace(**changes)


def test_a_gateway_that_accepted_somebody_or_has_nothing_open_is_not_unreached() -> None:
    rows = [row("a", reached=True, anybody=True), row("b", since=0), row("c", 3)]
    assert unreached_by_gateway(rows) == {("webpush", "c", FLASH): Unreached(100.0, 3)}


def test_alerts_of_a_gateway_are_summed_up_by_lane_from_the_oldest() -> None:
    rows = [row("a", 2), row("a", 3, since=50.0, anybody=True), row("a", 4, lane=ROUTINE, since=70.0)]
    assert unreached_by_gateway(rows) == {
        ("webpush", "a", FLASH): Unreached(50.0, 5),
        ("webpush", "a", ROUTINE): Unreached(70.0, 4),
    }


def test_origins_of_strangers_share_a_name_and_crowd_no_operators_gateway_out() -> None:
    strangers = [row(f"https://{n}.example", since=200.0 + n) for n in range(1000)]
    found = unreached_by_gateway([*strangers, row("https://push.example", 50), row("app", channel="app")], 2)
    assert found == {
        ("webpush", "https://push.example", FLASH): Unreached(100.0, 50),
        ("webpush", "https://0.example", FLASH): Unreached(200.0, 1),
        ("webpush", OTHER, FLASH): Unreached(201.0, 999),
        ("app", "app", FLASH): Unreached(100.0, 1),
    }


def gauges(metrics: Metrics, name: str) -> dict[Any, float]:
    return {labels: value for (found, labels), value in samples(metrics).items() if found == name}


def test_a_gateway_that_is_well_again_is_shown_no_longer() -> None:
    metrics = Metrics()
    well = gauges(metrics, "warn_gateway_unreached_since_timestamp_seconds")
    assert (len(well), set(well.values())) == (len(CHANNELS) * len(Lane), {0.0})
    metrics.show_reach([row("a")], {}, {})
    failing = gauges(metrics, "warn_gateway_unreached_since_timestamp_seconds")
    assert len(failing) == len(well) + 1
    assert failing[frozenset({("channel", "webpush"), ("gateway", "a"), ("lane", "flash")})] == 100.0
    metrics.show_reach([], {}, {})
    assert gauges(metrics, "warn_gateway_unreached_since_timestamp_seconds") == well


@pytest.mark.parametrize(
    ("rows", "unplanned", "since"),
    [
        ([row("a")], {}, 100.0),
        ([row("a"), row("b", since=90.0)], {}, 90.0),
        ([row("a", anybody=True)], {}, 0.0),
        ([row("a", reached=True, anybody=True), row("a", since=120.0)], {}, 120.0),
        ([], {FLASH: 80.0}, 80.0),
        ([row("a")], {FLASH: 80.0, ROUTINE: 1.0}, 80.0),
        ([row("a", lane=ROUTINE)], {ROUTINE: 1.0}, 0.0),
    ],
    ids=["one", "oldest", "reached-elsewhere", "next-alert", "unplanned", "both", "other-lane"],
)
def test_since_when_nobody_was_reached(rows: Any, unplanned: Any, since: float) -> None:
    metrics = Metrics()
    metrics.show_reach(rows, unplanned, {})
    shown = gauges(metrics, "warn_nobody_reached_since_timestamp_seconds")
    assert shown[frozenset({("lane", "flash")})] == since
