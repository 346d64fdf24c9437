"""What endpoints follow, and whose they are, whatever subscribers and imports did in whatever order."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any

import hypothesis
import pytest
import uvloop
from hypothesis import HealthCheck
from hypothesis import strategies as st

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.sealing import Sealing
from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import Quiet
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.store import record
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.unions import PersonEndpoint, persons_of
from dispatcher.store.audience.wishes import turns
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.parties import Parties
from dispatcher.store.sealed.rotation import Rotation
from dispatcher.store.sources import Sources
from tests.support.histories import subscription, until
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES, RING
from tests.support.subscribers import enrol, installation, named, prove_all, put, told, wish

EXAMPLES = 7
PLACES, NAMES, ENDPOINTS = (DUEREN, JUELICH, HEIMBACH), ("anna", "bernd", "clara"), ("a", "b", "c")
subsets = {
    what: st.lists(st.sampled_from(what), min_size=1, max_size=len(what), unique=True)
    for what in (PLACES, ENDPOINTS)
}
puts = st.tuples(st.just("put"), st.sampled_from(NAMES), subsets[ENDPOINTS], subsets[PLACES])
steps = st.one_of(
    puts,
    puts,
    st.just(("prove",)),
    st.tuples(st.just("leave"), st.sampled_from(NAMES)),
    st.tuples(st.just("import"), st.sampled_from(ENDPOINTS), st.sampled_from(PLACES)),
    st.tuples(st.just("show"), subsets[PLACES]),
)


@dataclass
class Model:
    """What should be, by simple means. `has`: whose endpoints are proven; `next`: which one takes another's place."""

    wants: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)
    has: dict[str, set[str]] = field(default_factory=dict)
    next: dict[str, dict[str, str]] = field(default_factory=dict)
    imported: dict[str, set[str]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=lambda: set(PLACES))

    def put(self, name: str, endpoints: list[str], places: list[str]) -> None:
        self.wants[name], self.places[name] = endpoints, set(places)
        has = self.has.setdefault(name, set())
        free = [one for one in endpoints if one not in has]
        dropped = sorted(has - set(endpoints))
        # Which of several takes whose place does not matter here: one for one.
        keeps = dropped[: len(free)]
        self.next[name] = dict(zip(keeps, free, strict=False))
        self.has[name] -= set(dropped) - set(keeps)

    def prove(self) -> None:
        for name, endpoints in self.wants.items():
            self.has[name] = set(endpoints)
            self.next[name] = {}

    def told(self) -> dict[str, set[str]]:
        found = {name: set(places) for name, places in self.imported.items()}
        for name, has in self.has.items():
            for one in has:
                found.setdefault(one, set()).update(self.places[name] & self.shown)
        return found


async def _take(pool: Any, model: Model, step: Any) -> None:
    match step:
        case ("put", name, endpoints, places):
            await put(pool, name, wish(*endpoints, places=places))
            model.put(name, endpoints, places)
        case ("prove",):
            await pool.execute("UPDATE subscriber_endpoint SET due_at = now() WHERE proven_at IS NULL")
            await prove_all(pool)
            model.prove()
        case ("leave", name) if name in model.wants:
            number = await pool.fetchval(
                "SELECT s.id FROM subscriber s WHERE installation_hash = sha256($1::bytea)", name.encode()
            )
            await SubscriberEnds(pool, ADDRESSES).leave(number)
            for one in (model.wants, model.places, model.has, model.next):
                del one[name]
        case ("import", endpoint, place):
            keys = {"p256dh": endpoint, "auth": endpoint}
            line = subscription(endpoint, place)
            made = replace(line, keys=keys)
            await Subscriptions(pool, ADDRESSES).add_many([made])
            await pool.execute(
                "UPDATE subscription SET legal_basis = 'consent', active = true WHERE id = $1",
                (await named(pool))[endpoint],
            )
            model.imported.setdefault(endpoint, set()).add(place)
        case ("show", places):
            await pool.execute("UPDATE instance SET places = $1", places)
            model.shown = set(places)


async def _history(pool: Any, taken: list[Any]) -> None:
    model = Model()
    await pool.execute("UPDATE instance SET places = $1", PLACES)
    await pool.execute("DELETE FROM subscriber")
    await pool.execute("DELETE FROM subscription")
    for step in taken:
        await _take(pool, model, step)
        found = {name: set(places) for name, (active, places) in (await told(pool)).items() if active}
        expected = model.told()
        if any(len(one) > 1 for one in model.next.values()):
            # Which of two is kept for which is not the model's affair; how many are, is.
            assert len(found) == len(expected), step
        else:
            assert found == expected, step


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.mark.timeout(120)
def test_in_any_order_endpoints_are_told_what_all_want_who_proved_them_and_what_was_imported(
    runner: asyncio.Runner, database_url: str
) -> None:
    async def begin() -> Any:
        pool = await record.connect(database_url, size=1)
        await Sources(pool, b"pepper").put_instance(
            Instance("dueren", "Düren", PLACES), f"wi_dueren_{'s' * 43}"
        )
        return pool

    pool = runner.run(begin())

    @hypothesis.settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(st.lists(steps, min_size=4, max_size=7))
    def histories(taken: list[Any]) -> None:
        runner.run(_history(pool, taken))

    try:
        histories()
    finally:
        runner.run(pool.close())


