"""An instance takes its share and no more, and nobody else's."""

import pytest

from dispatcher.api.shares import InstanceShares
from dispatcher.model.principals import Instance
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, SECRET, introduce, serving
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

OTHER = f"wi_juelich_{SECRET}"


class Clock:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_share_is_of_a_minute_and_fills_evenly(clock: Clock) -> None:
    shares = InstanceShares(60, clock)
    assert [shares.take("a", 2) for _ in range(2)] == [0, 0]
    assert shares.take("a", 2) == 30
    assert [shares.take("b", None) for _ in range(60)] == [0] * 60, "of somebody else nothing is gone"
    assert shares.take("b", None) == 1
    clock.now += 15
    assert shares.take("a", 2) == 15, "who asks too soon has lost nothing"
    clock.now += 15
    assert shares.take("a", 2) == 0
    clock.now += 3600
    assert [bool(shares.take("a", 2)) for _ in range(3)] == [False, False, True], "an hour saves up no more"


def test_where_there_is_no_bound_nothing_is_counted(clock: Clock) -> None:
    assert {InstanceShares(0, clock).take("a", None) for _ in range(10_000)} == {0}
    assert {InstanceShares(1, clock).take("a", 0) for _ in range(10_000)} == {0}


async def test_who_has_used_up_its_share_is_refused_and_nobody_else(settings: Settings) -> None:
    """Whatever it asks for; and a submission never waits for apps."""
    async with serving(settings.model_copy(update={"instance_quota_per_minute": 3})) as service:
        await introduce(service.parts)
        await service.parts.sources.put_instance(Instance("juelich", "Jülich", (JUELICH,)), OTHER)
        allowed = [
            await service.get(path, key=INSTANCE_KEY)
            for path in ("/v1/instance", "/v1/instance/alerts", "/v1/feeds")
        ]
        assert {one.status for one in allowed} == {200}
        for method, path in (
            ("GET", "/v1/instance/alerts"),
            ("PUT", "/v1/instance/webhook"),
            ("DELETE", "/v1/instance/webhook"),
            ("PUT", "/v1/instance/consents/juelich"),
        ):
            refused = await service.request(method, path, b"{}", key=INSTANCE_KEY)
            refused.problem(429, "rate-limited")
            assert 0 < int(refused.headers["Retry-After"]) <= 20
        assert (await service.get("/v1/instance/alerts", key=OTHER)).status == 200
        assert (await service.submit(warning(DUEREN))).status == 201
        await service.parts.health.pool.execute("UPDATE instance SET quota = 0 WHERE id = 'dueren'")
        assert (await service.get("/v1/instance/alerts", key=INSTANCE_KEY)).status == 200, "one of its own"


async def test_who_shows_no_good_key_takes_nothing_of_a_share(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"instance_quota_per_minute": 1})) as service:
        await introduce(service.parts)
        for _ in range(3):
            (await service.get("/v1/instance", key=f"wi_dueren_{'t' * 43}")).problem(401, "unauthenticated")
        assert (await service.get("/v1/instance", key=INSTANCE_KEY)).status == 200
