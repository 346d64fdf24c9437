"""Keys come into a backup from wherever they are, and go back to where nothing is."""

import io
from pathlib import Path
from typing import Any

import pytest

from channels.webpush.vapid import generate_key
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import KeyRing
from dispatcher.backup.manifest import BackupError
from dispatcher.commands.backup.keeping import (
    held_keys,
    judge_keys,
    passphrase_of,
    put_back,
    require_free_place,
)
from dispatcher.settings import Settings, SettingsError
from dispatcher.store.secrets import Secrets
from tests.commands.conftest import PEPPER
from tests.support.sealed import RING


@pytest.fixture
async def settled(run: Any, pool: Any) -> Any:
    await run("secrets", "init")
    return pool


async def test_those_of_settings_and_those_put_aside_are_kept_too(
    settled: Any, run: Any, tmp_path: Path
) -> None:
    first = (tmp_path / "var" / "keys" / "vapid.pem").read_bytes()
    await run("secrets", "replace", "vapid", "--yes")
    found = await held_keys(settled, Settings())
    assert sorted(found) == ["addresses", "pepper", "vapid.pem", "vapid.pem.1"]
    assert (found["vapid.pem.1"], found["pepper"]) == (first, PEPPER.encode())
    judged = await judge_keys(settled, found)
    assert (judged.lacking, len(judged.vapid)) == ((), 2)


async def test_a_ring_that_lacks_a_key_is_refused(settled: Any) -> None:
    await settled.execute("INSERT INTO sealing_key (id, fingerprint) VALUES (2, 'another')")
    with pytest.raises(SettingsError, match="lacks a key that endpoints in the record are sealed with"):
        await held_keys(settled, Settings())


async def test_other_keys_than_the_records_are_lacking(settled: Any) -> None:
    found = await judge_keys(settled, {"addresses": KeyRing.new().text(), "pepper": PEPPER.encode()})
    assert (found.ring, found.lacking) == (None, (SecretName.VAPID, SecretName.ADDRESSES))
    assert (await judge_keys(settled, {"addresses": RING.text()})).ring is not None
    with pytest.raises(BackupError, match="holds what is no key"):
        await judge_keys(settled, {"vapid.pem": b"no PEM"})
    assert await Secrets(settled).noted(SecretName.VAPID), "nothing was changed"


def test_nothing_is_written_over(surroundings: Any, tmp_path: Path) -> None:
    home = tmp_path / "var" / "keys"
    ours, theirs = generate_key(), generate_key()
    files = {"vapid.pem": ours, "vapid.pem.1": theirs, "pepper": PEPPER.encode()}
    require_free_place(files, Settings())
    assert put_back(files, Settings()) == [home / "vapid.pem", home / "vapid.pem.1"], (
        "the settings give the pepper"
    )
    assert [oct((home / name).stat().st_mode) for name in ("", "vapid.pem")] == ["0o40700", "0o100600"]
    require_free_place(files, Settings())
    assert put_back(files, Settings()) == []
    with pytest.raises(BackupError, match="this machine has another vapid than the backup"):
        require_free_place({"vapid.pem": theirs}, Settings())
    with pytest.raises(BackupError, match="another pepper than the backup \\(WARN_KEY_PEPPER\\)"):
        require_free_place({"pepper": b"that of another service"}, Settings())


def test_a_passphrase_is_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "passphrase"
    file.write_text("five words of my own\r\nand a note\n")
    file.chmod(0o600)
    assert passphrase_of(file) == "five words of my own"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BackupError, match="no text in UTF-8"):
        passphrase_of(file)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(BackupError, match="--passphrase-file"):
        passphrase_of(None)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_passphrase_that_others_may_read_is_refused(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But one that systemd hands over, where an ACL shows in the mode."""
    file = tmp_path / "passphrase"
    file.write_text("five words of my own\n")
    file.chmod(mode)
    with pytest.raises(BackupError, match=f"chmod 600 {file}"):
        passphrase_of(file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert passphrase_of(file) == "five words of my own"
