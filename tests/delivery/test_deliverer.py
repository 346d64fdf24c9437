"""A batch from the claim to its last outcome, against a scripted gateway."""

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import (
    Absent,
    ChannelDown,
    ChannelMisconfigured,
    Expired,
    Gone,
    OwnKeyRefused,
    Permanent,
    RateLimited,
    Transient,
    Unauthorized,
    Uncertain,
)
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.delivery.notices import Notices
from dispatcher.model.batches import Progress
from dispatcher.model.ledger import Fate
from dispatcher.model.reports import ReceiptPosition
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.vocabulary import UNCERTAIN, Reason, State
from dispatcher.store.audience.liveness import Liveness
from dispatcher.store.clock import RecordClock
from dispatcher.store.delivery.dead_letters import DeadLetters
from tests.delivery.conftest import House, paused
from tests.support.histories import let_leases_end
from tests.support.messages import HOUR, InfoPart, Message

ACCEPTED = State.ACCEPTED
PUSH = "https://push.example"


async def test_everybody_gets_it_once_in_slices_and_the_alert_is_settled(house: House) -> None:
    ids = await house.subscribe(*"abcdefg")
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert house.channel.calls == [ids[:3], ids[3:6], ids[6:]]
    assert house.channel.seen == [("A", one) for one in ids]
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 7)
    assert (await house.alerts.get("A")).state == "settled"
    assert await house.problems() == []
    assert house.count("warn_deliveries_total", channel="webpush", lane="priority", outcome="accepted") == 7
    assert (
        house.count("warn_delivery_attempts_total", channel="webpush", gateway=PUSH, result="accepted") == 7
    )
    assert house.count("warn_delivery_latency_seconds_count", channel="webpush", lane="priority") == 7


async def test_what_they_get_is_the_rendered_alert_rendered_once(house: House) -> None:
    await house.subscribe(*"abcd")
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    first, second = house.channel.notices
    assert first is second
    assert first.title == "WARNUNG: Hochwasser an der Rur"
    assert first.alert_id == "A"


async def test_each_recipient_is_asked_for_a_receipt_of_its_own(house: House) -> None:
    ids = await house.subscribe(*"abcd")
    tokens = ReceiptTokens(bytes(32))
    [batch] = await house.planned()
    await house.another(receipt_tokens=tokens).deliver(batch)
    [ask] = {
        notice.receipt_token.__qualname__: notice.receipt_token for notice in house.channel.notices
    }.values()
    found = [tokens.position(ask(one).decode()) for one in ids]
    assert found == [ReceiptPosition(batch, 0, n) for n in range(4)]


async def test_a_finished_batch_is_not_worked_on_again(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    for _ in range(3):
        await house.deliverer.deliver(batch)
    assert len(house.channel.seen) == 1


async def test_a_retry_waits_for_its_time_and_is_enqueued(house: House) -> None:
    one, two = await house.subscribe(*"ab")
    house.channel.script[one] = [Transient("503")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.RETRY, ACCEPTED])
    assert f"deliver:{batch}:1" in await house.wake_ups_waiting()
    await house.pool.execute("UPDATE batch SET not_before = clock_timestamp() + interval '1 minute'")
    await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", two)], "not before its time"
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", two), ("A", one)]
    assert await house.problems() == [(one, "accepted", "", 2, 0)]


async def test_the_gone_are_removed_and_the_rejected_are_dead_letters(house: House) -> None:
    one, two, three = await house.subscribe(*"abc")
    house.channel.script.update({one: [Gone("410")], two: [Permanent("413", "too large")]})
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.GONE, State.REJECTED, ACCEPTED])
    assert set(await house.subscriptions.endpoints([one, two, three])) == {two, three}
    assert [letter.recipient for letter in await DeadLetters(house.pool).listed("A")] == [two]
    assert house.count("warn_endpoints_removed_total", channel="webpush") == 1


async def test_a_dead_letter_is_sent_again_when_it_is_replayed(house: House) -> None:
    one, two = await house.subscribe(*"ab")
    house.channel.script[one] = [Permanent("413", "too large")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert (await house.alerts.get("A")).state == "settled"
    [letter] = await DeadLetters(house.pool).listed("A")
    assert await DeadLetters(house.pool).replay([letter.id], 2) == {letter.id: Fate.REPLAYED}
    assert (await house.alerts.get("A")).state == "planned"
    await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", two), ("A", one)]
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 2)
    assert (await house.alerts.get("A")).state == "settled"
    assert await DeadLetters(house.pool).listed("A") == []


