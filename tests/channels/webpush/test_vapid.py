"""VAPID tokens: verified independently, cached, renewed in time."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from py_vapid.jwt import decode

from channels.webpush.vapid import (
    KEY_NAME_CHARACTERS,
    MAX_CACHED_ORIGINS,
    PLACEHOLDER,
    READ_AGAIN_S,
    VapidKeys,
    VapidSigner,
    generate_key,
    key_name,
    named_key,
    unreachable,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SUBJECT = "mailto:leitstelle@warn.example"
MOZILLA = "https://updates.push.services.mozilla.com"


@pytest.fixture(scope="module")
def pem() -> Any:
    return generate_key()


@pytest.fixture
def signer(pem: Any) -> VapidSigner:
    return VapidSigner(pem, SUBJECT)


def token_of(header: Any) -> Any:
    return header.removeprefix("vapid t=").partition(",")[0]


def claims_of(header: Any) -> Any:
    part = token_of(header).split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_an_independent_implementation_verifies_the_token(signer: VapidSigner) -> None:
    header = signer.authorization(MOZILLA, NOW)
    key = header.partition(", k=")[2]
    assert key == signer.public_key
    expires = int((NOW + timedelta(hours=12)).timestamp())
    assert decode(token_of(header), key) == {"aud": MOZILLA, "exp": expires, "sub": SUBJECT}


def test_one_signature_serves_an_origin_for_six_hours(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    assert signer.authorization(MOZILLA, NOW + timedelta(hours=5, minutes=59)) == first
    renewed = signer.authorization(MOZILLA, NOW + timedelta(hours=6))
    assert claims_of(renewed)["exp"] == claims_of(first)["exp"] + 6 * 3600


def test_a_clock_set_back_gets_a_new_token(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    assert signer.authorization(MOZILLA, NOW - timedelta(minutes=1)) != first


def test_each_origin_has_its_own_audience(signer: VapidSigner) -> None:
    signer.authorization(MOZILLA, NOW)
    assert (
        claims_of(signer.authorization("https://fcm.googleapis.com", NOW))["aud"]
        == "https://fcm.googleapis.com"
    )


def test_many_origins_do_not_grow_the_cache_without_end(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    for number in range(MAX_CACHED_ORIGINS):
        signer.authorization(f"https://push{number}.example", NOW)
    assert signer.authorization(MOZILLA, NOW) != first


@pytest.mark.parametrize("subject", ["https://warn.example/contact", "https://warn.example", SUBJECT])
def test_subjects_that_reach_somebody(pem: Any, subject: Any) -> None:
    assert VapidSigner(pem, subject)


@pytest.mark.parametrize(
    "subject",
    ["", "leitstelle@warn.example", "mailto:leitstelle", "http://warn.example", "https://localhost"],
)
def test_subjects_that_reach_nobody(pem: Any, subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        VapidSigner(pem, subject)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["p384", "ed25519"],
)
def test_keys_of_another_kind(key: Any) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="P-256"):
        VapidSigner(pem, SUBJECT)


def test_what_is_no_key() -> None:
    with pytest.raises(ValueError, match="PEM"):
        VapidSigner(b"nonsense", SUBJECT)


@pytest.mark.parametrize(
    "subject",
    [
        PLACEHOLDER, "mailto:a@localhost", "https://localhost", "https://warn.localhost/x", "mailto:a@warn.local",
        "mailto:a@gateway.invalid", "mailto:a@x.test", "https://warn.example", "mailto:a@EXAMPLE.org", "mailto:a@example.com.",
        "https://10.0.0.5/", "https://[2001:db8::1]/", "https://10.0.0.5:8443", "https://a@warn.internal/",
        "mailto:a@router.home.arpa",
    ],
)  # fmt: skip
def test_subjects_that_are_no_address_of_anybody(subject: str) -> None:
    assert unreachable(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:leitstelle@kreis-dueren.de", "https://kreis-dueren.de/kontakt", "https://warn.kreis-dueren.de:8443",
        "mailto:a@myexample.org", "mailto:a@example.de", "https://localhost.de", "mailto:a.b+c@sub.kreis.example.de",
    ],
)  # fmt: skip
def test_subjects_that_may_be_somebodys(subject: str) -> None:
    assert unreachable(subject) == ""


def signers(count: int) -> list[VapidSigner]:
    return [VapidSigner(generate_key(), SUBJECT) for _ in range(count)]


def test_a_subscription_is_signed_for_with_the_key_that_it_names() -> None:
    current, second, first = signers(3)
    keys = VapidKeys(current, [second, first], eldest=first.name)
    assert keys.several
    assert [keys.candidates(one.name)[0] for one in (current, second, first)] == [current, second, first]
    assert all(set(keys.candidates(name)) == {current, second, first} for name in (current.name, "", "?"))
    assert len(keys.candidates(second.name)) == 3
    assert all(one.name in keys for one in (current, second, first))
    assert "?" not in keys


def test_one_that_names_none_is_older_than_the_second_key_and_one_of_a_stranger_is_not() -> None:
    current, first = signers(2)
    keys = VapidKeys(current, [first], eldest=first.name)
    assert keys.candidates("") == (first, current)
    assert keys.candidates("a stranger's") == (current, first)
    lost = VapidKeys(current, [first], eldest="a key that nobody has any more")
    assert lost.candidates("") == (current, first)


def test_an_apps_own_key_signs_for_what_names_it_and_nobody_else_is_shown_it() -> None:
    current, first, own, other = signers(4)
    keys = VapidKeys(current, [first], eldest=first.name)
    keys.admit([own, other])
    assert keys.candidates(own.name) == (own,), "no other key can be right"
    assert keys.candidates(other.name) == (other,)
    assert not {own, other} & {one for name in ("", "?", current.name) for one in keys.candidates(name)}
    assert [keys.is_own(one.name) for one in (own, other, current)] == [True, True, False]
    keys.admit([other, current])
    assert keys.candidates(own.name) == (current, first), "it was taken back"
    assert keys.candidates(current.name) == (current, first), "the service's own stays so"


def test_the_first_of_apps_own_keys_makes_a_choice() -> None:
    current, own = signers(2)
    keys = VapidKeys(current)
    keys.admit([own])
    assert keys.several
    keys.admit([])
    assert not keys.several


def test_with_one_key_there_is_no_choice_and_the_same_key_twice_is_one() -> None:
    pem = generate_key()
    current, again = VapidSigner(pem, SUBJECT), VapidSigner(pem, SUBJECT)
    for keys in (VapidKeys(current), VapidKeys(current, [again])):
        assert (keys.several, len(keys.candidates("")), keys.candidates("?")[0].name) == (
            False,
            1,
            current.name,
        )


def test_a_key_that_was_made_since_signs_as_soon_as_a_subscription_names_it() -> None:
    current, made = signers(2)
    files: list[VapidSigner] = [current]
    seconds = [0.0]
    keys = VapidKeys(current, read_again=lambda: files, clock=lambda: seconds[0])
    assert keys.candidates(made.name) == (current,), "it is nowhere"
    files.append(made)
    assert keys.candidates(made.name) == (current,), "once a second is enough"
    seconds[0] = READ_AGAIN_S
    assert keys.candidates(made.name) == (made, current)
    assert keys.several
    assert keys.candidates(current.name) == (current, made)
    assert keys.current is current, "the service goes on with it"


def test_a_lost_key_brings_none_along_that_lies_there_by_accident() -> None:
    current, other = signers(2)
    keys = VapidKeys(current, read_again=lambda: [other])
    assert keys.candidates("lost") == (current,)
    assert not keys.several


def test_a_key_is_named_by_its_beginning_however_it_is_spelt() -> None:
    (signer,) = signers(1)
    plain = signer.public_key.replace("-", "+").replace("_", "/") + "="
    assert named_key(signer.public_key) == named_key(plain) == signer.name == key_name(signer.public_key)
    assert len(signer.name) == KEY_NAME_CHARACTERS


@pytest.mark.parametrize("text", ["", "B", "BKey", "ä", "A" * 87, "B" + "A" * 86, "x" * 10_000])
def test_what_names_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        named_key(text)
