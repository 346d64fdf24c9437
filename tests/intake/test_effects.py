"""What a decided message does to others, in every order of arrival, with the real record and its plans."""

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.feeds.configuration import Feed
from dispatcher.intake.approval import NotApprovedError
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Reason
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Located, Plans
from tests.api.conftest import KEY, Service
from tests.support.feed_messages import HANNOVER, SENDER, cancel, update, warning
from tests.support.feed_world import World
from tests.support.histories import finish, ledger_of, subscribe
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, InfoPart, Message
from tests.support.messages import SENDER as CENTRE_SENDER
from tests.support.sealed import ADDRESSES
from tests.support.shown import shown_at
from tests.support.submissions import warning as submitted

MINUTE = timedelta(minutes=1)
ACCEPTED = 16
ENDS, WARNED = {"cancel", "no_longer_affected", "delisted"}, (["alert"], ["update"])
ROUNDS = 10
"""Of planning after one message: more would never end."""
OF_PLACE = {DUEREN: "düren", JUELICH: "jülich", HEIMBACH: "heimbach"}


@dataclass
class Town:
    """One person in each place, who are told at once of all that arrives, and what they heard."""

    world: World
    feed: Feed
    people: dict[int, str]
    start: datetime
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.plans, self.ledger = Plans(self.world.pool, batch_size=100), ledger_of(self.world.pool)

    def message(
        self,
        name: str,
        *earlier: cap.Alert,
        kind: Callable[..., cap.Alert] = warning,
        places: Any = (DUEREN,),
        **changes: Any,
    ) -> cap.Alert:
        """Named A, B … in the order in which they are sent; of several earlier ones it refers to all."""
        step = ord(name) - ord("A")
        sent = self.start + step * timedelta(seconds=10)
        if changes.get("lasts") == timedelta():
            changes["expires"] = sent
        values: dict[str, Any] = {
            "identifier": name,
            "event_codes": (),
            "sent": sent,
            "areas": tuple(cap.Area(ags, geocodes=(cap.NamedValue("AGS", ags),)) for ags in places),
        }
        made = kind(step, *earlier[:1], **values | changes)
        named = tuple(cap.Reference(one.sender, one.identifier, one.sent) for one in earlier)
        return replace(made, references=named)

    async def take(self, alert: cap.Alert, feed: Feed | None = None) -> Reason:
        taken = await self.world.take(feed or self.feed, alert)
        await self.tell()
        return taken.reason

    async def _plan(self, alert_id: str) -> list[Any]:
        """As the planner does it; nobody here watches an area."""
        waiting = await self.plans.waiting_one(alert_id)
        assert waiting is not None
        in_flight = (await self.ledger.close_stopped(waiting.chain_id)).in_flight
        located = Located(beside=frozenset(await self.plans.beside(waiting.chain_id, alert_id)))
        portions = self.plans.portions(alert_id, in_flight=in_flight, located=located)
        return [batch async for ready in portions for batch in ready]

    async def tell(self) -> None:
        """Plan and deliver until nothing waits. Then everybody knows what is so in their place."""
        await self._deliver()
        for ags, name in OF_PLACE.items():
            warned = bool(await shown_at(self.world.alerts, [ags]))
            assert warned == (self.heard[name][-1:] in WARNED), (name, warned, self.heard[name])
            ends = [kind in ENDS for kind in ["cancel", *self.heard[name]]]
            assert (True, True) not in itertools.pairwise(ends), (name, self.heard[name])

    async def _deliver(self) -> None:
        pool = self.world.pool
        for _ in range(ROUNDS):
            await pool.execute("UPDATE alert SET enqueued_at = NULL")
            waiting = await self.plans.waiting()
            if not waiting:
                return
            for alert_id, *_ in waiting:
                for batch in await self._plan(alert_id):
                    row = await pool.fetchrow(
                        "SELECT kind, recipients FROM batch WHERE id = $1", batch.batch_id
                    )
                    for recipient in row["recipients"]:
                        self.heard[self.people[recipient]].append(row["kind"])
                    await finish(self.ledger, batch.batch_id, ACCEPTED)
        raise AssertionError(f"still to be planned: {waiting}")

    async def reasons(self) -> dict[str, str]:
        return {row["identifier"]: row["reason"] for row in await self.world.rows()}

    async def in_force(self) -> set[str]:
        found = [await shown_at(self.world.alerts, [ags]) for ags in OF_PLACE]
        return {stored.identifier for stored in itertools.chain(*found)}


