"""One endpoint in another's place, and endpoints that are somebody else's."""

from dataclasses import replace
from typing import Any

import pytest

from channels.base import Endpoint
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.model.subscribers import EndpointState, SubscriberRefused, Wish, WishedEndpoint
from dispatcher.model.vocabulary import Reason, State
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.endpoints import SHARED_MAX, EndpointLink, owned, successors
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.sources import Sources
from tests.support.apns_credentials import credential_of
from tests.support.histories import finish, plan, planned, submit, subscription
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.subscribers import digest, endpoint, enrol, installation, named, prove_all, put, told, wish


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return pool


async def number_of(pool: Any, name: str) -> Any:
    return (await named(pool, "true")).get(name)


async def imported(pool: Any, name: str, **more: Any) -> None:
    """An endpoint that came by an import, with the keys that a subscriber names."""
    line = replace(subscription(name), keys={"p256dh": name, "auth": name}, **more)
    await Subscriptions(pool, ADDRESSES).add_many([line])


async def states(pool: Any, name: str = "anna") -> list[EndpointState]:
    found = await Subscribers(pool, ADDRESSES).of(installation(name))
    assert found is not None
    return [one.state for one in found.endpoints]


def link(number: int, channel: str = "webpush", *, proven: bool = True, gone: bool = False) -> EndpointLink:
    return EndpointLink(number, channel, proven, gone, b"", None)


def test_each_proven_one_that_is_not_named_any_more_has_a_successor_of_its_channel() -> None:
    dropped = [link(1), link(2, "sms"), link(3), link(4, proven=False), link(5, gone=True), link(6)]
    assert successors(dropped, {11: "webpush", 12: "sms", 13: "webpush"}) == {1: 11, 2: 12, 3: 13}


async def test_an_endpoint_is_told_on_until_the_one_in_its_place_is_proven(pool: Any) -> None:
    await enrol(pool, "anna", "old")
    await put(pool, "anna", wish("new", places=(JUELICH,)))
    assert await told(pool) == {"old": (True, [JUELICH]), "new": (False, [])}
    assert await states(pool) == [EndpointState.WAITING, EndpointState.REPLACED]
    await put(pool, "anna", wish("newer"))
    assert await told(pool) == {"old": (True, [DUEREN]), "newer": (False, [])}
    await prove_all(pool)
    assert await told(pool) == {"newer": (True, [DUEREN])}
    assert await states(pool) == [EndpointState.ACTIVE]


async def test_what_was_alarmed_at_the_old_address_hears_the_end_at_the_new_one(
    pool: Any, alerts: Any, ledger: Any, plans: Any
) -> None:
    await enrol(pool, "anna", "old")
    number = await number_of(pool, "old")
    await submit(alerts, "A", DUEREN)
    for batch in await plan(ledger, plans, "A"):
        await finish(ledger, batch.batch_id, State.ACCEPTED)
    await put(pool, "anna", wish("new", places=(JUELICH,)))
    await prove_all(pool)
    assert await Subscriptions(pool, ADDRESSES).endpoints([number]) == {
        number: Endpoint(number, "https://push.example/new", {"p256dh": "new", "auth": "new"})
    }
    await submit(alerts, "B", DUEREN, chain="A")
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == {("no_longer_affected", number)}


async def test_what_waits_goes_to_the_new_push_service(
    pool: Any, alerts: Any, ledger: Any, plans: Any
) -> None:
    await enrol(pool, "anna", "old")
    await submit(alerts, "A", DUEREN)
    [batch] = await plan(ledger, plans, "A")
    moved = WishedEndpoint("webpush", "https://other.example", "https://other.example/new", {})
    await put(pool, "anna", Wish((moved,), (DUEREN,)))
    await prove_all(pool)
    assert (
        await pool.fetchval("SELECT gateway FROM batch WHERE id = $1", batch.batch_id)
        == "https://other.example"
    )


async def test_an_endpoint_that_others_have_stays_theirs(pool: Any) -> None:
    await enrol(pool, "anna", "shared")
    await enrol(pool, "bernd", "shared", instance="juelich", places=(JUELICH,))
    assert await told(pool) == {"shared": (True, [DUEREN, JUELICH])}
    await put(pool, "anna", wish("own"))
    await prove_all(pool)
    assert await told(pool) == {"shared": (True, [JUELICH]), "own": (True, [DUEREN])}


