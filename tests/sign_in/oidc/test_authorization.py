"""What a browser takes to the provider, and brings back."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatcher.sign_in.oidc.authorization import LONGEST_CODE, OidcAttempt, OidcReturn, request_url

BACK = "https://warnung.dueren.example/console/live/sign-in/oidc"


def test_the_request_asks_for_a_code_and_for_the_person_anew() -> None:
    attempt = OidcAttempt.new()
    url = request_url(
        "https://sso.kreis.example/authorize", "warnung & co", BACK, attempt, ["gold", "x"], 300
    )
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "scope": ["openid"],
        "client_id": ["warnung & co"],
        "redirect_uri": [BACK],
        "state": [attempt.state],
        "nonce": [attempt.nonce],
        "code_challenge": [urlsafe_b64encode(digest).decode().rstrip("=")],
        "code_challenge_method": ["S256"],
        "prompt": ["login"],
        "max_age": ["300"],
        "acr_values": ["gold x"],
    }
    assert attempt.verifier not in url
    assert "?tenant=1&response_type" in request_url(
        "https://sso.example/?tenant=1", "c", BACK, attempt, [], 1
    )


def test_nothing_is_made_of_something_that_was_seen() -> None:
    one, other = OidcAttempt.new(), OidcAttempt.new()
    made = {part for each in (one, other) for part in (each.state, each.nonce, each.verifier)}
    assert len(made) == 6
    assert all(len(part) == 43 for part in made), "256 bits each"
    assert one.state not in repr(one)
    assert repr(one.seed) not in repr(one)


@pytest.mark.parametrize("invitation", [b"", b"\1" * 32])
@pytest.mark.parametrize("wanted", ["", "/console/live/account/recovery"])
def test_it_waits_in_the_record(wanted: str, invitation: bytes) -> None:
    attempt = OidcAttempt.new(wanted, invitation)
    assert OidcAttempt.unpacked(attempt.packed()) == attempt


def test_an_answer_is_of_its_question() -> None:
    attempt = OidcAttempt.new()
    assert OidcReturn(attempt.state, "c", "", "").is_of(attempt)
    for state in ("", "ü", OidcAttempt.new().state, attempt.nonce):
        assert not OidcReturn(state, "c", "", "").is_of(attempt)


@pytest.mark.parametrize(
    ("named", "says_so", "is_from"),
    [("", False, True), ("", True, False), ("https://a", True, True), ("https://b", False, False)],
)
def test_an_answer_names_its_provider(named: str, says_so: bool, is_from: bool) -> None:
    assert OidcReturn("s", "c", named, "").is_from("https://a", says_so=says_so) is is_from


def test_what_a_browser_brings_is_read_as_it_is() -> None:
    returned = OidcReturn.of({"state": "s", "code": "c", "iss": "i", "x": "y"})
    assert returned == OidcReturn("s", "c", "i", "")
    assert returned.has_code
    for query in ({}, {"code": ""}, {"code": "c", "error": "e"}, {"code": "c" * (LONGEST_CODE + 1)}):
        assert not OidcReturn.of(query).has_code
    assert "secret" not in repr(OidcReturn.of({"code": "secret", "state": "secret"}))
