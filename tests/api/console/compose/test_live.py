"""What the script of the form is told: whom a draft would reach, and the map."""

from typing import Any

from dispatcher.access.roles import Role
from tests.api.console import conftest as console_tests
from tests.api.console.compose import test_pages
from tests.api.console.test_approvals import asking, signed_in
from tests.support.messages import DUEREN, JUELICH

__all__ = ["asking", "signed_in"]
console, invite, author = console_tests.console, console_tests.invite, test_pages.author


async def test_a_whole_draft_is_judged_as_the_preview_judges_it(asking: Any, author: Any) -> None:
    browser = await author()
    answer = await browser.post("compose/preview.json", **test_pages.typed(severity="Severe", places="Düren"))
    said = answer.json
    assert answer.status == 200
    assert said["people"] == (
        "Geht an 0 Menschen. Sie geht erst hinaus, wenn eine zweite Person sie freigibt."
    )
    assert (said["count"], said["warned"], said["municipalities"]) == (1, [DUEREN], "Düren")
    assert said["faults"] == []
    assert said["lengths"][0].startswith("Deutsch: SMS (1 Teil, ")
    assert await test_pages.recorded(asking) == []


async def test_of_an_unfinished_draft_it_says_where_and_what_is_missing(author: Any) -> None:
    browser = await author()
    answer = await browser.post(
        "compose/preview.json", places=f"{JUELICH}\nAtlantis", shapes="Streifen 50.92,6.36 50.93,6.37 1 km"
    )
    said = answer.json
    assert JUELICH in said["warned"]
    assert len(said["rings"]) == 1
    assert ["severity", "Schwere: ", "Wählen Sie eines davon."] in said["faults"]
    assert "places" in {field for field, _, _ in said["faults"]}
    nowhere = (await browser.post("compose/preview.json")).json
    assert nowhere["people"] == "Noch ist nicht gesagt, wo gewarnt wird."


async def test_a_refusal_is_a_sentence_and_strangers_get_none(
    asking: Any, author: Any, signed_in: Any
) -> None:
    browser = await author()
    await asking.parts.health.pool.execute(
        "UPDATE person_role SET territory = $1 WHERE person_id = 'a.autor'", [DUEREN]
    )
    answer = await browser.post("compose/preview.json", **test_pages.typed(places=JUELICH))
    assert (answer.status, "refused" in answer.json) == (403, True)
    browser.token = "x"
    assert (await browser.post("compose/preview.json", **test_pages.typed())).status == 403
    auditor = await signed_in("a.auditor", Role.AUDITOR)
    await auditor.get("approvals")
    for path in ("compose/map.json", "compose/preview.json"):
        assert (await auditor.get(path)).status == 403


async def test_the_map_is_of_what_the_person_may_warn(author: Any) -> None:
    browser = await author()
    answer = await browser.get("compose/map.json")
    assert answer.json["names"][DUEREN] == "Düren"
    assert set(answer.json["places"]) == set(answer.json["names"])
    assert "private" in answer.headers["cache-control"]
    assert (await browser.get("compose/preview.json")).status == 303
