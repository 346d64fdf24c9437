"""The pages of prepared warnings: what they show, who decides there, and what whoever is late is told."""

import json
import re
from hashlib import sha256
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR, Actor
from dispatcher.access.roles import Role
from dispatcher.model.templates.version import NewTemplateVersion
from dispatcher.model.vocabulary import Environment
from tests.support.console import Browser, text
from tests.support.templates import template

PAGE = "templates/hochwasser/versions"


@pytest.fixture
def signed_in(console: Any, invite: Any) -> Any:
    """Signs a person with these roles in; of no control centre."""

    async def signed_in(
        name: str = "b.lang", *roles: Role, environment: Environment = Environment.LIVE
    ) -> Browser:
        browser = Browser(console, environment.value)
        await browser.enrol(await invite(name, environment, *(roles or (Role.APPROVER,))))
        await console.parts.health.pool.execute("UPDATE person SET source_id = NULL WHERE id = $1", name)
        return browser

    return signed_in


async def saved(console: Any, author: str = "", **changes: Any) -> str:
    """Save a version of the template; its hash."""
    one = template(**changes)
    digest = bytes.fromhex(one.digest())
    new = NewTemplateVersion(one.id, one.title, one.content(), digest, author)
    await console.parts.templates.save(new, Actor(f"person:{author}") if author else UNNAMED_OPERATOR)
    return digest.hex()


async def page(browser: Browser, version: int = 1) -> str:
    answer = await browser.get(f"{PAGE}/{version}")
    assert answer.status == 200, text(answer)
    return text(answer)


def forms(said: str) -> set[str]:
    return set(re.findall(r'action="[^"]*/(approve|reject|retire)"', said))


async def test_a_second_person_reads_a_draft_and_approves_what_was_shown(
    console: Any, signed_in: Any
) -> None:
    digest, browser = await saved(console, "m.keller"), await signed_in()
    listed = text(await browser.get("templates"))
    assert "Gespeichert von m.keller," in listed
    assert "Entwürfe, über die zu entscheiden ist (1)" in listed
    assert "Ansehen und entscheiden: Hochwasser" in listed
    assert (await browser.get("templates/hochwasser")).headers["location"] == f"/console/live/{PAGE}/1"
    said = await page(browser)
    for words in (
        "Bisher ist keine andere Fassung genehmigt",
        "Gespeichert von m.keller,",
        "Geschrieben von m.keller",
        "Hochwasser: Jülich",
        "Achtung Hochwasser: Jülich",
        "Keep away from the banks near Jülich.",
        "Hochwasser: {ort}",
        "{name} steht für ein Feld",
        "SMS (",
        "Düren (05358008)",
        digest,
        "Fassung 1 genehmigen",
    ):
        assert words in said, words
    assert forms(said) == {"approve", "reject"}
    done = await browser.post(f"{PAGE}/1/approve", sha256=digest)
    assert (done.status, done.headers["location"]) == (303, f"/console/live/{PAGE}/1")
    said = await page(browser)
    assert "Mit dieser Fassung wird gewarnt." in said
    assert "genehmigt von b.lang" in said
    assert forms(said) == {"retire"}
    assert (await browser.post(f"{PAGE}/1/approve", sha256=digest)).status == 303, "pressed twice"


async def test_a_further_version_shows_what_changes_and_retiring_leaves_none(
    console: Any, signed_in: Any
) -> None:
    first, browser = await saved(console), await signed_in()
    await page(browser)
    await browser.post(f"{PAGE}/1/approve", sha256=first)
    second = await saved(console, texts__de__instruction="Gehen Sie weg von {ort}.", lasts="7h")
    said = await page(browser, 2)
    changed = said.partition('id="changes"')[2].partition("</section>")[0]
    assert "Was sich gegenüber Fassung 1 ändert" in changed
    assert re.search(r"Verhalten \(de\).*Meiden Sie das Ufer.*Gehen Sie weg von \{ort\}", changed)
    assert re.search(r"Gilt</dt>.*6 h.*7 h", changed)
    assert "Headline" not in changed
    assert "Sie tritt an die Stelle von Fassung 1." in said
    assert (await browser.post(f"{PAGE}/2/approve", sha256=second)).status == 303
    assert (await browser.post(f"{PAGE}/2/retire", why="Deich erhöht")).status == 303
    said = await page(browser, 2)
    assert "Zurzeit ist keine Fassung in Gebrauch" in said
    assert "außer Gebrauch von b.lang" in said
    assert "Deich erhöht" in said
    assert forms(await page(browser, 1)) == {"retire"}
    assert "keine in Gebrauch" in text(await browser.get("templates"))


