"""Keep the secrets that the service makes for itself in files of the data directory, for its own account alone."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from dispatcher.settings import PEPPER_MIN_CHARACTERS, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.settings import Settings

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600


def key_pepper(settings: Settings) -> bytes:
    """Return the secret under which API keys are hashed: the one named, or else that of the data directory, which is
    made once. Raises SettingsError for a file that holds none: it was damaged, and a new one would make every key
    worthless.
    """
    if settings.key_pepper is not None:
        return settings.key_pepper.get_secret_value().encode()
    path = settings.data_dir / "keys" / "pepper"
    pepper = secret_file(path, secrets.token_urlsafe(32).encode())
    if len(pepper.strip()) < PEPPER_MIN_CHARACTERS:
        raise SettingsError(
            f"{path}: {len(pepper.strip())} bytes are no pepper, it has at least {PEPPER_MIN_CHARACTERS}; bring it "
            "back from the backup, for without it no key is good. If none was ever issued, remove the file"
        )
    return pepper


def secret_file(path: Path, make: bytes) -> bytes:
    """Return the content of `path`; if there is no such file, it is made with `make`, for its owner's eyes only, as is
    its directory. Whoever reads it finds all of it, also while another process makes it or stops half-way.
    """
    _own_directory(path.parent)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        draft.unlink(missing_ok=True)
    return make


def _own_directory(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=DIRECTORY_MODE)
    status = path.stat()
    if status.st_uid == os.geteuid() and status.st_mode & 0o077:
        path.chmod(DIRECTORY_MODE)
