"""Which warnings are in force and whom a warning concerns, asked in every way in which stores ask."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import dispatcher.store
from dispatcher.intake.similarity import tolerance_window
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.feeds import EntryState
from dispatcher.model.reports import Reported
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.model.vocabulary import (
    DISPATCHED_STATES,
    FINAL_STATES,
    SENT,
    TOUCHED,
    AlertState,
    BatchState,
    FeedResult,
    Reason,
    Unresolved,
)
from dispatcher.store.alerts.alerts import Alerts, state_of
from dispatcher.store.alerts.merged import promote_unspoken
from dispatcher.store.alerts.related_alerts import RelatedAlerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.sql import Target, concerned, concerned_by_municipality, first_concerned, is_in_force
from dispatcher.targeting import outcome
from tests.support.histories import submit, subscription
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, NOW, new_alert
from tests.support.sealed import endpoints
from tests.support.shown import shown_at

CHECK = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'c' AND conrelid = $1::regclass AND pg_get_constraintdef(oid) LIKE '%(state =%'
"""


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("alert", set(AlertState)),
        ("batch", set(BatchState)),
        ("delivery_report", set(Reported)),
    ],
)
async def test_states_are_those_that_the_record_admits(pool: Any, table: str, words: set[Any]) -> None:
    assert set(re.findall("'([a-z]+)'", await pool.fetchval(CHECK, table))) == words


async def test_a_state_that_only_the_code_knows_is_noticed(pool: Any) -> None:
    await pool.execute("ALTER TABLE batch DROP CONSTRAINT batch_state_check")
    await pool.execute("ALTER TABLE batch ADD CONSTRAINT batch_state_check CHECK (state IN ('open', 'shut'))")
    assert set(re.findall("'([a-z]+)'", await pool.fetchval(CHECK, "batch"))) != set(BatchState)


async def test_indexes_of_some_states_only_are_of_the_states_that_are_asked_for(pool: Any) -> None:
    rows = await pool.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%WHERE%state%'")
    found = {
        row["indexname"]: set(re.findall("'([a-z]+)'", row["indexdef"].partition("WHERE")[2])) for row in rows
    }
    assert found == {
        "alert_unplanned": {AlertState.ACCEPTED},
        "alert_unsettled": {AlertState.PLANNED},
        "alert_current": set(DISPATCHED_STATES),
        "alert_held": {AlertState.HELD},
        "batch_open": {BatchState.OPEN},
        "batch_unnoted": {BatchState.DONE},
    }


def test_a_message_is_dispatched_by_its_reason_exactly_if_it_is_by_its_state() -> None:
    for reason in Reason:
        assert (state_of(reason) in DISPATCHED_STATES) == (reason in SENT)
    assert FINAL_STATES & set(DISPATCHED_STATES) == {AlertState.SETTLED}


async def test_a_feeds_words_come_back_as_they_went_into_the_record(pool: Any) -> None:
    feeds = Feeds(pool)
    await feeds.register(["one"])
    assert (await feeds.state("one")).result is FeedResult.NEVER
    reasons = [*Reason, *Unresolved]
    await feeds.put([EntryState("one", reason, "p", "v", reason, NOW) for reason in reasons])
    assert {row.reason for row in (await feeds.entries("one")).values()} == set(reasons)


# What happened after A, by name, and whether A is in force then.
async def nothing(alerts: Any, pool: Any) -> None:
    """A is the last that was heard."""


async def replaced(alerts: Any, pool: Any) -> None:
    await submit(alerts, "B", JUELICH, chain="A")


async def replaced_after_it_was_settled(alerts: Any, pool: Any) -> None:
    await pool.execute("UPDATE alert SET state = 'settled' WHERE id = 'A'")
    await submit(alerts, "B", JUELICH, chain="A")


async def ended(alerts: Any, pool: Any) -> None:
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)


async def no_longer_listed(alerts: Any, pool: Any) -> None:
    await submit(alerts, "B", chain="A", reason=Reason.NO_LONGER_LISTED)


async def expired(alerts: Any, pool: Any) -> None:
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'A'")


async def followed_by_what_is_not_sent(alerts: Any, pool: Any) -> None:
    await submit(alerts, "B", chain="A", reason=Reason.SUPERSEDED)
    await submit(alerts, "C", chain="A", reason=Reason.NOT_PUBLIC)


async def followed_by_what_waits(alerts: Any, pool: Any) -> None:
    await pool.execute("UPDATE alert SET state = 'settled' WHERE id = 'A'")
    await submit(alerts, "B", chain="A", reason=Reason.HELD)


async def stopped_by_what_then_had_to_wait(alerts: Any, pool: Any) -> None:
    await submit(alerts, "B", JUELICH, chain="A")
    await pool.execute("UPDATE alert SET state = 'held', reason = 'held' WHERE id = 'B'")