async def test_retries_that_keep_failing_wait_while_others_are_served(house: House) -> None:
    ids = await house.subscribe(*(f"p{n:02}" for n in range(10)))
    house.channel.script.update({one: [Transient("503")] * 2 for one in ids[:3]})
    [batch] = await house.planned()
    budget = house.deliverer._gateways.of("webpush", PUSH).budget
    budget.note(retry=False, failed=False, now=time.monotonic())
    await house.deliverer.deliver(batch)
    assert len(house.channel.seen) == 7
    for _ in range(200):
        budget.note(retry=True, failed=True, now=time.monotonic())
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert len(house.channel.seen) == 7, "no retry"
    assert house.count("warn_retries_withheld_total", channel="webpush", gateway=PUSH) == 1
    assert await house.pool.fetchval("SELECT not_before > clock_timestamp() + interval '50 s' FROM batch")
    assert await house.pool.fetchval("SELECT count(*) FROM gateway WHERE paused_until > now()") == 0
    house.deliverer._gateways._known.clear()
    for _ in range(2):
        await house.all_due_now()
        await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 10)


async def test_when_too_many_are_called_gone_nobody_is_removed_and_it_is_counted(house: House) -> None:
    ids = await house.subscribe(*(f"p{n:02}" for n in range(40)))
    house.channel.script.update({one: [Gone("410")] for one in ids})
    batches = await house.planned()
    assert len(batches) == 4, "batches of ten are too few to judge by"
    await house.pool.execute("DELETE FROM batch")
    await house.pool.execute(
        """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes)
           SELECT 'A', 'A', 'alert', 'webpush', $2, 'de', 'priority', now() + interval '1 h', $1::bigint[], $3""",
        ids,
        PUSH,
        bytes(40),
    )
    await house.deliverer.deliver(await house.pool.fetchval("SELECT id FROM batch"))
    assert len(await house.subscriptions.endpoints(ids)) == 40
    assert house.count("warn_endpoint_removals_withheld_total", channel="webpush") == 1
    assert house.count("warn_endpoints_removed_total", channel="webpush") == 0


async def test_a_gateway_that_is_down_gets_everything_back_that_was_not_started(house: House) -> None:
    ids = await house.subscribe(*"abc")
    house.channel.script[ids[1]] = [ChannelDown("connect", gateway=PUSH)]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED, State.PENDING, State.PENDING])
    assert (await paused(house))["reason"] == "down"
    assert house.count("warn_gateway_pauses_total", channel="webpush", gateway=PUSH, reason="down") == 1
    assert f"deliver:{batch}:1" in await house.wake_ups_waiting()


async def test_a_gateway_that_refuses_us_is_left_alone_for_a_minute_and_nobody_is_lost(house: House) -> None:
    ids = await house.subscribe(*"abc")
    house.channel.script[ids[0]] = [ChannelMisconfigured("403")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes(3)
    pause = await paused(house)
    assert pause["reason"] == "misconfigured"
    assert pause["s"] > 50
    assert len(await house.subscriptions.endpoints(ids)) == 3


async def test_an_endpoint_that_does_not_take_its_credentials_holds_nobody_else_up(house: House) -> None:
    """Two towns' apps behind one origin: each time that the one refuses, the other is served at once."""
    one, *others = ids = await house.subscribe(*"abcd")
    house.channel.script[one] = [Unauthorized("401")] * 40
    [batch] = await house.planned()
    for _ in range(40):
        await house.all_due_now()
        await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.RETRY, *[ACCEPTED] * 3])
    assert await house.problems() == [(one, "unauthorized", "401", 40, 0)]
    assert await house.pool.fetchval("SELECT count(*) FROM gateway WHERE paused_until > now()") == 0
    assert not house.deliverer._gateways.of("webpush", PUSH).breaker.probing
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 4)
    assert house.channel.seen == [("A", each) for each in (*others, one)]
    assert set(await house.subscriptions.endpoints(ids)) == set(ids), "nobody is unsubscribed"


