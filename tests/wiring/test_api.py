"""What an API process is made of."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import SERVICE
from dispatcher.metrics.process import RESTARTS_FILE
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.secrets import Secrets
from dispatcher.wiring.api import api_dependencies, process_metrics


@pytest.mark.parametrize("feed", ["", "[[feed]]\nname = 'a'\nadapter = 'push'\n"])
async def test_an_api_process_has_what_the_settings_have(
    tmp_path: Path, database_url: str, redis_url: str, feed: str
) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(feed)
    settings = Settings(database_url=database_url, redis_url=redis_url, feeds=file if feed else None)
    async with api_dependencies(settings, in_process=True) as parts:
        services = parts.feed_services
        assert [one.name for one in services.feeds] == ["a"] if services else not feed
        assert parts.reports is None, "no gateway reports"
        as_of = parts.metrics.registry.get_sample_value("warn_boundaries_timestamp_seconds")
        assert as_of == datetime(2016, 1, 1, tzinfo=UTC).timestamp()


async def test_an_api_process_gives_browsers_the_key_that_it_began_with(
    database_url: str, redis_url: str
) -> None:
    """A new one is on record before workers on other machines have it: `secrets replace` says when it is given."""
    settings = Settings(database_url=database_url, redis_url=redis_url)
    pool = await record.connect(database_url, size=1)
    secrets = Secrets(pool)
    await secrets.replace(SecretName.VAPID, "before", SERVICE)
    async with api_dependencies(settings, in_process=True) as parts:
        await secrets.replace(SecretName.VAPID, "made since", SERVICE)
        assert await parts.push_key.get() == "before"
    async with api_dependencies(settings, in_process=True) as parts:
        assert await parts.push_key.get() == "made since"
    await pool.close()


def test_what_the_supervisor_counted_is_shown(tmp_path: Path) -> None:
    (tmp_path / RESTARTS_FILE).write_text('{"worker": 2}')
    shown = process_metrics(Settings(data_dir=tmp_path)).registry
    assert shown.get_sample_value("warn_process_restarts_total", {"program": "worker"}) == 2
