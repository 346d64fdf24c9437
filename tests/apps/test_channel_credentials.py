"""Which credentials an instance may have of its own."""

import pytest

from channels.http.addresses import AddressPolicy
from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.apps.channel_credentials import (
    MOST_BYTES,
    CredentialChannel,
    CredentialRefused,
    OperatorTerms,
    offered,
)
from tests.support.apns_credentials import KEY_ID, TEAM, credential_file, signing_key
from tests.support.service_accounts import key_file, pem_of

SUBJECT = "mailto:desk@kreis-dueren.de"
DESK = OperatorTerms(SUBJECT, AddressPolicy())
WEBPUSH, FCM, SMS = CredentialChannel.WEBPUSH, CredentialChannel.FCM, CredentialChannel.SMS
APNS = CredentialChannel.APNS


def hashed(purpose: str, value: str) -> bytes:
    return f"{purpose}/{value}".encode()[:32]


def test_a_vapid_key_is_known_by_its_public_half() -> None:
    pem = generate_key()
    own = offered(WEBPUSH, pem, "", DESK).known_as("dueren", hashed)
    assert own.fingerprint == VapidSigner(pem, SUBJECT).public_key
    made = [offered(WEBPUSH, None, "", DESK) for _ in range(2)]
    assert made[0].public != made[1].public


def test_a_service_account_is_known_by_its_project_and_key() -> None:
    own = offered(FCM, key_file("warn-app-1"), "", DESK).known_as("dueren", hashed)
    assert own.fingerprint == "warn-app-1/0123456789abcdef0123456789abcdef01234567"
    assert "PRIVATE" not in repr(offered(FCM, key_file(), "", DESK))


def test_a_key_of_apple_s_is_known_by_what_it_is_for_and_its_public_half() -> None:
    own = offered(APNS, credential_file("de.a", "de.b"), "", DESK)
    known = own.known_as("dueren", hashed).fingerprint
    what_for, _, public_half = known.rpartition("/")
    assert what_for == f"{TEAM}/{KEY_ID}/production/de.a,de.b/time-sensitive"
    assert len(public_half) == 16
    assert "PRIVATE" not in repr(own)


def test_another_key_under_the_number_of_the_last_one_is_another() -> None:
    """A file whose key was the wrong one is replaced by one that names the same number."""
    wrong, right, again = (
        offered(APNS, credential_file(key=pem_of(signing_key(which))), "", DESK).known_as("dueren", hashed)
        for which in (1, 2, 2)
    )
    assert wrong.fingerprint != right.fingerprint == again.fingerprint


def test_any_other_is_known_by_a_keyed_hash_and_never_repeated() -> None:
    gateway = b'{"url": "https://sms.example/GEHEIM"}'
    own = offered(SMS, gateway, "", DESK)
    assert own.known_as("dueren", hashed).fingerprint == hashed("instance credential", gateway.hex()).hex()
    assert "GEHEIM" not in repr(own)


@pytest.mark.parametrize(
    ("channel", "plain", "subject", "why"),
    [
        (WEBPUSH, b"no key", "", "PEM"),
        (WEBPUSH, b" ", "", f"1 to {MOST_BYTES} bytes"),
        (WEBPUSH, None, "mailto:a@b.example", "reserved name"),
        (FCM, None, "", "comes from its provider"),
        (SMS, b'{"url": "http://10.0.0.7/x?GEHEIM"}', "", "url: is http; use https"),
        (SMS, b"GEHEIM", "", "a JSON object"),
        (SMS, b'{"url": "https://127.0.0.1/?GEHEIM"}', "", "url: lies in a private net"),
        (
            SMS,
            b'{"url": "https://127.0.0.1/", "profile": "GEHEIM"}',
            "",
            "profile: there is none of this name",
        ),
        (FCM, b"x" * (MOST_BYTES + 1), "", f"1 to {MOST_BYTES} bytes"),
        (FCM, b"GEHEIM", SUBJECT, "of webpush alone"),
        (FCM, b"GEHEIM", "", "is JSON"),
        (APNS, b"GEHEIM", "", "a JSON object with the key inside"),
        (APNS, credential_file(key="GEHEIM"), "", "no private key in PEM"),
        (FCM, key_file(token_uri="https://10.0.0.7/GEHEIM"), "", "token_uri is not https://oauth2"),
    ],
)
def test_what_is_none_is_refused(
    channel: CredentialChannel, plain: bytes | None, subject: str, why: str
) -> None:
    with pytest.raises(CredentialRefused, match=why) as refused:
        offered(channel, plain, subject, DESK)
    assert "GEHEIM" not in str(refused.value)