async def test_a_channel_that_this_worker_does_not_have_waits_for_its_operator(house: House) -> None:
    await house.subscribe("a", channel="sms")
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes(1)
    assert (await paused(house))["reason"] == "unknown_channel"


async def test_those_who_unsubscribed_since_the_plan_are_gone(house: House) -> None:
    one, two = await house.subscribe(*"ab")
    [batch] = await house.planned()
    await house.pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", one)
    await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", two)]
    assert await house.outcomes(batch) == bytes([State.GONE, ACCEPTED])


async def test_a_claim_sets_the_channels_clock_right(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    astray = RecordClock(own=lambda: datetime(2036, 1, 1, tzinfo=UTC))
    await house.another(clock=astray).deliver(batch)
    assert abs(astray() - await house.pool.fetchval("SELECT clock_timestamp()")) < timedelta(minutes=1)


async def test_a_worker_that_stood_still_with_the_records_answer_in_hand_sends_nothing_late(
    house: House,
) -> None:
    await house.subscribe(*"ab")
    [batch] = await house.planned()
    asked = iter([0.0])
    clock = RecordClock(lambda: next(asked, timedelta(days=365).total_seconds()))
    await house.another(clock=clock).deliver(batch)
    assert house.channel.calls == []
    assert await house.outcomes(batch) == bytes([State.EXPIRED] * 2)


async def test_past_the_deadline_nothing_is_sent(house: House) -> None:
    await house.subscribe(*"ab")
    [batch] = await house.planned()
    await house.pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    await house.deliverer.deliver(batch)
    assert house.channel.calls == []
    assert await house.outcomes(batch) == bytes([State.EXPIRED] * 2)
    assert (await house.alerts.get("A")).state == "settled"


async def test_an_update_stops_what_is_in_hand_before_the_next_slice(house: House) -> None:
    ids = await house.subscribe(*"abcdefg")
    [batch] = await house.planned()
    house.channel.open.clear()
    working = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    await house.submit("B", chain="A")
    await house.planner.plan("B")
    assert any(name.startswith("plan:B:") for name in await house.wake_ups_waiting()), "it will look again"
    house.channel.open.set()
    await working
    assert house.channel.seen == [("A", one) for one in ids[:3]]
    await house.planner.plan("B")
    rows = await house.pool.fetch("SELECT kind, recipients FROM batch WHERE alert_id = 'B' ORDER BY kind")
    assert {row["kind"]: row["recipients"] for row in rows} == {"alert": ids[3:], "update": ids[:3]}
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 3 + [State.SUPERSEDED] * 4)


async def test_a_worker_whose_batch_was_taken_over_writes_nothing_and_counts_it(house: House) -> None:
    ids = await house.subscribe(*"ab")
    [batch] = await house.planned()
    house.channel.open.clear()
    working = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    await let_leases_end(house.pool)
    second = await house.ledger.acquire(batch)
    house.channel.open.set()
    await working
    assert house.count("warn_leases_lost_total") == 1
    assert await house.outcomes(batch) == bytes([State.CLAIMED] * 2)
    await house.ledger.release(second, Progress(second.outcomes))
    await house.another().deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 2)
    assert len(house.channel.seen) == 4, "the bound: one slice, twice"
    assert ids


async def test_a_batch_whose_worker_died_is_finished_by_another(house: House) -> None:
    ids = await house.subscribe(*"abcd")
    [batch] = await house.planned()
    lease = await house.ledger.acquire(batch)
    await house.ledger.advance(
        lease, Progress(bytes([ACCEPTED, State.CLAIMED, State.CLAIMED, State.PENDING]))
    )
    await house.deliverer.deliver(batch)
    assert house.channel.calls == [], "the lease is alive"
    await let_leases_end(house.pool)
    await house.another().deliver(batch)
    assert house.channel.calls == [[ids[3]], [ids[1]], [ids[2]]]
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 4)
    assert [(who, crashes) for who, *_, crashes in await house.problems()] == [(ids[1], 1), (ids[2], 1)]


