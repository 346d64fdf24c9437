"""The one way in which an operator decides about what is held."""

import asyncio
import threading
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import asyncpg
import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.held import deciding
from dispatcher.api.held.deciding import discard, is_end, release, send_sms, shown, waiting
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Environment, Reason
from dispatcher.store.alerts.related_alerts import Outcome, RelatedAlerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.record import UNAVAILABLE
from tests.api import conftest as over_http
from tests.support.histories import subscribe, until
from tests.support.messages import DUEREN, NOW, SENDER
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

BREAK_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
"""Breaks the connection off on which a count waits, where the table of whom it counts is locked."""

pool, service, settings = over_http.pool, over_http.service, over_http.settings


def operator(environment: Environment = Environment.LIVE) -> Principal:
    return of_person(Person("j.ott", environment, (RoleGrant(Role.OPERATOR),)), NOW)


async def held(service: Any) -> str:
    pool = service.parts.health.pool
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true, NULL, NULL, NULL)")
    alert = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    await pool.execute("DELETE FROM approval")
    await pool.execute("UPDATE alert SET held_for = 'severity'")
    return str(alert)


async def test_whoever_decides_is_shown_how_many_it_goes_to_and_no_more_are_told(
    service: Any, pool: Any
) -> None:
    alert, who = await held(service), operator()
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "a")
    found = await shown(service.parts, who, alert)
    assert (found.people, found.waits, found.needs_second_person) == (1, True, False)
    assert any(name.startswith("text/de") for name in found.texts)
    assert [one.id for one in (await waiting(service.parts, who)).alerts] == [alert]
    assert not await is_end(service.parts, who, alert)
    await release(service.parts, who, alert, "geprüft", (found.target, found.people))
    assert not (await shown(service.parts, who, alert)).waits
    assert await pool.fetchval("SELECT approved FROM alert WHERE id = $1", alert) == 51


async def test_whom_so_many_are_that_nobody_can_count_them_is_shown_and_decided_all_the_same(
    service: Any, pool: Any, database_url: str
) -> None:
    """Here a count waits for ever, for whoever has the table. So far the answer was a 503, also after the decision."""
    alert, who = await held(service), operator()
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        found = await shown(service.parts, who, alert)
        assert (found.people, found.is_ending, found.waits) == (None, False, True)
        assert any(name.startswith("text/de") for name in found.texts)
        await release(service.parts, who, alert, "geprüft", (found.target, None))
    await connection.close()
    assert not (await shown(service.parts, who, alert)).waits
    assert await pool.fetchval("SELECT approved FROM alert WHERE id = $1", alert) is None


async def test_whoever_was_shown_no_number_approves_none(service: Any, pool: Any) -> None:
    """The number for which a plan held it is approved by those who were told of it."""
    alert = await held(service)
    await pool.execute("UPDATE alert SET held_recipients = 7")
    async with service.parts.alerts.submission(SENDER) as submission:
        (stored,) = await submission.chains([alert])
        outcome = Outcome(Reason.FIRST_NOTICE, alert, alert, stored.expires, ApprovalDecision.APPROVE)
        await RelatedAlerts(submission).conclude(alert, outcome, operator().actor, "geprüft")
    assert await pool.fetchval("SELECT approved FROM alert WHERE id = $1", alert) is None


async def test_where_a_plan_counted_that_number_is_shown_and_to_be_named(
    service: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, who = await held(service), operator()
    await pool.execute("UPDATE alert SET held_recipients = 7")
    assert (await shown(service.parts, who, alert)).people == 0, "what is counted now is what counts"
    monkeypatch.setattr(deciding, "COUNTED_S", 0.0)
    found = await shown(service.parts, who, alert)
    assert (found.people, found.is_counted, found.is_ending) == (7, False, False)
    with pytest.raises(RequestRefused):
        await release(service.parts, who, alert, "geprüft", (found.target, None))
    await release(service.parts, who, alert, "geprüft", (found.target, 7))
    assert await pool.fetchval("SELECT approved FROM alert WHERE id = $1", alert) == 57


async def test_a_record_that_breaks_off_is_no_missing_number(service: Any, database_url: str) -> None:
    """Else any hiccup let a message go out for which nobody was shown how many it reaches."""
    alert, who = await held(service), operator()
    target = (await shown(service.parts, who, alert)).target
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        releasing = asyncio.create_task(release(service.parts, who, alert, "geprüft", (target, None)))
        await until(partial(connection.fetchval, BREAK_OFF))
        with pytest.raises(UNAVAILABLE) as caught:
            await releasing
    await connection.close()
    assert not isinstance(caught.value, TimeoutError)
    assert (await shown(service.parts, who, alert)).waits


async def test_whoever_names_no_number_though_there_is_one_has_not_looked(service: Any) -> None:
    alert, who = await held(service), operator()
    found = await shown(service.parts, who, alert)
    with pytest.raises(RequestRefused) as caught:
        await release(service.parts, who, alert, "geprüft", (found.target, None))
    assert caught.value.detail.de.startswith("An wie viele Menschen sie geht, ist nicht gesagt.")
    assert (await shown(service.parts, who, alert)).waits


class NotedTexts(HeldTexts):
    """The texts, with the threads in which they were written."""

    threads: ClassVar[list[int]] = []

    def of(self, *said: Any, **named: Any) -> dict[str, str | bytes]:
        self.threads.append(threading.get_ident())
        return super().of(*said, **named)


async def test_long_texts_hold_nobody_else_up(service: Any) -> None:
    alert, who = await held(service), operator()
    texts = service.parts.held.texts
    noted = replace(service.parts.held, texts=NotedTexts(texts.zone, texts.known))
    assert (await shown(replace(service.parts, held=noted), who, alert)).texts
    assert NotedTexts.threads
    assert threading.get_ident() not in NotedTexts.threads


async def test_another_environments_message_is_nowhere(service: Any) -> None:
    alert, elsewhere = await held(service), operator(Environment.EXERCISE)
    assert (await waiting(service.parts, elsewhere)).alerts == []
    for asking in (
        shown(service.parts, elsewhere, alert),
        is_end(service.parts, elsewhere, alert),
        release(service.parts, elsewhere, alert, "x", ("", None)),
        discard(service.parts, elsewhere, alert, "x"),
        send_sms(service.parts, elsewhere, alert, "x"),
    ):
        with pytest.raises(RequestRefused) as caught:
            await asking
        assert caught.value.type is ProblemType.NOT_FOUND


async def test_what_was_decided_stays_so_and_where_no_sms_waits_none_is_sent(service: Any) -> None:
    alert, who = await held(service), operator()
    await discard(service.parts, who, alert, "Irrläufer")
    for asking in (
        discard(service.parts, who, alert, "x"),
        release(service.parts, who, alert, "x", ("", None)),
        send_sms(service.parts, who, alert, "x"),
    ):
        with pytest.raises(RequestRefused) as caught:
            await asking
        assert caught.value.type is ProblemType.CONFLICT
