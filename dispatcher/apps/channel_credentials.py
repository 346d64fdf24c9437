"""Judge the credentials that instances have of their own with channels; the commands and the API ask the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.apns.credential import apns_credential
from channels.fcm.service_account import service_account
from channels.sms.http.rehearsal import require_allowed
from channels.sms.own_gateway import own_gateway
from channels.webpush.vapid import VapidSigner, generate_key, unreachable
from dispatcher.model.principals import ChannelCredential

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.addresses import AddressPolicy

MOST_BYTES: Final = 32 * 1024
"""Room for a key file of any provider: those of Google's service accounts have some 2,400 bytes."""
_PURPOSE: Final = "instance credential"
"""The purpose of the keyed hash that stands for a credential whose public half nobody knows."""


class CredentialChannel(StrEnum):
    """The channels with which an instance may have a credential of its own."""

    WEBPUSH = "webpush"
    """A VAPID key."""
    FCM = "fcm"
    """The key file of a Google service account, of the Firebase project of an Android app."""
    APNS = "apns"
    """A key of Apple's for pushes, and the iPhone apps for which it sends."""
    SMS = "sms"
    """An SMS gateway over HTTP, as one of `WARN_SMS_GATEWAYS`."""


class CredentialRefused(Exception):
    """That is no credential with this channel, nothing was kept; the sentence says why, without a word of it."""


@dataclass(frozen=True, slots=True)
class OperatorTerms:
    """What of the operator's settings a credential depends on: how push services reach him, and where SMS gateways may
    lie.
    """

    subject: str
    policy: AddressPolicy


@dataclass(frozen=True, slots=True)
class OfferedCredential:
    """A credential that can be one. `subject`: whom push services reach, empty for the operator's."""

    channel: CredentialChannel
    plain: bytes = field(repr=False)
    subject: str = ""
    public: str = ""
    """Of Web Push the public key, as browsers take it; of FCM the project and which of its keys; of APNs what
    it is for and a digest of the key's public half."""

    def known_as(self, instance_id: str, keyed_hash: Callable[[str, str], bytes]) -> ChannelCredential:
        """Return what is known of it once it is the instance's; `keyed_hash` takes a purpose and a value."""
        fingerprint = self.public or keyed_hash(_PURPOSE, self.plain.hex()).hex()
        return ChannelCredential(instance_id, self.channel, fingerprint, self.subject)


def offered(
    channel: CredentialChannel, plain: bytes | None, subject: str, operator: OperatorTerms
) -> OfferedCredential:
    """Return a credential as it is offered; where `plain` is None a VAPID key is made. Raises `CredentialRefused`."""
    if subject and (why := unreachable(subject)):
        raise CredentialRefused(f"subject: {why}")
    if channel is CredentialChannel.WEBPUSH:
        pem = _bounded(generate_key() if plain is None else plain)
        return OfferedCredential(channel, pem, subject, _public_key(pem, subject or operator.subject))
    if subject:
        raise CredentialRefused("a subject is of webpush alone")
    if plain is None:
        raise CredentialRefused(f"a credential of {channel} comes from its provider")
    if channel is CredentialChannel.SMS:
        _require_gateway(_bounded(plain), operator.policy)
    if channel is CredentialChannel.FCM:
        return OfferedCredential(channel, plain, public=_project(_bounded(plain), operator.policy))
    if channel is CredentialChannel.APNS:
        return OfferedCredential(channel, plain, public=_apple_apps(_bounded(plain)))
    return OfferedCredential(channel, _bounded(plain))


def _bounded(plain: bytes) -> bytes:
    if not plain.strip() or len(plain) > MOST_BYTES:
        raise CredentialRefused(f"a credential has 1 to {MOST_BYTES} bytes")
    return plain


def _require_gateway(plain: bytes, policy: AddressPolicy) -> None:
    try:
        found = own_gateway(plain)
        require_allowed(found.gateway(), found.url, policy)
    except ValueError as error:
        raise CredentialRefused(str(error)) from None


def _project(plain: bytes, policy: AddressPolicy) -> str:
    try:
        return service_account(plain, policy).name
    except ValueError as error:
        raise CredentialRefused(str(error)) from None


def _apple_apps(plain: bytes) -> str:
    try:
        return apns_credential(plain).name
    except ValueError as error:
        raise CredentialRefused(str(error)) from None


def _public_key(pem: bytes, subject: str) -> str:
    try:
        return VapidSigner(pem, subject).public_key
    except ValueError as error:
        raise CredentialRefused(str(error)) from None
