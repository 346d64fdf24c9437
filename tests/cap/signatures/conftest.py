"""A signed alert, the key that signed it, and a verification with that key's certificate pinned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import cap
from cap.signatures.signing import sign
from cap.signatures.verification import Verification, verify
from tests.cap.reading import Message
from tests.cap.signatures.signer import NOW, SENDER, Signer


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="module")
def stranger() -> Signer:
    return Signer(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def alert(message: Message) -> cap.Alert:
    return cap.parse(message()).alerts[0]


@pytest.fixture
def signed(alert: cap.Alert, signer: Signer) -> bytes:
    return sign(alert, signer.key, signer.certificate)


@pytest.fixture
def judge(signer: Signer) -> Callable[..., Verification]:
    def verdict(
        data: bytes, *, pins: Mapping[str, Sequence[bytes]] | None = None, at: datetime = NOW
    ) -> Verification:
        return verify(data, {SENDER: [signer.certificate]} if pins is None else pins, at)

    return verdict
