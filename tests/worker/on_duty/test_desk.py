"""People on duty hear of what waits, once, whatever becomes of workers and gateways, and hear that it is done."""

import asyncio
import email
import email.policy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from dispatcher.model.approval.policy import Timers
from dispatcher.model.vocabulary import Lane
from dispatcher.on_duty.endpoints import NewEndpoint, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.worker.on_duty.desk import AT_ONCE, DutyDesk
from tests.channels.far_side import answer, hang
from tests.channels.webpush import subscription as browser
from tests.metrics.test_registry import samples
from tests.support.approval_world import GRAVE, decider, grave_with
from tests.support.on_duty import NUMBER, endpoints_of, on_duty
from tests.support.submissions import warning
from tests.worker.approvals.test_timers import from_feed
from tests.worker.on_duty.conftest import HELD_AFTER, TAKEN, Duty

APPROVER, OPERATOR = RoleGrant(Role.APPROVER), RoleGrant(Role.OPERATOR)
MAILBOX = typed_endpoint(DutyChannel.EMAIL, "n.nachts@kreis.example")


def browser_at(duty: Duty) -> NewEndpoint:
    keys = {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}
    return NewEndpoint(DutyChannel.WEBPUSH, f"{duty.push.origin}/p", keys)


async def held(duty: Duty, person: str = "m.keller") -> str:
    return (await duty.world.submit(warning(), person)).alert.id


async def step(*workers: DutyDesk) -> None:
    """What workers do at the same time."""
    await asyncio.gather(*(one.look() for one in workers))
    await asyncio.gather(*(one.send() for one in workers))


def texts(duty: Duty) -> list[str]:
    """What the phone shows."""
    return [json.loads(seen.body)["text"] for seen in duty.sms.seen]


def forget(duty: Duty) -> None:
    for seen in (duty.push.seen, duty.sms.seen, duty.box.taken):
        seen.clear()


async def trail(duty: Duty, action: str) -> list[Any]:
    rows = await duty.pool.fetch("SELECT detail FROM audit WHERE action = $1 ORDER BY id", action)
    return [row["detail"] for row in rows]


