"""A callback's secrets: which sign when."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from channels.app.secrets import (
    MOST_PREVIOUS,
    new_secret,
    previous,
    replaced,
    rotated,
    signing,
    with_form,
)
from channels.app.standard_webhooks import decode_secrets

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C, D, E = ("whsec_" + b64encode(letter * 32).decode() for letter in (b"a", b"b", b"c", b"d", b"e"))


def letters(keys: dict[str, str], now: datetime = NOW) -> str:
    """The first letter of each secret that signs."""
    return "".join(chr(key[0]) for key in signing(keys, now))


def test_a_made_secret_is_one_and_none_is_made_twice() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(decode_secrets(secret)[0]) == 32 for secret in made)


def test_both_sign_while_rotating_and_then_the_new_one_alone() -> None:
    keys = rotated({"secret": A}, B, NOW, NOW + DAY)
    assert letters(keys) == "ba"
    assert letters(keys, NOW + DAY - timedelta(microseconds=1)) == "ba"
    assert letters(keys, NOW + DAY) == "b"
    assert [ending.until for ending in previous(keys, NOW)] == [NOW + DAY]


def test_who_rotates_again_as_the_first_answer_was_lost_loses_none_that_is_in_use() -> None:
    keys = rotated(rotated({"secret": A}, B, NOW, NOW + DAY), C, NOW, NOW + 2 * DAY)
    assert letters(keys) == "cba"
    assert letters(keys, NOW + DAY) == "cb", "its end is not put off"


def test_a_rotation_with_a_shorter_overlap_cuts_nobody_off() -> None:
    keys = rotated(rotated({"secret": A}, B, NOW, NOW + 2 * DAY), C, NOW, NOW + DAY)
    assert (letters(keys), letters(keys, NOW + DAY), letters(keys, NOW + 2 * DAY)) == ("cba", "ca", "c")
    assert letters(rotated(keys, D, NOW, NOW)) == "dba", "without an overlap the newest ends, and no other"


def test_few_sign_at_once() -> None:
    keys = {"secret": A}
    for secret in (B, C, D, E):
        keys = rotated(keys, secret, NOW, NOW + DAY)
    assert len(signing(keys, NOW)) == 1 + MOST_PREVIOUS
    assert letters(keys) == "edcb"


def test_the_same_once_more_changes_nothing() -> None:
    keys = rotated({"secret": A}, B, NOW, NOW + DAY)
    assert rotated(keys, B, NOW + timedelta(hours=1), NOW + 2 * DAY) == keys
    assert replaced(keys, B) == keys
    assert letters(replaced(keys, C)) == "c"


def test_imported_secrets_with_a_blank_between_go_on_until_the_overlap_ends() -> None:
    keys = rotated({"secret": f"{A} {B}"}, C, NOW, NOW + DAY)
    assert (letters(keys), letters(keys, NOW + DAY)) == ("cab", "c")


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"secret": ""},
        {"secret": "whsec_kurz"},
        {"secret": A, "previous": f"{B}@gestern"},
        {"secret": A, "previous": f"{B}@2026-11-29T12:00:00"},
        {"secret": A, "previous": "whsec_kurz@2026-11-29T12:00:00+00:00"},
    ],
)
def test_what_is_no_secret_does_not_sign(keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        signing(keys, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_kurz", A.removeprefix("whsec_")])
def test_what_is_no_secret_is_not_taken(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        rotated({"secret": A}, secret, NOW, NOW + DAY)
    with pytest.raises(ValueError, match="secret"):
        replaced({"secret": A}, secret)


def test_the_form_of_a_callback_stays_whatever_its_secrets_do() -> None:
    keys = with_form({"secret": A}, "cap")
    assert keys == {"secret": A, "form": "cap"}
    assert replaced(keys, B) == {"secret": B, "form": "cap"}
    turned = rotated(keys, B, NOW, NOW + DAY)
    assert (turned["form"], letters(turned)) == ("cap", "ba")
    assert with_form(turned, "") == {name: value for name, value in turned.items() if name != "form"}
    assert with_form({"secret": A}, "") == {"secret": A}
