"""The pages on which a warning is written, looked at and sent: once, by the API's own way, with nothing typed lost."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import cap
from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from tests.api.console import conftest as console_tests
from tests.api.console.test_approvals import asking, signed_in
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

__all__ = ["asking", "signed_in"]
console = console_tests.console
invite = console_tests.invite
ZONE = ZoneInfo("Europe/Berlin")
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def typed(**changes: str) -> dict[str, str]:
    """What somebody writes into the blank form; a name has `__` in place of a hyphen."""
    until = datetime.now(ZONE) + timedelta(hours=3)
    fields = {
        "event-de": "Hochwasser",
        "headline-de": "Hochwasser an der Rur",
        "description-de": "Die Rur steigt.",
        "instruction-de": "Meiden Sie das Ufer.",
        "category": "Geo",
        "severity": "Moderate",
        "urgency": "Immediate",
        "certainty": "Observed",
        "expires": until.strftime("%Y-%m-%dT%H:%M"),
        "places": "Düren",
    }
    return fields | {name.replace("__", "-"): value for name, value in changes.items()}


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that leads there."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(FIELD.findall(form))


@pytest.fixture
def author(signed_in: Any) -> Any:
    async def author(environment: Environment = Environment.LIVE, *roles: Role) -> Browser:
        found: Browser = await signed_in(
            "a.autor", *(roles or (Role.AUTHOR,)), environment=environment, source="leitstelle"
        )
        await found.get("compose")
        return found

    return author


async def previewed(browser: Browser, **changes: str) -> dict[str, str]:
    """Write, and return what the preview's form brings along."""
    answer = await browser.post("compose/preview", **typed(**changes))
    assert answer.status == 200, text(answer)
    return hidden(text(answer), f"/console/{browser.environment}/compose/submit")


async def recorded(service: Any) -> list[Any]:
    found: list[Any] = await service.parts.health.pool.fetch("SELECT * FROM alert ORDER BY number")
    return found


async def test_a_warning_is_written_previewed_and_sent_once(asking: Any, author: Any) -> None:
    browser = await author()
    answer = await browser.post("compose/preview", **typed(places=f"Düren\n{JUELICH}"))
    page = text(answer)
    for words in (
        "Vorschau der Warnung: Hochwasser an der Rur",
        "Noch ist nichts gesendet. Sie geht an 0 Menschen.",
        "NIEMAND bekommt sie: In diesen Gemeinden hat sich niemand für solche Warnungen angemeldet.",
        "Sie geht sofort hinaus. Eine zweite Person wird nicht gefragt.",
        "Düren, Jülich",
        "ECHTE WARNUNG an 0 Menschen senden",
        "Die Rur steigt.",
    ):
        assert words in page, words
    assert await recorded(asking) == []
    form = hidden(page, "/console/live/compose/submit")
    sent = [await browser.post("compose/submit", **form) for _ in range(2)]
    (alert,) = await recorded(asking)
    assert {(one.status, one.headers["location"]) for one in sent} == {
        (303, f"/console/live/alerts/{alert['id']}")
    }
    message = cap.parse(await asking.parts.alerts.raw(alert["id"])).alerts[0]
    assert cap.check(message) == ()
    assert (message.status, message.infos[0].instruction) == (cap.Status.ACTUAL, "Meiden Sie das Ufer.")
    assert (alert["source_id"], alert["reason"]) == ("leitstelle", "first_notice")


async def test_what_was_sent_is_not_sent_again_with_other_words(asking: Any, author: Any) -> None:
    browser = await author()
    form = await previewed(browser)
    assert (await browser.post("compose/submit", **form)).status == 303
    changed = form | {"headline-de": "Hochwasser steigt", "seen": "00"}
    for where in ("compose/preview", "compose/submit"):
        answer = await browser.post(where, **changed)
        assert (answer.status, "schon gesendet" in text(answer)) == (409, True)
        assert f'href="/console/live/alerts/{(await recorded(asking))[0]["id"]}"' in text(answer)
    assert len(await recorded(asking)) == 1


async def test_what_is_grave_waits_for_a_second_person(asking: Any, author: Any) -> None:
    browser = await author(Environment.LIVE, Role.AUTHOR, Role.APPROVER)
    answer = await browser.post("compose/preview", **typed(severity="Severe"))
    assert "zur Freigabe geben" in text(answer)
    assert "wenn eine zweite Person sie freigibt" in text(answer)
    sent = await browser.post("compose/submit", **hidden(text(answer), "/console/live/compose/submit"))
    (alert,) = await recorded(asking)
    assert (alert["state"], sent.headers["location"]) == ("held", f"/console/live/approvals/{alert['id']}")


async def test_the_exercise_makes_exercises_only(asking: Any, author: Any) -> None:
    browser = await author(Environment.EXERCISE)
    form = await previewed(browser, severity="Extreme")
    assert (await browser.post("compose/submit", **form)).status == 303
    (alert,) = await recorded(asking)
    assert (alert["status"], alert["reason"]) == ("Exercise", "drill")


