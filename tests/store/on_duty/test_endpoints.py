"""Where a person is told: sealed, proven by a code, and erased."""

import json
from datetime import timedelta
from typing import Any

import pytest

import dispatcher.store.on_duty.endpoints as module
from dispatcher.access.principals import UNNAMED_OPERATOR as BY
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.on_duty.endpoints import CODE_TRIES, MOST, Confirmation, NewEndpoint, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.store.on_duty.endpoints import DutyEndpoints, TooManyEndpoints
from dispatcher.store.on_duty.messages import DutyMessages
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.rotation import Rotation
from tests.support.on_duty import CODE, NUMBER, messages_of, prove
from tests.support.sealed import RING

PHONE = typed_endpoint(DutyChannel.SMS, NUMBER, "Diensthandy")
BROWSER = NewEndpoint(
    DutyChannel.WEBPUSH, "https://push.example/1", {"p256dh": "public", "auth": "secret", "vapid": "key-1"}
)


async def add(endpoints: DutyEndpoints, new: NewEndpoint = PHONE) -> int:
    number = await endpoints.add("m.keller", new, BY)
    assert number is not None
    return number


async def everything(pool: Any) -> str:
    """All that the record has in the clear of endpoints and of who did what."""
    rows = await pool.fetch(
        "SELECT to_jsonb(e) AS row FROM person_endpoint e UNION ALL SELECT to_jsonb(a) FROM audit a"
    )
    return json.dumps([row["row"] for row in rows])


@pytest.mark.parametrize("new", [PHONE, BROWSER], ids=lambda one: one.channel)
async def test_it_is_sealed_counts_once_it_is_proven_and_leaves_no_address(
    pool: Any, keller: Any, endpoints: DutyEndpoints, new: NewEndpoint
) -> None:
    number = await add(endpoints, new)
    assert await endpoints.reachable() == frozenset()
    await prove(pool, number)
    assert await endpoints.reachable() == {keller.id}
    (listed,) = await endpoints.listed("m.keller")
    assert (listed.works, listed.last_answer, listed.label) == (True, "accepted", new.label)
    assert listed.last_accepted_at is not None
    assert listed == await endpoints.numbered(number)
    for secret in (new.address, CODE, "secret", "Diensthandy"):
        assert secret not in (await everything(pool)).replace('"label": "Diensthandy"', "")
    actions = await pool.fetch("SELECT action FROM audit WHERE action LIKE 'person.endpoint%' ORDER BY id")
    assert [row["action"] for row in actions] == [
        f"person.endpoint-{act}" for act in ("add", "test", "prove")
    ]


async def test_the_same_address_is_the_same_endpoint(keller: Any, endpoints: DutyEndpoints) -> None:
    assert await add(endpoints) == await add(endpoints)
    assert len(await endpoints.listed(keller.id)) == 1


async def test_nobody_has_any_number_of_them(keller: Any, endpoints: DutyEndpoints) -> None:
    for last in range(MOST):
        await add(endpoints, typed_endpoint(DutyChannel.SMS, f"{NUMBER}{last}"))
    with pytest.raises(TooManyEndpoints):
        await add(endpoints)
    assert len(await endpoints.listed(keller.id)) == MOST


async def test_whoever_is_not_there_or_disabled_gets_none(
    pool: Any, keller: Any, endpoints: DutyEndpoints
) -> None:
    assert await endpoints.add("nobody", PHONE, BY) is None
    await Persons(pool).disable(keller.id, BY)
    assert await endpoints.add(keller.id, PHONE, BY) is None


@pytest.mark.usefixtures("keller")
async def test_a_code_is_good_for_some_tries_and_for_a_while(
    pool: Any, endpoints: DutyEndpoints, messages: DutyMessages
) -> None:
    number = await add(endpoints)
    assert await endpoints.confirm(number, CODE, BY) is Confirmation.OVER, "none was sent"
    assert await endpoints.ask_code(number, BY) is not None
    await messages.claim(1)
    assert await endpoints.confirm(number, CODE, BY, "another.person") is Confirmation.OVER
    for _ in range(CODE_TRIES):
        assert await endpoints.confirm(number, "999999", BY) is Confirmation.WRONG
    assert await endpoints.confirm(number, CODE, BY) is Confirmation.OVER
    assert await endpoints.ask_code(number, BY) is None, "one was asked for a moment ago"
    await pool.execute("UPDATE duty_message SET created_at = created_at - interval '1 hour'")
    await pool.execute("UPDATE person_endpoint SET busy_until = '-infinity'")
    assert await endpoints.ask_code(number, BY) is not None
    await messages.claim(1)
    await pool.execute("UPDATE person_endpoint SET code_sent_at = code_sent_at - interval '1 hour'")
    assert await endpoints.confirm(number, CODE, BY) is Confirmation.OVER


@pytest.mark.usefixtures("keller")
async def test_what_is_removed_is_erased_with_all_that_was_sent(pool: Any, endpoints: DutyEndpoints) -> None:
    number = await add(endpoints)
    await prove(pool, number)
    assert not await endpoints.remove(number, BY, "another.person")
    assert await endpoints.remove(number, BY)
    assert not await endpoints.remove(number, BY)
    for table in ("person_endpoint", "duty_message", "duty_attempt"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await endpoints.answer_of(1) is None


@pytest.mark.usefixtures("keller")
async def test_a_new_key_opens_what_an_old_one_has_sealed(pool: Any, endpoints: DutyEndpoints) -> None:
    number = await add(endpoints)
    ring = KeyRing(RING.lookup, {**RING.keys, 2: b"n" * 32})
    await Rotation(pool).reseal(Sealing(ring))
    assert await endpoints.ask_code(number, BY) is not None
    only_new = Addresses(Sealing(KeyRing(RING.lookup, {2: ring.keys[2]})))
    (due,) = await messages_of(pool, only_new).claim(1)
    assert due.endpoint.address == NUMBER


@pytest.mark.usefixtures("keller")
async def test_an_endpoint_gets_so_many_codes_in_a_day(
    pool: Any, endpoints: DutyEndpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await add(endpoints)
    monkeypatch.setattr(module, "CODES_A_DAY", 2)
    monkeypatch.setattr(module, "CODE_AGAIN_AFTER", timedelta())
    asked = [await endpoints.ask_code(number, BY) is not None for _ in range(3)]
    assert asked == [True, True, False]
    assert await pool.fetchval("SELECT count(*) FROM duty_message WHERE due_at IS NOT NULL") == 1
    await pool.execute("UPDATE duty_message SET created_at = created_at - interval '1 day'")
    assert await endpoints.ask_code(number, BY) is not None
    assert await pool.fetchval("SELECT count(*) FROM duty_message") == 1, "no longer than they count"
