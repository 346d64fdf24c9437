"""Enrolling: what is asked for becomes the record's, and tokens are shown once."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.access.management_tokens import ManagementTokens
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.enrolment import AskedTooSoon, Enrolment, NothingToTest, SubscriberStores
from dispatcher.audience.phone_numbers import NumberRefused
from dispatcher.audience.wish import Asked, AskedEndpoint, Judge, WishRefused
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import NotTheirs
from dispatcher.store import record
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.audience.subscribers import KnownInstance, Subscribers
from dispatcher.store.sources import Sources
from tests.audience.test_wish import Push
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import codes_of, leaving_of, prove_all

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
async def enrolment(database_url: str, boundaries: Boundaries) -> Any:
    pool = await record.connect(database_url, size=2)
    await Sources(pool, b"pepper").put_instance(
        Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}"
    )
    push: Any = Push()
    numbers = iter(range(100))
    tokens = ManagementTokens(
        lambda purpose, value: hashlib.sha256(f"{purpose} {value}".encode()).digest(),
        lambda: f"{next(numbers):043}",
    )
    judge = Judge({"webpush": push}, boundaries, tokens.device)
    yield Enrolment(
        SubscriberStores(
            Subscribers(pool, ADDRESSES), Proofs(pool, ADDRESSES), SubscriberEnds(pool, ADDRESSES)
        ),
        tokens,
        judge,
        lambda: NOW,
        codes_of(pool),
        leaving_of(pool),
    )
    await pool.close()


@pytest.mark.parametrize(
    ("written", "number"),
    [("0151/12345678", "+4915112345678"), ("0031 6 12345678", "+31612345678"), ("STOP", None), ("", None)],
)
async def test_whoever_is_imported_may_leave_by_a_number_of_any_country(
    enrolment: Enrolment, written: str, number: str | None
) -> None:
    if number is None:
        with pytest.raises(NumberRefused):
            await enrolment.ask_to_leave(written, "line")
    else:
        assert enrolment._leaving.read(written) == number
        await enrolment.ask_to_leave(written, "line")
    assert not await enrolment.leave_by_number(written, "123 456")


def wants(*names: str) -> Asked:
    return Asked(
        [AskedEndpoint("webpush", f"https://p.example/{name}", {"auth": name}) for name in names], [DUEREN]
    )


async def test_a_token_is_shown_once_and_opens_what_is_proven(enrolment: Enrolment) -> None:
    anna = enrolment.installation("dueren", "anna")
    made = await enrolment.put(anna, (DUEREN,), wants("a"))
    assert made.new_token
    assert made.new_token not in repr(made)
    again = await enrolment.put(anna, (DUEREN,), wants("a"), token=made.new_token)
    assert again.new_token is None
    assert again.leave_token == made.leave_token
    await prove_all(enrolment._store._pool)
    with pytest.raises(NotTheirs):
        await enrolment.put(anna, (DUEREN,), wants("b"))
    assert await enrolment.owner(anna, made.new_token) == made.subscriber.number
    assert await enrolment.owner(anna, "wt_other") is None
    assert await enrolment.owner(enrolment.installation("dueren", "bernd"), made.new_token) is None


async def test_what_the_record_refuses_is_said_as_what_is_wrong_in_the_body(enrolment: Enrolment) -> None:
    await enrolment.put(enrolment.installation("dueren", "anna"), (DUEREN,), wants("a"))
    await prove_all(enrolment._store._pool)
    other = Asked([AskedEndpoint("webpush", "https://p.example/a", {"auth": "guess"})], [DUEREN])
    with pytest.raises(WishRefused) as refused:
        await enrolment.put(enrolment.installation("dueren", "bernd"), (DUEREN,), other)
    assert [(one.code, one.path) for one in refused.value.errors] == [("endpoint_taken", "/endpoints/0")]


async def test_it_shows_tests_exports_and_erases(enrolment: Enrolment) -> None:
    anna = enrolment.installation("dueren", "anna")
    number = (await enrolment.put(anna, (DUEREN,), wants("a"))).subscriber.number
    assert not await enrolment.prove(number, "wrong")
    with pytest.raises(NothingToTest):
        await enrolment.test(number)
    await prove_all(enrolment._store._pool)
    await enrolment.test(number)
    with pytest.raises(AskedTooSoon):
        await enrolment.test(number)
    kept = await enrolment.export(number, UNNAMED_OPERATOR)
    assert kept is not None
    assert kept["places"] == [DUEREN]
    shown = await enrolment.shown(anna)
    assert shown is not None
    assert await enrolment.leave_by(shown.leave_token)
    assert await enrolment.shown(anna) is None
    assert await enrolment.export(number, UNNAMED_OPERATOR) is None
    await enrolment.leave(number)


async def test_an_instance_shows_its_places_and_is_open_until_it_is_disabled(enrolment: Enrolment) -> None:
    assert await enrolment.instance("dueren") == KnownInstance("dueren", (DUEREN,))
    assert await enrolment.instance("nowhere") is None
    await enrolment._store._pool.execute(
        "UPDATE instance SET shows = '{juelich}'"  # without the neighbour's consent it shows none of its warnings
    )
    assert await enrolment.instance("dueren") == KnownInstance("dueren", (DUEREN,))
    await _consent(enrolment._store._pool)
    assert await enrolment.instance("dueren") == KnownInstance("dueren", (DUEREN, JUELICH))
    await enrolment._store._pool.execute("UPDATE instance SET disabled_at = now()")
    closed = await enrolment.instance("dueren")
    assert closed is not None
    assert not closed.is_open


async def _consent(pool: Any) -> None:
    await Sources(pool, b"pepper").put_instance(
        Instance("juelich", "Jülich", (JUELICH,)), f"wi_juelich_{'s' * 43}"
    )
    await pool.execute(
        "INSERT INTO consent (neighbour_id, instance_id, given_by, recorded_by) VALUES ('juelich', 'dueren', 'x', 'x')"
    )
