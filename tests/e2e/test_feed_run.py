"""Two hours of two sources with every fault in, accelerated."""

import pytest

from ops.lab.feeds.run import simulate
from ops.lab.feeds.server import FeedServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_two_hours_of_faults_end_without_doubles_lone_all_clears_or_misses(
    database_url, redis_url, tmp_path
):
    nobody = tmp_path / "none.pem"
    nobody.write_text("")
    with FeedServer() as server:
        verdict = await simulate(database_url, redis_url, server, str(nobody), seed=7)
    assert verdict.failed_polls > 10
    assert verdict.notices > 50
    assert (verdict.doubles, verdict.lone_all_clears, verdict.missed) == ([], [], [])
