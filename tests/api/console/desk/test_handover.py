"""Taking over a shift."""

import re
from typing import Any

from dispatcher.access.principals import WORKER
from dispatcher.access.roles import Role
from dispatcher.api.shifts.taking_over import SHOWN
from dispatcher.model.vocabulary import Environment
from dispatcher.store import audit
from dispatcher.store.on_duty.shifts import TAKEN_OVER
from tests.support.console import Browser, text
from tests.support.messages import DUEREN
from tests.support.submissions import warning


async def test_who_takes_over_is_written_down_and_shown_to_the_next(console: Any, invite: Any) -> None:
    pool, people = console.parts.health.pool, {}
    for name, role in (("b.lang", Role.APPROVER), ("j.ott", Role.APPROVER), ("a.auditor", Role.AUDITOR)):
        people[name] = Browser(console)
        await people[name].enrol(await invite(name, Environment.LIVE, role))
    alert = (await console.submit(warning(DUEREN))).json["alert"]["id"]
    page = text(await people["b.lang"].get("desk/handover"))
    assert ("Noch niemand hat hier übernommen." in page, f"/alerts/{alert}" in page) == (True, True)
    assert "Ich übernehme (1 offen)" in page
    for note in ("zwei\nZeilen", "x" * 501):
        assert (await people["b.lang"].post("desk/handover", note=note)).status == 422
    (form,) = re.findall('name="form" value="([^"]+)"', page)
    for _ in range(2):
        answer = await people["b.lang"].post("desk/handover", note="Pegel <b>steigt</b>", form=form)
        assert answer.status == 303, "pressed twice it is one shift"
    page = text(await people["j.ott"].get("desk/handover"))
    assert "Übernommen hat b.lang" in page
    assert "<bdi>Pegel <b>steigt</b></bdi>" in page, "as text"
    (line,) = await audit.listed(pool, 9, action="shift.")
    assert (line.actor, line.detail["in_force"], line.detail["environment"]) == (
        "person:b.lang",
        [alert],
        "live",
    )
    for _ in range(SHOWN * 2):
        await audit.note(pool, WORKER, TAKEN_OVER, environment="exercise", note="geübt", open=0)
    page = text(await people["j.ott"].get("desk/handover"))
    assert ("Übernommen hat b.lang" in page, "geübt" in page) == (True, False), (
        "exercises are beside the point"
    )
    auditor = people["a.auditor"]
    page = text(await auditor.get("desk/handover"))
    assert ("Übernommen hat b.lang" in page, "<form" in page.partition("<main")[2]) == (True, False)
    assert (await auditor.post("desk/handover", note="ich")).status == 403


async def test_a_control_centre_reads_the_notes_of_its_own_desk(console: Any, invite: Any) -> None:
    author, approver = Browser(console), Browser(console)
    await author.enrol(await invite("a.author", Environment.LIVE, Role.AUTHOR))
    await approver.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER))
    for browser, note in ((approver, "von allen"), (author, "von der Leitstelle")):
        await browser.get("desk/handover")
        assert (await browser.post("desk/handover", note=note)).status == 303
    seen = [text(await one.get("desk/handover")) for one in (author, approver)]
    assert ["von allen" in page for page in seen] == [False, True]
    assert all("von der Leitstelle" in page for page in seen)