@pytest.fixture
async def town(world: World) -> Town:
    world.clock.now = datetime.now(UTC).replace(microsecond=0)
    feed = await world.feed("proper", "index", senders=[SENDER, CENTRE_SENDER])
    subscriptions = Subscriptions(world.pool, ADDRESSES)
    people = {}
    for ags, name in OF_PLACE.items():
        (number,) = await subscribe(world.pool, subscriptions, name, places=(ags,))
        people[number] = name
    return Town(world, feed, people, world.clock.now - 20 * MINUTE)


# late links


@pytest.mark.parametrize("order", ["".join(one) for one in itertools.permutations("ABC")])
async def test_whatever_the_order_those_who_were_warned_hear_of_the_end_once(town: Town, order: str) -> None:
    """A; its update B; the cancel C of B. Only B shows that C has to do with A."""
    a = town.message("A")
    b = town.message("B", a, kind=update)
    messages = {"A": a, "B": b, "C": town.message("C", b, kind=cancel)}
    for name in order:
        await town.take(messages[name])
    expected = {
        "ABC": ["alert", "update", "cancel"],
        "CBA": [],
    }
    assert town.heard["düren"] == expected.get(order, ["alert", "cancel"])
    assert {name for name, kinds in town.heard.items() if kinds} <= {"düren"}
    assert await town.in_force() == set()
    assert len({row["chain_id"] for row in await town.world.rows()}) == 1


async def test_a_cancel_that_waited_for_what_it_names_takes_effect_late(town: Town) -> None:
    a = town.message("A", lasts=9 * HOUR)
    b = town.message("B", a, kind=update)
    c = town.message("C", b, kind=cancel, lasts=timedelta())
    assert await town.take(a) is Reason.FIRST_NOTICE
    assert await town.take(c) is Reason.NOTHING_TO_END
    assert town.heard["düren"] == ["alert"]
    assert await town.take(b) is Reason.SUPERSEDED
    assert (await town.reasons())["C"] == "cancel"
    assert town.heard["düren"] == ["alert", "cancel"]
    (late,) = await town.world.pool.fetch("SELECT expires FROM alert WHERE identifier = 'C'")
    assert late["expires"] == a.infos[0].expires, (
        "people hear of the end as long as they would have been warned"
    )


@pytest.mark.parametrize("order", ["".join(one) for one in itertools.permutations("ABC")])
async def test_an_update_that_overtook_the_one_it_names_replaces_what_that_replaced(
    town: Town, order: str
) -> None:
    """A for two places; its update B; B's update C for one of them."""
    a = town.message("A", places=(DUEREN, JUELICH))
    b = town.message("B", a, kind=update, places=(DUEREN, JUELICH))
    messages = {"A": a, "B": b, "C": town.message("C", b, kind=update)}
    for name in order:
        await town.take(messages[name])
    assert await town.in_force() == {"C"}
    left_out = ["alert", "no_longer_affected"]
    expected = {"ABC": ["alert", "update", "no_longer_affected"], "CAB": left_out, "CBA": []}
    assert town.heard["jülich"] == expected.get(order, left_out)


