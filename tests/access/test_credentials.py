"""Which credentials are good, and why others are not: as values."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.access.credentials import (
    USE_NOTED_EVERY,
    Bearer,
    KeyTerms,
    SharedSecret,
    is_use_due,
    judge,
    judge_secret,
    wrong_end,
)
from dispatcher.access.keys import KeyKind
from dispatcher.access.kinds import PrincipalKind
from dispatcher.model.principals import CredentialState

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(microseconds=1), NOW + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        (None, CredentialState.UNKNOWN),
        (KeyTerms(), CredentialState.VALID),
        (KeyTerms(expires_at=AFTER), CredentialState.VALID),
        (KeyTerms(expires_at=NOW), CredentialState.EXPIRED),
        (KeyTerms(expires_at=BEFORE), CredentialState.EXPIRED),
        (KeyTerms(revoked_at=BEFORE), CredentialState.REVOKED),
        (KeyTerms(revoked_at=AFTER), CredentialState.REVOKED),
        (KeyTerms(disabled_at=BEFORE), CredentialState.DISABLED),
        (KeyTerms(BEFORE, BEFORE, BEFORE), CredentialState.REVOKED),
        (KeyTerms(BEFORE, None, BEFORE), CredentialState.DISABLED),
    ],
)
def test_a_key_is_judged_by_its_terms(terms: KeyTerms | None, state: CredentialState) -> None:
    assert judge(terms, NOW) is state


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ([], CredentialState.MISSING),
        ([b""], CredentialState.UNKNOWN),
        ([b"now"], CredentialState.VALID),
        ([b"before"], CredentialState.EXPIRED),
        ([b"before", b"now"], CredentialState.VALID),
        ([b"nonsense"], CredentialState.UNKNOWN),
    ],
)
def test_a_secret_is_judged_by_the_best_that_is_shown(shown: list[bytes], state: CredentialState) -> None:
    assert judge_secret(SharedSecret(b"now", b"before", BEFORE), shown, NOW) is state
    lenient = judge_secret(SharedSecret(b"now", b"before", AFTER), shown, NOW)
    assert lenient is (CredentialState.VALID if state is CredentialState.EXPIRED else state)


def test_no_secret_before_is_not_an_empty_one() -> None:
    assert judge_secret(SharedSecret(b"now"), [b""], NOW) is CredentialState.UNKNOWN


def test_a_use_is_noted_once_a_minute() -> None:
    assert is_use_due(None, NOW)
    assert is_use_due(NOW - USE_NOTED_EVERY, NOW)
    assert not is_use_due(NOW - USE_NOTED_EVERY + timedelta(seconds=1), NOW)
    assert not is_use_due(AFTER, NOW)


@pytest.mark.parametrize(
    ("bearer", "kind", "record_id", "text"),
    [
        (Bearer.of("leitstelle", None), KeyKind.SOURCE, "leitstelle", "source leitstelle"),
        (Bearer.of("feed-mowas", None), KeyKind.SOURCE, "feed-mowas", "feed mowas"),
        (Bearer.of(None, "dueren"), KeyKind.INSTANCE, "dueren", "instance dueren"),
    ],
)
def test_a_bearer_is_named_as_operators_know_it_and_as_the_record_does(
    bearer: Bearer, kind: KeyKind, record_id: str, text: str
) -> None:
    assert (bearer.key_kind, bearer.record_id, str(bearer)) == (kind, record_id, text)


def test_a_feed_is_one_by_either_name() -> None:
    assert Bearer.of("feed-mowas", None) == Bearer(PrincipalKind.FEED, "mowas")


@pytest.mark.parametrize(
    ("kind", "end", "wrong"),
    [
        (KeyKind.SOURCE, None, False),
        (KeyKind.INSTANCE, NOW + timedelta(days=3000), False),
        (KeyKind.OPERATOR, NOW + timedelta(days=90), False),
        (KeyKind.OPERATOR, NOW + timedelta(days=90, seconds=1), True),
        (KeyKind.OPERATOR, None, True),
    ],
)
def test_an_operators_key_ends(kind: KeyKind, end: datetime | None, wrong: bool) -> None:
    assert bool(wrong_end(kind, end, NOW)) is wrong
