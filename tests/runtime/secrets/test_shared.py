"""All machines of a service have the same secrets, or do not start."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.runtime.secrets.files import fingerprint, new_secret, secret_file, secret_path
from dispatcher.runtime.secrets.shared import agreed_secret, require_no_other, standing
from dispatcher.settings import Settings, SettingsError
from dispatcher.store.secrets import Secrets
from dispatcher.store.sources import Sources
from tests.store import conftest as on_record

pool, sources = on_record.pool, on_record.sources
BOTH = pytest.mark.parametrize("name", list(SecretName))


@pytest.fixture
def machine(tmp_path: Path, database_url: str) -> Any:
    """Makes the settings of a machine with a data directory of its own."""
    return lambda number: Settings(data_dir=tmp_path / f"machine-{number}", database_url=database_url)


def put(name: SecretName, settings: Settings, secret: bytes) -> None:
    secret_file(secret_path(name, settings), secret)


@BOTH
async def test_a_first_start_makes_a_secret_and_notes_it(pool: Any, machine: Any, name: SecretName) -> None:
    made = await agreed_secret(pool, name, machine(1))
    assert secret_path(name, machine(1)).read_bytes() == made
    assert (await Secrets(pool).noted(name)).fingerprint == fingerprint(name, made)
    assert await agreed_secret(pool, name, machine(1)) == made
    lines = await pool.fetch("SELECT actor, action, detail FROM audit")
    assert [tuple(line) for line in lines] == [
        ("service", "secret.note", {"secret": str(name), "fingerprint": fingerprint(name, made)})
    ]


@BOTH
async def test_one_machine_with_its_own_record_is_told_of_the_backup(
    pool: Any, tmp_path: Path, name: SecretName
) -> None:
    await Secrets(pool).replace(name, "of the backup", UNNAMED_OPERATOR)
    with pytest.raises(SettingsError) as refused:
        await agreed_secret(pool, name, Settings(data_dir=tmp_path))
    assert f"bring back {tmp_path / 'keys'} from the backup that the record is of" in str(refused.value)
    assert "DATABASE_URL" not in str(refused.value), "there is none"


@BOTH
async def test_a_second_machine_makes_none_and_says_what_to_do(
    pool: Any, machine: Any, name: SecretName, tmp_path: Path
) -> None:
    await agreed_secret(pool, name, machine(1))
    with pytest.raises(SettingsError) as refused:
        await agreed_secret(pool, name, machine(2))
    said = str(refused.value)
    assert said.startswith(f"this machine has no {name}, and the record that DATABASE_URL names knows one (")
    assert f"copy keys/{secret_path(name, machine(1)).name} from a machine of that service to " in said
    assert str(secret_path(name, machine(2))) in said
    assert "\n" not in said
    assert not (tmp_path / "machine-2").exists(), "nothing was made"
    put(name, machine(2), secret_path(name, machine(1)).read_bytes())
    assert await agreed_secret(pool, name, machine(2)) == await agreed_secret(pool, name, machine(1))


@BOTH
async def test_a_machine_with_another_secret_does_not_start_whatever_it_needs(
    pool: Any, machine: Any, name: SecretName
) -> None:
    """As of a restored backup with another `keys/`, or with DATABASE_URL of another service."""
    await agreed_secret(pool, name, machine(1))
    other = new_secret(name)
    put(name, machine(2), other)
    for stopped in (agreed_secret(pool, name, machine(2)), require_no_other(pool, machine(2))):
        with pytest.raises(SettingsError, match=f"is another {name} .* or correct DATABASE_URL") as refused:
            await stopped
        assert other.decode() not in str(refused.value)
    assert secret_path(name, machine(2)).read_bytes() == other, "and it is still there"
    await require_no_other(pool, machine(1))
    await require_no_other(pool, machine(3))  # what has none may need none


@BOTH
async def test_of_machines_that_start_at_once_one_makes_it(pool: Any, machine: Any, name: SecretName) -> None:
    starts = [agreed_secret(pool, name, machine(number)) for number in range(4)]
    ended = await asyncio.gather(*starts, return_exceptions=True)
    [made] = [one for one in ended if isinstance(one, bytes)]
    assert all(isinstance(one, SettingsError) for one in ended if one is not made)
    files = [secret_path(name, machine(number)) for number in range(4)]
    assert [file.read_bytes() for file in files if file.exists()] == [made]


@BOTH
async def test_processes_of_one_machine_that_start_at_once_share_it(
    pool: Any, machine: Any, name: SecretName
) -> None:
    starts = [agreed_secret(pool, name, machine(1)) for _ in range(4)]
    assert len(set(await asyncio.gather(*starts))) == 1


@BOTH
async def test_an_emptied_record_takes_the_secret_that_is_there(
    pool: Any, machine: Any, name: SecretName
) -> None:
    old = new_secret(name)
    put(name, machine(1), old)
    assert await agreed_secret(pool, name, machine(1)) == old
    assert (await Secrets(pool).noted(name)).fingerprint == fingerprint(name, old)


async def test_a_record_older_than_fingerprints_gets_no_new_pepper_beside_its_keys(
    pool: Any, machine: Any, sources: Sources, tmp_path: Path
) -> None:
    await sources.add_key("leitstelle", f"wk_leitstelle-1_{'s' * 43}")
    with pytest.raises(SettingsError, match=r"the record has keys \(1\), and this machine lacks the pepper"):
        await agreed_secret(pool, SecretName.PEPPER, machine(1))
    assert not (tmp_path / "machine-1").exists()
    assert await Secrets(pool).noted(SecretName.PEPPER) is None


@BOTH
async def test_a_secret_that_cannot_be_written_is_not_noted(
    pool: Any, machine: Any, name: SecretName, tmp_path: Path
) -> None:
    (tmp_path / "machine-1").write_text("no directory")
    with pytest.raises(OSError, match="machine-1"):
        await agreed_secret(pool, name, machine(1))
    assert await Secrets(pool).noted(name) is None


@BOTH
async def test_how_a_machine_stands_is_told_without_making_anything(
    pool: Any, machine: Any, name: SecretName
) -> None:
    states = [(await standing(pool, name, machine(1))).agreement]
    await Secrets(pool).replace(name, "else", UNNAMED_OPERATOR)
    states.append((await standing(pool, name, machine(1))).agreement)
    put(name, machine(1), new_secret(name))
    states.append((await standing(pool, name, machine(1))).agreement)
    assert [str(state) for state in states] == ["none", "missing here", "different"]