async def found_to_be_one_graph_with_another_first_notice(alerts: Any, pool: Any) -> None:
    """A message that came late shows that both belong together, and replaces neither: they are two branches."""
    await submit(alerts, "B", JUELICH)
    await submit(alerts, "C", JUELICH, chain="A", merge=["B"], reason=Reason.SUPERSEDED)


async def held_for_its_audience(alerts: Any, pool: Any) -> None:
    await pool.execute("UPDATE alert SET state = 'held', reason = 'held' WHERE id = 'A'")


AFTERWARDS = {
    nothing: True,
    followed_by_what_is_not_sent: True,
    followed_by_what_waits: True,
    replaced: False,
    replaced_after_it_was_settled: False,
    ended: False,
    no_longer_listed: False,
    expired: False,
    stopped_by_what_then_had_to_wait: False,
    found_to_be_one_graph_with_another_first_notice: True,
    held_for_its_audience: False,
}


async def in_force(alerts: Any, pool: Any) -> dict[Any, Any]:
    """Whether A is, by everybody who asks."""
    now = await pool.fetchval("SELECT clock_timestamp()")
    feeds = Feeds(pool)
    await feeds.register(["one"])
    entry = EntryState("one", "e", "p", "v", Reason.MERGED, now, alert_id="A", expires=now + HOUR)
    await feeds.put([entry])
    async with alerts.submission("x") as submission:
        related, stored = RelatedAlerts(submission), await alerts.get("A")
        spans = tolerance_window(NOW), tolerance_window(stored.expires)
        return {
            "an app": "A" in [one.id for one in await shown_at(alerts, [DUEREN])],
            "a feed": "A" in [one.id for one, _ in await related.others_in_force([DUEREN], "feed-one", now)],
            "a centre": "A"
            in [
                one.id for one, _ in await related.centres_in_force("Hochwasser", b"these", [DUEREN], *spans)
            ],
            "a merged entry": await feeds.orphaned("one", now) == set(),
        }


@pytest.mark.parametrize("history", AFTERWARDS, ids=lambda history: history.__name__)
async def test_everybody_agrees_whether_a_warning_is_in_force(
    alerts: Alerts, pool: Any, history: Any
) -> None:
    await submit(alerts, "A", DUEREN, begins=NOW, words=b"these")
    await history(alerts, pool)
    found = await in_force(alerts, pool)
    assert found == dict.fromkeys(found, AFTERWARDS[history])


