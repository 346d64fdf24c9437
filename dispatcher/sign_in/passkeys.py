"""Ask for passkeys and judge their answers (WebAuthn), by the library of that name. User verification is required: a
passkey is something that the person has, and a finger, face or PIN besides.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dispatcher.store.persons.credentials import Passkey

if TYPE_CHECKING:
    from collections.abc import Sequence

CHALLENGE_BYTES: Final = 32
TIMEOUT_MS: Final = 120_000
LONGEST_ID: Final = 1023
"""Bytes of a credential id (WebAuthn, section 5.1.3)."""
_NO_ANSWER: Final = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)
"""What the library raises for an answer that is none, or not what was asked for. webauthn 2.7 lets RecursionError
through for JSON that is nested too deep, 3.0 does not."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The console as a browser knows it. Passkeys are bound to its host (`id`), and answers to its origin."""

    origin: str

    @property
    def id(self) -> str:
        """Return the host alone."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class PasskeyRequest:
    """What a browser is asked, as JSON, and the challenge that its answer has to sign."""

    options: str
    challenge: bytes = field(repr=False)


class PasskeyRefused(Exception):
    """An answer is not what was asked for; the message says why, and holds nothing of the answer."""


def user_handle(person_id: str) -> bytes:
    """Return by what a passkey knows its person: no name, as WebAuthn asks for (section 14.6.1)."""
    return hashlib.sha256(f"cap-dispatcher person\0{person_id}".encode()).digest()


def ask_for_new(party: RelyingParty, person_id: str, name: str, known: Sequence[bytes]) -> PasskeyRequest:
    """Ask for a passkey to be made; `known` are those that the person has, of which there need be no second."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=name,
        user_id=user_handle(person_id),
        user_name=person_id,
        user_display_name=person_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return PasskeyRequest(webauthn.options_to_json(options), challenge)


def ask_for_any(party: RelyingParty) -> PasskeyRequest:
    """Ask for any passkey of this console. Who comes is not asked beforehand, so that nobody learns who has one."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return PasskeyRequest(webauthn.options_to_json(options), challenge)


def made(party: RelyingParty, person_id: str, answer: dict[str, Any], challenge: bytes) -> Passkey:
    """Return the passkey that was made. Raises `PasskeyRefused`."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _NO_ANSWER as error:
        raise PasskeyRefused(type(error).__name__) from None
    if len(found.credential_id) > LONGEST_ID:
        raise PasskeyRefused("its id is too long")
    return Passkey(0, person_id, found.credential_id, found.credential_public_key, found.sign_count)


def id_of(answer: dict[str, Any]) -> bytes:
    """Return which passkey answers, as it says. Raises `PasskeyRefused`."""
    shown = answer.get("rawId")
    try:
        return webauthn.base64url_to_bytes(shown if isinstance(shown, str) else "")
    except ValueError:
        raise PasskeyRefused("its id is no Base64") from None


def counted(party: RelyingParty, passkey: Passkey, answer: dict[str, Any], challenge: bytes) -> int:
    """Return how often a passkey was used by now, of an answer that it has signed. Raises `PasskeyRefused`, also where
    the count goes back or stands still: then there is a copy of it.
    """
    response = answer.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    try:
        if handle and webauthn.base64url_to_bytes(handle) != user_handle(passkey.person_id):
            raise PasskeyRefused("it is of another person")
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _NO_ANSWER as error:
        raise PasskeyRefused(type(error).__name__) from None
    return found.new_sign_count


def read_answer(body: bytes) -> dict[str, Any]:
    """Return the answer of a browser as it was sent. Raises `PasskeyRefused` for what is no JSON object."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise PasskeyRefused("it is no JSON") from None
    if not isinstance(answer, dict):
        raise PasskeyRefused("it is no JSON object")
    return answer
