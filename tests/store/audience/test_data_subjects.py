"""What is found by an address, what of it is given out, and what is left when it is taken out."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.principals import of_operator
from dispatcher.model.principals import Instance
from dispatcher.model.webhooks import WantedWebhook
from dispatcher.store.audience.data_subjects import DataSubjects, PersonalData
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.webhooks import Webhooks
from tests.support.histories import subscription
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol, named, put, told, wish

ANNA = of_operator("anna").actor


def url(name: str) -> str:
    return f"https://push.example/{name}"


@pytest.fixture
async def subjects(pool: Any, sources: Any) -> DataSubjects:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name, (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return DataSubjects(pool, ADDRESSES)


async def imported(subscriptions: Any, name: str, *places: str) -> None:
    line = subscription(name, *places)
    await subscriptions.add_many([replace(line, keys={"p256dh": name, "auth": name}, ref=f"ref of {name}")])


async def audited(pool: Any) -> list[str]:
    rows = await pool.fetch("SELECT action FROM audit WHERE actor = $1 ORDER BY id", ANNA)
    return [row["action"] for row in rows]


async def test_by_an_address_those_are_found_who_have_proven_it_and_what_was_imported(
    pool: Any, subjects: DataSubjects, subscriptions: Any
) -> None:
    await imported(subscriptions, "both", JUELICH)
    anna = await enrol(pool, "anna", "both", "own")
    other = await enrol(pool, "anna's other app", "both", instance="juelich")
    await put(pool, "curious", wish("own"))
    numbers = await named(pool)
    assert await subjects.at(url("both")) == PersonalData((anna, other), (numbers["both"],))
    assert await subjects.at(url("own")) == PersonalData((anna,))
    assert await subjects.at(url("none")) == PersonalData()


async def test_the_server_of_an_app_is_no_person(pool: Any, subjects: DataSubjects) -> None:
    hook = WantedWebhook("https://app.example/hook", "https://app.example")
    await Webhooks(pool, ADDRESSES).put("dueren", hook, lambda _: {"secret": "s"})
    assert await subjects.at("https://app.example/hook") == PersonalData()


async def test_what_was_imported_is_given_out_whole(
    pool: Any, subjects: DataSubjects, subscriptions: Any
) -> None:
    await imported(subscriptions, "a", JUELICH, DUEREN)
    number = (await named(pool))["a"]
    found = await subjects.imported(number, ANNA)
    assert found is not None
    assert found["address"] == url("a")
    assert (found["places"], found["areas"]) == ([DUEREN, JUELICH], [])
    assert (found["ref"], found["channel"]) == ("ref of a", "webpush")
    assert await subjects.imported(number + 1, ANNA) is None
    assert await audited(pool) == ["subscription.export"]


async def test_what_is_taken_out_is_erased_but_for_what_subscribers_want(
    pool: Any, subjects: DataSubjects, subscriptions: Any
) -> None:
    for name in ("both", "alone"):
        await imported(subscriptions, name, JUELICH)
    await enrol(pool, "anna", "both", places=(DUEREN,))
    numbers = await named(pool)
    for name in ("both", "alone"):
        assert await subjects.take_out(numbers[name], ANNA)
        assert (await subjects.at(url(name))).imported == ()
    assert await told(pool) == {"both": (True, [DUEREN])}
    assert await subjects.imported(numbers["both"], ANNA) is None
    assert not await subjects.take_out(numbers["both"], ANNA)
    row = await pool.fetchrow("SELECT ref, erased_at FROM subscription WHERE id = $1", numbers["alone"])
    assert row["ref"] is None
    assert row["erased_at"] is not None
    assert await audited(pool) == ["subscription.leave"] * 2


async def test_who_looked_and_who_erased_is_on_the_audit_trail(pool: Any, subjects: DataSubjects) -> None:
    number = await enrol(pool, "anna", "a")
    await subjects.note_look(PersonalData((number,), (7,)), ANNA)
    assert await SubscriberEnds(pool, ADDRESSES).leave(number, ANNA)
    assert not await SubscriberEnds(pool, ADDRESSES).leave(number, ANNA)
    assert await audited(pool) == ["subscriber.show", "subscription.show", "subscriber.leave"]
