"""`dispatcher restore`: bring a backup back, or show that it could be."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from dispatcher.access.permissions import Permission
from dispatcher.audit.verification import ChainVerifier
from dispatcher.backup.key_file import LARGEST, open_keys
from dispatcher.backup.manifest import KEYS, RECORD, BackupError, differences
from dispatcher.commands.admin import owner_url
from dispatcher.commands.backup.directory import ended_by_sigterm, read_backup
from dispatcher.commands.backup.keeping import (
    KeysFound,
    PassphraseFile,
    judge_keys,
    passphrase_of,
    put_back,
    require_free_place,
)
from dispatcher.commands.backup.losses import damage, losses
from dispatcher.commands.backup.programs import load
from dispatcher.commands.operator import acts, operator
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.delivery.work.after_restore import CODE, LABEL, after_restore
from dispatcher.embedded import DataDirectoryInUseError, EmbeddedPostgres
from dispatcher.embedded.locks import lock_directory
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings
from dispatcher.store import audit, record
from dispatcher.store.audit_chain.reader import snapshot
from dispatcher.store.backup.contents import LONGEST_COUNT_S, contents, is_empty
from dispatcher.store.backup.in_flight import (
    Doubted,
    doubt_open,
    end_sessions,
    free_batches,
    keep_undecided,
    note_finished,
)
from dispatcher.store.migrate import MIGRATIONS, upgrade
from dispatcher.store.servers.current import url_on
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.wiring.audit.roles import protect_audit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatcher.access.principals import Actor
    from dispatcher.backup.manifest import Manifest
    from dispatcher.model.retry_policy import DeliveryPolicy
    from dispatcher.store.record import Pool

EXITS: Final = {
    0: "restored, or verified: the sentences say what is lost with keys that are missing",
    1: "refused, or not as it was saved: the sentence says what is wrong",
    2: "wrong call",
}


@dataclass(frozen=True, slots=True)
class RestoreTarget:
    """Where a record is restored to, by the roles of its owner and of the service."""

    owner: str
    service: str


@dataclass(frozen=True, slots=True)
class Finishing:
    """How a restored record is told of what may have happened since: not at all where nothing was sent."""

    policy: DeliveryPolicy | None
    by: Actor


@acts(Permission.RESTORE_RECORD)
@helped(
    Where.SERVER,
    "dispatcher restore /mnt/backups/backup-20261130T021500Z --verify --passphrase-file /run/passphrase",
    "dispatcher restore /mnt/backups/backup-20261130T021500Z --passphrase-file /run/passphrase",
    exits=EXITS,
)
def restore(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="a backup")],
    *,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="restore it to a server of its own, look at it, and leave nothing"),
    ] = False,
    passphrase_file: PassphraseFile = None,
    keys: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="the file of keys, where it was kept apart"),
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="the record alone: what is lost is said")
    ] = False,
    nothing_since: Annotated[
        bool,
        typer.Option(
            "--nothing-since", help="nothing was sent since the backup: the service had been stopped"
        ),
    ] = False,
) -> None:
    """Bring a backup back, to an empty database (DATABASE_URL) or a data directory without a record. The service is
    stopped meanwhile, and the queue is best empty. Where there is a record already nothing is changed.

    Who was to be sent something when it was saved may have got it since: an SMS is repeated only as
    WARN_DELIVERY__RESEND_UNCERTAIN says, what a device shows once is sent again, and what has expired ends. All persons
    are signed out.
    """
    settings = Settings()
    manifest = read_backup(directory, keys=keys)
    require_known_schema(manifest)
    files = {} if without_keys else _opened(keys or directory / KEYS, passphrase_file)
    with ended_by_sigterm(), redirect_stdout(sys.stderr):
        if verify:
            lines = _verified(directory, manifest, files)
        else:
            require_free_place(files, settings)
            finishing = Finishing(None if nothing_since else settings.delivery, operator().actor)
            lines = _restored(directory, manifest, files, settings, finishing)
    for line in lines:
        typer.echo(line)


def require_known_schema(manifest: Manifest) -> None:
    """Require that this version knows the schema, and how to bring it to its own. Raises BackupError."""
    try:
        ScriptDirectory(str(MIGRATIONS)).get_revision(manifest.contents.schema)
    except CommandError:
        raise BackupError(
            f"the backup is of a newer version ({manifest.version}, schema {manifest.contents.schema}): restore it "
            "with that version, or a newer one"
        ) from None


def _opened(place: Path, passphrase_file: Path | None) -> dict[str, bytes]:
    if not place.exists():
        raise BackupError(
            f"the keys are not there ({place}): name their file by --keys. With --without-keys the record is restored "
            "alone, and what is lost with them is said; with --verify as well nothing is changed"
        )
    with place.open("rb") as file:
        return open_keys(file.read(LARGEST), passphrase_of(passphrase_file))


def _verified(directory: Path, manifest: Manifest, files: Mapping[str, bytes]) -> list[str]:
    """Restore to a server that is there for nothing else, and return what was found."""
    with tempfile.TemporaryDirectory(prefix="dispatcher-verify-") as scratch:
        with EmbeddedPostgres(Path(scratch) / "postgres", durable=False) as server:
            target = RestoreTarget(server.url, server.service_url)
            lines = asyncio.run(bring_back(directory, manifest, files, target, None))
        return [*lines, "verified: it can be restored; nothing was changed"]


def _restored(
    directory: Path, manifest: Manifest, files: Mapping[str, bytes], settings: Settings, finishing: Finishing
) -> list[str]:
    with _place(settings) as target:
        written = put_back(files, settings)
        lines = asyncio.run(bring_back(directory, manifest, files, target, finishing))
    kept = [f"keys: {', '.join(str(path) for path in written)}"] if written else []
    return [*lines, *kept, "restored: start the service"]


@contextmanager
def _place(settings: Settings) -> Iterator[RestoreTarget]:
    """Yield where the record is to be: the database named, or a new one in the data directory, which takes its name
    once all is in it. Raises BackupError where there is a record.
    """
    if settings.database_url:
        yield RestoreTarget(owner_url(settings), settings.database_url)
        return
    home = settings.data_dir / "postgres"
    if home.exists() and any(home.iterdir()):
        raise BackupError(f"there is a record already, in {home}: move it away; nothing was changed")
    draft = home.with_name("postgres.restoring")
    _remove_left(draft)
    try:
        with EmbeddedPostgres(draft) as server:
            yield RestoreTarget(server.url, server.service_url)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.rename(home)
    number = os.open(settings.data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove_left(draft: Path) -> None:
    """Remove what a restore left that was killed. Raises DataDirectoryInUseError for one that goes on."""
    if not draft.exists():
        return
    lock = lock_directory(draft)
    if lock is None:
        raise DataDirectoryInUseError(f"another `dispatcher restore` works in {draft}")
    os.close(lock)
    shutil.rmtree(draft)


async def bring_back(
    directory: Path,
    manifest: Manifest,
    files: Mapping[str, bytes],
    target: RestoreTarget,
    finishing: Finishing | None,
) -> list[str]:
    """Restore to an empty database, bring it to this version's schema, and look at it; without `finishing` it is only
    looked at. Returns what to say. Raises BackupError, SettingsError, `asyncpg.PostgresError`.
    """
    pool = await record.connect(target.owner, size=2, command_timeout_s=LONGEST_COUNT_S)
    try:
        if not await is_empty(pool):
            raise BackupError(
                "the database (DATABASE_URL) is not empty: name an empty one; nothing was changed there"
            )
        async with pool.acquire() as connection:
            where = url_on(target.owner, connection)
        await asyncio.to_thread(load, directory / RECORD, where)
        await _require_as_saved(pool, manifest)
        await upgrade(target.owner)
        lines = [_said(manifest), await _chain(pool)]
        found = await judge_keys(pool, files)
        if wrong := await damage(pool, found):
            raise BackupError("; ".join(wrong))
        lines += _of_keys(found, await losses(pool, found))
        if finishing is not None:
            lines += await _finish(pool, manifest, finishing, found)
    finally:
        await pool.close()
    if finishing is not None:
        protected = await protect_audit(target.owner, target.service)
        lines.append(f"audit trail: {protected.protection.sentence()}")
        lines += [protected.statements] if protected.statements else []
    return lines


async def _require_as_saved(pool: Pool, manifest: Manifest) -> None:
    async with pool.acquire() as connection:
        found = await contents(connection)
    if wrong := list(differences(manifest.contents, found)):
        raise BackupError(f"what was restored is not what was saved, do not use it: {'; '.join(wrong)}")


async def _chain(pool: Pool) -> str:
    """Verify the chain of the audit trail. Returns the sentence; raises BackupError for a fault."""
    async with snapshot(pool) as chain:
        verifier = ChainVerifier(tuple(await chain.keys()), [], pinned=False)
        async for chunk in chain.chunks():
            verifier.take_all(chunk)
        verdict = verifier.finish(await chain.anchored_number())
    if not verdict.sound:
        first = verdict.findings[0]
        raise BackupError(
            f"the audit trail of the backup has {how_many(verdict.counts.total(), 'fault')}, the first: "
            f"{first.sentence}"
        )
    return f"audit trail: {how_many(verdict.entries, 'entry', 'entries')} verified, to position {verdict.position}"


def _said(manifest: Manifest) -> str:
    rows = sum(manifest.contents.tables.values())
    return (
        f"record as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, of version {manifest.version}: "
        f"{how_many(rows, 'row')} of {how_many(len(manifest.contents.tables), 'table')}, as they were saved"
    )


def _of_keys(found: KeysFound, lost: list[str]) -> list[str]:
    if not found.lacking and not lost:
        return ["keys: they are those of the record, and open what is sealed in it"]
    names = ", ".join(found.lacking) or "a key of the ring"
    return [
        f"keys: missing are {names}; without them is lost:",
        *(f"  {one}" for one in lost or ["nothing yet"]),
    ]


async def _finish(pool: Pool, manifest: Manifest, finishing: Finishing, keys: KeysFound) -> list[str]:
    """Tell the record that time has passed, with a line on the trail: all of it, or nothing."""
    async with pool.acquire() as connection, connection.transaction():
        doubted, undecided = Doubted(0, 0), 0
        if finishing.policy is not None:
            undecided = await keep_undecided(connection)
            doubted = await doubt_open(connection, partial(_decide, finishing.policy), (LABEL, CODE))
        await free_batches(connection)
        sessions = await end_sessions(connection)
        await note_finished(connection)
        await audit.note(
            connection,
            finishing.by,
            "record.restore",
            backup=manifest.name,
            lacking=[str(one) for one in keys.lacking],
            sent_again=doubted.again,
            given_up=doubted.given_up,
            undecided=undecided,
        )
    return [
        f"{how_many(doubted.again, 'recipient')} who may have got a message since get it again",
        f"{how_many(doubted.given_up, 'recipient')} who might get an SMS twice do not (`dispatcher dead-letters list`)",
        f"{how_many(undecided, 'warning')} that would go out undecided at a time do not (`dispatcher held list`)",
        f"{how_many(sessions, 'session')} ended: all persons sign in anew",
    ]


def _decide(policy: DeliveryPolicy, outcomes: bytes, channel: str, extreme: bool) -> bytes:  # noqa: FBT001 - called by place
    return after_restore(outcomes, policy, collapses=channel != CHANNEL, extreme=extreme)
