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

SUBJECT = "mailto:desk@kreis-dueren.de"
DESK = OperatorTerms(SUBJECT, AddressPolicy())
WEBPUSH, FCM, SMS = CredentialChannel.WEBPUSH, CredentialChannel.FCM, CredentialChannel.SMS


def hashed(purpose: str, value: str) -> bytes:
    return f"{purpose}/{value}".encode()[:32]


def test_a_vapid_key_is_known_by_its_public_half() -> None:
    pem = generate_key()
    own = offered(WEBPUSH, pem, "", DESK).known_as("dueren", hashed)
    assert own.fingerprint == VapidSigner(pem, SUBJECT).public_key
    made = [offered(WEBPUSH, None, "", DESK) for _ in range(2)]
    assert made[0].public != made[1].public


def test_any_other_is_known_by_a_keyed_hash_and_never_repeated() -> None:
    own = offered(FCM, b"GEHEIM", "", DESK)
    assert own.known_as("dueren", hashed).fingerprint == hashed("instance credential", b"GEHEIM".hex()).hex()
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
    ],
)
def test_what_is_none_is_refused(
    channel: CredentialChannel, plain: bytes | None, subject: str, why: str
) -> None:
    with pytest.raises(CredentialRefused, match=why) as refused:
        offered(channel, plain, subject, DESK)
    assert "GEHEIM" not in str(refused.value)
