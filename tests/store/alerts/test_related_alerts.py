"""What the record knows about the alerts that are related to a message."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import WORKER
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.vocabulary import Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.related_alerts import Outcome, RelatedAlerts
from dispatcher.store.sources import Sources
from tests.support.histories import submit
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, NOW, SENDER

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def other_sources(pool: Any, sources: Sources) -> None:
    for source in ("bezirk", "feed-dwd"):
        await pool.execute(
            "INSERT INTO source (id, name, senders, territory) VALUES ($1, '', '{}', '{}')", source
        )


@pytest.fixture
def related(alerts: Alerts) -> Callable[..., Awaitable[Any]]:
    """What a method says within a transaction."""

    async def ask(method: str, *arguments: Any) -> Any:
        async with alerts.submission(SENDER) as submission:
            return await getattr(RelatedAlerts(submission), method)(*arguments)

    return ask


async def test_editions_share_a_key_that_is_not_empty(alerts: Alerts, related: Any) -> None:
    await submit(alerts, "A", event_key="k")
    await submit(alerts, "B", event_key="k", identifier="de")
    await submit(alerts, "C", event_key="")
    assert [one.id for one in await related("editions", "k")] == ["A", "B"]
    assert await related("editions", "") == []


async def test_a_message_is_named_by_sender_and_identifier_or_by_its_key(
    alerts: Alerts, related: Any
) -> None:
    await submit(alerts, "A", references=((SENDER, "flut", NOW),), reference_keys=("k",))
    await submit(alerts, "B", references=(("other@example.org", "flut", NOW),), reference_keys=("",))
    assert [one.id for one in await related("naming", SENDER, "flut", NOW, "")] == ["A"]
    assert [one.id for one in await related("naming", "x", "y", NOW, "k")] == ["A"]
    assert [one.id for one in await related("naming", "other@example.org", "flut", NOW, "k")] == ["A", "B"]
    assert await related("naming", "x", "y", NOW, "") == []


@pytest.mark.parametrize(
    ("reference", "named_at", "there", "found"),
    [
        (NOW, NOW, False, True),
        (None, NOW, False, True),
        # Feeds are not always exact: an instant that fits nothing means what was sent before.
        (NOW - HOUR, NOW, False, True),
        (NOW - HOUR, NOW, True, False),
        # What is sent under that name later is something else, unless the reference says that it is meant.
        (NOW - HOUR, NOW + 2 * HOUR, False, False),
        (None, NOW + 2 * HOUR, False, False),
        (NOW + 2 * HOUR, NOW + 2 * HOUR, False, True),
    ],
)
async def test_the_instant_of_a_reference_says_which_message_of_that_name_is_meant(
    alerts: Alerts, related: Any, reference: Any, named_at: Any, there: bool, found: bool
) -> None:
    if there:
        await submit(alerts, "O", identifier="flut", sent=NOW - HOUR)
    await submit(alerts, "A", sent=NOW + HOUR, references=((SENDER, "flut", reference),))
    assert [one.id for one in await related("naming", SENDER, "flut", named_at, "")] == (
        ["A"] if found else []
    )


async def test_a_reference_can_mean_whatever_has_its_identifier_or_its_key(
    alerts: Alerts, related: Any
) -> None:
    await submit(alerts, "A", identifier="flut", event_key="k1")
    await submit(alerts, "B", identifier="sturm", event_key="k2")
    await submit(alerts, "C", identifier="frost")
    assert [one.id for one in await related("candidates", ["flut"], ["k2"])] == ["A", "B"]
    assert await related("candidates", [], [""]) == []


IN_FORCE = {"source_id": "bezirk", "expires": NOW + 6 * HOUR, "begins": NOW, "event": "Hochwasser"}


@pytest.mark.parametrize(
    ("changes", "statement", "found"),
    [
        ({}, None, True),
        ({"reason": Reason.UPDATE}, None, True),
        ({"source_id": "leitstelle"}, None, False),
        ({"expires": NOW}, None, False),
        ({"reason": Reason.CANCEL}, None, False),
        ({"reason": Reason.HELD}, None, False),
        ({"reason": Reason.EXPIRED}, None, False),
        ({}, "UPDATE alert SET stopped_at = clock_timestamp()", False),
        ({}, "UPDATE affected SET ags = '05358012' WHERE ags = '05358008'", False),
    ],
)
async def test_in_force_are_other_sources_warnings_for_one_of_the_places(
    pool: Any, alerts: Alerts, related: Any, changes: dict[str, Any], statement: str | None, found: bool
) -> None:
    await submit(alerts, "A", DUEREN, JUELICH, **IN_FORCE | changes)
    if statement:
        await pool.execute(statement)
    others = await related("others_in_force", [DUEREN, HEIMBACH], "leitstelle", NOW)
    assert [(one.id, places) for one, places in others] == ([("A", {DUEREN, JUELICH})] if found else [])


async def test_what_a_later_message_of_its_chain_replaced_is_not_in_force(
    alerts: Alerts, related: Any
) -> None:
    await submit(alerts, "A", DUEREN, **IN_FORCE)
    await submit(alerts, "B", DUEREN, chain="A", **IN_FORCE)
    others = await related("others_in_force", [DUEREN], "leitstelle", NOW)
    assert [one.id for one, _ in others] == ["B"]


@pytest.mark.parametrize(
    ("changes", "places", "found"),
    [
        ({}, [JUELICH, DUEREN], True),
        ({"source_id": "leitstelle"}, [DUEREN, JUELICH], True),
        ({"event": "HOCHWASSER"}, [DUEREN, JUELICH], True),
        ({"source_id": "feed-dwd"}, [DUEREN, JUELICH], False),
        ({"event": "Sturm"}, [DUEREN, JUELICH], False),
        ({}, [DUEREN], False),
        ({}, [DUEREN, HEIMBACH], False),
        ({"begins": 30 * MINUTE}, [DUEREN, JUELICH], True),
        ({"begins": 31 * MINUTE}, [DUEREN, JUELICH], False),
        ({"begins": None}, [DUEREN, JUELICH], False),
        ({"expires": 7 * HOUR}, [DUEREN, JUELICH], True),
        ({"expires": 8 * HOUR}, [DUEREN, JUELICH], False),
        ({"reason": Reason.CANCEL}, [DUEREN, JUELICH], False),
        ({"words": b"others"}, [DUEREN, JUELICH], False),
        ({"words": None}, [DUEREN, JUELICH], False),
    ],
)
async def test_a_centres_warning_of_the_same_is_of_event_words_exactly_these_places_and_window(
    pool: Any, alerts: Alerts, related: Any, changes: dict[str, Any], places: list[str], found: bool
) -> None:
    """Times are from now on: the record's own clock decides what is in force."""
    now = await pool.fetchval("SELECT clock_timestamp()")
    values: dict[str, Any] = {
        "source_id": "bezirk",
        "event": "Hochwasser",
        "words": b"these",
        "begins": 0 * HOUR,
        "expires": 6 * HOUR,
    }
    moved = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in (values | changes).items()
    }
    await submit(alerts, "A", DUEREN, JUELICH, **moved)
    spans = (now - 30 * MINUTE, now + 30 * MINUTE), (now + 5 * HOUR, now + 7 * HOUR)
    equal = await related("centres_in_force", "hochwasser", b"these", places, *spans)
    assert [(one.id, its) for one, its in equal] == ([("A", {DUEREN, JUELICH})] if found else [])