async def test_what_was_not_seen_or_is_ones_own_is_not_approved(console: Any, signed_in: Any) -> None:
    digest = await saved(console, "m.keller")
    own = await signed_in("m.keller", Role.AUTHOR, Role.APPROVER)
    said = await page(own)
    assert "Genehmigen muss jemand anderes" in said
    assert forms(said) == {"reject"}
    late = await own.post(f"{PAGE}/1/approve", sha256=digest)
    assert (late.status, "Nichts wurde geändert. Genehmigen muss" in text(late)) == (409, True)
    other = await signed_in()
    await page(other)
    for seen in ("", "0" * 64, "x"):
        answer = await other.post(f"{PAGE}/1/approve", sha256=seen)
        assert (answer.status, "Was Sie gesehen haben" in text(answer)) == (409, True), seen
    for why in ("", " ", "x" * 501, "zwei\nZeilen"):
        answer = await other.post(f"{PAGE}/1/reject", why=why)
        assert (answer.status, "Es braucht einen Grund" in text(answer)) == (422, True), why
    assert (await other.post(f"{PAGE}/1/reject", why="falscher Pegel")).status == 303
    said = await page(other)
    assert "abgelehnt von b.lang" in said
    assert forms(said) == set()


async def test_a_role_that_does_not_hold_there_is_told_so_of_a_template(console: Any, signed_in: Any) -> None:
    digest, browser = await saved(console), await signed_in()
    await console.parts.health.pool.execute("UPDATE person_role SET territory = '{05334}'")
    said = await page(browser)
    assert "Ihre Rolle gilt nicht überall, wo diese Vorlage warnen kann" in said
    assert forms(said) == set()
    answer = await browser.post(f"{PAGE}/1/approve", sha256=digest)
    assert (answer.status, "Ihre Rolle gilt nicht überall" in text(answer)) == (403, True)
    listed = text(await browser.get("templates"))
    assert ("Ansehen: Hochwasser" in listed, "Ansehen und entscheiden" in listed) == (True, False)


async def test_exercises_and_readers_decide_nothing(console: Any, signed_in: Any) -> None:
    digest = await saved(console)
    auditor = await signed_in("j.ott", Role.AUDITOR)
    said = await page(auditor)
    assert "Entscheiden kann, wer die Rolle „approver“ hat." in said
    assert "Ansehen und entscheiden" not in text(await auditor.get("templates"))
    assert forms(said) == set()
    assert (await auditor.post(f"{PAGE}/1/approve", sha256=digest)).status == 403
    exercise = await signed_in("u.lang", environment=Environment.EXERCISE)
    said = await page(exercise)
    assert "Über Vorlagen entschieden wird nur im Echtbetrieb." in said
    assert forms(said) == set()
    assert (await exercise.post(f"{PAGE}/1/approve", sha256=digest)).status in {403, 404}
    assert (await page(auditor)).count("Entwurf") >= 1


@pytest.mark.parametrize(
    "path", [f"{PAGE}/2", f"{PAGE}/x", f"{PAGE}/0", "templates/nein", "templates/X/versions/1"]
)
async def test_what_is_not_there_is_said_to_be_so(console: Any, signed_in: Any, path: str) -> None:
    await saved(console)
    browser = await signed_in()
    answer = await browser.get(path)
    assert (answer.status, "Diese Vorlage oder diese Fassung gibt es nicht." in text(answer)) == (404, True)
    back = await browser.get(f"{PAGE}/1/retire")
    assert back.headers["location"] == f"/console/live/{PAGE}/1"


async def test_a_version_that_cannot_be_read_any_more_says_so(console: Any, signed_in: Any) -> None:
    content = json.dumps(json.loads(template().content()) | {"later": 1}).encode()
    new = NewTemplateVersion("hochwasser", "Neuer als der Dienst", content, sha256(content).digest())
    await console.parts.templates.save(new, UNNAMED_OPERATOR)
    assert "Genehmigen Sie sie nicht." in await page(await signed_in())
