from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey, embedded


@pytest.fixture
def var(servers_dir: Path, tmp_path: Path) -> Any:
    return servers_dir / tmp_path.name


async def test_both_servers_run_for_as_long_as_they_are_needed(var: Any) -> None:
    with embedded(var, durable=False) as servers:
        assert [type(server) for server in servers.started] == [EmbeddedPostgres, EmbeddedValkey]
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
    assert [server.pid for server in servers.started] == [None, None]


def test_what_is_given_is_not_started(var: Any) -> None:
    with embedded(var, database_url="postgresql://record/", redis_url="redis://queue/") as servers:
        assert servers.database_url == "postgresql://record/"
        assert servers.redis_url == "redis://queue/"
        assert servers.started == ()
    assert not var.exists()


def test_one_may_be_given_and_the_other_not(var: Any) -> None:
    with embedded(var, database_url="postgresql://record/", redis_url="") as servers:
        assert servers.database_url == "postgresql://record/"
        assert [server.url for server in servers.started] == [servers.redis_url]


def test_the_servers_stop_when_the_service_fails(var: Any) -> None:
    with pytest.raises(ZeroDivisionError), embedded(var, database_url="postgresql://record/") as servers:
        raise ZeroDivisionError
    assert servers.started[0].pid is None


def test_a_server_is_found_from_outside_where_it_will_be(tmp_path: Path) -> None:
    """A command finds the servers of `dispatcher up` by the data directory alone, however long its name is."""
    deep = tmp_path / ("d" * 90)
    for kind in (EmbeddedPostgres, EmbeddedValkey):
        url = kind(deep / kind.name).url
        assert str(deep) not in url
        assert url == kind(deep / kind.name).url