async def test_one_that_breaks_every_worker_is_given_up_and_the_others_are_served(house: House) -> None:
    ids = await house.subscribe(*"abcdef")
    house.channel.script[ids[2]] = [RuntimeError("poison")] * 9
    [batch] = await house.planned()
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await house.another().deliver(batch)
        await let_leases_end(house.pool)
    await house.another().deliver(batch)
    outcomes = await house.outcomes(batch)
    assert outcomes[2] == State.DEAD | UNCERTAIN
    assert outcomes.count(ACCEPTED) == 5
    assert (await house.alerts.get("A")).state == "settled"


async def test_a_gateway_that_fails_too_often_is_left_alone_and_then_probed_one_at_a_time(
    house: House,
) -> None:
    ids = await house.subscribe(*(f"p{n:02}" for n in range(DEFAULT_POLICY.breaker.failures)))
    house.channel.script.update({one: [Transient("503")] for one in ids})
    first, second = await house.planned()
    for batch in (first, second):
        await house.deliverer.deliver(batch)
    assert (await paused(house))["reason"] == "breaker"
    assert house.count("warn_gateway_pauses_total", channel="webpush", gateway=PUSH, reason="breaker") == 1
    await house.deliverer.deliver(first)
    assert len(house.channel.calls) == 8, "nobody asks meanwhile"
    await house.all_due_now()
    await house.deliverer.deliver(first)
    assert [len(call) for call in house.channel.calls[8:]] == [1, 3, 3, 3]
    assert await house.outcomes(first) == bytes([ACCEPTED] * 10)


