"""A passkey that lives in a test: it makes keys and signs as an authenticator does (WebAuthn, sections 6.5 and 7)."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Authenticator:
    """One passkey of one origin. `counts`: whether it has a counter of uses."""

    origin: str
    counts: bool = True
    verifies: bool = True
    id: bytes = field(default_factory=lambda: os.urandom(16))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    used: int = 0
    user: str = ""

    def _data(self, flags: int, more: bytes = b"") -> bytes:
        host = self.origin.split("//")[1].split(":")[0]
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        count = self.used if self.counts else 0
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big") + more

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer to what `navigator.credentials.create` is asked."""
        self.user = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED, credential)}
        return self._answer(
            "webauthn.create", options["challenge"], {"attestationObject": b64(cbor2.dumps(attestation))}
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer to what `navigator.credentials.get` is asked."""
        self.used += 1
        data, client = self._data(0), self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"authenticatorData": b64(data), "signature": b64(signature), "userHandle": self.user}
        return self._answer("webauthn.get", options["challenge"], parts)

    def _answer(self, kind: str, challenge: str, parts: dict[str, Any]) -> dict[str, Any]:
        client = {"clientDataJSON": b64(self._client_data(kind, challenge))}
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": client | parts}
