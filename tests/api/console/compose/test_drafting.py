"""With what a draft is made."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import cap
from dispatcher.access.roles import Role
from dispatcher.api.console.compose.drafting import waiting_change
from dispatcher.intake.correction.standing import StandingWarning
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.store.templates import Templates
from tests.api.console import conftest as console_tests
from tests.api.console.compose import test_pages
from tests.api.console.test_approvals import asking, signed_in
from tests.support.console import text
from tests.support.messages import DUEREN, JUELICH, InfoPart, stored
from tests.support.submissions import warning
from tests.support.templates import template

__all__ = ["asking", "signed_in"]
console, invite, author = console_tests.console, console_tests.invite, test_pages.author


async def saved(service: Any, *, is_approved: bool) -> None:
    from dispatcher.access.principals import UNNAMED_OPERATOR, person_actor
    from dispatcher.model.templates.version import NewTemplateVersion, TemplateStep

    found, templates = template(), Templates(service.parts.health.pool)
    digest = bytes.fromhex(found.digest())
    new = NewTemplateVersion(found.id, found.title, found.content(), digest, "m.keller", "")
    await templates.save(new, UNNAMED_OPERATOR)
    if is_approved:
        taken = await templates.take(
            TemplateStep.APPROVE, found.id, 1, person_actor("b.lang"), person="b.lang", seen=digest
        )
        assert taken.refusal is None


async def test_a_template_is_filled_looked_at_and_sent_with_its_version_on_the_trail(
    asking: Any, author: Any
) -> None:
    await saved(asking, is_approved=True)
    browser = await author()
    assert "compose?template=hochwasser" in text(await browser.get("compose"))
    page = text(await browser.get("compose?template=hochwasser"))
    for words in ("Vorlage: Hochwasser, Fassung 1", "Deutsch, Leichte Sprache, Englisch", "etwa: Jülich"):
        assert words in page, words
    begun = test_pages.hidden(page, "/console/live/compose/preview")
    assert (begun["template"], begun["version"]) == ("hochwasser", "1")
    wanted = begun | {"severity": "Severe", "urgency": "Immediate", "certainty": "Likely"}
    missing = await browser.post("compose/preview", **wanted)
    assert 'id="wrong-value-ort">Dieses Feld ist nicht ausgefüllt.' in text(missing)
    answer = await browser.post(
        "compose/preview", **wanted, **{"value-ort": "Düren", "place-" + DUEREN: "on"}
    )
    assert "Hochwasser: Düren" in text(answer)
    form = test_pages.hidden(text(answer), "/console/live/compose/submit")
    assert (await browser.post("compose/submit", **form)).status == 303
    actions = await asking.parts.health.pool.fetch("SELECT action FROM audit WHERE action LIKE '%template%'")
    assert {"template.fill", "alert.template"} <= {row["action"] for row in actions}


@pytest.mark.parametrize("environment", [Environment.LIVE, Environment.EXERCISE])
async def test_a_draft_is_rehearsed_and_warns_nobody(
    asking: Any, author: Any, environment: Environment
) -> None:
    await saved(asking, is_approved=False)
    browser = await author(environment, Role.AUTHOR)
    answer = await browser.get("compose?template=hochwasser")
    is_exercise = environment is Environment.EXERCISE
    assert (answer.status, "Fassung 1" in text(answer)) == ((200, True) if is_exercise else (409, False))
    assert (await browser.get("compose?template=nothing")).status == 404


async def sent(service: Any, browser: Any, **changes: str) -> str:
    """A warning that was written here and sent; its id."""
    form = await test_pages.previewed(browser, **changes)
    answer = await browser.post("compose/submit", **form)
    return str(answer.headers["location"].rpartition("/")[2])


async def test_what_was_sent_is_changed_and_ended_by_its_own_references(asking: Any, author: Any) -> None:
    browser = await author()
    first = await sent(asking, browser)
    page = text(await browser.get(f"compose?update={first}"))
    assert "Geändert wird: „Hochwasser an der Rur“" in page
    assert 'value="Hochwasser an der Rur"' in page
    begun = test_pages.hidden(page, "/console/live/compose/preview")
    form = test_pages.typed(headline__de="Hochwasser steigt", places="") | begun | {"place-" + DUEREN: "on"}
    answer = await browser.post("compose/preview", **form)
    page = text(answer)
    assert answer.status == 200, page
    for words in (
        "Was sich gegenüber der bisherigen Warnung ändert",
        "Jetzt: <strong><bdi>Hochwasser steigt",
        "ÄNDERUNG der echten Warnung an 0 Menschen senden",
    ):
        assert words in page, words
    done = [
        await browser.post("compose/submit", **test_pages.hidden(page, "/console/live/compose/submit"))
        for _ in range(2)
    ]
    assert {one.status for one in done} == {303}
    assert len({one.headers["location"] for one in done}) == 1
    page = text(await browser.get(f"compose?all-clear={first}"))
    assert "Beendet wird: „Hochwasser steigt“" in page
    begun = test_pages.hidden(page, "/console/live/compose/preview")
    answer = await browser.post("compose/preview", **begun, **{"description-de": "Das Wasser ist gefallen."})
    assert "ENTWARNUNG an 0 Menschen senden" in text(answer)
    form = test_pages.hidden(text(answer), "/console/live/compose/submit")
    assert (await browser.post("compose/submit", **form)).status == 303
    rows = await test_pages.recorded(asking)
    assert [row["reason"] for row in rows] == ["first_notice", "update", "all_clear"]
    answer = await browser.get(f"compose?update={first}")
    assert (answer.status, "Nichts zu ändern: " in text(answer)) == (409, True)


async def test_what_waits_is_changed_and_withdrawn_and_nobody_hears_of_it(asking: Any, author: Any) -> None:
    browser = await author()
    first = await sent(asking, browser, severity="Severe")
    page = text(await browser.get(f"compose?update={first}"))
    assert "Sie wartet noch, und niemand ist gewarnt." in page
    begun = test_pages.hidden(page, "/console/live/compose/preview")
    form = test_pages.typed(severity="Severe", headline__de="Keller räumen", places="") | begun
    page = text(await browser.post("compose/preview", **form, **{"place-" + DUEREN: "on"}))
    assert "„Hochwasser an der Rur“ wartet noch. Danach geht sie nicht mehr hinaus." in page
    form = test_pages.hidden(page, "/console/live/compose/submit")
    changed = (await browser.post("compose/submit", **form)).headers["location"].rpartition("/")[2]
    page = text(await browser.get(f"alerts/{changed}"))
    assert f"alerts/{changed}/withdraw" in page, "by one press; as a form it can be done, too"
    page = text(await browser.get(f"compose?all-clear={changed}"))
    assert "Zurückgezogen wird: „Keller räumen“" in page
    begun = test_pages.hidden(page, "/console/live/compose/preview")
    page = text(await browser.post("compose/preview", **begun))
    assert "Zurückziehen, niemanden warnen</button>" in page
    form = test_pages.hidden(page, "/console/live/compose/submit")
    assert (await browser.post("compose/submit", **form)).status == 303
    rows = await test_pages.recorded(asking)
    assert [(row["state"], row["planned_at"]) for row in rows] == [("recorded", None)] * 3
    answer = await browser.get(f"compose?update={changed}")
    assert (answer.status, "Nichts zu ändern: " in text(answer)) == (409, True)


async def changed(browser: Any, alert: str, **changes: str) -> str:
    """The preview of a change of it."""
    begun = test_pages.hidden(
        text(await browser.get(f"compose?update={alert}")), "/console/live/compose/preview"
    )
    form = test_pages.typed(places="", **changes) | begun | {"place-" + DUEREN: "on"}
    return text(await browser.post("compose/preview", **form))


async def test_a_change_that_waits_is_changed_as_what_it_is_and_compared_with_what_people_know(
    asking: Any, author: Any
) -> None:
    browser = await author()
    known = await sent(asking, browser)
    page = await changed(browser, known, severity="Severe", headline__de="Keller räumen")
    form = test_pages.hidden(page, "/console/live/compose/submit")
    waiting = (await browser.post("compose/submit", **form)).headers["location"].rpartition("/")[2]
    for one in (known, waiting):
        page = text(await browser.get(f"compose?update={one}"))
        assert (
            "Geändert wird: „Keller räumen“. Das ist eine Änderung, die noch wartet; die Menschen kennen "
            "„Hochwasser an der Rur“." in page
        )
        assert "das Gesendete" not in page
        page = text(await browser.get(f"compose?all-clear={one}"))
        assert "Beendet wird: „Hochwasser an der Rur“." in page
        assert "„Keller räumen“ wartet noch. Danach geht sie nicht mehr hinaus." in page
    page = await changed(browser, waiting, headline__de="Ufer meiden")
    assert "„Keller räumen“ wartet noch. Danach geht sie nicht mehr hinaus." in page
    assert "Bisher: <bdi>Hochwasser an der Rur</bdi><br>Jetzt: <strong><bdi>Ufer meiden" in page
    assert "SCHWER" not in page, "nobody was told so"
    form = test_pages.hidden(page, "/console/live/compose/submit")
    assert (await browser.post("compose/submit", **form)).status == 303
    rows = await test_pages.recorded(asking)
    assert [row["reason"] for row in rows] == ["first_notice", "superseded", "update"]


async def test_each_message_of_a_warning_in_parts_is_changed_by_itself(asking: Any, author: Any) -> None:
    browser, first = await author(), warning(DUEREN, JUELICH, severity="Moderate")
    whole = str((await asking.submit(first)).json["alert"]["id"])
    parts = {}
    for name, place in (("Keller", DUEREN), ("Ufer", JUELICH)):
        later = replace(
            first.later(name, minutes=1),
            infos=(InfoPart(areas=(place,), headline=name, severity="Moderate"),),
        )
        parts[name] = str((await asking.submit(later)).json["alert"]["id"])
    answer = await browser.get(f"compose?update={whole}")
    assert (answer.status, "„Keller“, „Ufer“. Ändern Sie jede für sich" in text(answer)) == (409, True)
    for name, alert in parts.items():
        assert f'href="/console/live/compose?update={alert}"><bdi>{name}' in text(answer)
        page = text(await browser.get(f"compose?update={alert}"))
        assert f"Geändert wird: „{name}“" in page


async def test_of_several_changes_that_wait_one_is_opened_itself() -> None:
    parts = {name: cap.parse(warning(DUEREN, headline=name).xml()).alerts[0] for name in ("Keller", "Ufer")}
    waiting = tuple(stored(id=name, source_id="leitstelle", headline=name) for name in parts)
    preview: Any = SimpleNamespace(withdrawn=waiting, ends=())
    found = StandingWarning((), (), (), b"", preview)

    async def message(alert_id: str) -> cap.Alert:
        return parts[alert_id]

    known, ufer = stored(source_id="leitstelle"), stored(id="Ufer", source_id="leitstelle")
    visit: Any = SimpleNamespace(dependencies=SimpleNamespace(alerts=SimpleNamespace(message=message)))
    with pytest.raises(RequestRefused) as refused:
        await waiting_change(visit, known, found)
    assert "„Keller“, „Ufer“" in refused.value.detail.de
    changed = await waiting_change(visit, ufer, found)
    assert changed is not None
    assert ([one.infos[0].headline for one in changed[0].parts], changed[1]) == (["Ufer"], None)


async def test_nobody_changes_what_is_not_their_control_centres(
    asking: Any, author: Any, signed_in: Any
) -> None:
    browser = await author()
    alert = await sent(asking, browser)
    await asking.parts.health.pool.execute(
        "INSERT INTO source SELECT (jsonb_populate_record(s, '{\"id\": \"andere\"}')).* FROM source s WHERE id = 'leitstelle'"
    )
    other = await signed_in("o.ort", Role.AUTHOR, source="andere")
    exercise = await signed_in("e.ex", Role.AUTHOR, environment=Environment.EXERCISE, source="leitstelle")
    for who in (other, exercise):
        assert (await who.get(f"compose?update={alert}")).status == 404
        assert (await who.get("compose?all-clear=x")).status == 404
