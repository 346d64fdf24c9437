"""`dispatcher restore`: from a backup to a record that is the same, or to a sentence."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.webpush.vapid import generate_key
from dispatcher.backup.manifest import read_manifest
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.runtime.secrets.shared import require_no_other
from dispatcher.settings import Settings, SettingsError
from dispatcher.store import record as records
from dispatcher.store.audit import listed
from dispatcher.store.backup.contents import contents, is_empty
from dispatcher.wiring.doctor.record import newest_schema
from tests.commands.backup.conftest import EARLIER, Home, tree
from tests.support.sealed import endpoints


@pytest.fixture
async def restored(empty_url: str) -> AsyncIterator[Any]:
    """What is in the database that was empty; used after the restore."""
    pool = await records.connect(empty_url, size=1)
    yield pool
    await pool.close()


async def outcomes(pool: Any) -> dict[str, set[int]]:
    rows = await pool.fetch("SELECT channel, outcomes FROM batch ORDER BY id")
    return {row["channel"]: set(row["outcomes"]) for row in rows}


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


async def test_a_restored_record_is_the_saved_one(
    saved: Path, pool: Any, restore: Any, restored: Any, run: Any, tmp_path: Path
) -> None:
    before = await endpoints(pool)
    manifest = read_manifest((saved / "manifest.json").read_bytes())
    keys = tree(tmp_path / "var" / "keys")
    shutil.rmtree(tmp_path / "var")
    done = await restore(saved, "--nothing-since")
    assert done.exit_code == 0, done.output
    assert await endpoints(restored) == before
    assert tree(tmp_path / "var" / "keys") == keys, "those that the settings do not give"
    assert (await run("secrets", "show")).exit_code == 0
    assert (await contents(restored)).tables == manifest.contents.tables | {
        "audit": manifest.contents.tables["audit"] + 1
    }
    assert await outcomes(restored) == {"webpush": {State.PENDING}, "sms": {State.PENDING}}
    [line] = await listed(restored, 1)
    assert (line.action, line.detail["backup"]) == ("record.restore", saved.name)
    assert (await run("audit", "verify")).exit_code == 0


async def test_what_may_have_happened_since_is_in_doubt(
    record: Any, run: Any, home: Home, restore: Any, restored: Any
) -> None:
    await run("person", "add", "m.keller", "--environment", "live", "--source", "leitstelle")
    await record.execute(
        """INSERT INTO person_session (digest, person_id, environment, method)
           SELECT 'd', id, environment, 'passkey' FROM person"""
    )
    await record.execute(
        """INSERT INTO approval
             (alert_id, is_needed, content_sha256, people, shown_at, requested_at, authors, release_at)
           VALUES ('A', true, '', 1, now(), now(), '{}', now())"""
    )
    await run("backup", home.backups, "--passphrase-file", home.passphrase)
    done = await restore(*home.made())
    assert done.exit_code == 0, done.output
    assert "1 warning that would go out undecided" in done.output
    assert await restored.fetchval("SELECT release_at IS NULL FROM approval")
    assert "1 session ended" in done.output
    assert await restored.fetchval("SELECT count(*) FROM person_session") == 0
    assert "3 recipients who may have got a message since get it again" in done.output
    assert "1 recipient who might get an SMS twice do not" in done.output
    assert await outcomes(restored) == {
        "webpush": {State.PENDING | UNCERTAIN},
        "sms": {State.DEAD | UNCERTAIN},
    }
    letter = await restored.fetchrow("SELECT label, code, due FROM problem")
    assert tuple(letter) == ("uncertain", "restored", None)


async def test_to_a_record_that_is_there_nothing_is_restored(
    saved: Path, run: Any, home: Home, pool: Any
) -> None:
    done = await run("restore", saved, "--passphrase-file", home.passphrase)
    assert done.exit_code == 1
    assert "the database (DATABASE_URL) is not empty" in str(done.exception)
    assert await pool.fetchval("SELECT count(*) FROM alert") == 1


async def test_other_keys_are_not_written_over(
    saved: Path, restore: Any, tmp_path: Path, restored: Any
) -> None:
    vapid = tmp_path / "var" / "keys" / "vapid.pem"
    vapid.write_bytes(other := generate_key())
    done = await restore(saved)
    assert "this machine has another vapid than the backup" in str(done.exception)
    assert vapid.read_bytes() == other
    assert await is_empty(restored)


async def test_verifying_leaves_nothing(
    saved: Path, run: Any, home: Home, pool: Any, servers_dir: Path, surroundings: Any
) -> None:
    """With the file of keys kept apart from the rest."""
    scratch = servers_dir / "verify"
    scratch.mkdir()
    surroundings.setattr(tempfile, "tempdir", str(scratch))
    apart = (saved / "keys.jwe").rename(home.passphrase.with_name("keys of monday"))
    before = tree(home.backups), await contents(pool)
    done = await run("restore", saved, "--verify", "--keys", apart, "--passphrase-file", home.passphrase)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "verified: it can be restored; nothing was changed"
    assert "keys: they are those of the record, and open what is sealed in it" in done.output
    assert (tree(home.backups), await contents(pool)) == before
    assert names(scratch) == []


async def test_without_the_keys_is_said_what_is_lost(saved: Path, restore: Any, restored: Any) -> None:
    (saved / "keys.jwe").unlink()
    refused = await restore(saved)
    assert "the keys are not there" in str(refused.exception)
    assert await is_empty(restored)
    done = await restore(saved, "--without-keys", passphrase=False)
    assert done.exit_code == 0, done.output
    lines = [line.strip() for line in done.output.splitlines()]
    at = lines.index("keys: missing are pepper, vapid, addresses; without them is lost:")
    assert [line.partition(":")[0] for line in lines[at + 1 : at + 4]] == [
        "4 endpoints cannot be read (sms 1, webpush 3)",
        "1 key of sources, instances, operators and feeds are refused",
        "no message to 3 browsers can be signed",
    ]
    [line] = await listed(restored, 1)
    assert line.detail["lacking"] == ["pepper", "vapid", "addresses"]


async def test_a_record_that_breaks_off_is_not_there_at_all(saved: Path, restore: Any, restored: Any) -> None:
    """As if its last bytes had been lost before it was hashed: within the rows of a table."""
    content = (saved / "record.dump").read_bytes()[:-100]
    (saved / "record.dump").write_bytes(content)
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["files"]["record.dump"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (saved / "manifest.json").write_text(json.dumps(manifest))
    done = await restore(saved)
    assert "pg_restore ended with 1" in str(done.exception)
    assert await is_empty(restored)


async def test_a_record_with_other_rows_is_not_taken_for_the_saved_one(
    saved: Path, restore: Any, restored: Any
) -> None:
    """Nor does a service start on it."""
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["contents"]["tables"]["alert"] += 1
    (saved / "manifest.json").write_text(json.dumps(manifest))
    done = await restore(saved)
    assert "table alert has 1 row, and had 2 rows" in str(done.exception)
    with pytest.raises(SettingsError, match="was broken off: empty the database"):
        await require_no_other(restored, Settings())


async def test_a_data_directory_gets_its_record_whole(
    saved: Path, run: Any, home: Home, server_dir: Path, surroundings: Any
) -> None:
    """What a killed restore has left is removed; and there is no second one over the first."""
    surroundings.delenv("DATABASE_URL")
    surroundings.setenv("WARN_DATA_DIR", str(server_dir))
    left = server_dir / "postgres.restoring" / "data"
    left.mkdir(parents=True)
    done = await run("restore", saved, "--passphrase-file", home.passphrase)
    assert done.exit_code == 0, done.output
    assert "audit trail: protected: yes" in done.output
    assert names(server_dir) == ["keys", "postgres"]
    again = await run("restore", saved, "--passphrase-file", home.passphrase)
    assert "there is a record already" in str(again.exception)
    # Its server does not run: the backup starts it, and stops it again.
    done = await run("backup", server_dir / "backups", "--passphrase-file", home.passphrase)
    assert done.exit_code == 0, done.output


async def test_a_backup_of_an_earlier_version_is_brought_to_this_one(
    run: Any, home: Home, restore: Any, restored: Any, earlier_url: str, surroundings: Any
) -> None:
    surroundings.setenv("DATABASE_URL", earlier_url)
    assert (await run("secrets", "init")).exit_code == 0
    assert (await run("backup", home.backups, "--passphrase-file", home.passphrase)).exit_code == 0
    [directory] = home.made()
    assert read_manifest((directory / "manifest.json").read_bytes()).contents.schema == EARLIER
    done = await restore(directory)
    assert done.exit_code == 0, done.output
    assert (await contents(restored)).schema == newest_schema()
