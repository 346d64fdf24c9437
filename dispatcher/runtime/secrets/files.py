"""Keep the secrets that the service makes for itself in files of the data directory, for its own account alone."""

from __future__ import annotations

import os
import re
import secrets
import stat
from typing import TYPE_CHECKING

from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.access.fingerprints import SecretName, pepper_fingerprint
from dispatcher.access.sealing import KeyRing
from dispatcher.settings import PEPPER_MIN_CHARACTERS, SettingsError, file_content, require_unwritable

if TYPE_CHECKING:
    from pathlib import Path

    from dispatcher.settings import Settings

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
_PEM_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----")
FILES = {SecretName.PEPPER: "pepper", SecretName.VAPID: "vapid.pem", SecretName.ADDRESSES: "addresses"}
SETTINGS = {
    SecretName.PEPPER: "WARN_KEY_PEPPER or WARN_KEY_PEPPER_FILE",
    SecretName.VAPID: "WARN_VAPID_KEY or WARN_VAPID_PEM",
    SecretName.ADDRESSES: "WARN_ADDRESS_KEYS or WARN_ADDRESS_KEYS_FILE",
}
"""Where else a machine may have a secret than in the data directory."""


def secret_path(name: SecretName, settings: Settings) -> Path:
    """Return where the data directory has this secret, if it has it."""
    return settings.data_dir / "keys" / FILES[name]


def setting_of(name: SecretName, settings: Settings) -> str:
    """Return the setting that gives this secret; nothing where it is the data directory's."""
    if name is SecretName.PEPPER:
        return "WARN_KEY_PEPPER" if settings.key_pepper is not None else ""
    if name is SecretName.ADDRESSES:
        return "WARN_ADDRESS_KEYS" if settings.address_keys is not None else ""
    if settings.vapid_key is not None:
        return "WARN_VAPID_KEY"
    return "WARN_VAPID_PEM" if settings.vapid_pem is not None else ""


def held_secret(name: SecretName, settings: Settings) -> bytes | None:
    """Return this machine's secret: the one of the settings, or else that of the data directory; None where there is
    neither. Nothing is made. Raises SettingsError for what is no secret of its kind, and a file of the settings that
    is not there.
    """
    given = _given(name, settings)
    if given is not None:
        return given
    path = secret_path(name, settings)
    content = _own_file(path)
    if content is None:
        return None
    if name is SecretName.PEPPER:
        _require_pepper(path, content)
    else:
        fingerprint(name, content, str(path))
    return content


def previous_vapid_keys(settings: Settings) -> dict[str, bytes]:
    """Return this machine's earlier VAPID keys, which subscriptions were made with, by where each is: the latest first.
    Those of the settings, and what `secrets replace` put aside in the data directory. Raises SettingsError for what is
    no key.
    """
    given = settings.vapid_previous_pem
    text = "" if given is None else given.get_secret_value()
    found = {
        f"WARN_VAPID_PREVIOUS_PEM ({number})": block.encode()
        for number, block in enumerate(_PEM_BLOCK.findall(text), 1)
    }
    if _PEM_BLOCK.sub("", text).strip():
        raise SettingsError("WARN_VAPID_PREVIOUS_PEM: that is no PEM of keys, one after another")
    for path in _put_aside(secret_path(SecretName.VAPID, settings)):
        content = _own_file(path)
        if content is not None:
            found[str(path)] = content
    for place, pem in found.items():
        fingerprint(SecretName.VAPID, pem, place)
    return found


def _put_aside(path: Path) -> list[Path]:
    """Return the files beside it that were put aside, `vapid.pem.1` and so on, the latest first."""
    numbered = [
        (int(one.suffix[1:]), one) for one in path.parent.glob(f"{path.name}.*") if one.suffix[1:].isdecimal()
    ]
    return [one for _, one in sorted(numbered, reverse=True)]


def new_secret(name: SecretName) -> bytes:
    """Make a secret. It is nowhere yet."""
    if name is SecretName.ADDRESSES:
        return KeyRing.new().text()
    return secrets.token_urlsafe(32).encode() if name is SecretName.PEPPER else generate_key()


def fingerprint(name: SecretName, secret: bytes, where: str = "") -> str:
    """Return what the record keeps of a secret. Raises SettingsError, with the place, for what is no VAPID key or no
    ring of keys.
    """
    if name is SecretName.PEPPER:
        return pepper_fingerprint(secret)
    try:
        if name is SecretName.ADDRESSES:
            return KeyRing.parse(secret).fingerprint()
        return VapidSigner(secret, "mailto:nobody@example.org").public_key
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{where or SETTINGS[name]}: {error}") from error


def _given(name: SecretName, settings: Settings) -> bytes | None:
    if name is SecretName.PEPPER:
        return None if settings.key_pepper is None else settings.key_pepper.get_secret_value().encode()
    if name is SecretName.ADDRESSES:
        if settings.address_keys is None:
            return None
        ring = settings.address_keys.get_secret_value().encode()
        fingerprint(name, ring, setting_of(name, settings))
        return ring
    if settings.vapid_key is not None and settings.vapid_pem is not None:
        raise SettingsError("WARN_VAPID_KEY and WARN_VAPID_PEM are both set: leave one of them out")
    if settings.vapid_key is not None:
        # A new key in place of one that is named and not there would be refused by every push service.
        pem = file_content("WARN_VAPID_KEY", settings.vapid_key)
    elif settings.vapid_pem is not None:
        pem = settings.vapid_pem.get_secret_value().encode()
    else:
        return None
    fingerprint(name, pem, setting_of(name, settings))
    return pem


def _require_pepper(path: Path, pepper: bytes) -> None:
    if len(pepper.strip()) < PEPPER_MIN_CHARACTERS:
        raise SettingsError(
            f"{path}: {len(pepper.strip())} bytes are no pepper, it has at least {PEPPER_MIN_CHARACTERS}; bring it "
            "back from the backup, for without it no key is good. If none was ever issued, remove the file"
        )


def secret_file(path: Path, make: bytes) -> bytes:
    """Return the content of `path`; if there is no such file, it is made with `make`, for its owner's eyes only, as is
    its directory. Whoever reads it finds all of it, also while another process makes it or stops half-way.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=DIRECTORY_MODE)
    content = _own_file(path)
    if content is not None:
        return content
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


def rewrite_secret(path: Path, content: bytes) -> None:
    """Replace a file of `secret_file` as a whole: whatever ends the process, the one or the other content is there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _own_file(path: Path) -> bytes | None:
    """Return the content of a file, with it and its directory closed to others: whoever copies a secret from another
    machine brings along that one's modes. None if there is none. Raises SettingsError where others may have put it
    there: they may write it or its directory, or it is a link to something else.
    """
    for place, mode in ((path.parent, DIRECTORY_MODE), (path, FILE_MODE)):
        try:
            status = place.lstat()
        except FileNotFoundError:
            return None
        if place is path and not stat.S_ISREG(status.st_mode):
            raise SettingsError(f"{path}: this is no file but a link or something else; a secret is a file")
        require_unwritable(f"{path.parent.name}/{path.name}", place)
        if status.st_uid == os.geteuid() and status.st_mode & 0o077:
            place.chmod(mode)
    return path.read_bytes()
