"""API keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.access.keys import (
    AUTHENTICATES,
    KEY_ID_PATTERN,
    KEY_PATTERN,
    KEYED,
    LIFE,
    NO_DIGEST,
    KeyKind,
    KeyName,
    digest,
    fresh_key,
    key_id,
    matches,
    named_by,
    new_key,
    new_key_id,
    read_key,
)

SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (KEY, "wk_leitstelle-1"),
        (f" {KEY}\n", "wk_leitstelle-1"),
        ("wi_dueren", "wi_dueren"),
        ("dueren", "dueren"),
        (KEY[:-1], None),
        (f"wk_leitstelle-1_{SECRET[:4]}", None),
        (SECRET, None),
        ("", None),
    ],
)
def test_a_key_is_named_by_its_id_or_by_itself_and_by_no_part_of_its_secret(
    typed: str, name: str | None
) -> None:
    assert named_by(typed) == name


def test_a_key_says_of_which_kind_it_is_and_where_it_is_looked_up() -> None:
    assert read_key(KEY) == KeyName(KeyKind.SOURCE, "leitstelle-1")
    assert read_key(f"wi_dueren_{SECRET}") == KeyName(KeyKind.INSTANCE, "dueren")
    assert read_key(f"wo_anna_{SECRET}") == KeyName(KeyKind.OPERATOR, "anna")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        KEY + "x",
        KEY[:-1],
        KEY.upper(),
        f"{KEY}\n",
        f" {KEY}",
        f"ws_a_{SECRET}",
        f"wk__{SECRET}",
    ],
)
def test_what_is_no_key_says_nothing(text: str) -> None:
    assert read_key(text) is None


@given(
    st.sampled_from(KeyKind),
    st.from_regex(KEY_ID_PATTERN, fullmatch=True),
    st.from_regex("[A-Za-z0-9_-]{43}", fullmatch=True),
)
def test_a_new_key_is_read_as_what_it_was_made_for(kind: KeyKind, name: str, secret: str) -> None:
    """Whatever hyphens and underscores stand in it."""
    assert read_key(new_key(kind, name, secret)) == KeyName(kind, name)


@pytest.mark.parametrize("name", ["", "Leitstelle", "a_b", "x" * 41])
def test_no_key_is_made_that_could_never_be_read(name: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        new_key(KeyKind.SOURCE, name, SECRET)


def test_the_id_is_asked_of_a_key_of_its_kind_only() -> None:
    assert key_id(KEY, KeyKind.SOURCE) == "leitstelle-1"
    with pytest.raises(ValueError, match="not a key of the form wi_") as refused:
        key_id(KEY, KeyKind.INSTANCE)
    assert SECRET not in str(refused.value)


def test_only_the_same_key_under_the_same_pepper_matches() -> None:
    stored = digest(b"pepper", KEY)
    assert matches(stored, b"pepper", KEY)
    assert not matches(stored, b"pepper", f"wk_leitstelle-1_{'t' * 43}")
    assert not matches(stored, b"another", KEY)
    assert SECRET.encode() not in stored


def test_every_kind_of_key_speaks_for_somebody() -> None:
    assert set(AUTHENTICATES) == set(KeyKind)
    assert all(AUTHENTICATES.values())
    assert all(KEY_PATTERN.fullmatch(f"{kind}_a_{SECRET}") for kind in KeyKind)
    assert set(KEYED) == set().union(*AUTHENTICATES.values())


def test_only_keys_that_make_others_end_by_themselves() -> None:
    assert set(LIFE) == {KeyKind.OPERATOR}


@pytest.mark.parametrize("kind", KeyKind)
def test_a_fresh_key_is_another_one_each_time(kind: KeyKind) -> None:
    one, other = (read_key(fresh_key(kind, "x" * 40)) for _ in range(2))
    assert one is not None
    assert (one.kind, one.id[:32]) == (kind, f"{'x' * 31}-")
    assert one != other


@pytest.mark.parametrize("bearer", ["a", "leitstelle-dueren", "x" * 40])
def test_another_key_of_a_bearer_has_an_id_of_its_own(bearer: str) -> None:
    one, other = (new_key_id(bearer, digits) for digits in ("0a1b2c3d", "00000000"))
    assert one != other
    assert read_key(new_key(KeyKind.INSTANCE, one, SECRET)) == KeyName(KeyKind.INSTANCE, one)
    assert str(KeyName(KeyKind.INSTANCE, one)) == f"wi_{bearer[:31]}-0a1b2c3d"


def test_no_key_has_the_digest_that_stands_for_none() -> None:
    assert not matches(NO_DIGEST, b"pepper", KEY)
    assert len(NO_DIGEST) == len(digest(b"pepper", KEY))