async def test_a_text_that_was_given_up_without_an_answer_is_listed_and_a_person_may_send_it_again(
    house: House,
) -> None:
    """By itself it is never sent again; a person decides as often as they like."""
    house.channel.collapses = False
    one, two = await house.subscribe(*"ab")
    house.channel.script[one] = [Uncertain("timeout"), Uncertain("timeout")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    letters = DeadLetters(house.pool)
    for calls in (1, 2):
        assert await house.outcomes(batch) == bytes([State.DEAD | UNCERTAIN, ACCEPTED])
        assert sum(one in called for called in house.channel.calls) == calls
        [letter] = await letters.listed("A")
        assert (letter.recipient, letter.label, letter.code) == (one, "uncertain", "timeout")
        opened = await letters.opened(letter.id)
        assert opened is not None
        assert (opened.uncertain, opened.replay) == (True, Fate.REPLAYED)
        assert await letters.replay([letter.id], 2) == {letter.id: Fate.REPLAYED}
        await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", two), ("A", one)]
    assert await house.outcomes(batch) == bytes([ACCEPTED | UNCERTAIN, ACCEPTED]), "perhaps twice"
    assert await letters.listed("A") == []


async def test_an_answer_that_was_not_read_makes_the_recipient_told(house: House) -> None:
    one, two = await house.subscribe(*"ab")
    house.channel.script[one] = [Uncertain("timeout")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    await house.submit("C", chain="A", reason=Reason.CANCEL)
    await house.planner.plan("C")
    rows = await house.pool.fetch("SELECT kind, recipients FROM batch WHERE alert_id = 'C'")
    assert [(row["kind"], row["recipients"]) for row in rows] == [("cancel", [one, two])]


async def test_an_alert_that_is_not_on_record_is_an_error_and_not_silence(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    lease = await house.ledger.acquire(batch)
    await house.pool.execute("DELETE FROM batch")
    await house.pool.execute("DELETE FROM affected")
    await house.pool.execute("DELETE FROM alert")
    with pytest.raises(LookupError):
        await house.dependencies.notices.notice(lease, lease.now)


@pytest.mark.parametrize("seed", range(4))
async def test_over_any_faults_nobody_is_lost_and_nobody_hears_it_twice_without_a_death(
    house: House, seed: Any
) -> None:
    rng = random.Random(seed)
    ids = await house.subscribe(*(f"p{n:02}" for n in range(rng.randint(1, 30))))
    faults = [
        Transient("503"),
        Uncertain("timeout"),
        RateLimited("429"),
        ChannelDown("x"),
        RuntimeError("bug"),
    ]
    endings = [Permanent("400"), Gone("410")]
    for one in ids:
        house.channel.script[one] = rng.choices(faults, k=rng.randint(0, 2)) + rng.choices(
            [None, *endings], [8, 1, 1]
        )
    batches = await house.planned()
    deaths = 0
    for _ in range(60):
        for batch in batches:
            try:
                await house.another().deliver(batch)
            except RuntimeError:
                deaths += 1
        await let_leases_end(house.pool)
        await house.all_due_now()
        if (await house.alerts.get("A")).state == "settled":
            break
    outcomes = [byte for batch in batches for byte in await house.outcomes(batch)]
    assert all(State(byte & ~UNCERTAIN).terminal for byte in outcomes)
    assert (await house.alerts.get("A")).state == "settled"
    heard = [one for _, one in house.channel.seen]
    assert len(heard) - len(set(heard)) <= deaths * house.dependencies.slice_size
    assert {one for one, byte in zip(ids, outcomes, strict=True) if byte == ACCEPTED} <= set(heard)
    dead = [one for one, byte in zip(ids, outcomes, strict=True) if byte & ~UNCERTAIN == State.DEAD]
    assert all(RuntimeError in map(type, house.channel.script[one]) or deaths >= 3 for one in dead)


GRAVE = InfoPart(severity="Extreme", event="Unwetter", headline="Gewitter", instruction="Schutz suchen!")
RAIN = InfoPart(severity="Minor", event="Regen", headline="Dauerregen", lifetime=20 * HOUR)


def two_infos(grave_ends: timedelta, rain_ends: timedelta = 19 * HOUR) -> dict[str, Any]:
    """A message of an hour ago whose infos end so long from now, and its own end on record."""
    sent = datetime.now(UTC).replace(microsecond=0) - HOUR
    infos = (replace(RAIN, lifetime=HOUR + rain_ends), replace(GRAVE, lifetime=HOUR + grave_ends))
    return {
        "raw": Message(identifier="A", sent=sent, infos=infos).xml(),
        "expires": sent + HOUR + max(rain_ends, grave_ends),
    }


async def test_what_is_sent_of_a_message_is_its_gravest_info_until_that_ones_own_end(house: House) -> None:
    ids = await house.subscribe(*"ab")
    [batch] = await house.planned(**two_infos(HOUR))
    await house.deliverer.deliver(batch)
    [notice] = house.channel.notices
    assert (notice.title, notice.deadline < (await house.alerts.get("A")).expires) == (
        "WARNUNG: Gewitter",
        True,
    )
    assert house.channel.seen == [("A", one) for one in ids]


async def test_nothing_of_an_info_leaves_after_its_own_end(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned(**two_infos(-timedelta(minutes=1)))
    await house.deliverer.deliver(batch)
    [notice] = house.channel.notices
    assert notice.title == "WARNUNG: Dauerregen"
    for word in ("Gewitter", "Unwetter", "Schutz", "Extreme"):
        assert word not in notice.text + notice.payload.decode()


async def test_an_info_that_ends_while_its_batch_is_sent_gives_way_to_the_one_that_goes_on(
    house: House,
) -> None:
    """The channel finds the end past, perhaps before the worker's own clock does: no message was started."""
    ids = await house.subscribe(*"abcde")
    house.channel.script[ids[1]] = [Expired("deadline")]
    [batch] = await house.planned(**two_infos(HOUR))
    await house.deliverer.deliver(batch)
    titles = [notice.title for notice in house.channel.notices]
    assert titles == ["WARNUNG: Gewitter", "WARNUNG: Dauerregen"]
    assert house.channel.calls == [ids[:3], [ids[1], ids[3], ids[4]]]
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 5)
    assert await house.problems() == []


async def test_a_retry_after_the_end_of_an_info_tells_of_the_one_that_goes_on(house: House) -> None:
    [one] = await house.subscribe("a")
    house.channel.script[one] = [Transient("503")]
    [batch] = await house.planned(**two_infos(HOUR))
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.RETRY])
    await house.all_due_now()
    later = two_infos(-timedelta(seconds=1))
    await house.pool.execute("UPDATE alert SET raw = $1 WHERE id = 'A'", later["raw"])  # as time passes
    await house.another(notices=Notices(house.alerts, UTC)).deliver(batch)
    assert [notice.title for notice in house.channel.notices] == ["WARNUNG: Gewitter", "WARNUNG: Dauerregen"]
    assert await house.outcomes(batch) == bytes([ACCEPTED])


async def test_a_warning_of_which_nothing_is_left_to_tell_expires(house: House) -> None:
    """On record the message goes on, as with an info that has an end of its own beyond what is kept."""
    ids = await house.subscribe(*"ab")
    past = two_infos(-timedelta(minutes=2), -timedelta(minutes=1))
    [batch] = await house.planned(**past | {"expires": datetime.now(UTC) + HOUR})
    await house.deliverer.deliver(batch)
    assert house.channel.calls == []
    assert await house.outcomes(batch) == bytes([State.EXPIRED] * 2)
    assert await house.problems() == [(one, "expired", "deadline", 0, 0) for one in ids]
    assert (await house.alerts.get("A")).state == "settled"


async def test_at_the_end_of_the_message_itself_what_was_not_started_has_expired(house: House) -> None:
    [one] = await house.subscribe("a")
    house.channel.script[one] = [Expired("deadline")]
    [batch] = await house.planned(**two_infos(HOUR, 0.5 * HOUR))
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.EXPIRED])
    assert house.channel.calls == [[one]]


