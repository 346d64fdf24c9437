"""What a passkey answers, judged."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.sign_in.passkeys import (
    PasskeyRefused,
    RelyingParty,
    ask_for_any,
    ask_for_new,
    counted,
    id_of,
    made,
    read_answer,
    user_handle,
)
from tests.support.authenticator import Authenticator, b64

PARTY = RelyingParty("https://warnung.dueren.example:8443")


def registered(authenticator: Authenticator) -> Any:
    asked = ask_for_new(PARTY, "m.keller", "Warndienst", [])
    return made(PARTY, "m.keller", authenticator.make(json.loads(asked.options)), asked.challenge)


def used(passkey: Any, authenticator: Authenticator) -> int:
    asked = ask_for_any(PARTY)
    return counted(PARTY, passkey, authenticator.sign(json.loads(asked.options)), asked.challenge)


def test_a_passkey_is_made_and_counts_its_uses() -> None:
    authenticator = Authenticator(PARTY.origin)
    passkey = registered(authenticator)
    assert (passkey.person_id, passkey.passkey_id, passkey.sign_count) == ("m.keller", authenticator.id, 0)
    assert used(passkey, authenticator) == 1
    assert PARTY.id == "warnung.dueren.example"


def test_what_is_asked_for_names_nobody_and_requires_verification() -> None:
    asked = json.loads(ask_for_any(PARTY).options)
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    new = json.loads(ask_for_new(PARTY, "m.keller", "Warndienst", [b"known"]).options)
    assert new["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in new["excludeCredentials"]] == [b64(b"known")]
    assert new["user"]["id"] == b64(user_handle("m.keller"))


def test_one_that_verifies_nobody_is_refused() -> None:
    with pytest.raises(PasskeyRefused):
        registered(Authenticator(PARTY.origin, verifies=False))
    authenticator = Authenticator(PARTY.origin)
    passkey = registered(authenticator)
    authenticator.verifies = False
    with pytest.raises(PasskeyRefused):
        used(passkey, authenticator)


@pytest.mark.parametrize(
    "origin", ["https://warnung.dueren.example", "https://evil.example", "http://warnung.dueren.example:8443"]
)
def test_an_answer_for_another_origin_is_refused(origin: str) -> None:
    with pytest.raises(PasskeyRefused):
        registered(Authenticator(origin))


def test_a_count_that_goes_back_or_stands_still_is_a_copy() -> None:
    authenticator = Authenticator(PARTY.origin)
    passkey = replace(registered(authenticator), sign_count=5)
    for before in (2, 4):
        authenticator.used = before
        with pytest.raises(PasskeyRefused):
            used(passkey, authenticator)
    assert used(passkey, authenticator) == 6


def test_one_that_does_not_count_is_good() -> None:
    authenticator = Authenticator(PARTY.origin, counts=False)
    passkey = registered(authenticator)
    assert [used(passkey, authenticator) for _ in range(2)] == [0, 0]


def test_another_challenge_or_another_key_or_another_person_is_refused() -> None:
    authenticator = Authenticator(PARTY.origin)
    passkey = registered(authenticator)
    answer = authenticator.sign(json.loads(ask_for_any(PARTY).options))
    with pytest.raises(PasskeyRefused):
        counted(PARTY, passkey, answer, b"another challenge")
    stranger = Authenticator(PARTY.origin, id=authenticator.id, user=authenticator.user)
    with pytest.raises(PasskeyRefused):
        used(passkey, stranger)
    authenticator.user = b64(user_handle("a.other"))
    with pytest.raises(PasskeyRefused, match="another person"):
        used(passkey, authenticator)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(PasskeyRefused):
        read_answer(body)


@pytest.mark.parametrize(
    "answer", [{}, {"rawId": 1}, {"rawId": "x", "response": []}, {"rawId": None, "id": "x"}]
)
def test_half_an_answer_is_refused(answer: Any) -> None:
    passkey = registered(Authenticator(PARTY.origin))
    with pytest.raises(PasskeyRefused):
        made(PARTY, "m.keller", answer, b"x")
    with pytest.raises(PasskeyRefused):
        counted(PARTY, passkey, answer, b"x")


def test_an_answer_that_is_nested_too_deep_is_refused() -> None:
    authenticator, deep = Authenticator(PARTY.origin), b64(b"[" * 40_000)
    asked = json.loads(ask_for_new(PARTY, "m.keller", "Warndienst", []).options)
    passkey = registered(authenticator)
    new, signed = authenticator.make(asked), authenticator.sign(asked)
    new["response"]["clientDataJSON"] = signed["response"]["clientDataJSON"] = deep
    with pytest.raises(PasskeyRefused):
        made(PARTY, "m.keller", new, b"x")
    with pytest.raises(PasskeyRefused):
        counted(PARTY, passkey, signed, b"x")


def test_an_answer_names_its_passkey_or_none() -> None:
    assert id_of({"rawId": b64(b"abc")}) == b"abc"
    assert id_of({}) == id_of({"rawId": 1}) == b""
