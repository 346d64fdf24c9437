"""How the service stands, as the desk says it."""

from typing import Any

from dispatcher.access.roles import Role
from dispatcher.api.console.desk.condition import read_condition
from dispatcher.model.vocabulary import Environment
from dispatcher.store.leadership import Leadership
from tests.support.console import Browser, text


async def test_the_desk_says_whether_the_service_can_warn(
    console: Any, invite: Any, browser: Browser
) -> None:
    await browser.enrol(await invite("b.lang", Environment.LIVE, Role.OPERATOR))
    page = text(await browser.get("desk"))
    assert page.index("Der Dienst kann zurzeit NICHT warnen.") < page.index("Kein Worker arbeitet")
    leader = Leadership(console.parts.health.pool)
    assert await leader.hold()
    pool = console.parts.health.pool
    await pool.execute("INSERT INTO gateway VALUES ('sms', '<b>eins', now() + interval '1 hour', 'down')")
    console.parts.readings._readings.clear()
    page = text(await browser.get("desk"))
    await leader.drop()
    assert "Der Dienst kann warnen, aber nicht in allem." in page
    assert "Das Gateway sms <b>eins nimmt gerade nichts an." in page
    assert "<strong>SMS <b>eins</strong>: Gateway nicht erreichbar; nächster Versuch" in page
    for said in (
        "Keine Feeds eingerichtet.",
        "Nicht eingerichtet: Der Dienst sendet sich selbst noch keine Proben",
    ):
        assert said in page


async def test_what_does_not_answer_is_not_known_and_hinders_no_page(console: Any) -> None:
    async with console.parts.health.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE gateway")
        found = await read_condition(console.parts)
    assert (found.record, found.queue, found.worker_leads) == (True, True, False)
    assert (found.gateways, found.held, found.feeds, found.oldest_approvals) == (None, 0, (), ())
    async with console.parts.health.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE approval")
        found = await read_condition(console.parts)
    assert (found.gateways, found.oldest_approvals) == ((), None), "not known is not: nothing waits"