async def test_an_imported_endpoint_goes_on_as_it_was_when_its_subscriber_leaves(pool: Any) -> None:
    await imported(pool, "a", language="en")
    number = await number_of(pool, "a")
    anna = await enrol(pool, "anna", "a", places=(JUELICH,), languages=("uk",), min_severity=4)
    assert await told(pool) == {"a": (True, [DUEREN, JUELICH])}
    row = await pool.fetchrow("SELECT language, min_severity FROM subscription")
    assert tuple(row) == ("uk,en", 0), "the import wants everything"
    await SubscriberEnds(pool, ADDRESSES).leave(anna)
    assert await told(pool) == {"a": (True, [DUEREN])}
    assert await pool.fetchval("SELECT language FROM subscription WHERE id = $1", number) == "en"


async def test_an_import_without_a_legal_basis_is_not_active_again_when_its_subscriber_leaves(
    pool: Any,
) -> None:
    await imported(pool, "a")
    await pool.execute("UPDATE subscription SET active = false")
    anna = await enrol(pool, "anna", "a")
    assert await told(pool) == {"a": (True, [DUEREN])}
    await SubscriberEnds(pool, ADDRESSES).leave(anna)
    assert await told(pool) == {"a": (False, [DUEREN])}


async def test_an_endpoint_with_other_keys_is_another_s(pool: Any) -> None:
    await enrol(pool, "anna", "a")
    await imported(pool, "imported")
    for name in ("a", "imported"):
        with pytest.raises(SubscriberRefused, match="endpoint_taken") as refused:
            await put(pool, "mallory", Wish((endpoint("other"), endpoint(name, "guess")), (DUEREN,)))
        assert refused.value.path == "/endpoints/1"
    assert set(await told(pool)) == {"a", "imported"}, "nothing was changed"


async def test_keys_that_nobody_has_proven_keep_the_endpoint_from_nobody(pool: Any) -> None:
    await put(pool, "mallory", Wish((endpoint("a", "guess"),), (JUELICH,)))
    messages = EndpointMessages(
        pool, ADDRESSES, lambda _: "x", lambda number, code: digest(f"{number} {code}")
    )
    [message] = await messages.claim(5)
    await enrol(pool, "anna", "a")
    assert not await Proofs(pool, ADDRESSES).prove(message.subscriber, message.code_digest)
    assert await told(pool) == {"a": (True, [DUEREN])}


async def test_own_keys_that_changed_are_proven_again(pool: Any) -> None:
    await enrol(pool, "anna", "a")
    for keys in ("new", "newer"):  # as an app whose library makes others at each start
        await put(pool, "anna", Wish((endpoint("a", keys),), (DUEREN,)))
        assert await told(pool) == {"a": (False, [])}
        await prove_all(pool)
        assert await told(pool) == {"a": (True, [DUEREN])}, "by a code that was sent at once"
        assert [one.keys["auth"] for one in await endpoints(pool)] == [keys]


async def test_keys_that_change_before_they_are_proven_send_no_code_each(pool: Any) -> None:
    await put(pool, "mallory", Wish((endpoint("a", "one"),), (DUEREN,)))
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda _number, code: digest(code))
    sent = await messages.claim(5)
    await messages.answered(sent[0], "accepted", again=False)
    for keys in ("two", "three"):
        await put(pool, "mallory", Wish((endpoint("a", keys),), (DUEREN,)))
    assert (len(sent), await messages.claim(5)) == (1, [])


async def test_one_that_was_gone_is_the_same_recipient_again_once_it_is_proven(pool: Any) -> None:
    await enrol(pool, "anna", "a")
    number = await number_of(pool, "a")
    await pool.execute("UPDATE subscription SET ended_at = clock_timestamp(), end_reason = 'gone'")
    assert await states(pool) == [EndpointState.GONE]
    await pool.execute("UPDATE subscriber_endpoint SET code_sent_at = NULL")
    await put(pool, "anna", wish("a"))
    assert await told(pool) == {"a": (False, [])}
    await prove_all(pool)
    assert await told(pool) == {"a": (True, [DUEREN])}
    assert await number_of(pool, "a") == number


async def test_one_that_has_a_past_of_its_own_keeps_its_number(pool: Any) -> None:
    await enrol(pool, "anna", "a", "b")
    old, back = await number_of(pool, "a"), await number_of(pool, "b")
    await pool.execute("UPDATE subscription SET ended_at = clock_timestamp() WHERE id = $1", back)
    await put(pool, "anna", wish("b"))
    assert await told(pool) == {"a": (True, [DUEREN]), "b": (False, [])}
    await pool.execute(
        "UPDATE subscriber_endpoint SET due_at = clock_timestamp() WHERE subscription_id = $1", back
    )
    await prove_all(pool)
    assert await told(pool) == {"b": (True, [DUEREN])}
    assert (await number_of(pool, "b"), await number_of(pool, "a")) == (back, None)
    assert old != back