def test_endpoints_of_one_key_are_one_person_in_order_but_not_what_others_have_too() -> None:
    phone = [PersonEndpoint(1, 10, "phone"), PersonEndpoint(2, 10, "phone"), PersonEndpoint(3, 11, "phone")]
    family = [
        PersonEndpoint(4, 12, 12),
        PersonEndpoint(5, 12, 12),
        PersonEndpoint(5, 13, 13),
        PersonEndpoint(6, 13, 13),
        PersonEndpoint(7, 13, 13),
    ]
    assert persons_of([*phone, *family]) == {
        1: (10, 0, 0),
        2: (10, 0, 1),
        3: (10, 1, 2),
        4: (None, 0, 0),
        6: (13, 0, 0),
        7: (13, 0, 1),
    }


@pytest.fixture
async def instances(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), PLACES), f"wi_{name}_{'s' * 43}")
    return pool


async def persons(pool: Any) -> dict[str, tuple[Any, int]]:
    names = {number: name for name, number in (await named(pool)).items()}
    rows = await pool.fetch("SELECT id, person, position FROM subscription WHERE ended_at IS NULL")
    return {names[row["id"]]: (row["person"], row["position"]) for row in rows}


async def test_one_device_in_two_apps_is_one_person_until_it_leaves_one(instances: Any) -> None:
    first = await enrol(instances, "anna", "a", device="phone")
    assert await persons(instances) == {"a": (None, 0)}
    second = await enrol(instances, "other", "b", instance="juelich", device="phone")
    assert await persons(instances) == {"a": (first, 0), "b": (first, 1)}
    await put(instances, "anna", wish("a", device="another phone"))
    assert await persons(instances) == {"a": (None, 0), "b": (None, 0)}
    await put(instances, "anna", wish("a", device="phone"))
    await SubscriberEnds(instances, ADDRESSES).leave(second)
    assert await persons(instances) == {"a": (None, 0)}


WHO_IS_TOLD = f"""
WITH candidates AS (
  SELECT id, channel, CASE WHEN $2 AND instance = 'juelich' THEN 'update' ELSE 'alert' END AS kind, person, claim,
    position, instance, escalate_after_s, CASE WHEN quiet_from IS NOT NULL THEN now() END AS quiet_until
  FROM subscription WHERE ended_at IS NULL AND active AND person IS NOT NULL),
{turns("candidates", "$1::boolean")}
SELECT id FROM chosen WHERE told
UNION ALL SELECT id FROM subscription WHERE ended_at IS NULL AND active AND person IS NULL"""
OTHERS = ("mallory", "trudy")


async def told_first(pool: Any) -> set[tuple[bool, bool, str]]:
    """Which of Anna's endpoints a warning tells: of Extreme or not, and whether the others were alarmed before."""
    names = {number: name for name, number in (await named(pool)).items()}
    found = set()
    for extreme in (False, True):
        for update in (False, True):
            rows = await pool.fetch(WHO_IS_TOLD, extreme, update)
            found |= {(extreme, update, names[row["id"]]) for row in rows if names[row["id"]][0] == "a"}
    return found


async def _other(pool: Any, step: Any) -> None:
    match step:
        case ("put", name, endpoints, device):
            wanted = wish(*(f"{name}-{one}" for one in endpoints), device=device)
            await put(pool, name, wanted, "dueren" if name == "trudy" else "juelich")
        case ("prove",):
            await pool.execute("UPDATE subscriber_endpoint SET due_at = now() WHERE proven_at IS NULL")
            await prove_all(pool)
        case ("gone", name, endpoint):
            number = (await named(pool)).get(f"{name}-{endpoint}")
            await pool.execute("UPDATE subscription SET ended_at = clock_timestamp() WHERE id = $1", number)
        case ("leave", name):
            number = await pool.fetchval(
                "SELECT id FROM subscriber WHERE installation_hash = $1", installation(name).hash
            )
            await SubscriberEnds(pool, ADDRESSES).leave(number or 0)


