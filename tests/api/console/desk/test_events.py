"""The stream of a desk as a browser hears it."""

from datetime import timedelta
from typing import Any

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from tests.support.console import Browser
from tests.support.messages import DUEREN
from tests.support.submissions import warning


async def listens(console: Any, browser: Browser) -> Any:
    """Open the stream of a browser's desk."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    url = f"{console.url}/console/{browser.environment}/desk/events"
    answer = await console.session.get(url, headers={"Cookie": cookies}, allow_redirects=False)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    return answer


async def hears(answer: Any, event: str) -> str:
    """The data of the next event of that name."""
    while line := await answer.content.readline():
        if line == f"event: {event}\n".encode():
            return str((await answer.content.readline()).decode())
    raise AssertionError(f"the stream ended without {event}")


async def test_a_desk_hears_of_what_is_new_until_its_session_ends(console: Any, invite: Any) -> None:
    browser, pool = Browser(console), console.parts.health.pool
    await browser.enrol(await invite("b.lang", Environment.LIVE, Role.OPERATOR))
    used = timedelta(minutes=5)
    await pool.execute("UPDATE person_session SET used_at = now() - $1::interval", used)
    answer = await listens(console, browser)
    first = await hears(answer, "desk")
    await console.submit(warning(DUEREN))
    assert await hears(answer, "desk") != first
    assert await pool.fetchval("SELECT now() - used_at >= $1 FROM person_session", used), "it is no use of it"
    await browser.ask("GET", "desk", X_By_Itself="1")
    assert await pool.fetchval("SELECT now() - used_at >= $1 FROM person_session", used)
    await browser.get("desk")
    assert await pool.fetchval("SELECT now() - used_at < $1 FROM person_session", used)
    await browser.post("sign-out")
    await hears(answer, "over")
    assert (await answer.content.read()).strip() == b"", "and ends"


async def test_who_may_not_see_the_desk_hears_nothing(console: Any, invite: Any) -> None:
    stranger, admin = Browser(console), Browser(console)
    assert (await stranger.get("desk/events")).status == 303
    await admin.enrol(await invite("a.min", Environment.LIVE, Role.ADMIN))
    assert (await admin.get("desk/events")).status == 403
