"""The pages on which an operator decides about what is held: what they show, what they refuse, and what became of it."""

import re
from typing import Any

import pytest

from channels.sms.contract import Contract
from dispatcher.access.roles import Role
from dispatcher.api.held import deciding
from dispatcher.model.vocabulary import Environment
from dispatcher.sms.parts import TextParts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Located, Plans
from dispatcher.store.sms.charges import Charges
from tests.store.sms.phones import phones
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def signed_in(console: Any, invite: Any) -> Any:
    """Signs a person with this role in; of no control centre."""

    async def signed_in(role: Role = Role.OPERATOR, environment: Environment = Environment.LIVE) -> Browser:
        browser = Browser(console, environment.value)
        await browser.enrol(await invite("j.ott", environment, role))
        await console.parts.health.pool.execute("UPDATE person SET source_id = NULL")
        return browser

    return signed_in


async def held(console: Any, *, is_needed: bool = False) -> str:
    """A warning that waits: for a second person, or because of its severity, as a feed's would; its id."""
    pool = console.parts.health.pool
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true, NULL, NULL, NULL)")
    answer = await console.submit(warning(DUEREN))
    assert answer.status == 202, answer.json
    if not is_needed:
        await pool.execute("DELETE FROM approval")
        await pool.execute("UPDATE alert SET held_for = 'severity'")
    return str(answer.json["alert"]["id"])


async def state_of(console: Any, alert_id: str) -> str:
    return str(await console.parts.health.pool.fetchval("SELECT state FROM alert WHERE id = $1", alert_id))


async def looks(browser: Browser, alert_id: str) -> str:
    answer = await browser.get(f"held/{alert_id}")
    assert answer.status == 200, text(answer)
    return text(answer)


