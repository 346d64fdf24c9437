"""The account that embedded servers run under when the service itself runs as root: one that no other program has.

PostgreSQL refuses to run as root, and Valkey has no need to. `nobody`, which many programs share, would let each of
them read the record's files. Without root there is nothing to choose: the servers run under the service's own account,
and no permission is ever added.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from dispatcher.embedded.errors import EmbeddedError

READ, SEARCH = 0o4, 0o1

UNNAMED = range(60_706, 61_184)
"""The numbers that no convention gives to anybody, within the 65,536 that a container has: "unused" in
https://systemd.io/UIDS-GIDS/."""

_SHARED = "nobody"  # on every Linux

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group, as numbers. Its other groups are left behind."""

    uid: int
    gid: int


def server_account(data_dir: Path, *, euid: int) -> Account | None:
    """Return the account that runs the server: None, for the caller's own, unless that is root; then the owner of the
    data, so that data once written by somebody stay theirs, or an account without a name for new data, and for those
    that root had `nobody` write. Raises EmbeddedError.
    """
    if euid != 0:
        return None
    if data_dir.exists() and (status := data_dir.stat()).st_uid != 0 and not former_account(data_dir):
        return Account(status.st_uid, status.st_gid)
    number = next((number for number in UNNAMED if not _is_taken(number)), None)
    if number is None:
        raise EmbeddedError(
            f"running as root needs a number between {UNNAMED.start} and {UNNAMED.stop - 1} that belongs to no account"
            " for the embedded servers; free one, run as another user, or set DATABASE_URL and REDIS_URL"
        )
    return Account(number, number)


def former_account(path: Path) -> Account | None:
    """Return `nobody` if this is its own, but lies in a directory of root: as earlier versions left it."""
    shared = _named(_SHARED)
    if shared is None or not path.exists() or path.parent.stat().st_uid != 0:
        return None
    return shared if path.stat().st_uid == shared.uid else None


def account_with_name(account: Account | None) -> Account | None:
    """Return an account that has a name, for a program that insists on one: this one, or `nobody`.

    Raises EmbeddedError.
    """
    if account is None or _is_taken(account.uid):
        return account
    shared = _named(_SHARED)
    if shared is None:
        raise EmbeddedError(
            f"running as root needs the account {_SHARED!r} to create the record; create it, run as another user, or"
            " set DATABASE_URL"
        )
    return shared


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _is_taken(number: int) -> bool:
    """Say whether a user or a group has this number."""
    for look_up in (pwd.getpwuid, grp.getgrgid):
        with suppress(KeyError):
            look_up(number)
            return True
    return False


def hand_over(top: Path, former: Account, account: Account) -> None:
    """Give all below `top` that belongs to `former` to `account`, `top` itself last: what was cut short is done again.

    `former` may run other programs: nothing is followed, and a file of another owner is left alone, so that no link
    in the tree gives away what lies elsewhere.
    """
    for _, _, names, directory in os.fwalk(top, topdown=False):
        for name in names:
            with suppress(OSError):  # a link, or gone meanwhile
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
                _give(file, former, account)
                os.close(file)
        _give(directory, former, account)


def _give(file: int, former: Account, account: Account) -> None:
    if os.fstat(file).st_uid == former.uid:
        os.fchown(file, account.uid, account.gid)


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


def own_directory(path: Path, account: Account | None) -> None:
    """Close a directory of the caller's to all but the caller and, to pass through only, the server's account."""
    if account:
        os.chown(path, -1, account.gid)
        path.chmod(0o710)
    elif path.stat().st_uid == os.geteuid():
        path.chmod(0o700)


def private_directory(path: Path, account: Account | None) -> Path:
    """Make `path` a directory that belongs to the server's account (or the caller) alone; as root also one that was
    the former account's.

    Raises EmbeddedError where it belongs to somebody else.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    owner = path.lstat().st_uid
    mine = os.geteuid()
    former = former_account(path) if account else None
    if path.is_symlink() or owner not in {mine, *(each.uid for each in (account, former) if each)}:
        raise EmbeddedError(
            f"{path} belongs to another user (uid {owner}): run as that user, remove it, or use another one"
        )
    if account:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)
    return path
