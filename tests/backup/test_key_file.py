"""The file of keys is opened by its passphrase alone."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from joserfc.jwe import encrypt_compact
from joserfc.jwk import OctKey

from dispatcher.backup.key_file import open_keys, require_passphrase, seal_keys
from dispatcher.backup.manifest import BackupError

PASSPHRASE = "correct horse battery staple"
KEYS = {"pepper": b"\x00\xff pepper", "vapid.pem": b"PEM", "vapid.pem.1": b"before", "addresses": b"ring"}


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return seal_keys(KEYS, PASSPHRASE)


def test_keys_come_back_as_they_were(sealed: bytes) -> None:
    assert open_keys(sealed + b"\n", PASSPHRASE) == KEYS


def test_it_is_a_jwe_by_the_book(sealed: bytes) -> None:
    """RFC 7516: five parts, the first of which says how it is encrypted."""
    head, *rest = sealed.split(b".")
    header = json.loads(urlsafe_b64decode(head + b"=="))
    assert (header["alg"], header["enc"], header["p2c"], len(rest)) == (
        "PBES2-HS512+A256KW", "A256GCM", 300_000, 4,
    )  # fmt: skip
    assert b"pepper" not in sealed
    assert seal_keys(KEYS, PASSPHRASE) != sealed, "salt and key are new each time"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda sealed: (sealed, PASSPHRASE + "r"),
        lambda sealed: (sealed[:-10], PASSPHRASE),
        lambda sealed: (sealed[:300] + bytes([sealed[300] ^ 1]) + sealed[301:], PASSPHRASE),
        lambda _: (b"", PASSPHRASE),
        lambda _: (b"\xff.\xff.a.b.c", PASSPHRASE),
    ],
)
def test_anything_else_opens_nothing(sealed: bytes, wrong: Any) -> None:
    with pytest.raises(BackupError, match="the passphrase is another one, or the file is damaged"):
        open_keys(*wrong(sealed))


def test_another_way_of_encrypting_is_refused() -> None:
    header = {"alg": "dir", "enc": "A256GCM"}
    cheap = encrypt_compact(header, b"{}", OctKey.import_key(b"k" * 32), algorithms=["dir", "A256GCM"])
    with pytest.raises(BackupError):
        open_keys(cheap.encode(), "k" * 32)


def test_only_names_of_keys_are_taken() -> None:
    with pytest.raises(BackupError, match="none of this service's keys"):
        open_keys(seal_keys({"../pepper": b""}, PASSPHRASE), PASSPHRASE)


def test_a_passphrase_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(BackupError, match="at least 20 characters"):
        require_passphrase("x" * 19)
    require_passphrase("x" * 20)
