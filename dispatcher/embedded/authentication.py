"""Who may speak to the embedded servers: the account of this program, and root, which may do everything anyhow.

PostgreSQL asks the kernel whose process it is that connects ("peer"), so nothing has to be kept secret. Valkey knows
passwords only: one is drawn at the first start and lies in a file that this program's account alone can read, while the
server is given its SHA-256. The servers' own account, under which root runs them, passes at neither.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from dispatcher.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dispatcher.embedded.account import Account

_MAP = "dispatcher"
_SECRET_BYTES = 32
_PLAIN_NAME = re.compile(r'[^"/\\\s][^"\\\s]*')  # a leading slash makes a pattern of it; quotes end it

HOST_BASED_AUTHENTICATION = f"local all all peer map={_MAP}\n"
"""The whole pg_hba.conf: https://www.postgresql.org/docs/18/auth-peer.html"""


def identity_map(accounts: Iterable[str], *roles: str) -> str:
    """Return pg_ident.conf: these accounts of the machine may be each of `roles`, all others nobody.

    Raises EmbeddedError for a name that the file cannot hold.
    """
    lines = []
    for name in accounts:
        if not _PLAIN_NAME.fullmatch(name):
            raise EmbeddedError(
                "the embedded record cannot tell this account by its name: run as another user, or set DATABASE_URL"
            )
        lines += [f'{_MAP} "{name}" "{role}"\n' for role in roles]
    return "".join(lines)


def access_list(user: str, secret: str) -> str:
    """Return Valkey's ACL file: one user who may do all, by a password of which it holds the hash.

    The format: https://valkey.io/topics/acl/
    """
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return f"user default reset off\nuser {user} reset on #{digest} ~* &* +@all\n"


def own_accounts() -> list[str]:
    """Return the names of root and of the account that this program runs under. Raises EmbeddedError."""
    names = []
    with suppress(KeyError):
        names.append(pwd.getpwuid(0).pw_name)
    try:
        names.append(pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:
        raise EmbeddedError(
            f"the account with the number {os.geteuid()} has no name, by which the embedded record could tell it: run"
            " as another user, or set DATABASE_URL"
        ) from None
    return list(dict.fromkeys(names))


def secret_of(path: Path) -> str:
    """Return the secret in this file, or nothing where there is none yet. Raises EmbeddedError."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise EmbeddedError(
            f"{path} is closed to this account ({error.strerror}): run as the one that runs the service"
        ) from error


def kept_secret(path: Path) -> str:
    """Return the secret in this file, drawn now if there is none."""
    if secret := secret_of(path):
        return secret
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    write_file(path, secret + "\n", None)
    return secret


def write_file(path: Path, text: str, reader: Account | None) -> None:
    """Replace a file as a whole by one that its owner may read and write, and the group of `reader` may read."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        if reader:
            os.fchown(file, -1, reader.gid)
            os.fchmod(file, 0o640)
        opened.write(text)
        opened.flush()
        os.fsync(file)
    draft.replace(path)