def target(page: str) -> str:
    found = re.search(r'name="target" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


async def releases(browser: Browser, alert_id: str, page: str, **changes: str) -> Any:
    fields = {"target": target(page), "shown": "0", "people": "0", "why": "angerufen"} | changes
    return await browser.post(f"held/{alert_id}/release", **fields)


async def test_an_operator_reads_why_it_waits_and_releases_it(console: Any, signed_in: Any) -> None:
    alert, browser = await held(console), await signed_in()
    listed = text(await browser.get("held"))
    assert "Meldungen (1)" in listed
    assert "diese Schwere geht nicht von selbst hinaus" in listed
    page = await looks(browser, alert)
    for words in (
        "Ginge jetzt an: 0 Menschen",
        "SMS (1 Teil,",
        "Düren <small>(ganz)",
        "ECHTE MELDUNG an 0 Menschen",
    ):
        assert words in page, words
    for wrong in ({"people": "1"}, {"people": ""}, {"shown": ""}, {"shown": "x"}):
        answer = await releases(browser, alert, page, **wrong)
        assert (answer.status, "Nichts wurde gesendet" in text(answer)) == (422, True), wrong
    for why in ("", " ", "x" * 501, "zwei\nZeilen"):
        answer = await releases(browser, alert, page, why=why)
        assert (answer.status, "Es braucht einen Grund" in text(answer)) == (422, True), why
    for seen in ("", "0" * 64, "%"):
        answer = await releases(browser, alert, page, target=seen)
        assert (answer.status, "Das Zielgebiet ist ein anderes" in text(answer)) == (409, True), seen
    assert await state_of(console, alert) == "held"
    sent = await releases(browser, alert, page)
    assert (sent.status, sent.headers["location"]) == (303, f"/console/live/held/{alert}")
    page = await looks(browser, alert)
    assert "Sie wartet nicht mehr" in page
    assert f"/console/live/alerts/{alert}" in page
    assert "<form" not in page.partition("<main")[2]
    late = await browser.post(f"held/{alert}/discard", why="zu spät")
    assert (late.status, "wartet keine Meldung" in text(late)) == (409, True)
    actor = await console.parts.health.pool.fetchval(
        "SELECT actor FROM audit WHERE action = 'alert.conclude'"
    )
    assert actor == "person:j.ott"


async def test_what_nobody_can_count_is_released_by_its_municipalities(
    console: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, browser = await held(console), await signed_in()
    with monkeypatch.context() as patch:
        patch.setattr(deciding, "COUNTED_S", 0.0)
        page = await looks(browser, alert)
        for words in (
            "Ginge jetzt an: alle Betroffenen (Zahl noch nicht bekannt)",
            "wer neu lädt, zählt noch einmal",
            "Die Meldung geht sofort an alle Betroffenen in 1 Gemeinde (Zahl noch nicht bekannt).",
            "Für wie viele Gemeinden ist sie?",
            "Sind es ungewöhnlich viele für diese Quelle, wartet sie wieder, mit der Zahl.",
        ):
            assert words in page, words
        assert 'name="shown"' not in page
        for typed in ("", "0", "2"):
            answer = await releases(browser, alert, page, shown="", municipalities=typed)
            assert (answer.status, "nicht die Zahl der Gemeinden" in text(answer)) == (422, True), typed
    counted = await releases(browser, alert, page, shown="", municipalities="1")
    assert (counted.status, "ECHTE MELDUNG an 0 Menschen" in text(counted)) == (409, True), (
        "there is a number by now, and it was not seen"
    )
    with monkeypatch.context() as patch:
        patch.setattr(deciding, "COUNTED_S", 0.0)
        assert (await releases(browser, alert, page, shown="", municipalities="1")).status == 303
    assert await state_of(console, alert) == "accepted"


async def test_the_number_for_which_a_plan_held_it_is_shown_and_typed(
    console: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So far whoever was shown none had approved it all the same."""
    alert, browser = await held(console), await signed_in()
    pool = console.parts.health.pool
    await pool.execute("UPDATE alert SET held_recipients = 7")
    monkeypatch.setattr(deciding, "COUNTED_S", 0.0)
    page = await looks(browser, alert)
    for words in ("Ginge jetzt an: 7 Menschen, gezählt bei der Planung", 'name="shown" value="7"'):
        assert words in page, words
    none = await releases(browser, alert, page, shown="", municipalities="1")
    assert (none.status, "ist nicht gesagt" in text(none)) == (409, True)
    assert (await releases(browser, alert, page, shown="7", people="6")).status == 422
    assert (await releases(browser, alert, page, shown="7", people="7")).status == 303
    assert await pool.fetchval("SELECT approved FROM alert WHERE id = $1", alert) == 57


async def test_what_is_discarded_is_never_sent(console: Any, signed_in: Any) -> None:
    alert, browser = await held(console), await signed_in()
    await looks(browser, alert)
    assert (await browser.post(f"held/{alert}/discard", why="")).status == 422
    assert (await browser.post(f"held/{alert}/discard", why="Irrläufer")).status == 303
    assert await state_of(console, alert) == "recorded"
    assert "Keine Meldung wartet." in text(await browser.get("held"))


async def test_what_needs_a_second_person_is_not_released_here(console: Any, signed_in: Any) -> None:
    alert, browser = await held(console, is_needed=True), await signed_in()
    assert "Eine weitere wartet auf eine zweite Person." in text(await browser.get("held"))
    page = await looks(browser, alert)
    assert "Diese Meldung braucht eine zweite Person." in page
    assert f"/console/live/approvals/{alert}" in page
    assert set(re.findall(r'action="[^"]*/(release|discard)"', page)) == {"discard"}
    forced = await browser.post(f"held/{alert}/release", target="", shown="0", people="0", why="es eilt")
    assert (forced.status, "zweiten Person" in text(forced)) == (409, True)
    assert await state_of(console, alert) == "held"


async def test_an_operator_of_another_territory_decides_nothing(console: Any, signed_in: Any) -> None:
    alert, browser = await held(console), await signed_in()
    page = await looks(browser, alert)
    pool = console.parts.health.pool
    await pool.execute("UPDATE person_role SET territory = $1", [JUELICH])
    for answer in (
        await releases(browser, alert, page),
        await browser.post(f"held/{alert}/discard", why="gehört uns nicht"),
        await browser.post(f"held/{alert}/sms", why="es eilt"),
    ):
        assert answer.status == 403, text(answer)
    assert await state_of(console, alert) == "held"
    page = await looks(browser, alert)
    assert "<form" not in page.partition("<main")[2]
    await pool.execute("DELETE FROM affected")
    assert (await browser.post(f"held/{alert}/discard", why="wohin?")).status == 403
    await pool.execute("UPDATE person_role SET territory = $1", [[]])
    assert (await browser.post(f"held/{alert}/discard", why="wohin?")).status == 303


async def test_an_end_goes_to_those_who_were_told_and_is_not_counted(console: Any, signed_in: Any) -> None:
    first = warning(DUEREN)
    assert (await console.submit(first)).status == 201
    pool = console.parts.health.pool
    ends = warning(DUEREN, msg_type="Cancel", references=(first,))
    answer = await console.submit(ends)
    alert = answer.json["alert"]["id"]
    await pool.execute(
        "UPDATE alert SET state = 'held', reason = 'held', held_for = 'sender' WHERE id = $1", alert
    )
    page = await looks(await signed_in(), alert)
    assert "Ginge jetzt an: alle, die von der Warnung erfahren haben" in page
    assert "Warnung jetzt beenden" in page
    assert 'name="people"' not in page


async def test_readers_and_the_exercise_find_nothing_to_decide(console: Any, signed_in: Any) -> None:
    alert, browser = await held(console), await signed_in(Role.AUDITOR)
    page = await looks(browser, alert)
    assert "Entscheiden kann, wer die Rolle „operator“ für alle" in page
    assert "<form" not in page.partition("<main")[2]
    assert (await releases(browser, alert, 'name="target" value="' + "0" * 64 + '"')).status == 403
    assert await state_of(console, alert) == "held"
    assert (await browser.get(f"held/{NOWHERE}")).status == 404
    assert (await browser.get(f"held/{alert}/release")).headers["location"] == f"/console/live/held/{alert}"


async def test_sms_that_no_budget_holds_are_sent_by_one_who_says_why(console: Any, signed_in: Any) -> None:
    pool = console.parts.health.pool
    answer = await console.submit(warning(DUEREN))
    alert = answer.json["alert"]["id"]
    await phones(pool, Subscriptions(pool, ADDRESSES), 5)
    plans = Plans(pool, 10, charges=Charges([Contract("a", parts_per_alert=1)]))
    async for ready in plans.portions(
        alert, in_flight=0, located=Located(texts=TextParts({("alert", "", "a"): 2}))
    ):
        assert ready == []
    browser = await signed_in()
    listed = text(await browser.get("held"))
    assert "Auf ihre SMS warten: 5 Menschen (a)." in listed
    assert "SMS an 5 Menschen senden, was sie auch kosten" in listed
    assert (await browser.post(f"held/{alert}/sms", why="")).status == 422
    assert (await browser.post(f"held/{alert}/sms", why="es eilt")).status == 303
    late = await browser.post(f"held/{alert}/sms", why="es eilt")
    assert (late.status, "wartet keine SMS mehr" in text(late)) == (409, True)