@pytest.mark.parametrize(
    ("kind", "lasts", "heard"),
    [
        (update, 9 * HOUR, ["alert", "update"]),
        (cancel, 9 * HOUR, ["alert", "cancel"]),
        (cancel, timedelta(), ["alert", "cancel"]),
    ],
    ids=["an update", "a cancel", "a cancel that is over when it is sent"],
)
async def test_of_all_that_overtook_a_message_the_last_replaces_what_that_message_replaced(
    town: Town, kind: Any, lasts: Any, heard: list[str]
) -> None:
    """A was told; B, which names A, comes last, after C, which names B, and D, which names C alone."""
    a = town.message("A")
    b = town.message("B", a, kind=update)
    c = town.message("C", b, kind=update)
    d = town.message("D", c, kind=kind, lasts=lasts)
    await town.take(a)
    for one in (c, d):  # nobody is told of these before it is known what they have to do with A
        await town.world.take(town.feed, one)
    assert await town.take(b) is Reason.SUPERSEDED
    rows = {row["identifier"]: row for row in await town.world.rows()}
    stopped_by = {name: rows[name]["stopped_by"] for name in "ABC"}
    assert stopped_by == dict.fromkeys("AC", rows["D"]["id"]) | {"B": stopped_by["B"]}
    assert stopped_by["B"] in {rows["C"]["id"], rows["D"]["id"]}
    assert town.heard["düren"] == heard
    assert await town.in_force() == ({"D"} if kind is update else set())


@pytest.mark.parametrize("changes", [{"infos": ()}, {"lasts": MINUTE}])
async def test_an_update_that_says_nothing_keeps_away_what_comes_after_it(
    town: Town, changes: dict[str, Any]
) -> None:
    a = town.message("A")
    await town.take(town.message("B", a, kind=update, **changes))
    assert await town.take(a) is Reason.SUPERSEDED
    assert town.heard["düren"] == []


# branches


@pytest.mark.parametrize("order", ["".join(one) for one in itertools.permutations("BCD")])
async def test_two_updates_for_two_places_are_in_force_side_by_side_and_end_by_themselves(
    town: Town, order: str
) -> None:
    """B and C are branches of A; D cancels B."""
    a = town.message("A", places=(DUEREN, JUELICH))
    b = town.message("B", a, kind=update, places=(DUEREN,))
    messages = {
        "B": b,
        "C": town.message("C", a, kind=update, places=(JUELICH,)),
        "D": town.message("D", b, kind=cancel),
    }
    await town.take(a)
    for name in order:
        heard = list(town.heard[{"B": "jülich", "C": "düren", "D": "jülich"}[name]])
        await town.take(messages[name])
        at_home = {"B": "jülich", "C": "düren", "D": "jülich"}[name]
        if {"B", "C"} <= set(order[: order.index(name) + 1]):
            assert heard == town.heard[at_home], "what happens to one branch is not told in the other's place"
    assert await town.in_force() == {"C"}
    assert town.heard["jülich"][-1] in {"alert", "update"}
    assert town.heard["düren"][-1] in ENDS


async def test_two_updates_that_come_together_are_no_end_for_anybody(town: Town) -> None:
    """As in one poll, where all that came is recorded before anything is planned."""
    a = town.message("A", places=(DUEREN, JUELICH))
    await town.take(a)
    await town.world.take(town.feed, town.message("B", a, kind=update, places=(DUEREN,)))
    await town.world.take(town.feed, town.message("C", a, kind=update, places=(JUELICH,)))
    await town.tell()
    assert (town.heard["düren"], town.heard["jülich"]) == (["alert", "update"], ["alert", "update"])


async def test_a_message_that_names_both_branches_merges_them(town: Town) -> None:
    a = town.message("A", places=(DUEREN, JUELICH))
    b = town.message("B", a, kind=update, places=(DUEREN,))
    c = town.message("C", a, kind=update, places=(JUELICH,))
    for one in (a, b, c, town.message("D", b, c, kind=update, places=(DUEREN, JUELICH))):
        await town.take(one)
    assert await town.in_force() == {"D"}
    assert town.heard["düren"] == ["alert", "update", "update"]
    assert town.heard["jülich"][-2:] == ["alert", "update"]
    await town.take(town.message("E", town.message("D"), kind=cancel))
    assert (town.heard["düren"][-1], town.heard["jülich"][-1]) == ("cancel", "cancel")


async def test_a_feeds_end_of_what_was_replaced_is_recorded_as_superseded(town: Town) -> None:
    a = town.message("A")
    b = town.message("B", a, kind=update)
    for one in (a, b):
        await town.take(one)
    assert await town.take(town.message("C", a, kind=cancel)) is Reason.SUPERSEDED
    rows = {row["identifier"]: row for row in await town.world.rows()}
    assert rows["C"]["stopped_by"] == rows["B"]["id"]
    assert await town.in_force() == {"B"}
    assert town.heard["düren"] == ["alert", "update"]