async def test_a_form_that_lacks_something_says_which_field_and_keeps_the_rest(author: Any) -> None:
    browser = await author()
    answer = await browser.post(
        "compose/preview",
        **typed(headline__de="", severity="", expires="2020-01-01T00:00", places="Düren\nMusterstadt"),
    )
    page = text(answer)
    assert answer.status == 422
    for name, said in (
        ("headline-de", "Das fehlt noch."),
        ("severity", "Wählen Sie eines davon."),
        ("expires", "Das ist keine Zeit"),
        ("places", "Nicht verstanden: Zeile 2 „Musterstadt“"),
    ):
        assert f'href="#{name}"' in page, name
        assert f'id="wrong-{name}">{said}' in page, name
        assert f'aria-describedby="wrong-{name}' in page, name
    assert "Zeile 2: „Musterstadt“" in page
    assert "Die Rur steigt." in page


async def test_what_the_service_refuses_is_said_at_its_field(asking: Any, author: Any) -> None:
    browser = await author()
    await asking.parts.health.pool.execute(
        "UPDATE person_role SET territory = $1 WHERE person_id = 'a.autor'", [DUEREN]
    )
    answer = await browser.post("compose/preview", **typed(places=JUELICH))
    page = text(answer)
    assert answer.status == 403
    assert "Nichts ist gesendet. " in page
    assert 'id="wrong-places">' in page
    assert "Hochwasser an der Rur" in page
    late = await browser.post("compose/preview", **typed(expires="2027-12-01T12:00"))
    assert 'id="wrong-expires">' in text(late)


async def test_a_session_that_ended_over_the_form_loses_nothing(asking: Any, author: Any) -> None:
    browser = await author()
    token = browser.token
    await asking.parts.health.pool.execute(
        "UPDATE person_session SET used_at = 'epoch', created_at = 'epoch'"
    )
    answer = await browser.post("compose/preview", **typed())
    page = text(answer)
    assert (answer.status, "nichts ist verloren" in page) == (403, True)
    kept = hidden(page, "/console/live/compose")
    assert kept["headline-de"] == "Hochwasser an der Rur"
    other = Browser(asking)
    other.cookies = browser.cookies
    await other.get("sign-in")
    assert token


async def test_a_form_of_an_earlier_session_is_shown_again_and_one_from_elsewhere_is_not(
    asking: Any, author: Any
) -> None:
    browser = await author()
    browser.token = "x"
    answer = await browser.post("compose/submit", **typed(), sent="2026-01-01T00:00:00+01:00", seen="00")
    assert (answer.status, "was Sie geschrieben haben" in text(answer)) == (200, True)
    assert "Hochwasser an der Rur" in text(answer)
    browser.origin, browser.token = "https://elsewhere.example", "x"
    answer = await browser.post("compose/submit", **typed())
    assert (answer.status, "Hochwasser" in text(answer)) == (403, False)
    assert await recorded(asking) == []


async def test_the_texts_of_a_message_of_another_program_are_taken_and_judged(author: Any) -> None:
    browser = await author()
    message = warning(DUEREN, headline="Keller räumen", instruction="x" * 2_000).xml().decode()
    empty = {f"{name}__de": "" for name in ("event", "headline", "description", "instruction")}
    fields = typed(**empty, places="", imported=message, take_texts="on")
    said = await browser.post("compose/preview.json", **fields)
    assert [one[0] for one in said.json["faults"]] == ["instruction-de"]
    page = text(await browser.post("compose/preview", **fields))
    assert 'value="Keller räumen"' in page
    assert 'id="wrong-instruction-de">Das sind 2000 Zeichen' in page
    assert 'name="take_texts">' in page, "it is not wanted a second time"
    page = text(await browser.post("compose/preview", **fields | {"instruction-de": "Nach oben."}))
    assert "Vorschau der Warnung: Keller räumen" in page


async def test_wrong_ids_and_impossible_times_are_no_faults_of_the_service(asking: Any, author: Any) -> None:
    browser = await author()
    for query in ("template=%00", "update=%00", "all-clear=%ED%A0%80%00"):
        assert (await browser.get(f"compose?{query}")).status in {200, 404}, query
    await browser.get("compose")
    for fields in ({"kind": "update", "of": "\0"}, {"kind": "all-clear", "of": "\0"}, {"template": "a\0"}):
        for where in ("compose", "compose/preview", "compose/preview.json"):
            assert (await browser.post(where, **typed(**fields))).status == 404, (where, fields)
    form = await previewed(browser)
    for sent in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T12:00:00+00:00"):
        answer = await browser.post("compose/submit", **form | {"sent": sent, "seen": "0" * 64})
        assert (answer.status, "Vorschau der Warnung" in text(answer)) == (200, True), sent
    assert await recorded(asking) == []


async def test_nobody_else_writes(asking: Any, signed_in: Any) -> None:
    auditor = await signed_in("a.auditor", Role.AUDITOR)
    homeless = await signed_in("o.ort", Role.AUTHOR)
    for browser in (auditor, homeless):
        for answer in (await browser.get("compose"), await browser.post("compose/preview", **typed())):
            assert (answer.status, "Ihre Rollen erlauben das zurzeit nicht." in text(answer)) == (403, True)
    answer = await Browser(asking).get("compose?template=hochwasser")
    wanted = "/console/live/sign-in?next=/console/live/compose%3Ftemplate%3Dhochwasser"
    assert answer.headers["location"] == wanted
    door = await Browser(asking).ask("GET", wanted)
    assert 'name="next" value="/console/live/compose?template=hochwasser"' in text(door)
