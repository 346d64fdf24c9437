"""A process, its secrets and its record are of one service."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.files import new_secret, secret_file, secret_path
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record
from dispatcher.store.sealed.clear_rows import SealedSoFar
from dispatcher.wiring.api import api_dependencies
from dispatcher.wiring.secrets import Sealed, agree_on_secrets, record_and_secret, seal_clear_rows
from dispatcher.wiring.worker import worker_dependencies
from tests.store.sealed.clear import add_clear
from tests.support.sealed import setting


@pytest.fixture(autouse=True)
def no_ring(env: pytest.MonkeyPatch) -> None:
    """The ring of keys that all tests have is not given here."""
    env.delenv("WARN_ADDRESS_KEYS")


@pytest.mark.parametrize(
    ("process", "made"),
    [(api_dependencies, {"addresses", "pepper"}), (worker_dependencies, {"addresses", "vapid.pem"})],
)
async def test_a_process_makes_no_secret_that_it_does_not_use(
    tmp_path: Path, database_url: str, redis_url: str, process: Any, made: set[str]
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url, redis_url=redis_url)
    async with process(settings):
        pass
    assert {file.name for file in (tmp_path / "keys").iterdir()} == made


@pytest.mark.parametrize("process", [api_dependencies, worker_dependencies])
@pytest.mark.parametrize("other", ["pepper", "vapid.pem", "addresses"])
async def test_no_process_starts_on_the_record_of_another_service(
    tmp_path: Path, database_url: str, redis_url: str, process: Any, other: str
) -> None:
    ours = Settings(data_dir=tmp_path / "ours", database_url=database_url, redis_url=redis_url)
    theirs = Settings(data_dir=tmp_path / "theirs", database_url=database_url, redis_url=redis_url)
    await agree_on_secrets(ours, database_url)
    for name in SecretName:
        path = secret_path(name, theirs)
        secret_file(path, new_secret(name) if path.name == other else secret_path(name, ours).read_bytes())
    with pytest.raises(SettingsError, match="of the service whose record DATABASE_URL names"):
        async with process(theirs):
            pass
    with pytest.raises(SettingsError, match="or correct DATABASE_URL"):
        await agree_on_secrets(theirs, database_url)


async def test_what_is_in_the_clear_is_sealed_once_the_machines_share_a_ring(
    tmp_path: Path, database_url: str
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url)
    assert await seal_clear_rows(settings, database_url, print) is None, "nothing is there"
    pool = await record.connect(database_url, size=1)
    await add_clear(pool, "+4915100000001", {"gateway": "a"}, channel="sms")
    sharing = Settings(data_dir=tmp_path / "other", database_url=database_url, address_keys=setting())
    with capture_logs() as logged:
        connecting = record.connect(database_url, size=1)
        other, _, _ = await record_and_secret(sharing, SecretName.PEPPER, connecting)
    await other.close()
    assert [one["count"] for one in logged if one["event"] == "endpoints_in_the_clear"] == [1]
    await pool.execute("DELETE FROM shared_secret")
    await pool.execute("DELETE FROM sealing_key")
    with pytest.raises(
        SettingsError, match="1 endpoint is in the record in the clear, which works as before"
    ):
        await seal_clear_rows(settings, database_url, print)
    assert not (tmp_path / "keys").exists(), "no ring is made that no other machine has"
    await agree_on_secrets(settings, database_url)
    said: list[object] = []
    assert await seal_clear_rows(settings, database_url, said.append) == Sealed(1, wiped=True)
    assert said == [SealedSoFar(1, 1)]
    assert await seal_clear_rows(settings, database_url, print) is None
    await pool.close()


async def test_a_machine_with_its_own_record_needs_nobody(tmp_path: Path, database_url: str) -> None:
    pool = await record.connect(database_url, size=1)
    await add_clear(pool, "+4915100000001", {}, channel="sms")
    assert await seal_clear_rows(Settings(data_dir=tmp_path), database_url, print) == Sealed(1, wiped=True)
    await pool.close()
