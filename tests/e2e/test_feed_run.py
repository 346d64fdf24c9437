"""Two hours of two sources with every fault in, accelerated."""

from pathlib import Path
from typing import Any

import pytest

from ops.lab.faults.feeds.notified import Control
from ops.lab.faults.feeds.run import simulate
from ops.lab.faults.feeds.server import FeedServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def two_hours(database_url: str, redis_url: str, tmp_path: Path) -> Any:
    nobody = tmp_path / "none.pem"
    nobody.write_text("")

    async def run(control: Any = None) -> Any:
        with FeedServer() as server:
            return await simulate(database_url, redis_url, server, str(nobody), seed=7, control=control)

    return run


async def test_two_hours_of_faults_end_without_doubles_lone_all_clears_or_misses(two_hours: Any) -> None:
    verdict = await two_hours()
    assert verdict.failed_polls > 10
    assert verdict.notices > 50
    assert (verdict.doubles, verdict.lone_all_clears, verdict.missed, verdict.ended_early) == ([], [], [], [])
    assert verdict.passed


@pytest.mark.parametrize(
    ("control", "seen"),
    [
        (Control.FORGETFUL, "doubles"),
        (Control.HASTY, "ended_early"),
        (Control.DEAF, "missed"),
        (Control.LOSSY, "lone_all_clears"),
    ],
)
async def test_what_is_broken_on_purpose_is_seen(two_hours: Any, control: Any, seen: str) -> None:
    verdict = await two_hours(control)
    assert getattr(verdict, seen)
    assert not verdict.passed
