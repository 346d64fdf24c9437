"""The form by which an author takes back a waiting change, and nothing else."""

from typing import Any

from dispatcher.access.roles import Role
from tests.api.console.alert.test_changed import submitted
from tests.api.console.alert.test_page import page_of
from tests.api.console.test_approvals import asking, signed_in
from tests.support.console import text
from tests.support.messages import DUEREN
from tests.support.submissions import warning

__all__ = ["asking", "signed_in"]


async def test_an_author_takes_back_the_change_alone_and_the_warning_goes_on(
    asking: Any, signed_in: Any
) -> None:
    first = warning(DUEREN, severity="Moderate")
    alert = await submitted(asking, first)
    later = first.later("steigt", infos=warning(DUEREN, headline="Hochwasser steigt").infos)
    change = await submitted(asking, later)
    author, approver = await signed_in("a.author", Role.AUTHOR, source="leitstelle"), await signed_in()
    path = f"alerts/{change}/withdraw"
    page = await page_of(author, change)
    assert f'action="/console/live/{path}"' in page
    assert "Die Änderung geht an niemanden. Die Warnung gilt unverändert weiter." in page
    assert "Nur die Änderung zurückziehen</button>" in page
    assert path not in await page_of(approver, change)
    assert path not in await page_of(author, alert)
    assert (await approver.post(path)).status == 403
    for _ in range(2):
        answer = await author.post(path)
        assert (answer.status, answer.headers["location"]) == (303, f"/console/live/alerts/{change}")
    assert (await author.get(path)).headers["location"] == f"/console/live/alerts/{change}"
    page = await page_of(author, change)
    assert "verworfen</strong> – a.author, " in page
    assert "zurückgezogen, bevor sie hinausging" in page
    assert "Hätte ersetzt oder beendet</dt>" in page
    assert f'href="/console/live/alerts/{alert}"' in page, "it leads to what is in force"
    assert "Die Warnung gilt nicht mehr" not in await page_of(author, alert)
    refused = await author.post(f"alerts/{alert}/withdraw")
    assert (refused.status, "Nichts wurde geändert. Die Meldung wartet nicht" in text(refused)) == (409, True)


async def test_a_first_warning_that_waits_is_taken_back_by_one_press(asking: Any, signed_in: Any) -> None:
    alert = await submitted(asking, warning(DUEREN))
    author = await signed_in("a.author", Role.AUTHOR, source="leitstelle")
    page = await page_of(author, alert)
    assert "Zurückziehen: niemanden warnen</button>" in page
    assert ("Diese Meldung ging noch an niemanden." in page, "Nur die Änderung" in page) == (True, False)
    assert (await author.post(f"alerts/{alert}/withdraw")).status == 303
    page = await page_of(author, alert)
    assert "zurückgezogen, bevor sie hinausging" in page
    assert "<form" not in page.partition("<main")[2]