async def test_an_update_that_is_over_takes_away_what_it_replaces(town: Town) -> None:
    """Its validity passed, equals its `sent`, or it has no text: it shortens the warning all the same."""
    for name, place, changes in (
        ("A", DUEREN, {"lasts": MINUTE}),
        ("C", JUELICH, {"lasts": timedelta()}),
        ("E", HEIMBACH, {"infos": ()}),
    ):
        first = town.message(name, places=(place,), event=name)
        await town.take(first)
        await town.take(town.message(chr(ord(name) + 1), first, kind=update, places=(place,), **changes))
    assert {name: reason for name, reason in (await town.reasons()).items() if name in "BDF"} == {
        "B": "lapsed",
        "D": "lapsed",
        "F": "update",
    }
    assert town.heard == {name: ["alert", "no_longer_affected"] for name in OF_PLACE.values()}
    assert not await town.in_force() & set("ACE")


# what is held


@pytest.mark.parametrize("kind", [update, cancel])
async def test_what_is_held_is_superseded_by_what_names_it_and_by_nothing_else(
    world: World, town: Town, kind: Callable[..., cap.Alert]
) -> None:
    careful = await world.feed("careful", "index", senders=[SENDER], severities=["Minor"])
    a, other = town.message("A"), town.message("X", event="Sturm")
    for one in (a, other):
        assert await town.take(one, careful) is Reason.HELD
    await town.take(town.message("B", a, kind=kind))
    rows = {row["identifier"]: row for row in await world.rows()}
    assert (rows["A"]["reason"], rows["A"]["stopped_by"]) == ("superseded", rows["B"]["id"])
    assert rows["X"]["reason"] == "held"
    assert "cancel" not in town.heard["düren"]


async def test_what_is_held_is_superseded_by_an_update_that_moves_it_away(world: World, town: Town) -> None:
    careful = await world.feed("careful", "index", senders=[SENDER], severities=["Minor"])
    a = town.message("A")
    assert await town.take(a, careful) is Reason.HELD
    assert await town.take(town.message("B", a, kind=update, places=(HANNOVER,))) is Reason.ELSEWHERE
    assert (await town.reasons())["A"] == "superseded"
    assert await world.held.count() == 0


async def test_a_release_goes_through_the_same_ladder_and_has_the_same_effects(
    world: World, town: Town
) -> None:
    careful = await world.feed("careful", "index", senders=[SENDER], severities=["Minor"])
    a = town.message("A", places=(DUEREN, JUELICH))
    await town.take(a)
    held = await world.take(careful, town.message("B", a, kind=update))
    assert held.reason is Reason.HELD
    assert await town.in_force() == {"A"}
    assert held.alert_id is not None
    released = await world.release.release(held.alert_id, "operator:a", "geprüft")
    await town.tell()
    assert released.reason is Reason.UPDATE
    assert await town.in_force() == {"B"}
    assert town.heard["düren"] == ["alert", "update"]
    assert town.heard["jülich"] == ["alert", "no_longer_affected"]
    assert len({row["chain_id"] for row in await world.rows()}) == 1


@pytest.mark.parametrize(
    ("kind", "sentence", "names_it"),
    [(update, "Eine neuere", True), (cancel, "Eine neuere", True), (cancel, "schon aufgehoben", False)],
)
async def test_what_happened_while_it_waited_keeps_a_message_from_its_release(
    world: World, town: Town, kind: Callable[..., cap.Alert], sentence: str, names_it: bool
) -> None:
    doubtful = await world.feed("doubtful", "index", senders=["other@x.example"])
    a = town.message("A")
    b = town.message("B", a, kind=kind)
    await town.take(a)
    held = await world.take(doubtful, b)
    assert held.reason is Reason.HELD
    await town.take(town.message("C", *((a, b) if names_it else (a,)), kind=cancel))
    assert held.alert_id is not None
    with pytest.raises(NotApprovedError, match=sentence):
        await world.release.release(held.alert_id, "operator:a", "geprüft")
    assert town.heard["düren"] == ["alert", "cancel"]


