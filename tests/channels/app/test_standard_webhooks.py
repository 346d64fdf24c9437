"""Signing callbacks; the library of Standard Webhooks is the oracle."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from channels.app.standard_webhooks import decode_secrets, sign

OLD = "whsec_" + b64encode(b"o" * 24).decode()
NEW = "whsec_" + b64encode(b"n" * 64).decode()


def headers(secrets: Any = OLD, body: bytes = b"{}", identifier: str = "msg-1") -> dict[Any, Any]:
    stamp = int(datetime.now(UTC).timestamp())
    signature = sign(decode_secrets(secrets), identifier, stamp, body)
    return {"webhook-id": identifier, "webhook-timestamp": str(stamp), "webhook-signature": signature}


def test_the_specifications_example() -> None:
    """https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries (test vectors)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = sign(
        decode_secrets(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("body", [b"", b"{}", '{"headline": "Hochwasser in Düren"}'.encode()])
def test_a_receiver_with_the_library_takes_what_we_sign(body: bytes) -> None:
    Webhook(OLD).verify(body, headers(body=body), json_parse=False)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_one_signature_is_the_one_that_the_library_makes(secret: Any) -> None:
    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    ours = sign(decode_secrets(secret), "msg-1", int(at.timestamp()), "Düren".encode())
    assert ours == Webhook(secret).sign("msg-1", at, "Düren")


@pytest.mark.parametrize("known", [OLD, NEW])
def test_while_a_secret_is_rotated_either_verifies(known: Any) -> None:
    Webhook(known).verify(b"{}", headers(f"{OLD} {NEW}"))


@pytest.mark.parametrize(
    ("secret", "body", "change"),
    [
        (OLD, b"[]", {}),
        (NEW, b"{}", {}),
        (OLD, b"{}", {"webhook-id": "msg-2"}),
        (OLD, b"{}", {"webhook-signature": "v1,AAAA"}),
    ],
    ids=["body", "secret", "id", "signature"],
)
def test_what_was_altered_or_signed_by_another_does_not_verify(
    secret: Any, body: bytes, change: dict[Any, Any]
) -> None:
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(secret).verify(body, {**headers(), **change})


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
def test_what_is_no_secret(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secret"):
        decode_secrets(secrets)
