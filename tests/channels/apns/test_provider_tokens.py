"""A provider token is the same wherever it is signed, and changes as seldom and as often as Apple demands."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from channels.apns.provider_tokens import (
    ISSUED_BEFORE,
    REFUSED_FOR,
    RENEWED_EVERY,
    ProviderToken,
    ProviderTokens,
    issued_at,
    signed,
)
from tests.support.apns_credentials import KEY_ID, TEAM, credential_of, signing_key
from tests.support.service_accounts import pem_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CREDENTIAL = credential_of()
OTHER = credential_of(key_id="OTHER67890")
MOMENTS = st.integers(0, 20 * 365 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))


def test_a_library_reads_it_as_apple_wants_it() -> None:
    token = jwt.decode(signed(CREDENTIAL, NOW), ECKey.import_key(pem_of(signing_key())), algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "kid": KEY_ID}
    assert token.claims == {"iss": TEAM, "iat": int(NOW.timestamp())}
    assert type(token.claims["iat"]) is int


@given(MOMENTS)
def test_two_processes_show_the_same_token_at_any_moment(now: datetime) -> None:
    one, other = ProviderTokens(), ProviderTokens()
    assert one.token(CREDENTIAL, now) == other.token(CREDENTIAL, now)


@given(MOMENTS)
def test_it_is_never_too_old_nor_too_new_though_clocks_are_ten_minutes_off(now: datetime) -> None:
    for off in (-10, 0, 10):
        age = now - issued_at(now + timedelta(minutes=off))
        assert timedelta(0) <= age <= timedelta(hours=1)


@given(MOMENTS)
def test_the_one_before_is_good_for_as_long_as_apple_may_refuse_the_new_one(now: datetime) -> None:
    tokens = ProviderTokens()
    new = tokens.token(CREDENTIAL, now)
    began = new.issued + ISSUED_BEFORE
    last = ProviderTokens().token(CREDENTIAL, began - timedelta(seconds=1))
    shown = tokens.kept(CREDENTIAL, new, now)
    if now < began + REFUSED_FOR:
        assert shown == last._replace(earlier=True)
        for off in (-5, 0, 5):
            assert now + timedelta(minutes=off) - shown.issued < timedelta(hours=1)
    else:
        assert shown == new
    assert tokens.token(CREDENTIAL, began + REFUSED_FOR) == new, "once Apple must take it"
    assert not tokens.token(OTHER, now).earlier, "of another key Apple has said nothing"


def test_it_changes_no_oftener_than_every_20_minutes_and_at_least_every_hour() -> None:
    moments = [NOW + timedelta(minutes=one) for one in range(600)]
    changes = [
        later for earlier, later in itertools.pairwise(moments) if issued_at(earlier) != issued_at(later)
    ]
    pauses = {later - earlier for earlier, later in itertools.pairwise(changes)}
    assert pauses == {RENEWED_EVERY}
    assert timedelta(minutes=20) <= min(pauses) <= max(pauses) < timedelta(hours=1)


def test_another_key_under_the_same_number_signs_at_once() -> None:
    tokens = ProviderTokens()
    other = credential_of(key=pem_of(signing_key(2)))
    assert other.name != CREDENTIAL.name
    assert tokens.token(CREDENTIAL, NOW).value == signed(CREDENTIAL, issued_at(NOW))
    assert tokens.token(other, NOW).value == signed(other, issued_at(NOW))


def test_once_apple_has_called_one_too_old_the_next_is_shown() -> None:
    tokens = ProviderTokens()
    first = tokens.token(CREDENTIAL, NOW)
    other = tokens.renewed(CREDENTIAL, first, NOW)
    assert (first.ahead, other.ahead) == (False, True)
    assert tokens.token(CREDENTIAL, NOW) == other, "from then on"
    later = NOW + RENEWED_EVERY
    everybody = ProviderTokens().token(CREDENTIAL, later)
    assert everybody.value == other.value, "others show it, too, when its time has come"
    assert tokens.token(CREDENTIAL, later) == everybody, "and it is nothing special then"
    assert not tokens.token(OTHER, NOW).ahead, "of another key Apple has said nothing"


class Apple:
    """Apple, whose clock is right."""

    def __init__(self, behind: timedelta) -> None:
        self.behind = behind
        """How far our clock is."""
        self.seen: list[tuple[datetime, datetime]] = []
        """When a token that it took was first shown by our clock, and when that says that it was made."""
        self.refused_at: datetime | None = None

    def takes(self, token: ProviderToken, now: datetime) -> bool:
        age = now + self.behind - token.issued
        assert age >= timedelta(0), "none is too new"
        if age >= timedelta(hours=1):
            self.refused_at = now
            return False
        if token.issued not in [issued for _, issued in self.seen]:
            self.seen.append((now, token.issued))
        return True


@given(
    st.integers(0, 50 * 60 - 1), st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 2)), max_size=40)
)
def test_nobody_is_left_out_by_a_clock_that_is_behind_nor_shown_two_new_tokens(
    behind: int, sends: list[tuple[int, int]]
) -> None:
    """Whenever which of three processes sends, and however long it has not."""
    apple, processes = Apple(timedelta(seconds=behind)), [ProviderTokens() for _ in range(3)]
    now = NOW
    for pause, process in sends:
        now += timedelta(seconds=pause)
        tokens = processes[process]
        token = tokens.token(CREDENTIAL, now)
        if not apple.takes(token, now):
            assert apple.takes(tokens.renewed(CREDENTIAL, token, now), now)
    made = sorted(issued for _, issued in apple.seen)
    assert all(later - earlier >= RENEWED_EVERY for earlier, later in itertools.pairwise(made))


@given(st.integers(26 * 60, 30 * 60), st.integers(0, 24 * 60), st.integers(0, 20 * 60 - 1))
def test_after_one_that_was_too_old_there_is_one_for_twenty_minutes(
    behind: int, first: int, later: int
) -> None:
    apple, tokens = Apple(timedelta(seconds=behind)), ProviderTokens()
    now = NOW + timedelta(seconds=first)
    token = tokens.token(CREDENTIAL, now)
    if apple.takes(token, now):
        return
    other = tokens.renewed(CREDENTIAL, token, now)
    now += timedelta(seconds=later)
    assert tokens.token(CREDENTIAL, now).value == other.value
    assert apple.takes(other, now)


def test_none_goes_back_to_one_that_is_too_old_where_the_next_comes_too_soon() -> None:
    tokens = ProviderTokens()
    other = tokens.renewed(CREDENTIAL, tokens.token(CREDENTIAL, NOW), NOW)
    assert tokens.kept(CREDENTIAL, other, NOW) == other
    later = NOW + RENEWED_EVERY
    assert tokens.kept(CREDENTIAL, other, later).value == other.value


def test_each_is_signed_once_and_kept_no_longer_than_it_is_shown() -> None:
    tokens = ProviderTokens()
    for minutes in range(0, 400, 5):
        for credential in (CREDENTIAL, OTHER):
            now = NOW + timedelta(minutes=minutes)
            assert tokens.token(credential, now).value is tokens.token(credential, now).value
    assert len(tokens._signed) == 2
