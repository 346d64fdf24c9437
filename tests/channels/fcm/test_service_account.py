"""A key file is read as Google gives it; what is none is refused without a word of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt

from channels.fcm.service_account import GOOGLES_TOKEN_URL, SCOPE, service_account
from channels.http.addresses import AddressPolicy
from tests.support.service_accounts import key_file, pem_of, private_key, wrong_key

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PUBLIC = AddressPolicy()
PLAIN = "http://127.0.0.1:9901/token"


def test_it_signs_for_an_access_token_of_messages_alone() -> None:
    account = service_account(key_file("warn-app-1"), PUBLIC)
    token = jwt.decode(account.assertion(NOW), account.key, algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    assert token.claims == {
        "iss": "sender@warn-app-1.iam.gserviceaccount.com",
        "scope": SCOPE,
        "aud": GOOGLES_TOKEN_URL,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }
    assert account.name == f"warn-app-1/{account.key_id}"


def test_what_it_shows_of_itself_signs_nothing() -> None:
    account = service_account(key_file(), PUBLIC)
    assert "PRIVATE" not in repr(account)
    assert account.email not in repr(account)


def test_a_token_service_elsewhere_is_taken_where_the_operator_exempts_it() -> None:
    exempt = AddressPolicy(frozenset({"http://127.0.0.1:9901"}))
    assert service_account(key_file(token_url=PLAIN), exempt).token_url == PLAIN


SECRET = pem_of(private_key()).splitlines()[2]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"type": "authorized_user"}, "type"),
        ({"project_id": None}, "project_id"),
        ({"project_id": "a/b"}, "project_id"),
        ({"private_key_id": 7}, "private_key_id"),
        ({"private_key_id": "a b"}, "private_key_id"),
        ({"client_email": "nobody"}, "client_email"),
        ({"token_uri": "https://oauth2.googleapis.com.example/token"}, "token_uri"),
        ({"token_uri": PLAIN}, "token_uri"),
        ({"token_uri": "file:///etc"}, "token_uri"),
        ({"private_key": None}, "private_key"),
        ({"private_key": SECRET}, "private_key"),
        ({"private_key": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "RSA"),
        ({"private_key": pem_of(private_key(1024))}, "2048"),
        ({"private_key": pem_of(wrong_key())}, "no private key"),
    ],
)
def test_what_is_no_key_file_is_refused(other: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        service_account(key_file(**other), PUBLIC)
    assert SECRET not in str(refused.value)


def test_a_key_that_was_checked_when_it_was_offered_is_not_checked_again() -> None:
    account = service_account(key_file(private_key=pem_of(wrong_key())), PUBLIC, is_checked=True)
    assert account.key.is_private


def test_a_key_that_takes_long_to_check_is_refused_before_that() -> None:
    large = key_file(private_key=pem_of(wrong_key(4104)))
    with pytest.raises(ValueError, match="more than 4096 bits"):
        service_account(large, PUBLIC)
    taken_before_there_was_a_bound = service_account(large, PUBLIC, is_checked=True)
    assert taken_before_there_was_a_bound.key.is_private


@pytest.mark.parametrize("plain", [b"", b"{", b"[]", b'"service_account"', b"\xff", b"[" * 9000])
def test_what_is_no_json_object_is_refused(plain: bytes) -> None:
    with pytest.raises(ValueError, match="key file of a service account"):
        service_account(plain, PUBLIC)
