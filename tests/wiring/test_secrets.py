"""A process, its secrets and its record are of one service."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.files import new_secret, secret_file, secret_path
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.api import api_dependencies
from dispatcher.wiring.secrets import agree_on_secrets
from dispatcher.wiring.worker import worker_dependencies


@pytest.mark.parametrize(
    ("process", "made"),
    [(api_dependencies, {"pepper"}), (worker_dependencies, {"vapid.pem"})],
)
async def test_a_process_makes_no_secret_that_it_does_not_use(
    tmp_path: Path, database_url: str, redis_url: str, process: Any, made: set[str]
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url, redis_url=redis_url)
    async with process(settings):
        pass
    assert {file.name for file in (tmp_path / "keys").iterdir()} == made


@pytest.mark.parametrize("process", [api_dependencies, worker_dependencies])
@pytest.mark.parametrize("other", ["pepper", "vapid.pem"])
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