@pytest.mark.parametrize("key", [b"\x00" * 32, b"\xff" * 32])
async def test_equal_warnings_and_feeds_messages_are_decided_one_after_the_other(
    alerts: Alerts, key: bytes
) -> None:
    """Whoever sends them: the order per sender is not enough."""
    order: list[str] = []
    entered = asyncio.Event()

    async def second() -> None:
        async with alerts.submission("other@example.org") as submission:
            entered.set()
            await RelatedAlerts(submission).lock_duplicates(key)
            order.append("second")

    async with alerts.submission(SENDER) as submission:
        await RelatedAlerts(submission).lock_duplicates(key)
        await RelatedAlerts(submission).lock_ingest()
        waiting = asyncio.create_task(second())
        await entered.wait()
        async with alerts.submission("third@example.org") as third:
            await RelatedAlerts(third).lock_duplicates(b"\x01" * 32)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_what_a_warning_stands_for_is_found_and_given_to_another(
    pool: Any, alerts: Alerts, related: Any
) -> None:
    await submit(alerts, "A")
    await submit(alerts, "B")
    for one in "MNS":
        await submit(alerts, one, reason=Reason.MERGED, merged_into="A")
    await submit(alerts, "X", merged_into="A")
    await pool.execute("UPDATE alert SET stopped_at = clock_timestamp() WHERE id = 'S'")
    assert [one.id for one in await related("merged_into", ["A", "B"])] == ["M", "N"]
    await related("merge", ["M", "X"], "B")
    assert [one.id for one in await related("merged_into", ["B"])] == ["M"]
    assert (await alerts.get("X")).merged_into == "A", "it speaks already"