async def test_an_approval_that_is_due_is_told_on_all_ways_once_by_whichever_worker(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    await on_duty(duty.pool, "b.browser", APPROVER, at=browser_at(duty))
    await on_duty(duty.pool, "c.mail", APPROVER, at=MAILBOX)
    await on_duty(duty.pool, "m.keller", APPROVER, at="+491700000009")
    alert = await held(duty)
    workers = [duty.worker() for _ in range(3)]
    for _ in range(2):
        await step(*workers)
        await duty.later()
    assert (len(duty.sms.seen), len(duty.push.seen), len(duty.box.taken)) == (1, 1, 1), (
        "the author is not asked"
    )
    (text,) = texts(duty)
    link = f"https://warnung.example/console/live/approvals/{alert}"
    assert text.startswith('ECHTBETRIEB - Freigabe fällig: "Hochwasser')
    assert "von m.keller." in text
    assert link in text
    pushed = duty.push.seen[0]
    assert json.loads(browser.decrypt(pushed.body))["notification"]["navigate"] == link
    assert pushed.headers["urgency"] == "high"
    mail = email.message_from_bytes(duty.box.taken[0].content or b"", policy=email.policy.default)
    assert mail["Subject"] == "ECHTBETRIEB – Freigabe fällig"
    assert link in mail.get_content()
    (told,) = await trail(duty, "duty.tell")
    assert told == {"persons": {"due": ["a.phone", "b.browser", "c.mail"]}, "messages": 3}
    found = samples(duty.metrics)
    assert found["warn_duty_messages_total", frozenset({("channel", "sms"), ("result", "accepted")})] == 1
    assert found["warn_duty_untold_timestamp_seconds", frozenset()] == 0


async def test_a_worker_that_is_killed_leaves_the_same_message_to_another(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "b.browser", APPROVER, at=browser_at(duty))
    await held(duty)
    killed, heir = duty.worker(), duty.worker()
    await killed.look()
    duty.push.react = hang
    sending = asyncio.create_task(killed.send())
    await duty.push.arrived.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert await heir.send() == 0, "it is the other's business for a while"
    duty.push.react = answer(201)
    await duty.later()
    assert await heir.send() == 1
    first, again = duty.push.seen
    assert first.headers["topic"] == again.headers["topic"]
    assert browser.decrypt(first.body) == browser.decrypt(again.body)
    await duty.later()
    assert await heir.send() == 0


async def test_while_a_gateway_is_away_it_is_tried_again_until_it_takes_it(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    await held(duty)
    worker = duty.worker()
    duty.sms.react = answer(503)
    await step(worker)
    assert await worker.send() == 0, "not at once"
    await duty.later()
    await step(worker)
    await worker.look()
    assert samples(duty.metrics)["warn_duty_untold_timestamp_seconds", frozenset()] > 0
    duty.sms.react = TAKEN
    await duty.later()
    await step(worker)
    await duty.later()
    await step(worker)
    assert len(duty.sms.seen) == 3
    (reference,) = {json.loads(seen.body)["client_ref"] for seen in duty.sms.seen}
    assert reference.startswith("DUTY"), "a gateway that drops repeats knows it again"
    tried = await duty.pool.fetch(
        """SELECT a.answer FROM duty_attempt a JOIN duty_message m ON m.id = a.message_id
           WHERE m.occasion = 'due' ORDER BY a.at"""
    )
    assert [row["answer"] for row in tried] == ["503", "503", "accepted"]


async def test_whoever_was_told_hears_that_it_is_done_but_not_whoever_decided(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    await on_duty(duty.pool, "c.mail", APPROVER, at=MAILBOX)
    alert, worker = await held(duty), duty.worker()
    await step(worker)
    forget(duty)
    await duty.world.here.approve(alert, decider("a.phone"), await duty.world.binding(alert))
    await duty.later()
    await step(worker)
    await step(worker)
    assert texts(duty) == []
    (mail,) = duty.box.taken
    assert b"Subject: ECHTBETRIEB" in (mail.content or b"")
    assert b"Erledigt: freigegeben" in (mail.content or b"")


async def test_what_is_decided_before_it_is_sent_wakes_nobody(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    alert, worker = await held(duty), duty.worker()
    await worker.look()
    await duty.world.here.reject(alert, decider("b.browser"), "falsch")
    assert await worker.send() == 1
    await worker.look()
    assert await worker.send() == 0
    assert texts(duty) == []
    answers = await duty.pool.fetchval("SELECT answer FROM duty_message WHERE occasion = 'due'")
    assert answers == "decided"


async def test_it_is_reminded_of_and_escalated_to_others_step_by_step(duty: Duty) -> None:
    five, ten = timedelta(minutes=5), timedelta(minutes=10)
    await duty.world.policy(grave_with(Timers(five, ten)))
    now = await duty.now()
    minute = OnCallWindow.parse(f"{now - timedelta(days=3):%a 00:00}-{now - timedelta(days=3):%a 00:01}")
    await on_duty(duty.pool, "a.phone", APPROVER)
    await on_duty(duty.pool, "b.off", RoleGrant(Role.APPROVER, on_call=(minute,)), at="+491700000002")
    await on_duty(duty.pool, "z.admin", RoleGrant(Role.ADMIN), at=MAILBOX)
    await held(duty)
    worker = duty.worker()
    await worker.look()
    for after in (five, ten, 2 * ten):
        later = now + after + timedelta(seconds=5)
        await duty.world.approvals.claim_reminders("worker", later)
        await duty.world.approvals.claim_escalations("worker", later)
        await worker.look(later)
        await worker.look(later)
    told = [one["persons"] for one in await trail(duty, "duty.tell")]
    assert told[0] == {"due": ["a.phone"]}
    assert told[1] == {"reminder": ["a.phone"]}
    assert told[2] == {"escalation": ["b.off"]}
    assert told[3] == {"escalation": ["z.admin"]}
    await worker.send()
    assert sum("Eskalation: " in text for text in texts(duty)) == 1
    assert sum("Erinnerung: " in text for text in texts(duty)) == 1


async def test_that_nobody_is_on_duty_is_told_to_operators_and_the_next_are(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "z.admin", RoleGrant(Role.ADMIN))
    await held(duty)
    worker = duty.worker()
    for _ in range(2):
        await step(worker)
    assert await trail(duty, "duty.uncovered") == [{"left_out": {"z.admin": "admin"}}]
    assert samples(duty.metrics)["warn_duty_uncovered", frozenset()] == 1
    assert texts(duty)[0].startswith("ECHTBETRIEB - Eskalation: Freigabe fällig")


async def test_an_extreme_of_a_feed_that_nobody_looked_at_is_told_to_operators(duty: Duty) -> None:
    await on_duty(duty.pool, "a.approver", APPROVER)
    await on_duty(duty.pool, "o.operator", OPERATOR, at="+491700000002")
    await from_feed(duty.world)
    worker, now = duty.worker(), await duty.now()
    await worker.look(now + HELD_AFTER - timedelta(seconds=30))
    assert await worker.send() == 0
    await worker.look(now + HELD_AFTER)
    assert await worker.send() == 1
    (text,) = texts(duty)
    assert text.startswith('ECHTBETRIEB - Meldung wird gehalten: "')
    assert "dispatcher held list" in text


async def test_a_code_is_sent_at_once_and_no_log_or_metric_has_an_address(
    duty: Duty, capsys: pytest.CaptureFixture[str]
) -> None:
    await duty.world.policy(GRAVE)
    number = await on_duty(duty.pool, "c.mail", APPROVER, at=MAILBOX)
    await held(duty)
    worker = duty.worker()
    await duty.pool.execute("UPDATE duty_message SET created_at = created_at - interval '1 hour'")
    assert await worker._stores.endpoints.ask_code(number, "operator:x") is not None
    await worker.look()
    await worker.send()
    await worker.send()
    code, due = duty.box.taken
    assert b"012345" in (code.content or b"")
    assert b"Freigabe" in (due.content or b"")
    said = capsys.readouterr()
    assert "duty_message" in said.out + said.err
    for secret in ("n.nachts", "012345"):
        assert secret not in said.out + said.err
        assert not any(secret in str(one) for one in samples(duty.metrics))


async def test_one_that_cannot_be_sent_at_all_holds_up_no_other(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    await on_duty(duty.pool, "c.mail", APPROVER, at=MAILBOX)
    await held(duty)

    class Broken:
        async def send(self, _mail: Any) -> None:
            raise RuntimeError("a fault of ours")

    broken: Any = Broken()
    duty.ways = replace(duty.ways, mailer=broken)
    await step(duty.worker())
    assert len(duty.sms.seen) == 1
    failed = frozenset({("function", "duty_messages")})
    assert samples(duty.metrics)["warn_jobs_failed_total", failed] == 1


async def test_a_gateway_that_hangs_holds_up_no_other(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "b.browser", APPROVER, at=browser_at(duty))
    await held(duty)
    duty.push.react = hang
    running = asyncio.create_task(duty.worker().run())
    async with asyncio.timeout(20):
        await duty.push.arrived.wait()
        phone = await endpoints_of(duty.pool).add(
            "b.browser", typed_endpoint(DutyChannel.SMS, NUMBER), UNNAMED_OPERATOR
        )
        assert phone is not None
        await endpoints_of(duty.pool).ask_code(phone, UNNAMED_OPERATOR)
        await duty.sms.arrived.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_mail_server_that_is_silent_holds_up_no_sms_and_no_warning(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    for number in range(AT_ONCE + 1):
        mailbox = typed_endpoint(DutyChannel.EMAIL, f"n{number}@kreis.example")
        await on_duty(duty.pool, f"c.mail{number}", APPROVER, at=mailbox)
    await on_duty(duty.pool, "a.phone", APPROVER)
    alert, asked = await held(duty), asyncio.Event()

    class Silent:
        async def send(self, _mail: Any) -> None:
            asked.set()
            await asyncio.Event().wait()

    silent: Any = Silent()
    duty.ways = replace(duty.ways, mailer=silent)
    worker = duty.worker()
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await asked.wait()
        await duty.sms.arrived.wait()
        while worker._gate.must_wait(Lane.ROUTINE):  # noqa: ASYNC110 - until its answer is noted
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert alert in texts(duty)[0]


async def test_it_works_until_it_is_stopped_and_outlives_an_outage_of_the_record(duty: Duty) -> None:
    await duty.world.policy(GRAVE)
    await on_duty(duty.pool, "a.phone", APPROVER)
    await held(duty)
    running = asyncio.create_task(duty.worker().run())
    async with asyncio.timeout(20):
        await duty.sms.arrived.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    away = duty.worker()
    await duty.pool.close()
    running = asyncio.create_task(away.run())
    failed = frozenset({("function", "duty_roster")})
    async with asyncio.timeout(20):
        while not samples(duty.metrics).get(("warn_jobs_failed_total", failed)):  # noqa: ASYNC110 - a counter
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
