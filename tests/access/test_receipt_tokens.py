"""A token proves what it names, in one deployment, and nothing else does."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.access.receipt_tokens import TOKEN_CHARACTERS, ReceiptTokens
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.model.reports import ReceiptPosition

KEY = bytes(range(32))
PLACE = ReceiptPosition(4711, 0, 42)
places = st.builds(
    ReceiptPosition, st.integers(0, 2**40 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1)
)


@given(places)
def test_a_token_names_its_place(place: ReceiptPosition) -> None:
    token = ReceiptTokens(KEY).token(place)
    assert len(token) == TOKEN_CHARACTERS
    assert ReceiptTokens(KEY).position(token.decode()) == place


@given(places, st.integers(0, TOKEN_CHARACTERS - 1), st.sampled_from("ABCZabcz019-_"))
def test_a_changed_token_proves_nothing(place: ReceiptPosition, at: int, letter: str) -> None:
    tokens = ReceiptTokens(KEY)
    token = tokens.token(place).decode()
    changed = token[:at] + letter + token[at + 1 :]
    assert (tokens.position(changed) is None) == (changed != token)


@given(st.text(max_size=30))
def test_any_text_is_read_or_none(text: str) -> None:
    assert ReceiptTokens(KEY).position(text) is None


@pytest.mark.parametrize("text", ["", "A" * 23, "A" * 25, "ü" * 24, "=" * 24, "A" * 20 + "====", " " * 24])
def test_what_is_no_token_is_none(text: str) -> None:
    assert ReceiptTokens(KEY).position(text) is None


def test_a_token_is_good_in_its_deployment_alone() -> None:
    own, other = (Sealing(KeyRing.new()) for _ in range(2))
    token = ReceiptTokens.of(own).token(PLACE).decode()
    assert ReceiptTokens.of(own).position(token) == PLACE
    assert ReceiptTokens.of(other).position(token) is None


def test_a_new_key_for_addresses_changes_no_token() -> None:
    ring = KeyRing.new()
    token = ReceiptTokens.of(Sealing(ring)).token(PLACE).decode()
    assert ReceiptTokens.of(Sealing(ring.with_new_key())).position(token) == PLACE


def test_proofs_of_two_tokens_cannot_be_exchanged() -> None:
    tokens = ReceiptTokens(KEY)
    one, other = (tokens.token(PLACE._replace(position=n)).decode() for n in (1, 2))
    assert tokens.position(one[:12] + other[12:]) is None


def test_no_key_is_shown() -> None:
    key = secrets.token_bytes(32)
    assert key.hex() not in repr(vars(ReceiptTokens)) + repr(ReceiptTokens(key))
    assert repr(key) not in repr(ReceiptTokens(key))


def test_what_has_no_room_is_an_error() -> None:
    with pytest.raises(OverflowError):
        ReceiptTokens(KEY).token(PLACE._replace(batch_id=2**40))