async def test_a_merged_warning_speaks_only_as_long_as_it_holds_itself(alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A", DUEREN)
    for one in ("M", "N", "O"):
        await submit(alerts, one, JUELICH, reason=Reason.MERGED, merged_into="A")
    await submit(alerts, "NN", JUELICH, chain="N")
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id IN ('A', 'M')")
    async with alerts.submission("x") as submission:
        for spoken in (["O"], []):
            promoted = await promote_unspoken(submission.connection, submission.now)
            assert [alert_id for alert_id, *_ in promoted] == spoken


async def test_in_force_is_a_question_of_the_time_that_is_asked_for(alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A", DUEREN)
    expires = (await alerts.get("A")).expires
    question = f"SELECT {is_in_force('a', at='$1')} FROM alert a"
    assert await pool.fetchval(question, expires - timedelta(microseconds=1)) is True
    assert await pool.fetchval(question, expires) is False


def test_named_and_touched_are_what_matching_says() -> None:
    for reason in outcome.MatchReason:
        assert AffectedMunicipality("1", "", reason, 1.0).is_named == (
            reason is not outcome.MatchReason.GEOMETRY
        )
    assert AffectedMunicipality("1", "", "person", 1.0).is_named
    assert outcome.MatchReason.GEOMETRY == TOUCHED


AGS = (DUEREN, HEIMBACH, JUELICH)


class People:
    """Random subscriptions, with what they follow, and a random alert; who is concerned, in Python."""

    def __init__(self, rng: Any) -> None:
        self.rng = rng
        self.names = [f"p{n:02}" for n in range(rng.randint(1, 12))]
        self.follows = {name: self.some(AGS) for name in self.names}
        self.watches = {name: [self.some(AGS, 1) for _ in range(rng.randint(0, 2))] for name in self.names}
        self.affected = [AffectedMunicipality(ags, "", self.why(), 1.0) for ags in self.some(AGS)]

    def why(self) -> Any:
        return self.rng.choice(["geocode", "geometry", "both", "person"])

    def some(self, all_: Any, least: int = 0) -> Any:
        return self.rng.sample(all_, self.rng.randint(least, len(all_)))

    def subscriptions(self) -> Iterator[Any]:
        for number, name in enumerate(self.names):
            watched_areas = tuple(
                WatchedArea(((50.0 + number / 1000, 6.0 + index / 1000),), 100.0, tuple(ags))
                for index, ags in enumerate(self.watches[name])
            )
            yield subscription(name, *(self.follows[name] or ("05999999",)), watched_areas=watched_areas)

    def located(self) -> Any:
        return self.some([name for name in self.names if self.watches[name]])

    def concerned_in(self, located: Any) -> Iterator[Any]:
        """{(name, municipality)}"""
        hit, named = {one.ags for one in self.affected}, {one.ags for one in self.affected if one.is_named}
        for name in self.names:
            yield from ((name, ags) for ags in self.follows[name] if ags in hit)
            for ags in self.watches[name]:
                if name in located or named & set(ags):
                    yield from ((name, one) for one in ags)


@pytest.mark.parametrize("seed", range(25))
async def test_whom_a_warning_concerns_is_the_same_however_it_is_asked(
    alerts: Alerts, pool: Any, subscriptions: Subscriptions, seed: Any
) -> None:
    people = People(random.Random(seed))
    await subscriptions.add_many(people.subscriptions())
    ids = {one.address.rpartition("/")[2]: one.id for one in await endpoints(pool)}
    async with alerts.submission("x") as submission:
        await submission.record(new_alert("A", affected=tuple(people.affected)))
    names = people.located()
    located = [ids[name] for name in names]
    pairs = {(ids[name], ags) for name, ags in people.concerned_in(names)}
    expected = sorted({one for one, _ in pairs})

    of_record = Target.of_alert("'A'", "$1")
    given = Target("SELECT unnest($2::text[])", "$3::text[]", "$1::bigint[]")
    lists = (
        located,
        [one.ags for one in people.affected],
        [one.ags for one in people.affected if one.is_named],
    )
    for target, values in ((of_record, (located,)), (given, lists)):
        rows = await pool.fetch(f"SELECT id FROM ({concerned(target)}) c ORDER BY id", *values)
        assert [row["id"] for row in rows] == expected
        rows = await pool.fetch(f"SELECT id FROM ({concerned(target, once=False)}) c", *values)
        assert {row["id"] for row in rows} == set(expected)
        rows = await pool.fetch(concerned_by_municipality(target), *values)
        assert {(row["id"], row["ags"]) for row in rows} == pairs
        low, high = sorted(people.rng.choices(range(max(ids.values()) + 2), k=2))
        between = [one for one in expected if low < one <= high]
        rows = await pool.fetch(
            f"SELECT id FROM ({concerned(target, str(low), str(high))}) c ORDER BY id", *values
        )
        assert [row["id"] for row in rows] == between
        above = min((one for one in expected if one > low), default=None)
        assert await pool.fetchval(first_concerned(target, str(low)), *values) == above


async def test_a_preview_counts_by_the_same_rule(pool: Any, subscriptions: Subscriptions) -> None:
    await subscriptions.add_many(
        [
            subscription("follows", DUEREN),
            subscription(
                "watches", "05999999", watched_areas=(WatchedArea(((50.1, 6.1),), 100.0, (DUEREN, JUELICH)),)
            ),
        ]
    )
    [watches] = [one.id for one in await endpoints(pool) if one.address.endswith("watches")]
    touched = await subscriptions.reach([DUEREN])
    assert touched.by_channel == {"webpush": 1}
    named = await subscriptions.reach([DUEREN], named=[DUEREN])
    within = await subscriptions.reach([DUEREN], located=[watches])
    assert (named.by_channel, within.by_channel) == ({"webpush": 2}, {"webpush": 2})
    assert named.by_municipality == within.by_municipality == {DUEREN: {"webpush": 2}}


def test_no_two_purposes_share_an_advisory_lock() -> None:
    """A leader holds its lock for as long as it leads: whoever took the same one would wait for ever."""
    sources = (Path(__file__).parents[2] / "dispatcher").rglob("*.py")
    keys = [key for file in sources for key in re.findall(r"\b72071161\d\d\b", file.read_text("utf-8"))]
    assert len(keys) == len(set(keys)) >= 6


NEGATED = re.compile(r"NOT IN \(\s*(?:SELECT|\{concerned)|<> ALL ?\(ARRAY\(")
FEW = {
    "persons/sessions.py": "devices of one person",
    "parties.py": "apps that a request names",
}
"""Where there are never many: PostgreSQL goes through the whole set again for each row as soon as it estimates that it
does not fit into `work_mem`, and there is no other plan for NOT IN."""


def test_nobody_is_left_out_by_going_through_all_others() -> None:
    root = Path(dispatcher.store.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if NEGATED.search(path.read_text())}
    assert found == set(FEW)


@pytest.mark.parametrize("text", ["x NOT IN (SELECT id FROM y)", "x NOT IN ({concerned(of)})"])
def test_what_goes_through_all_others_is_found(text: str) -> None:
    assert NEGATED.search(text)