# control centres


OTHER, OTHER_KEY = "bezirk@koeln.example", f"wk_bezirk_{'s' * 43}"
LOCAL_KEY = f"wk_ort_{'o' * 43}"


@pytest.fixture
async def centres(service: Service) -> Service:
    """Besides the first: one with a sender of its own, and one that shares the first one's."""
    await service.parts.sources.put(Source("bezirk", "Bezirk", frozenset({OTHER}), ("05358",)))
    await service.parts.sources.add_key("bezirk", OTHER_KEY)
    await service.parts.sources.put(Source("ort", "Düren", frozenset({CENTRE_SENDER}), ("05358",)))
    await service.parts.sources.add_key("ort", LOCAL_KEY)
    return service


async def told(service: Service, one: Message, key: str = KEY) -> Any:
    answer = await service.submit(one, key=key)
    assert answer.status == 201, answer.json
    return answer.json["alert"]


async def reason_of(pool: Any, alert_id: str) -> str:
    reason: str = await pool.fetchval("SELECT reason FROM alert WHERE id = $1", alert_id)
    return reason


@pytest.mark.parametrize(
    ("changes", "speaks"),
    [
        ({"severity": "Extreme"}, False),
        ({"lifetime": 8 * HOUR}, False),
        ({"headline": "Hochwasser, Lage geändert"}, True),
        ({"severity": "Moderate"}, True),
        ({"urgency": "Expected"}, True),
        ({"certainty": "Unlikely"}, True),
        ({"lifetime": HOUR}, True),
        ({"areas": (DUEREN,)}, True),
    ],
)
async def test_a_merged_warning_speaks_when_what_stands_for_it_says_less(
    centres: Service, pool: Any, changes: dict[str, Any], speaks: bool
) -> None:
    one = submitted(DUEREN, JUELICH)
    first = await told(centres, one)
    merged = await told(
        centres, replace(submitted(), infos=one.infos, sender=OTHER, sent=one.sent), OTHER_KEY
    )
    assert (merged["reason"], merged["merged_into"]) == ("merged", first["id"])
    changed = await told(centres, one.later("update", infos=(replace(one.infos[0], **changes),)))
    assert await reason_of(pool, merged["id"]) == ("first_notice" if speaks else "merged")
    into = await pool.fetchval("SELECT merged_into FROM alert WHERE id = $1", merged["id"])
    # Beside an Update that leaves a place it speaks there only: to those whom the Update does not concern.
    assert into == (first if speaks and "areas" not in changes else changed)["id"]


async def test_a_merged_warning_speaks_when_what_stands_for_it_ends_or_runs_out(
    centres: Service, pool: Any
) -> None:
    for number, ends in enumerate(("cancel", "expiry")):
        one = submitted(DUEREN, event=f"Hochwasser {number}")
        first = await told(centres, one)
        merged = await told(
            centres, replace(submitted(), infos=one.infos, sender=OTHER, sent=one.sent), OTHER_KEY
        )
        assert merged["reason"] == "merged"
        if ends == "cancel":
            await told(centres, one.later("ende", "Cancel", infos=()))
        else:
            assert await Plans(pool, batch_size=10).promote() == []
            await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = $1", first["id"])
            assert [alert_id for alert_id, *_ in await Plans(pool, batch_size=10).promote()] == [merged["id"]]
        assert await reason_of(pool, merged["id"]) == "first_notice", ends


