"""Addresses are asked for at night, a part of them each, and those that are gone end, unless too many are called so."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.base import ChannelMisconfigured, Endpoint, Gone, Permanent, Receipt
from dispatcher.apps.push.address_checks import NIGHTS, AddressChecks, night_of
from dispatcher.delivery.lanes import LaneGate
from dispatcher.metrics import Metrics
from dispatcher.model.retry_policy import SuspicionPolicy
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.address_checks import AddressCheckStore
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.metrics.test_registry import samples
from tests.store import conftest as on_record
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

pool, subscriptions = on_record.pool, on_record.subscriptions
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = datetime(2026, 11, 22, 2, tzinfo=UTC)  # three o'clock in Berlin


class Push:
    """A push service that knows who is gone."""

    name = "fcm"

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.odd: set[str] = set()
        self.refuses: set[str] = set()
        self.asked: list[str] = []

    async def validate(
        self, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        if gateway in self.refuses:
            raise ChannelMisconfigured("401", gateway=gateway)
        for one in endpoints:
            self.asked.append(one.address)
            error = Gone("404") if one.address in self.gone else None
            yield [Receipt(one.id, Permanent("400") if one.address in self.odd else error)]


class World:
    def __init__(self, pool: Any, subscriptions: Subscriptions) -> None:
        self.pool = pool
        self.subscriptions = subscriptions
        self.push, self.metrics, self.now, self.leads = Push(), Metrics(), NIGHT, True
        self.checks = self.another()

    def another(self) -> AddressChecks:
        """Another process's."""
        return AddressChecks(
            self.push,
            AddressCheckStore(self.pool, ADDRESSES),
            gate=LaneGate(),
            metrics=self.metrics,
            suspicion=SuspicionPolicy(gone_min=5, gone_share=0.5),
            now=lambda: self.now,
            zone=BERLIN,
            leads=lambda: self.leads,
            every_s=0.0,
        )

    async def phones(self, count: int, project: str = "warn-app-1") -> None:
        await self.subscriptions.add_many(
            [
                NewSubscription("fcm", project, f"{project}:{n}", {"project": project}, (DUEREN,))
                for n in range(count)
            ]
        )

    async def four_weeks(self) -> None:
        """What is done in as many nights as it takes to ask for everybody."""
        for night in range(NIGHTS):
            self.now = NIGHT + timedelta(days=night)
            await self.checks.look()

    async def left(self) -> int:
        count: int = await self.pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NULL")
        return count

    def count(self, name: str, **labels: str) -> float:
        return samples(self.metrics)[name, frozenset(labels.items())]


@pytest.fixture
async def world(pool: Any, subscriptions: Subscriptions) -> World:
    return World(pool, subscriptions)


async def test_in_four_weeks_each_is_asked_for_once_and_who_is_gone_ends(world: World) -> None:
    await world.phones(60)
    world.push.gone, world.push.odd = {"warn-app-1:7", "warn-app-1:8"}, {"warn-app-1:9"}
    await world.four_weeks()
    assert sorted(world.push.asked) == sorted(f"warn-app-1:{n}" for n in range(60))
    assert await world.left() == 58
    assert world.count("warn_addresses_checked_total", channel="fcm", result="gone") == 2
    assert world.count("warn_addresses_checked_total", channel="fcm", result="unknown") == 1
    assert world.count("warn_endpoints_removed_total", channel="fcm") == 2


async def test_where_too_many_are_called_gone_nobody_ends(world: World) -> None:
    await world.phones(20 * NIGHTS)
    world.push.gone = {f"warn-app-1:{n}" for n in range(20 * NIGHTS)}
    await world.checks.look()
    assert (len(world.push.asked), await world.left()) == (20, 20 * NIGHTS)
    assert world.count("warn_endpoint_removals_withheld_total", channel="fcm") == 1


async def test_in_a_small_town_a_handful_is_believed_no_more_than_many(world: World) -> None:
    await world.phones(5 * NIGHTS)
    world.push.gone = {f"warn-app-1:{n}" for n in range(5 * NIGHTS)}
    await world.four_weeks()
    assert await world.left() == 5 * NIGHTS


async def test_a_project_that_refuses_us_keeps_the_others_from_nothing(world: World) -> None:
    await world.phones(NIGHTS, "warn-app-1")
    await world.phones(NIGHTS, "warn-app-2")
    world.push.refuses = {"warn-app-1"}
    await world.checks.look()
    assert [one.partition(":")[0] for one in world.push.asked] == ["warn-app-2"]
    assert await world.left() == 2 * NIGHTS


async def test_it_is_done_once_a_night_by_one_process_and_by_day_by_none(world: World) -> None:
    await world.phones(NIGHTS)
    world.leads = False
    await world.checks.look()
    assert world.push.asked == []
    world.leads, world.now = True, NIGHT + timedelta(hours=12)
    await world.checks.look()
    assert world.push.asked == []
    world.now = NIGHT
    await world.checks.look()
    await world.checks.look()
    assert len(world.push.asked) == 1


@pytest.mark.parametrize(
    ("hour", "night"), [(0, None), (1, date(2026, 11, 22)), (3, date(2026, 11, 22)), (4, None), (23, None)]
)
def test_it_is_night_where_people_live(hour: int, night: date | None) -> None:
    assert night_of(datetime(2026, 11, 22, hour, tzinfo=UTC), BERLIN) == night
