"""`dispatcher backup`: the record and its keys, while the service runs."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.backup.key_file import require_passphrase, seal_keys
from dispatcher.backup.manifest import KEYS, MANIFEST, RECORD, BackupError, Manifest
from dispatcher.commands.admin import owner_url
from dispatcher.commands.backup.directory import name_at, publish, synced_file, write_file, written_directory
from dispatcher.commands.backup.keeping import PassphraseFile, held_keys, passphrase_of
from dispatcher.commands.backup.programs import save
from dispatcher.commands.operator import acts, operator
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.embedded import DataDirectoryInUseError, EmbeddedPostgres
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.shared import require_no_other
from dispatcher.settings import Settings
from dispatcher.store import audit, record
from dispatcher.store.backup.contents import BACKED_UP, LONGEST_COUNT_S, contents, exported_snapshot
from dispatcher.store.secrets import Secrets
from dispatcher.store.servers.current import url_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.access.principals import Actor
    from dispatcher.store.backup.contents import RecordSnapshot


@acts(Permission.BACK_UP_RECORD)
@helped(
    Where.SERVER,
    "dispatcher backup /mnt/backups --passphrase-file /etc/cap-dispatcher/backup-passphrase",
    "dispatcher backup /mnt/backups --without-keys",
)
def backup(
    directory: Annotated[
        Path, typer.Argument(help="where the new backup is to lie, as a directory of its own")
    ],
    *,
    passphrase_file: PassphraseFile = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="the record alone: keys/ is saved elsewhere")
    ] = False,
    only_running: Annotated[
        bool,
        typer.Option(
            "--only-running",
            help="start no server of the data directory, which would keep the service from starting",
        ),
    ] = False,
) -> None:
    """Save the record as it is at one moment, and the keys without which it is worth little, encrypted under a
    passphrase. The service runs on meanwhile, or stands still.

    The backup is there when it is whole, or not at all. Keep the passphrase elsewhere, and not on this machine alone.
    The queue is not saved: the record knows what it has to hold.
    """
    settings = Settings()
    passphrase = None if without_keys else passphrase_of(passphrase_file, new=True)
    if passphrase is not None:
        require_passphrase(passphrase)
    with redirect_stdout(sys.stderr), running_record(settings, only=only_running) as url:
        made = asyncio.run(make(settings, url, directory, passphrase, operator().actor))
    rows = sum(made.contents.tables.values())
    typer.echo(
        f"{directory / made.name}: {how_many(rows, 'row')} of {how_many(len(made.contents.tables), 'table')}, "
        f"{sum(one.bytes for one in made.files.values()):,} bytes"
    )
    typer.echo(
        "without the keys: nobody can be warned with it unless keys/ is saved elsewhere"
        if passphrase is None
        else f"the keys are in {KEYS}, under the passphrase; `dispatcher restore --verify` tries the whole",
        err=True,
    )


@contextmanager
def running_record(settings: Settings, *, only: bool = False) -> Iterator[str]:
    """Yield the URL of the record by its owner's role; the embedded server is started where it does not run, unless
    `only` one that runs is wanted. Raises BackupError where it does not.
    """
    url = owner_url(settings)
    if settings.database_url:
        yield url
        return
    if only:
        _require_service(settings)
        yield url
        return
    server = EmbeddedPostgres(settings.data_dir / "postgres")
    try:
        server.start()
    except DataDirectoryInUseError:  # by `dispatcher up`
        yield url
        return
    try:
        yield server.url
    finally:
        server.stop()


def _require_service(settings: Settings) -> None:
    """Look at the file of the server's process, as a lock would keep the service out for that moment."""
    home = settings.data_dir / "postgres"
    if not (home / "data" / "postmaster.pid").exists():
        raise BackupError(
            f"the service does not run in {settings.data_dir}, and --only-running starts no server: no backup was made"
        )


async def make(settings: Settings, url: str, directory: Path, passphrase: str | None, by: Actor) -> Manifest:
    """Make a backup in `directory`; without a passphrase it has no keys. Raises BackupError, SettingsError, OSError."""
    pool = await record.connect(url, size=2, command_timeout_s=LONGEST_COUNT_S)
    try:
        if await Secrets(pool).are_kept():
            await require_no_other(pool, settings)
        with written_directory(directory) as draft:
            async with exported_snapshot(pool) as snapshot:
                made = await _written(settings, url, draft, passphrase, snapshot)
            final = publish(draft, made.name)
        await audit.note(
            pool,
            by,
            BACKED_UP,
            backup=final.name,
            bytes=sum(one.bytes for one in made.files.values()),
            keys=KEYS in made.files,
        )
    finally:
        await pool.close()
    return made


async def _written(
    settings: Settings, url: str, draft: Path, passphrase: str | None, snapshot: RecordSnapshot
) -> Manifest:
    connection = snapshot.connection
    found = await contents(connection)
    if not found.schema:
        raise BackupError("there is no record yet: nothing to save before the service's first start")
    files = {}
    if passphrase is not None:
        # After the snapshot was taken: a ring has by now each key that any row of it is sealed with.
        keys = await held_keys(connection, settings)
        files[KEYS] = write_file(draft / KEYS, seal_keys(keys, passphrase))
    with synced_file(draft / RECORD) as opened:
        files[RECORD] = await asyncio.to_thread(save, url_on(url, connection), snapshot.number, opened)
    made = Manifest(
        name=name_at(snapshot.at),
        made_at=snapshot.at,
        version=version("cap-dispatcher"),
        postgresql=await connection.fetchval("SELECT current_setting('server_version')"),
        contents=found,
        files=files,
    )
    write_file(draft / MANIFEST, made.text())
    return made
