"""The unprivileged account that embedded servers run under when the service itself runs as root.

PostgreSQL refuses to run as root, and Valkey has no need to. Without root there is nothing to choose: the
servers run under the service's own account, and no permission is ever changed.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

import structlog

from dispatcher.embedded.errors import EmbeddedError

READ, SEARCH = 0o4, 0o1

_UNPRIVILEGED = "nobody"  # on every Linux; initdb insists on an account that has a name

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group, as numbers. Its other groups are left behind."""

    uid: int
    gid: int


def server_account(data_dir: Path, *, euid: int, unprivileged: str = _UNPRIVILEGED) -> Account | None:
    """Return the account that runs the server: None, for the caller's own, unless that is root; then the owner of the
    data, so that data once written by somebody stay theirs, or `unprivileged` for new data. Raises EmbeddedError.
    """
    if euid != 0:
        return None
    if data_dir.exists() and (status := data_dir.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    try:
        entry = pwd.getpwnam(unprivileged)
    except KeyError:
        raise EmbeddedError(
            f"running as root needs the account {unprivileged!r} for the embedded servers; create it, run as"
            " another user, or set DATABASE_URL and REDIS_URL"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def missing_bits(mode: int, owner: Account, account: Account, wanted: int) -> int:
    """Return the permission bits `account` lacks for `wanted` (rwx as 0-7) on something with this mode and owner: those
    of the one class, owner, group or others, that the kernel looks at for it (path_resolution(7)).
    """
    if owner.uid == account.uid:
        shift = 6
    elif owner.gid == account.gid:
        shift = 3
    else:
        shift = 0
    return (wanted << shift) & ~mode


def permit(path: Path, account: Account, wanted: int) -> None:
    """Add the bits `account` lacks for `wanted` on `path`, and nothing else. Raises EmbeddedError."""
    status = path.stat()
    missing = missing_bits(status.st_mode, Account(status.st_uid, status.st_gid), account, wanted)
    if not missing:
        return
    try:
        path.chmod(stat.S_IMODE(status.st_mode) | missing)
    except OSError as error:
        raise EmbeddedError(f"{path} is closed to the account of the embedded servers: {error}") from error
    log.warning("permission_added", path=str(path), bits=f"{missing:04o}")


def permit_way(path: Path, account: Account) -> None:
    """Let `account` search every directory above `path`. A checkout in a private directory of root would
    otherwise hide the server's program and data from the server.
    """
    for directory in reversed(path.resolve().parents):
        permit(directory, account, SEARCH)


def permit_tree(top: Path, account: Account) -> None:
    """Let `account` read all below `top`, and run what its owner may run."""
    permit_way(top / "anything", account)
    for name, _, files in os.walk(top):
        directory = Path(name)
        permit(directory, account, READ | SEARCH)
        for file in files:
            path = directory / file
            runnable = path.stat().st_mode & stat.S_IXUSR
            permit(path, account, READ | SEARCH if runnable else READ)


def private_directory(path: Path, account: Account | None) -> Path:
    """Make `path` a directory that belongs to the server's account (or the caller) alone.

    Raises EmbeddedError where it belongs to somebody else.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.lstat().st_uid
    mine = os.geteuid()
    if owner not in {mine, account.uid if account else mine} or path.is_symlink():
        raise EmbeddedError(
            f"{path} belongs to another user (uid {owner}): run as that user, remove it, or use another one"
        )
    if account:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)
    return path
