"""What is published is read over a connection of its own; the pages of apps say what an operator has entered."""

from pathlib import Path

import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.metrics import Metrics
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record
from dispatcher.store.parties import Parties
from dispatcher.wiring.publication import app_pages, pages_with_sms, publishing
from tests.pages.test_app_documents import ONE
from tests.pages.test_public_bodies import BODY, FILE
from tests.store.conftest import PEPPER
from tests.store.instances.test_credentials import ANNA

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


async def test_an_app_has_what_the_operators_file_says_of_it(
    database_url: str, boundaries: Boundaries, tmp_path: Path
) -> None:
    file = tmp_path / "bodies.toml"
    file.write_text(FILE)
    pool = await record.connect(database_url, size=1)
    await Parties(pool).add(ONE, f"wi_dueren_{'s' * 43}", PEPPER, ANNA)
    pages = app_pages(Settings(public_bodies=file, ended_kept_days=11), pool, boundaries)
    documents = await pages.documents("dueren")
    assert documents
    assert BODY.email.encode() in documents["imprint"].plain.body
    assert b"nach 11 Tagen" in documents["privacy"].plain.body
    await pool.close()


async def test_a_file_that_is_wrong_stops_the_start(
    database_url: str, boundaries: Boundaries, tmp_path: Path
) -> None:
    pool = await record.connect(database_url, size=1)
    with pytest.raises(SettingsError, match="WARN_PUBLIC_BODIES"):
        app_pages(Settings(public_bodies=tmp_path / "nowhere.toml"), pool, boundaries)
    await pool.close()


@pytest.mark.parametrize(
    ("named", "codes", "gateways", "offering"),
    [
        ("dueren, juelich", 500, 1, {"dueren", "juelich"}),
        ("*", 500, 1, {"dueren", "juelich", "aldenhoven"}),
        ("", 500, 1, set()),
        ("*", 500, 0, set()),
        ("*", 0, 1, set()),
    ],
)
def test_pages_offer_sms_where_the_operator_says_so_and_there_is_a_gateway(
    named: str, codes: int, gateways: int, offering: set[str]
) -> None:
    gateway = SmsGatewaySettings(name="sms-1", url="https://sms.example/send")
    settings = Settings(sms_on_pages=named, sms_codes_per_instance=codes, sms_gateways=(gateway,) * gateways)
    apps = pages_with_sms(settings)
    assert {one for one in ("dueren", "juelich", "aldenhoven") if one in apps} == offering