async def test_an_endpoint_in_the_place_of_a_shared_one_hears_the_end_of_what_that_was_warned_of(
    pool: Any, alerts: Any, ledger: Any, plans: Any
) -> None:
    """And the shared one does, which goes on for others; what that is warned of later is no affair of the new one."""

    async def told_of(alert_id: str, *areas: str, **more: Any) -> set[int]:
        await submit(alerts, alert_id, *areas, **more)
        for ready in await plan(ledger, plans, alert_id):
            await finish(ledger, ready.batch_id, State.ACCEPTED)
        return {one for _, one in await planned(pool, alert_id)}

    await enrol(pool, "anna", "shared")
    await enrol(pool, "bernd", "shared", places=(DUEREN, JUELICH))
    shared = await number_of(pool, "shared")
    assert await told_of("A") == {shared}
    await put(pool, "anna", wish("moved"))
    await prove_all(pool)
    moved = await number_of(pool, "moved")
    assert await told_of("B", JUELICH) == {shared}
    assert await told_of("C", chain="A", reason=Reason.CANCEL) == {shared, moved}
    assert await told_of("D", JUELICH, chain="B", reason=Reason.CANCEL) == {shared}
    await pool.execute("UPDATE succession SET at = at - interval '31 days'")
    await SubscriberEnds(pool, ADDRESSES).erase_ended(30)
    assert await pool.fetchval("SELECT count(*) FROM succession") == 0


async def test_one_with_a_past_of_its_own_hears_the_end_of_what_the_one_before_was_warned_of(
    pool: Any, alerts: Any, ledger: Any, plans: Any
) -> None:
    await enrol(pool, "anna", "a")
    await imported(pool, "b")
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, [State.ACCEPTED, State.REJECTED])
    await put(pool, "anna", wish("b"))
    await prove_all(pool)
    assert await number_of(pool, "a") is None
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert {one for _, one in await planned(pool, "C")} == {await number_of(pool, "b")}


async def test_an_endpoint_has_few_subscribers(pool: Any) -> None:
    for n in range(SHARED_MAX):
        await put(pool, f"app {n}", wish("one"))
    await prove_all(pool)
    with pytest.raises(SubscriberRefused, match="endpoint_shared"):
        await put(pool, "one more", wish("one"))


async def test_however_many_name_an_endpoint_its_owner_is_not_kept_out(pool: Any) -> None:
    await InstanceCredentials(pool).put(
        ChannelCredential("juelich", "webpush", "o" * 87), b"x", ADDRESSES, UNNAMED_OPERATOR
    )
    for n in range(SHARED_MAX + 1):
        await put(pool, f"mallory {n}", Wish((endpoint("a", "guess"),), (JUELICH,)), "juelich")
    assert await pool.fetchval("SELECT count(*) FROM subscriber_endpoint") == SHARED_MAX
    await put(pool, "anna", wish("a"))
    row = await pool.fetchrow("SELECT instance, keys ? 'vapid' AS signed FROM subscription")
    assert tuple(row) == ("dueren", False), "nothing of the others' stays"
    await prove_all(pool)
    assert (await told(pool))["a"][0]
    number = await pool.fetchval(
        "SELECT id FROM subscriber WHERE installation_hash = $1", installation("anna").hash
    )
    assert await pool.fetchval("SELECT proven_at FROM subscriber_endpoint WHERE subscriber_id = $1", number)
    with pytest.raises(SubscriberRefused, match="endpoint_taken"):
        await put(pool, "mallory 0", Wish((endpoint("a", "guess"),), (JUELICH,)), "juelich")


def test_what_an_import_leaves_out_is_what_an_app_says() -> None:
    imported, said = {"project": "warn-app-1"}, {"project": "warn-app-1", "target": "token"}
    assert owned(imported) == owned(said) != owned({**said, "target": "fid"})


