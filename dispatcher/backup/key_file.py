"""Encrypt the files of `keys/` under a passphrase, and open them. Pure.

The file is a JWE (RFC 7516): its content is encrypted by AES-256-GCM under a new key, and that is wrapped by a key that
PBKDF2-HMAC-SHA-512 makes of the passphrase (RFC 7518, section 4.8). The library joserfc does all of it, and any other
that knows JOSE opens it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

import msgspec
from joserfc.errors import JoseError
from joserfc.jwe import decrypt_compact, encrypt_compact
from joserfc.jwk import OctKey

from dispatcher.backup.manifest import BackupError

if TYPE_CHECKING:
    from collections.abc import Mapping

WRAPPING: Final = "PBES2-HS512+A256KW"
ENCRYPTION: Final = "A256GCM"
ROUNDS: Final = 300_000
"""Of PBKDF2: what OWASP asks for with SHA-512 is 210,000; the library opens no file with more."""
SHORTEST_PASSPHRASE: Final = 20
"""Characters: five or six words drawn by dice, or 15 random bytes in Base64."""
LARGEST: Final = 1_000_000
"""Bytes of a file of keys; one with three secrets has about 2,000."""
FILE_NAME: Final = re.compile(r"(?:pepper|vapid\.pem|addresses)(?:\.[0-9]{1,4})?")
"""What `keys/` has: the three secrets, and those that were put aside."""


def require_passphrase(passphrase: str) -> None:
    """Require one that cannot be guessed. Raises BackupError."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BackupError(
            f"a passphrase has at least {SHORTEST_PASSPHRASE} characters: whoever has the file tries as many as they "
            "like. `openssl rand -base64 24` makes one"
        )


def seal_keys(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """Return the content of the file of keys. Raises BackupError for a passphrase that is too short."""
    require_passphrase(passphrase)
    content = msgspec.json.encode({name: base64.b64encode(data).decode() for name, data in files.items()})
    header = {"alg": WRAPPING, "enc": ENCRYPTION, "p2c": ROUNDS}
    return encrypt_compact(header, content, _key(passphrase), algorithms=[WRAPPING, ENCRYPTION]).encode()


def open_keys(content: bytes, passphrase: str) -> dict[str, bytes]:
    """Return the files of `keys/` by name. Raises BackupError."""
    try:
        opened = decrypt_compact(content.strip(), _key(passphrase), algorithms=[WRAPPING, ENCRYPTION])
    except (JoseError, ValueError, binascii.Error) as error:
        raise BackupError(
            f"the file of keys cannot be opened: the passphrase is another one, or the file is damaged "
            f"({type(error).__name__})"
        ) from None
    try:
        found = msgspec.json.decode(opened.plaintext or b"", type=dict[str, str])
        files = {name: base64.b64decode(text, validate=True) for name, text in found.items()}
    except (msgspec.MsgspecError, binascii.Error):
        raise BackupError("the file of keys was opened, and holds no keys of this service") from None
    if strange := [name for name in files if not FILE_NAME.fullmatch(name)]:
        raise BackupError(f"the file of keys holds {strange[0]!r}, which is none of this service's keys")
    return files


def _key(passphrase: str) -> OctKey:
    return OctKey.import_key(passphrase.encode())
