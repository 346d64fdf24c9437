"""What a token has to say, and every way in which it may not."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from dispatcher.sign_in.oidc.id_token import (
    LEEWAY_S,
    LIFE_S,
    LONGEST,
    ExpectedToken,
    TokenFault,
    TokenRefused,
    VerifiedIdentity,
    read_keys,
    verified,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER, CLIENT, NONCE, ACCESS = "https://sso.kreis.example", "warnung", "n" * 43, "access token"
EXPECTED = ExpectedToken(ISSUER, CLIENT, NONCE, NOW)
KEY = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
KEYS = KeySet([KEY])
GOOD = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "keller",
    "exp": AT + 60,
    "iat": AT,
    "auth_time": AT - 30,
    "nonce": NONCE,
    "amr": ["pwd", "mfa"],
    "acr": "gold",
}


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def token(key: Any = KEY, alg: str = "RS256", header: Any = None, **claims: Any) -> str:
    said = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, said, key, algorithms=[alg])


def fault(shown: str, keys: KeySet = KEYS, access_token: str = ACCESS) -> TokenFault:
    with pytest.raises(TokenRefused) as raised:
        verified(shown, keys, EXPECTED, access_token)
    assert str(raised.value) == raised.value.fault, "nothing of the token"
    return raised.value.fault


def test_a_good_token_says_who_and_what_was_shown() -> None:
    identity = verified(token(), KEYS, EXPECTED, ACCESS)
    assert identity == VerifiedIdentity(ISSUER, "keller", "gold", ("pwd", "mfa"))
    assert "keller" not in repr(identity)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"iss": "https://evil.example"}, TokenFault.ISSUER),
        ({"iss": ISSUER + "/"}, TokenFault.ISSUER),
        ({"iss": [ISSUER]}, TokenFault.ISSUER),
        ({"iss": None}, TokenFault.ISSUER),
        ({"aud": "warnung-uebung"}, TokenFault.AUDIENCE),
        ({"aud": ["warnung-uebung"]}, TokenFault.AUDIENCE),
        ({"aud": [CLIENT, "warnung-uebung"]}, TokenFault.AUDIENCE),
        ({"aud": [CLIENT, "other"], "azp": "other"}, TokenFault.AUDIENCE),
        ({"azp": "other"}, TokenFault.AUDIENCE),
        ({"exp": AT - LEEWAY_S}, TokenFault.EXPIRED),
        ({"exp": float("nan")}, TokenFault.EXPIRED),
        ({"exp": str(AT + 60)}, TokenFault.EXPIRED),
        ({"iat": AT - LIFE_S - LEEWAY_S - 1}, TokenFault.EXPIRED),
        ({"iat": AT + LEEWAY_S + 1}, TokenFault.CLAIMS),
        ({"nbf": AT + LEEWAY_S + 1}, TokenFault.CLAIMS),
        ({"nonce": "m" * 43}, TokenFault.NONCE),
        ({"nonce": [NONCE]}, TokenFault.NONCE),
        ({"nonce": None}, TokenFault.NONCE),
        ({"sub": ""}, TokenFault.CLAIMS),
        ({"sub": 7}, TokenFault.CLAIMS),
        ({"sub": "x" * 256}, TokenFault.CLAIMS),
        ({"sub": "a\nb"}, TokenFault.CLAIMS),
        ({"auth_time": None}, TokenFault.NOT_FRESH),
        ({"auth_time": AT - LIFE_S - LEEWAY_S - 1}, TokenFault.NOT_FRESH),
        ({"auth_time": float("nan")}, TokenFault.NOT_FRESH),
        ({"auth_time": True}, TokenFault.NOT_FRESH),
        ({"at_hash": "x"}, TokenFault.AT_HASH),
        ({"at_hash": ["x"]}, TokenFault.AT_HASH),
    ],
)
def test_what_a_token_may_not_say(claims: Any, expected: TokenFault) -> None:
    assert fault(token(**claims)) is expected


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"exp": AT - LEEWAY_S + 1},
        {"at_hash": b64(hashlib.sha256(ACCESS.encode()).digest()[:16])},
        {"iat": AT - 0.5},
    ],
)
def test_what_it_may_say(claims: Any) -> None:
    assert verified(token(**claims), KEYS, EXPECTED, ACCESS).subject == "keller"


def test_the_access_token_is_the_one_that_came_along() -> None:
    shown = token(at_hash=b64(hashlib.sha256(ACCESS.encode()).digest()[:16]))
    assert fault(shown, access_token="another") is TokenFault.AT_HASH


@pytest.mark.parametrize(
    ("key", "alg", "digest"),
    [
        (RSAKey.generate_key(2048, auto_kid=True), "PS256", "sha256"),
        (RSAKey.generate_key(2048, auto_kid=True), "RS512", "sha512"),
        (ECKey.generate_key("P-256", auto_kid=True), "ES256", "sha256"),
        (ECKey.generate_key("P-384", auto_kid=True), "ES384", "sha384"),
        (OKPKey.generate_key("Ed25519", auto_kid=True), "Ed25519", "sha512"),
    ],
)
def test_the_algorithms_that_are_taken(key: Any, alg: str, digest: str) -> None:
    whole = hashlib.new(digest, ACCESS.encode()).digest()
    shown = token(key, alg, at_hash=b64(whole[: len(whole) // 2]))
    assert verified(shown, KeySet([key]), EXPECTED, ACCESS).subject == "keller"


def test_a_token_without_a_signature_is_none() -> None:
    for header in ({"alg": "none"}, {"alg": "none", "kid": KEY.kid}, {"alg": "None"}):
        bare = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(GOOD).encode())}."
        assert fault(bare) is TokenFault.ALGORITHM


def test_nobody_signs_with_what_everybody_knows() -> None:
    """HS256 with the public key for a secret, or the client's secret."""
    for secret in (KEY.as_pem(private=False), b"secret of the client"):
        head = b64(json.dumps({"alg": "HS256", "kid": KEY.kid}).encode())
        signed = f"{head}.{b64(json.dumps(GOOD).encode())}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        assert fault(f"{signed}.{b64(mac)}") is TokenFault.ALGORITHM
    shared = {"kty": "oct", "k": b64(b"x" * 32), "kid": KEY.kid}
    with pytest.raises(TokenRefused):
        read_keys({"keys": [shared]})