async def test_what_waits_in_a_chain_is_outdated_by_a_later_message(
    pool: Any, alerts: Alerts, related: Any
) -> None:
    await submit(alerts, "A", reason=Reason.HELD)
    await submit(alerts, "S", chain="A", names=[])
    await submit(alerts, "B", chain="A", reason=Reason.HELD)
    await submit(alerts, "X", reason=Reason.HELD)
    assert await related("withdraw", ["A", "S", "B"], "B", WORKER, "Update") == ["A"]
    line = await pool.fetchrow("SELECT actor, alert_id, detail FROM audit WHERE action = 'held.withdraw'")
    assert tuple(line) == ("worker", "A", {"by": "B", "why": "Update"})
    rows = await pool.fetch("SELECT id, state, reason, stopped_by FROM alert ORDER BY number")
    assert [tuple(row) for row in rows] == [
        ("A", "recorded", "superseded", "B"),
        ("S", "accepted", "update", None),
        ("B", "held", "held", None),
        ("X", "held", "held", None),
    ]


async def test_who_else_carried_a_message_is_recorded_once(alerts: Alerts, related: Any) -> None:
    await submit(alerts, "A")
    await submit(alerts, "B")
    for _ in range(2):
        await related("carry", "A", "feed-dwd")
    assert await related("carried_by", "feed-dwd", ["A", "B"]) == {"A"}
    assert await related("carried_by", "feed-dwd", ["B"]) == set()
    assert await related("carried_by", "bezirk", ["A"]) == set()


async def test_an_approval_binds_the_target_as_it_stands(pool: Any, alerts: Alerts, related: Any) -> None:
    await submit(alerts, "A", DUEREN, reason=Reason.HELD)
    await related("add_municipalities", "A", [AffectedMunicipality(JUELICH, "Jülich", "person", 1.0)])
    bound, found = await related("target", "A")
    assert bound != found
    expires = (await alerts.get("A")).expires + HOUR
    decision = ApprovalDecision.APPROVE
    outcome = Outcome(Reason.FIRST_NOTICE, "A", "A", expires, decision)
    await related("conclude", "A", outcome, "operator:a", "geprüft", 7)
    bound, again = await related("target", "A")
    assert bound == again == found
    row = await pool.fetchrow("SELECT state, reason, approved, expires FROM alert")
    assert tuple(row) == ("accepted", "first_notice", 7, expires)
    line = await pool.fetchrow("SELECT actor, detail FROM audit WHERE action = 'alert.conclude'")
    assert line["actor"] == "operator:a"
    assert line["detail"]["why"] == "geprüft"


async def test_a_municipality_that_is_there_already_is_not_added_again(alerts: Alerts, related: Any) -> None:
    await submit(alerts, "A", DUEREN)
    await related("add_municipalities", "A", [AffectedMunicipality(DUEREN, "Düren", "person", 1.0)])
    assert [place.reason for place in await alerts.affected("A")] == ["geocode"]
