"""Where the servers are, and how many connections a process has."""

from typing import Any

import pytest

from dispatcher.runtime import descriptors
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.connections import (
    client_connections,
    queue_address,
    record_connections,
    require_both_urls,
    require_urls,
    sentinel_connections,
)


@pytest.mark.parametrize(
    ("redis_url", "connections"),
    [(None, 0), ("redis://queue.example", 0), ("redis+sentinel://a,b,c/mymaster", 15)],
)
def test_four_lanes_and_the_wake_ups_ask_every_sentinel(redis_url: str | None, connections: int) -> None:
    assert sentinel_connections(Settings(redis_url=redis_url)) == connections


@pytest.mark.parametrize(("wanted", "connections"), [(1000, 1000), (50_000, 50_000)])
def test_a_setting_bounds_clients(wanted: int, connections: int, env: pytest.MonkeyPatch) -> None:
    env.setattr(descriptors, "raise_limit", lambda: 65_536)
    assert client_connections(Settings(api_connections=wanted)) == connections
    env.setattr(descriptors, "raise_limit", lambda: 300)
    assert client_connections(Settings(api_connections=wanted)) < 300


def test_a_worker_has_connections_for_all_its_jobs_and_some_beside() -> None:
    few, many = (record_connections(Settings(jobs_per_lane=number)) for number in (1, 5))
    assert (many - few, few > 2) == (8, True)


@pytest.mark.parametrize("missing", ["database_url", "redis_url"])
def test_a_server_that_nobody_named_is_asked_for(missing: str) -> None:
    urls: dict[str, Any] = {
        "database_url": "postgresql://record.example/warn",
        "redis_url": "redis://queue.example/0",
    }
    assert require_urls(Settings(**urls))[0] == urls["database_url"]
    with pytest.raises(SettingsError, match="DATABASE_URL and REDIS_URL are needed"):
        require_urls(Settings(**urls | {missing: None}))


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^REDIS_URL: "):
        queue_address("http://queue.example")


def test_an_owner_of_another_database_is_refused(env: Any) -> None:
    require_both_urls(Settings())
    env.setenv("WARN_DATABASE_OWNER_URL", "postgresql://owner@/x")
    with pytest.raises(SettingsError, match="set both"):
        require_both_urls(Settings())
    env.setenv("DATABASE_URL", "postgresql://service@/x")
    require_both_urls(Settings())