def test_a_key_that_the_token_brings_along_is_none() -> None:
    own = RSAKey.generate_key(2048, {"kid": KEY.kid})
    assert fault(token(own, header={"jwk": own.as_dict(private=False)})) is TokenFault.SIGNATURE
    stranger = RSAKey.generate_key(2048, auto_kid=True)
    brought = {"jwk": stranger.as_dict(private=False), "jku": "https://evil.example/keys"}
    assert fault(token(stranger, header=brought)) is TokenFault.UNKNOWN_KEY


def test_a_signature_of_something_else_is_none() -> None:
    head, _, signature = token().split(".")
    _, other, _ = token(sub="somebody else").split(".")
    assert fault(f"{head}.{other}.{signature}") is TokenFault.SIGNATURE


@pytest.mark.parametrize(
    "shown", ["", "x", "a.b.c", "..", "é.é.é", "x" * (LONGEST + 1), "[" * 9000, "{}.{}.{}"]
)
def test_what_is_no_token(shown: str) -> None:
    assert fault(shown) is TokenFault.MALFORMED


def test_claims_are_an_object() -> None:
    for claims in (b"[]", b"null", b"{", b"[" * 5_000):
        shown = jws.serialize_compact({"alg": "RS256", "kid": KEY.kid}, claims, KEY)
        assert fault(shown) is TokenFault.MALFORMED


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": None}, {"keys": [7]}, {"keys": [{}]}, {"keys": []}, {"keys": [{"kty": "RSA"}]}],
)
def test_what_is_no_set_of_keys(document: Any) -> None:
    with pytest.raises(TokenRefused):
        read_keys(document)


def test_keys_for_encryption_sign_nothing() -> None:
    encryption = RSAKey.generate_key(2048, {"use": "enc"}, auto_kid=True)
    document = {"keys": [one.as_dict(private=False) for one in (KEY, encryption)]}
    assert [one.kid for one in read_keys(document)] == [KEY.kid]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (frozenset(), True),
        ({"amr:mfa"}, True),
        ({"amr:hwk", "acr:gold"}, True),
        ({"acr:mfa"}, False),
        ({"amr:gold"}, False),
    ],
)
def test_which_proofs_count(wanted: Any, shown: bool) -> None:
    identity = VerifiedIdentity(ISSUER, "keller", "gold", ("pwd", "mfa"))
    assert identity.has_shown(frozenset(wanted)) is shown
    assert not VerifiedIdentity(ISSUER, "keller").has_shown(frozenset({"amr:mfa", "acr:gold"}))
