"""`dispatcher backup`: whole, encrypted, on the trail."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.backup.key_file import open_keys
from dispatcher.store import record as records
from dispatcher.store.audit import listed
from tests.commands.backup.conftest import PASSPHRASE, Home, tree


async def test_a_backup_has_the_record_and_its_keys(saved: Path, pool: Any, tmp_path: Path) -> None:
    files = tree(saved)
    assert sorted(files) == ["keys.jwe", "manifest.json", "record.dump"]
    keys = open_keys(files["keys.jwe"], PASSPHRASE)
    assert sorted(keys) == ["addresses", "pepper", "vapid.pem"]
    assert keys["vapid.pem"] == (tmp_path / "var" / "keys" / "vapid.pem").read_bytes()
    manifest = json.loads(files["manifest.json"])
    assert manifest["contents"]["tables"]["subscription"] == 4
    [line] = await listed(pool, 1)
    assert (line.action, line.detail["backup"], line.detail["keys"]) == ("record.backup", saved.name, True)
    for secret in keys.values():
        assert not [name for name, content in files.items() if secret in content]


async def test_a_machine_without_all_keys_makes_none_silently(
    record: Any, run: Any, home: Home, tmp_path: Path
) -> None:
    del record
    (tmp_path / "var" / "keys" / "vapid.pem").unlink()
    done = await run("backup", home.backups, "--passphrase-file", home.passphrase)
    assert "this machine has no vapid" in str(done.exception)
    assert home.made() == []
    done = await run("backup", home.backups, "--without-keys")
    assert done.exit_code == 0, done.output
    [directory] = home.made()
    assert sorted(tree(directory)) == ["manifest.json", "record.dump"]


async def test_a_short_passphrase_is_refused_before_anything_is_done(run: Any, home: Home) -> None:
    home.passphrase.write_text("short\n")
    done = await run("backup", home.backups, "--passphrase-file", home.passphrase)
    assert "at least 20 characters" in str(done.exception)
    assert "--passphrase-file" in str((await run("backup", home.backups)).exception), (
        "nobody is there to type it"
    )
    assert home.made() == []


async def test_a_table_may_take_longer_to_count_than_other_statements(
    record: Any, run: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As asyncpg takes no timeout for that of the pool."""
    del record
    patience = []
    connect = records.connect

    async def noted(*args: Any, **options: Any) -> Any:
        patience.append(options.get("command_timeout_s"))
        return await connect(*args, **options)

    monkeypatch.setattr(records, "connect", noted)
    done = await run("backup", home.backups, "--without-keys")
    assert done.exit_code == 0, done.output
    assert patience == [3600.0]


async def test_a_backup_of_the_timer_starts_no_server(
    run: Any, home: Home, tmp_path: Path, surroundings: Any
) -> None:
    """It would hold the data directory, and `dispatcher up` would not start."""
    (tmp_path / "var" / "postgres" / "data").mkdir(parents=True)
    surroundings.delenv("DATABASE_URL")
    done = await run("backup", home.backups, "--without-keys", "--only-running")
    assert "the service does not run" in str(done.exception)
    assert (done.exit_code, home.made()) == (1, [])
    assert [path.name for path in (tmp_path / "var" / "postgres").rglob("*")] == ["data"]