others = st.one_of(
    st.tuples(
        st.just("put"),
        st.sampled_from(OTHERS),
        st.lists(st.sampled_from(("x", "y")), min_size=1, unique=True),
        st.sampled_from(("phone", "phone", "other", "")),
    ),
    st.just(("prove",)),
    st.tuples(st.just("gone"), st.sampled_from(OTHERS), st.sampled_from(("x", "y"))),
    st.tuples(st.just("leave"), st.sampled_from(OTHERS)),
)
OLD_SUBSCRIBER = [("put", "mallory", ["x"], ""), ("prove",)], [("put", "mallory", ["x"], "phone")]
NAMED_BEFORE = [("put", "mallory", ["x"], "phone")], [("prove",)]
BACK_AGAIN = (
    [("put", "mallory", ["x"], "phone"), ("prove",), ("put", "mallory", ["x", "y"], "phone")],
    [("gone", "mallory", "x"), ("prove",)],
)


@pytest.mark.timeout(120)
def test_who_comes_to_a_device_later_takes_no_alarm_from_who_was_there(
    runner: asyncio.Runner, database_url: str
) -> None:
    async def begin() -> Any:
        pool = await record.connect(database_url, size=1)
        for name in ("dueren", "juelich"):
            await Sources(pool, b"pepper").put_instance(
                Instance(name, name.title(), PLACES), f"wi_{name}_{'s' * 43}"
            )
        return pool

    async def history(before: list[Any], after: list[Any]) -> None:
        await pool.execute("DELETE FROM subscriber")
        await pool.execute("DELETE FROM subscription")
        for step in before:
            await _other(pool, step)
        night = Quiet(time(22), time(6))
        made = await put(pool, "anna", wish("a1", "a2", device="phone", quiet=night))
        await pool.execute("UPDATE subscriber_endpoint SET due_at = NULL")
        await pool.execute(
            "UPDATE subscriber_endpoint SET due_at = now() WHERE subscriber_id = $1", made.subscriber.number
        )
        await prove_all(pool)
        found = await told_first(pool)
        for step in after:
            await _other(pool, step)
            now = await told_first(pool)
            assert found <= now, (step, found - now)
            found = now

    pool = runner.run(begin())

    @hypothesis.settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(st.lists(others, max_size=3), st.lists(others, min_size=2, max_size=5))
    @hypothesis.example(*OLD_SUBSCRIBER)
    @hypothesis.example(*NAMED_BEFORE)
    @hypothesis.example(*BACK_AGAIN)
    def histories(before: list[Any], after: list[Any]) -> None:
        runner.run(history(before, after))

    try:
        histories()
    finally:
        runner.run(pool.close())


async def test_an_endpoint_that_two_people_have_is_told_for_itself(instances: Any) -> None:
    anna = await enrol(instances, "anna", "phone", "a", "b", "telephone")
    bernd = await enrol(instances, "bernd", "telephone", "c", "d", instance="juelich")
    assert await persons(instances) == {
        "phone": (anna, 0),
        "a": (anna, 1),
        "b": (anna, 2),
        "telephone": (None, 0),
        "c": (bernd, 0),
        "d": (bernd, 1),
    }
    await SubscriberEnds(instances, ADDRESSES).leave(bernd)
    assert (await persons(instances))["telephone"] == (anna, 3)


async def test_nobody_in_a_sandbox_follows_anything(instances: Any) -> None:
    await instances.execute("UPDATE instance SET environment = 'sandbox' WHERE id = 'juelich'")
    await enrol(instances, "anna", "a", instance="juelich")
    assert await told(instances) == {"a": (True, [])}


STOLBERG = "05334032"
BOTH, OWN = (True, sorted((DUEREN, STOLBERG))), (True, [DUEREN])


@pytest.fixture
async def shown(instances: Any) -> Neighbours:
    """Düren's app shows Stolberg's warnings by consent, and people in it follow both places, by point as well."""
    await instances.execute("UPDATE instance SET places = $1 WHERE id = 'dueren'", [DUEREN])
    await instances.execute("UPDATE instance SET places = $1 WHERE id = 'juelich'", [STOLBERG])
    await instances.execute("UPDATE instance SET shows = '{juelich}' WHERE id = 'dueren'")
    neighbours = Neighbours(instances)
    await neighbours.consent("juelich", "dueren", "Stolberg", UNNAMED_OPERATOR)
    point = WatchedArea(((50.77, 6.22),), 500.0, (STOLBERG,))
    both = {"places": (DUEREN, STOLBERG), "watched_areas": (point,)}
    await enrol(instances, "anna", "own", **both)
    await enrol(instances, "bernd", "shared", **both)
    await enrol(instances, "bernd", "shared", instance="juelich", places=(STOLBERG,))
    await enrol(instances, "clara", "elsewhere", places=(DUEREN,))
    assert await told(instances) == {"own": BOTH, "shared": BOTH, "elsewhere": OWN}
    return neighbours


async def areas(pool: Any) -> int:
    found: int = await pool.fetchval("SELECT count(*) FROM watched_area WHERE wished")
    return found