async def test_an_app_names_a_firebase_project_of_its_own(pool: Any) -> None:
    def phone(project: str, target: str = "token") -> Wish:
        one = WishedEndpoint("fcm", project, "token:1", {"project": project, "target": target})
        return Wish((one,), (DUEREN,))

    async def own(instance: str, project: str) -> None:
        kept = ChannelCredential(instance, "fcm", f"{project}/key")
        await InstanceCredentials(pool).put(kept, b"x", ADDRESSES, UNNAMED_OPERATOR)

    await own("juelich", "warn-app-1")
    with pytest.raises(SubscriberRefused) as refused:
        await put(pool, "anna", phone("warn-app-1"))
    assert (refused.value.code, refused.value.path) == ("project_unknown", "/endpoints/0/keys/project")
    await own("dueren", "warn-app-1")
    await own("dueren", "warn-app-2")
    # Who names an address first in a wrong project, or as what it is not, keeps nobody out.
    await put(pool, "mallory", phone("warn-app-1"))
    await put(pool, "berta", phone("warn-app-2", "fid"))
    await put(pool, "anna", phone("warn-app-2"))
    [one] = await endpoints(pool)
    assert (one.address, one.keys) == ("token:1", {"project": "warn-app-2", "target": "token"})
    assert await pool.fetchval("SELECT gateway FROM subscription") == "warn-app-2"
    await prove_all(pool)
    with pytest.raises(SubscriberRefused, match="endpoint_taken"):
        await put(pool, "dora", phone("warn-app-1"))


async def test_an_app_on_iphones_names_an_app_and_environment_of_its_own(pool: Any) -> None:
    def phone(topic: str, environment: str = "production") -> Wish:
        keys = {"topic": topic, "environment": environment}
        return Wish((WishedEndpoint("apns", f"{environment}/{topic}", "a1" * 32, keys),), (DUEREN,))

    async def own(instance: str, environment: str, *topics: str) -> None:
        credential = credential_of(*topics, environment=environment)
        kept = ChannelCredential(instance, "apns", credential.name)
        await InstanceCredentials(pool).put(kept, b"x", ADDRESSES, UNNAMED_OPERATOR)

    await own("juelich", "production", "de.dueren.warn")
    await own("dueren", "sandbox", "de.dueren.warn")
    for foreign in (phone("de.dueren.warn"), phone("de.dueren", "sandbox")):
        with pytest.raises(SubscriberRefused) as refused:
            await put(pool, "anna", foreign)
        assert (refused.value.code, refused.value.path) == ("topic_unknown", "/endpoints/0/keys/topic")
    await own("dueren", "production", "de.a", "de.dueren.warn")
    # The one before goes on; who names an address first in a wrong environment keeps nobody out.
    await put(pool, "mallory", phone("de.dueren.warn", "sandbox"))
    await put(pool, "anna", phone("de.dueren.warn"))
    [one] = await endpoints(pool)
    assert one.keys == {"topic": "de.dueren.warn", "environment": "production"}
    assert await pool.fetchval("SELECT gateway FROM subscription") == "production/de.dueren.warn"
    await prove_all(pool)
    with pytest.raises(SubscriberRefused, match="endpoint_taken"):
        await put(pool, "dora", phone("de.dueren.warn", "sandbox"))


async def test_a_browser_subscribed_with_the_key_that_the_service_has(pool: Any) -> None:
    await pool.execute("INSERT INTO shared_secret (name, fingerprint) VALUES ('vapid', $1)", "k" * 87)
    await put(pool, "anna", wish("a"))
    keys = await pool.fetchval("SELECT keys FROM subscription")
    assert keys["vapid"] == "k" * len(keys["vapid"])
    own = ChannelCredential("dueren", "webpush", "o" * 87)
    await InstanceCredentials(pool).put(own, b"x", ADDRESSES, UNNAMED_OPERATOR)
    await put(pool, "berta", wish("b"))
    newest = await pool.fetchval("SELECT keys FROM subscription ORDER BY id DESC LIMIT 1")
    assert newest["vapid"] == "o" * len(keys["vapid"]), "of an app that has one of its own that one"
    for name in ("k", "o"):
        one = endpoint(name)
        named = replace(one, keys={**one.keys, "vapid": name * len(keys["vapid"])})
        await put(pool, f"with {name}", replace(wish(), endpoints=(named,)))
    stranger = replace(one, keys={**one.keys, "vapid": "x" * len(keys["vapid"])})
    with pytest.raises(SubscriberRefused) as refused:
        await put(pool, "dora", replace(wish(), endpoints=(stranger,)))
    assert (refused.value.code, refused.value.path) == ("vapid_unknown", "/endpoints/0/keys/vapid")