async def test_two_sources_that_share_a_sender_have_each_their_own_identities(
    centres: Service, pool: Any
) -> None:
    one = submitted(DUEREN)
    other = replace(one, infos=(InfoPart(areas=(JUELICH,), headline="Sturm", event="Sturm"),))
    first, second = await told(centres, one), await told(centres, other, LOCAL_KEY)
    assert (first["reason"], second["reason"]) == ("first_notice", "first_notice")
    assert (await centres.submit(other, key=LOCAL_KEY)).json["repeated"] is True
    (await centres.submit(other)).problem(409, "identity-reused")


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_a_reference_means_first_what_the_same_source_sent(
    centres: Service, pool: Any, kind: str
) -> None:
    one = submitted(DUEREN)
    other = replace(one, infos=(InfoPart(areas=(JUELICH,), headline="Sturm", event="Sturm"),))
    first, second = await told(centres, one), await told(centres, other, LOCAL_KEY)
    await told(centres, other.later("danach", kind), LOCAL_KEY)
    stopped = await pool.fetch("SELECT id FROM alert WHERE stopped_by IS NOT NULL")
    assert [row["id"] for row in stopped] == [second["id"]]
    assert first["id"] != second["id"]


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alerts/preview"])
async def test_a_centres_end_of_what_was_replaced_is_refused_with_what_to_name(
    centres: Service, pool: Any, path: str
) -> None:
    one = submitted(DUEREN)
    changed = one.later("danach", infos=(InfoPart(headline="Jetzt schlimmer"),))
    for each in (one, changed):
        await told(centres, each)
    end = one.later("ende", "Cancel", minutes=2, infos=())
    problem = (await centres.submit(end, path=path)).problem(409, "reference-replaced")
    (named,) = problem["in_force"]
    assert (named["sender"], named["identifier"]) == (CENTRE_SENDER, "danach")
    assert datetime.fromisoformat(named["sent"]) == changed.sent
    assert await pool.fetchval("SELECT count(*) FROM alert") == 2
    both = replace(end, references=(one, changed))
    assert (await told(centres, both))["reason"] == "cancel"


# a feed's copy of a centre's own message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "merged"),
        ({"headline": "Etwas anderes"}, "update"),
        ({"instruction": "Bleiben Sie, wo Sie sind."}, "update"),
        ({"severity": "Minor"}, "update"),
        ({"areas": (JUELICH,)}, "update"),
        ({"lifetime": HOUR}, "update"),
    ],
)
@pytest.mark.parametrize("proved", [True, False])
async def test_a_feeds_copy_takes_nothing_away_from_the_centres_own_message(
    centres: Service, town: Town, changes: dict[str, Any], reason: str, proved: bool
) -> None:
    """Only what people have read whole, in the same words, is not told again."""
    feed = town.feed if proved else await town.world.feed("any", "index")
    one = submitted(DUEREN)
    copy = replace(one, infos=(replace(one.infos[0], **changes),))
    assert await town.take(cap.parse(copy.xml()).alerts[0], feed) is Reason.FIRST_NOTICE
    own = await told(centres, one)
    assert own["reason"] == reason
    await town.tell()
    assert town.heard["düren"][-1] == ("update" if reason == "update" and "areas" not in changes else "alert")
    assert await town.in_force() == {one.identifier}
    assert await town.take(cap.parse(copy.xml()).alerts[0], feed) is Reason.DUPLICATE


async def test_the_centres_own_message_speaks_when_its_copy_is_listed_no_longer(
    centres: Service, town: Town
) -> None:
    one = submitted(DUEREN)
    copy = await town.world.take(town.feed, cap.parse(one.xml()).alerts[0])
    own = await told(centres, one)
    assert (own["reason"], own["merged_into"]) == ("merged", copy.alert_id)
    await town.tell()
    assert copy.alert_id is not None
    await town.world.ingest.no_longer_listed(town.feed.rules, copy.alert_id)
    await town.tell()
    assert await reason_of(town.world.pool, own["id"]) == "first_notice"
    assert "delisted" not in town.heard["düren"]


async def test_a_copy_that_comes_after_the_centres_own_message_is_that_message(
    centres: Service, town: Town
) -> None:
    one = submitted(DUEREN)
    own = await told(centres, one)
    await town.tell()
    assert await town.take(cap.parse(one.xml()).alerts[0]) is Reason.DUPLICATE
    await told(centres, one.later("ende", "Cancel", infos=()))
    await town.tell()
    assert town.heard["düren"] == ["alert", "cancel"]
    assert await reason_of(town.world.pool, own["id"]) == "first_notice"
