"""What is published is read over a connection of its own."""

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.metrics import Metrics
from dispatcher.store import record
from dispatcher.wiring.publication import publishing

OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_it_publishes_over_one_connection_of_its_own(database_url: str, boundaries: Boundaries) -> None:
    pool = await record.connect(database_url, size=1)
    metrics = Metrics()
    async with publishing(database_url, (), boundaries, metrics) as publisher:
        await publisher.look()
        as_of = metrics.registry.get_sample_value("warn_published_as_of_timestamp_seconds")
        assert publisher.edition
        assert publisher.edition.in_force.current
        assert as_of
        assert as_of >= publisher.edition.in_force.as_of.timestamp()
        assert await pool.fetchval(OTHERS) == 1
    await pool.close()
