"""The page on which one person takes a warning back in one step."""

from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Environment
from tests.api.console.test_approvals import NOWHERE, asking, held, signed_in
from tests.support.console import text
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

__all__ = ["asking", "signed_in"]


async def sent(service: Any, *places: str, **changes: Any) -> str:
    """A warning that goes out by itself; its id."""
    answer = await service.submit(warning(*places, severity="Moderate", **changes))
    assert answer.status == 201, answer.json
    return str(answer.json["alert"]["id"])


async def reasons(service: Any) -> list[str]:
    """What became of each message, in order."""
    rows = await service.parts.health.pool.fetch("SELECT reason FROM alert ORDER BY number")
    return [row["reason"] for row in rows]


async def test_one_press_takes_a_warning_back_and_the_second_tells_nobody_again(
    asking: Any, signed_in: Any
) -> None:
    alert, browser = await sent(asking), await signed_in()
    path = f"alerts/{alert}/correct"
    page = text(await browser.get(path))
    for words in (
        "ohne Rückfrage und ohne zweite Person",
        "Fehlalarm: Hochwasser an der Rur",
        "Sie gilt für Ihren Ort nicht.",
        "Jetzt als NUR EINE ÜBUNG zurücknehmen",
    ):
        assert words in page, words
    answer = await browser.post(path, what="false-alarm")
    assert (answer.status, answer.headers["location"]) == (303, f"/console/live/{path}")
    page = text(await browser.get(path))
    assert "Die Warnung gilt nicht mehr: Sie ist aufgehoben" in page
    assert "Fehlalarm: Hochwasser an der Rur" in page
    assert "<form" not in page.partition("<main")[2]
    assert (await browser.post(path, what="exercise")).status == 303
    assert await reasons(asking) == ["first_notice", "cancel", "already_ended"]
    row = await asking.parts.health.pool.fetchrow(
        "SELECT actor FROM audit WHERE action = 'alert.correct' AND alert_id = (SELECT id FROM alert WHERE reason = 'cancel')"
    )
    assert row["actor"] == "person:b.lang"


async def test_what_was_changed_since_is_taken_back_by_the_number_of_the_first(
    asking: Any, signed_in: Any
) -> None:
    first = warning(severity="Moderate")
    alert = str((await asking.submit(first)).json["alert"]["id"])
    later = warning(severity="Moderate", headline="Hochwasser steigt").infos
    assert (await asking.submit(first.later("steigt", infos=later))).status == 201
    browser, path = await signed_in(), f"alerts/{alert}/correct"
    assert "Fehlalarm: Hochwasser steigt" in text(await browser.get(path))
    assert (await browser.post(path, what="false-alarm")).status == 303
    assert (await reasons(asking))[-1] == "cancel"
    assert "Fehlalarm: Hochwasser steigt" in text(await browser.get(path))


async def test_an_approved_warning_leads_to_its_correction(asking: Any, signed_in: Any) -> None:
    alert, browser, auditor = (
        await held(asking),
        await signed_in(),
        await signed_in("a.auditor", Role.AUDITOR),
    )
    path = f"alerts/{alert}/correct"
    assert "Diese Meldung ist nicht gesendet" in text(await browser.get(path))
    await asking.parts.health.pool.execute("UPDATE alert SET state = 'accepted', reason = 'first_notice'")
    for reader, leads in ((browser, True), (auditor, False)):
        page = text(await reader.get(f"approvals/{alert}"))
        assert (f'href="/console/live/{path}"' in page) is leads


@pytest.mark.parametrize("what", ["", "anything", "FALSE-ALARM"])
async def test_nothing_is_taken_back_for_no_reason(asking: Any, signed_in: Any, what: str) -> None:
    alert, browser = await sent(asking), await signed_in()
    await browser.get("approvals")
    answer = await browser.post(f"alerts/{alert}/correct", what=what)
    assert (answer.status, "Wählen Sie, was falsch war." in text(answer)) == (422, True)
    assert await reasons(asking) == ["first_notice"]


async def test_nobody_else_takes_anything_back(asking: Any, signed_in: Any) -> None:
    alert = await sent(asking, DUEREN, JUELICH)
    path = f"alerts/{alert}/correct"
    here, auditor = await signed_in(), await signed_in("a.auditor", Role.AUDITOR)
    exercise = await signed_in("e.exercise", environment=Environment.EXERCISE)
    await asking.parts.health.pool.execute(
        "UPDATE person_role SET territory = $1 WHERE person_id = 'b.lang'", [DUEREN]
    )
    wanted = (
        (here, path, 403, "für die Ihre Rolle nicht gilt"),
        (here, f"alerts/{NOWHERE}/correct", 404, "nicht"),
        (here, "alerts/x/correct", 404, "nicht"),
        (auditor, path, 403, "Ihre Rollen erlauben das zurzeit nicht."),
        (exercise, path, 404, "nicht"),
    )
    for browser, where, status, said in wanted:
        for answer in (await browser.get(where), await browser.post(where, what="false-alarm")):
            assert (answer.status, said in text(answer)) == (status, True), (where, status)
    here.token = "x"
    assert (await here.post(path, what="false-alarm")).status == 403
    assert await reasons(asking) == ["first_notice"]


async def test_an_exercise_is_corrected_on_its_own_page(asking: Any, signed_in: Any) -> None:
    alert = str((await asking.submit(warning(status="Exercise"))).json["alert"]["id"])
    browser = await signed_in("e.exercise", environment=Environment.EXERCISE)
    path = f"alerts/{alert}/correct"
    page = text(await browser.get(path))
    assert "Fehlalarm: Hochwasser an der Rur" in page
    assert "ÜBUNG: als FEHLALARM zurücknehmen" in page
    for live in ("nimmt die Warnung", ">Die Warnung<", ">Gewarnt<", "Jetzt als", "Die Gefahr gibt es nicht<"):
        assert live not in page, live
    answer = await browser.post(path, what="false-alarm")
    assert (answer.status, answer.headers["location"]) == (303, f"/console/exercise/{path}")
    assert await reasons(asking) == ["drill", "drill_end"]
    after = text(await browser.get(path))
    assert "Die Übung ist vorbei (" in after
    assert "Was die Teilnehmenden hören" in after
    live = await signed_in()
    assert (await live.get(path)).status == 404


async def test_what_a_feed_says_is_corrected_by_its_source(asking: Any, signed_in: Any) -> None:
    alert, browser = await sent(asking), await signed_in()
    await browser.get("approvals")
    pool = asking.parts.health.pool
    await asking.parts.sources.put(Source("feed-mowas", "MoWaS", frozenset(), ()))
    await pool.execute("UPDATE alert SET source_id = 'feed-mowas'")
    assert (await browser.get(f"alerts/{alert}/correct")).status == 404
    assert (await browser.post(f"alerts/{alert}/correct", what="false-alarm")).status == 404
