"""What people have read of that which a waiting message would change or end."""

from typing import Any

from dispatcher.access.roles import Role
from dispatcher.api.console.alert.changed import changed_by
from tests.api.console.alert.test_page import page_of
from tests.api.console.test_approvals import asking, signed_in
from tests.support.console import text
from tests.support.messages import DUEREN
from tests.support.submissions import warning

__all__ = ["asking", "signed_in"]


async def submitted(service: Any, message: Any) -> str:
    answer = await service.submit(message)
    assert answer.status in {201, 202}, answer.json
    return str(answer.json["alert"]["id"])


async def changed(service: Any, alert_id: str) -> tuple[list[str], bool]:
    async with service.parts.alerts.snapshot() as reading:
        [alert] = await reading.several([alert_id])
        found = await changed_by(reading, alert)
    return [one.id for one in found.messages], found.is_in_force


async def test_a_waiting_change_says_what_its_end_ends(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN, severity="Moderate")
    alert = await submitted(asking, first)
    later = first.later("steigt", infos=warning(DUEREN, headline="Hochwasser steigt").infos)
    update = await submitted(asking, later)
    again = await submitted(asking, later.later("mehr", infos=warning(DUEREN, headline="Mehr Wasser").infos))
    assert await changed(asking, alert) == ([], False), "it waits for nobody"
    assert await changed(asking, update) == ([], False), "another change has taken its place"
    assert await changed(asking, again) == ([alert], True)
    author = await signed_in("a.author", Role.AUTHOR, source="leitstelle")
    page, part = await page_of(author, again), text(await author.get(f"alerts/{again}/progress"))
    for one in (page, part):
        assert "Zurückziehen und Entwarnung geben: alles beenden" in one
        assert "niemanden warnen" not in one
    chain = page.partition('<section aria-labelledby="chain">')[2].partition("</section>")[0]
    assert "Würde ersetzen oder beenden" in chain
    assert f"alerts/{alert}" in chain
    sent_page = await page_of(author, alert)
    chain = sent_page.partition('<section aria-labelledby="chain">')[2].partition("</section>")[0]
    assert "Wartet noch, und würde diese Meldung ersetzen oder beenden" in chain
    assert (f"alerts/{again}" in chain, f"alerts/{update}" in chain) == (True, False)
    await asking.parts.health.pool.execute("UPDATE alert SET stopped_by = id WHERE id = $1", alert)
    assert await changed(asking, again) == ([alert], False), "nobody is warned by it any more"


async def test_what_names_nothing_changes_nothing(asking: Any) -> None:
    alert = await submitted(asking, warning(DUEREN))
    assert await changed(asking, alert) == ([], False)
