"""Signing and verifying callbacks."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from channels.app.standard_webhooks import decode_secrets, sign, verify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD = "whsec_" + b64encode(b"o" * 24).decode()
NEW = "whsec_" + b64encode(b"n" * 64).decode()
STAMP = int(NOW.timestamp())


def headers(secrets=OLD, body=b"{}", stamp=STAMP, identifier="msg-1"):
    signature = sign(decode_secrets(secrets), identifier, stamp, body)
    return {"webhook-id": identifier, "webhook-timestamp": str(stamp), "webhook-signature": signature}


def test_the_specifications_example():
    """https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries (test vectors)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = sign(
        decode_secrets(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_authentic_callback_gives_its_id():
    assert verify(OLD, headers(), b"{}", NOW) == "msg-1"


@pytest.mark.parametrize(
    ("signed", "known"), [(f"{OLD} {NEW}", OLD), (f"{OLD} {NEW}", NEW), (OLD, f"{NEW} {OLD}")]
)
def test_secrets_can_be_rotated_on_either_side(signed, known):
    assert verify(known, headers(signed), b"{}", NOW) == "msg-1"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_within_five_minutes(minutes):
    assert verify(OLD, headers(), b"{}", NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-301, 301, 10**6])
def test_older_or_from_the_future(seconds):
    with pytest.raises(ValueError, match="timestamp"):
        verify(OLD, headers(), b"{}", NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg-2"},
        {"webhook-timestamp": str(STAMP + 1)},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "ä"},
    ],
)
def test_altered_headers(change):
    with pytest.raises(ValueError, match="does not match"):
        verify(OLD, {**headers(), **change}, b"{}", NOW)


def test_altered_body_and_foreign_secret():
    with pytest.raises(ValueError, match="does not match"):
        verify(OLD, headers(), b"[]", NOW)
    with pytest.raises(ValueError, match="does not match"):
        verify(NEW, headers(), b"{}", NOW)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_headers(missing):
    with pytest.raises(ValueError, match="missing"):
        verify(OLD, {name: value for name, value in headers().items() if name != missing}, b"{}", NOW)


@pytest.mark.parametrize("stamp", ["", "now", "9" * 30])
def test_nonsense_for_a_timestamp(stamp):
    with pytest.raises(ValueError, match="malformed"):
        verify(OLD, {**headers(), "webhook-timestamp": stamp}, b"{}", NOW)


@pytest.mark.parametrize(
    "secrets",
    [
        "",
        " ",
        "whsec_",
        "whsec_!!!!",
        "whsec_" + b64encode(b"x" * 23).decode(),
        OLD.removeprefix("whsec_"),
        f"{OLD} x",
    ],
)
def test_what_is_no_secret(secrets):
    with pytest.raises(ValueError, match="secret"):
        decode_secrets(secrets)