async def test_an_apps_own_key_that_everybody_refuses_stops_no_gateway(house: House) -> None:
    house.channel.gateway_changes = {"shared_key": True, "limits_endpoints": True}
    ids = await house.subscribe(*(f"p{n:02}" for n in range(DEFAULT_POLICY.breaker.refusals)))
    house.channel.script.update({one: [OwnKeyRefused("403")] for one in ids})
    for batch in await house.planned():
        await house.deliverer.deliver(batch)
    assert await paused(house) is None
    assert {label for _, label, _, _, _ in await house.problems()} == {"own_key_refused"}


async def test_twenty_in_a_row_who_refuse_our_key_stop_the_gateway_and_end_nobody(house: House) -> None:
    house.channel.gateway_changes = {"shared_key": True, "limits_endpoints": True}
    ids = await house.subscribe(*(f"p{n:02}" for n in range(DEFAULT_POLICY.breaker.refusals)))
    house.channel.script.update({one: [Unauthorized("403")] for one in ids})
    for batch in await house.planned():
        await house.deliverer.deliver(batch)
    assert (await paused(house))["reason"] == "misconfigured"
    assert {label for _, label, _, _, _ in await house.problems()} == {"unauthorized"}
    assert len(await house.subscriptions.endpoints(ids)) == len(ids)


async def test_who_fails_alike_for_long_while_others_are_accepted_is_given_up(house: House) -> None:
    house.channel.gateway_changes = {"limits_endpoints": True}
    one, two = await house.subscribe(*"ab")
    house.channel.script[one] = [Transient("507")] * 99
    [batch] = await house.planned()
    for _ in range(DEFAULT_POLICY.lasting.attempts):
        await house.deliverer.deliver(batch)
        await house.all_due_now()
        await house.pool.execute("UPDATE problem SET since = since - interval '1 min'")
    assert await house.outcomes(batch) == bytes([State.REJECTED, ACCEPTED])
    assert await house.problems() == [(one, "lasting", "507", DEFAULT_POLICY.lasting.attempts, 0)]
    assert await house.state(batch) == "done"
    assert [letter.recipient for letter in await DeadLetters(house.pool).listed("A")] == [one]
    assert set(await house.subscriptions.endpoints([one, two])) == {one, two}


async def given_up(house: Any, alert_id: str, ids: Any) -> None:
    """One alert at which these fail for long while others are accepted."""
    house.channel.script.update({one: [Transient("507")] * DEFAULT_POLICY.lasting.attempts for one in ids})
    for batch in await house.planned(alert_id):
        for _ in range(DEFAULT_POLICY.lasting.attempts):
            await house.deliverer.deliver(batch)
            await house.all_due_now()
            await house.pool.execute("UPDATE problem SET since = since - interval '1 min'")


async def test_a_subscription_that_fails_at_one_alert_after_another_ends(house: House) -> None:
    one, two = await house.subscribe(*"ab")
    for alert_id in "ABC":
        await given_up(house, alert_id, [one])
        await house.pool.execute("UPDATE failing_subscription SET first_at = first_at - interval '1 day'")
    assert set(await house.subscriptions.endpoints([one, two])) == {two}
    assert await house.pool.fetchval("SELECT end_reason FROM subscription WHERE id = $1", one) == "lasting"
    assert house.count("warn_endpoints_removed_total", channel="webpush") == 1


