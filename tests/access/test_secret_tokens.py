"""Tokens of sessions, devices, invitations, and forms."""

import pytest

from dispatcher.access.secret_tokens import form_token, is_form_token, is_token, new_token, token_digest


def test_no_two_tokens_are_alike_and_all_look_alike() -> None:
    one, other = new_token(), new_token()
    assert one != other
    assert is_token(one)
    assert len(token_digest(one)) == 32
    assert token_digest(one) != token_digest(other)


def test_a_cookie_of_others_is_no_token() -> None:
    assert is_token(new_token())
    assert not is_token("x")


def test_a_form_brings_what_the_cookie_stands_for_and_not_the_cookie() -> None:
    cookie, other = new_token(), new_token()
    assert is_form_token(form_token(cookie), cookie)
    assert not is_form_token(form_token(other), cookie)
    assert not is_form_token(cookie, cookie)


@pytest.mark.parametrize("shown", ["", "ü"])
def test_nothing_is_no_token_and_nothing_has_none(shown: str) -> None:
    assert not is_form_token(shown, new_token())
    assert not is_form_token(form_token(""), "")