async def test_a_consent_that_is_withdrawn_ends_what_was_followed_by_it_at_once(
    shown: Neighbours, instances: Any
) -> None:
    await shown.withdraw("juelich", "dueren", UNNAMED_OPERATOR)
    # The neighbour's own app has an endpoint, too, and goes on.
    assert await told(instances) == {"own": OWN, "shared": BOTH, "elsewhere": OWN}
    assert await areas(instances) == 0
    found = await Subscribers(instances, ADDRESSES).of(installation("anna"))
    assert found is not None
    assert (found.places, found.watched_areas) == ((DUEREN,), ())
    await shown.consent("juelich", "dueren", "Stolberg", UNNAMED_OPERATOR)
    assert await told(instances) == {"own": BOTH, "shared": BOTH, "elsewhere": OWN}
    assert await areas(instances) == 2


async def test_what_was_imported_is_no_affair_of_a_consent(
    shown: Neighbours, instances: Any, subscriptions: Subscriptions
) -> None:
    line = replace(subscription("own", STOLBERG), keys={"p256dh": "own", "auth": "own"})
    await subscriptions.add_many([line])
    await shown.withdraw("juelich", "dueren", UNNAMED_OPERATOR)
    assert (await told(instances))["own"] == BOTH
    row = await instances.fetchrow(
        "SELECT imported, wished FROM followed_municipality WHERE ags = $1 AND subscription_id = $2",
        STOLBERG,
        (await named(instances))["own"],
    )
    assert tuple(row) == (True, False)


async def test_a_territory_that_changes_is_followed_at_once(shown: Neighbours, instances: Any) -> None:
    """Of the instance itself, and of the neighbour that shows it."""
    await instances.execute("UPDATE instance SET places = $1 WHERE id = 'juelich'", [HEIMBACH])
    assert await told(instances) == {"own": OWN, "shared": OWN, "elsewhere": OWN}
    await instances.execute("UPDATE instance SET places = $1 WHERE id = 'juelich'", [HEIMBACH, STOLBERG])
    assert await told(instances) == {"own": BOTH, "shared": BOTH, "elsewhere": OWN}
    assert shown


async def test_an_instance_that_becomes_a_sandbox_warns_nobody_and_one_that_is_disabled_still_does(
    shown: Neighbours, instances: Any
) -> None:
    await Parties(instances).disable(PrincipalKind.INSTANCE, "dueren")
    assert (await told(instances))["own"] == BOTH
    await instances.execute("UPDATE instance SET environment = 'sandbox' WHERE id = 'dueren'")
    assert await told(instances) == {
        "own": (True, []),
        "shared": (True, [STOLBERG]),
        "elsewhere": (True, []),
    }
    assert await areas(instances) == 0
    await instances.execute("UPDATE instance SET environment = 'production' WHERE id = 'dueren'")
    assert await told(instances) == {"own": BOTH, "shared": BOTH, "elsewhere": OWN}
    assert shown


async def test_whoever_subscribes_meanwhile_is_told_what_is_shown_afterwards(
    shown: Neighbours, instances: Any
) -> None:
    """Each waits for the other's transaction: what was shown before it is not followed after it."""
    async with instances.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE instance SET shows = '{}' WHERE id = 'dueren'")
        late = asyncio.create_task(enrol(instances, "dora", "late", places=(DUEREN, STOLBERG)))
        await until(lambda: _waits(connection))
    await late
    assert (await told(instances))["late"] == OWN
    assert shown


async def _waits(connection: Any) -> bool:
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
    )
    return found


async def test_what_is_watched_is_told_with_the_rest(instances: Any) -> None:
    home, work = (WatchedArea(((lat, 6.48),), 500.0, (DUEREN,)) for lat in (50.8, 50.9))
    number = await enrol(instances, "anna", "a", watched_areas=(home, work))
    await put(instances, "anna", wish("a", watched_areas=(work,)))
    rows = await instances.fetch("SELECT lat, radius_m, ags, imported, wished FROM watched_area")
    assert [tuple(row) for row in rows] == [([50.9], 500.0, [DUEREN], False, True)]
    await SubscriberEnds(instances, ADDRESSES).leave(number)
    assert not await instances.fetchval("SELECT count(*) FROM watched_area")


async def test_what_is_erased_hinders_no_change_of_keys(instances: Any) -> None:
    number = await enrol(instances, "anna", "a", "b")
    await enrol(instances, "bernd", "c")
    await SubscriberEnds(instances, ADDRESSES).leave(number)
    renewed = Sealing(RING.with_new_key())
    resealed = await Rotation(instances).reseal(renewed)
    assert (resealed.rows, resealed.illegible) == (3, 0)
    await Rotation(instances).drop_before(renewed.current, UNNAMED_OPERATOR)