async def test_a_subscription_whose_device_is_away_ends_after_weeks_and_not_after_days(house: House) -> None:
    house.channel.gateway_changes = {"limits_endpoints": True}
    one, two = await house.subscribe(*"ab")
    for alert_id in "ABCD":
        house.channel.script[one] = [Absent("507", retry_after=300)]
        for batch in await house.planned(alert_id):
            await house.pool.execute("UPDATE batch SET deadline = clock_timestamp() + interval '1 min'")
            await house.deliverer.deliver(batch)
        days = 15 if alert_id == "C" else 4
        assert set(await house.subscriptions.endpoints([one, two])) == (
            {two} if alert_id == "D" else {one, two}
        )
        await house.pool.execute(
            "UPDATE absent_subscription SET first_at = first_at - make_interval(days => $1)", days
        )
    assert await house.pool.fetchval("SELECT end_reason FROM subscription WHERE id = $1", one) == "lasting"


async def test_where_one_stands_for_a_town_nothing_ends_and_an_acceptance_is_remembered(house: House) -> None:
    house.channel.gateway_changes = {"ends_failing": False}
    one, _ = await house.subscribe(*"ab")
    await given_up(house, "A", [one])
    assert await house.pool.fetchval("SELECT count(*) FROM failing_subscription") == 0
    house.deliverer._gateways._known.clear()
    house.channel.gateway_changes = {}
    await given_up(house, "B", [one])
    assert await house.pool.fetchval("SELECT count(*) FROM failing_subscription") == 1
    house.channel.script.clear()
    for batch in await house.planned("C"):
        await house.deliverer.deliver(batch)
    await Liveness(house.pool).note()
    assert await house.pool.fetchval("SELECT count(*) FROM failing_subscription") == 0


async def test_who_fails_alike_while_nothing_is_known_of_others_is_tried_until_the_end(house: House) -> None:
    [one] = await house.subscribe("a")
    house.channel.script[one] = [Transient("507")] * 99
    [batch] = await house.planned()
    for _ in range(20):
        await house.deliverer.deliver(batch)
        await house.all_due_now()
        await house.pool.execute("UPDATE problem SET since = since - interval '1 h'")
    assert await house.outcomes(batch) == bytes([State.RETRY])


class Sessions:
    """What other processes say of their sessions."""

    def __init__(self, *, others: bool) -> None:
        self.others = others

    async def is_any(self, gateway: str) -> bool:
        assert gateway == PUSH
        return self.others


@pytest.mark.parametrize("error", [ChannelDown, ChannelMisconfigured])
async def test_a_process_without_a_session_leaves_the_batch_to_one_that_has_one(
    house: House, error: type[Any]
) -> None:
    ids = await house.subscribe(*"abcd")
    [batch] = await house.planned()
    house.channel.script[ids[0]] = [error("0x05", is_local=True)] * 3
    without = house.another(sessions=Sessions(others=True))
    for _ in range(3):
        await without.deliver(batch)
        assert await paused(house) is None, "the gateway is stopped for nobody"
        assert await house.outcomes(batch) == bytes(4)
        assert await house.problems() == []
        await house.all_due_now()
    waiting = await house.wake_ups_waiting()
    assert any(name.startswith(f"deliver:{batch}:") for name in waiting), "somebody looks at it soon"
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 4)
    assert house.channel.seen == [("A", one) for one in ids]


@pytest.mark.parametrize(
    ("error", "others", "reason"),
    [
        (ChannelDown("0x05", is_local=True), False, "down"),
        (ChannelMisconfigured("0x0e", is_local=True), False, "misconfigured"),
        (ChannelDown("connect"), True, "down"),
    ],
)
async def test_the_gateway_is_out_where_no_process_has_a_session_or_none_is_needed(
    house: House, error: Any, others: bool, reason: str
) -> None:
    ids = await house.subscribe("a")
    [batch] = await house.planned()
    house.channel.script[ids[0]] = [error]
    await house.another(sessions=Sessions(others=others)).deliver(batch)
    assert (await paused(house))["reason"] == reason
