"""The files of `keys/` that go into a backup and come back from one, and the passphrase over them."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.sealing import KeyRing
from dispatcher.backup.manifest import BackupError
from dispatcher.runtime.secrets.files import (
    FILES,
    fingerprint,
    held_secret,
    previous_vapid_keys,
    secret_file,
    secret_path,
    setting_of,
)
from dispatcher.runtime.secrets.ring import require_keys
from dispatcher.settings import SettingsError
from dispatcher.store.sealed.keys import SealingKeys
from dispatcher.store.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.settings import Settings
    from dispatcher.store.record import Connection

LONGEST_PASSPHRASE: Final = 1000
"""Characters that are read of a file."""
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help="a file with the passphrase over the keys; default: asked at the terminal"
    ),
]


def passphrase_of(file: Path | None, *, new: bool = False) -> str:
    """Return the passphrase: the first line of the file, or what a person types; a `new` one twice. Raises BackupError
    where there is neither, and for a file that others may read.
    """
    if file is not None:
        _require_private(file)
        try:
            with file.open(encoding="utf-8") as opened:
                return opened.readline(LONGEST_PASSPHRASE).strip("\r\n")
        except UnicodeDecodeError:
            raise BackupError(f"{file} is no text in UTF-8") from None
    if not sys.stdin.isatty():
        raise BackupError("name the file with the passphrase over the keys by --passphrase-file")
    typed: str = typer.prompt("Passphrase over the keys", hide_input=True, confirmation_prompt=new, err=True)
    return typed


def _require_private(file: Path) -> None:
    found, credentials = file.stat(), os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and file.resolve().is_relative_to(Path(credentials).resolve()):
        return  # systemd lets the unit's account read it by an ACL, whose mask stands where the group's rights do
    if stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_IRGRP | stat.S_IROTH):
        raise BackupError(
            f"others may read {file}, which has the passphrase over the keys: `chmod 600 {file}`"
        )


async def held_keys(connection: Connection, settings: Settings) -> dict[str, bytes]:
    """Return this machine's secrets as files of `keys/`, wherever they come from. Raises BackupError where it lacks one
    that the record knows, SettingsError where a key is missing in its ring.
    """
    store = Secrets(connection)
    if not await store.are_kept():
        raise BackupError("the record is of a version before shared secrets: `dispatcher migrate` first")
    found: dict[str, bytes] = {}
    for name in SecretName:
        noted, held = await store.noted(name), held_secret(name, settings)
        if held is not None:
            found[FILES[name]] = held
        elif noted is not None:
            raise BackupError(
                f"this machine has no {name} ({setting_of(name, settings) or secret_path(name, settings)}): a backup "
                "without it is worth little. Say it on a machine that has all secrets (`dispatcher secrets show`), or "
                "with --without-keys, and save keys/ by yourself"
            )
    if ring := found.get(FILES[SecretName.ADDRESSES]):
        require_keys(KeyRing.parse(ring), await SealingKeys(connection).noted(), settings)
    for number, pem in enumerate(reversed(previous_vapid_keys(settings).values()), 1):
        found[f"{FILES[SecretName.VAPID]}.{number}"] = pem
    return found


@dataclass(frozen=True, slots=True)
class KeysFound:
    """What a restored record's keys are worth: by secret, whether it is the one that the record knows."""

    ring: KeyRing | None
    """None where there is none, or another service's."""
    lacking: tuple[SecretName, ...]
    """What the record knows and is not there, or is another one."""
    vapid: tuple[str, ...]
    """The public keys of all VAPID keys that are there."""


async def judge_keys(connection: Connection, files: Mapping[str, bytes]) -> KeysFound:
    """Compare the files of keys with what the record knows. Raises BackupError for what is no key."""
    store = Secrets(connection)
    lacking = []
    try:
        for name in SecretName:
            noted, held = await store.noted(name), files.get(FILES[name])
            if noted is not None and (held is None or fingerprint(name, held) != noted.fingerprint):
                lacking.append(name)
        ring = files.get(FILES[SecretName.ADDRESSES])
        return KeysFound(
            None if ring is None or SecretName.ADDRESSES in lacking else KeyRing.parse(ring),
            tuple(lacking),
            tuple(
                fingerprint(SecretName.VAPID, pem)
                for name, pem in files.items()
                if name.startswith(FILES[SecretName.VAPID])
            ),
        )
    except SettingsError as error:
        raise BackupError(f"the file of keys holds what is no key: {error}") from None


def require_free_place(files: Mapping[str, bytes], settings: Settings) -> None:
    """Require that nothing is written over: this machine has none of these secrets, or the same. Raises BackupError."""
    for name in SecretName:
        saved, held = files.get(FILES[name]), held_secret(name, settings)
        if saved is not None and held is not None and fingerprint(name, saved) != fingerprint(name, held):
            place = setting_of(name, settings) or secret_path(name, settings)
            raise BackupError(
                f"this machine has another {name} than the backup ({place}): move it away; nothing was changed"
            )


def put_back(files: Mapping[str, bytes], settings: Settings) -> list[Path]:
    """Write the files to `keys/`, but what the settings give; what is there already stays. Returns those written."""
    given = {FILES[name] for name in SecretName if setting_of(name, settings)}
    home = secret_path(SecretName.PEPPER, settings).parent
    written = []
    for name, content in files.items():
        if name not in given and not (home / name).exists():
            secret_file(home / name, content)
            written.append(home / name)
    return written
