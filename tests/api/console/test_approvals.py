"""The pages on which a second person decides: what they show, what they refuse, and what they tell whoever is late."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
async def asking(console: Any) -> Any:
    """A service whose policy has a second person approve what is grave."""
    pool = console.parts.health.pool
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true, '2 minutes', NULL, NULL)")
    return console


@pytest.fixture
def signed_in(asking: Any, invite: Any) -> Any:
    """Signs a person with these roles in; of no control centre, unless it is said."""

    async def signed_in(
        name: str = "b.lang",
        *roles: Role,
        environment: Environment = Environment.LIVE,
        source: str | None = None,
    ) -> Browser:
        browser = Browser(asking, environment.value)
        await browser.enrol(await invite(name, environment, *(roles or (Role.APPROVER,))))
        await asking.parts.health.pool.execute("UPDATE person SET source_id = $2 WHERE id = $1", name, source)
        return browser

    return signed_in


async def held(service: Any, *places: str, **changes: Any) -> str:
    """Submit a warning that waits; its id."""
    answer = await service.submit(warning(*places, **changes))
    assert answer.status == 202, answer.json
    return str(answer.json["alert"]["id"])


def shown_binding(page: str) -> str:
    found = re.search(r'name="binding" value="([0-9a-f]{64})"', page)
    return found[1] if found else ""


async def looks(browser: Browser, alert_id: str) -> str:
    """What the page of the message says."""
    answer = await browser.get(f"approvals/{alert_id}")
    assert answer.status == 200, text(answer)
    return text(answer)


async def approves(browser: Browser, alert_id: str, binding: str, people: str = "0", **typed: str) -> Any:
    return await browser.post(f"approvals/{alert_id}/approve", binding=binding, people=people, **typed)


async def state_of(service: Any, alert_id: str) -> str:
    return str(await service.parts.health.pool.fetchval("SELECT state FROM alert WHERE id = $1", alert_id))


async def test_a_second_person_reads_all_that_it_binds_and_approves(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking, DUEREN, severity="Extreme"), await signed_in()
    listed = text(await browser.get("approvals"))
    assert listed.index("Wartet auf Ihre Entscheidung (1)") < listed.index("Hochwasser an der Rur")
    assert "Erinnerung in 1 min" in listed
    page = await looks(browser, alert)
    for words in (
        "Soll diese echte Warnung an 0 Menschen gehen?",
        "EXTREM",
        "<small>Düren. Gilt bis ",
        "höchstens 50 Menschen",
        "Schlüssel von leitstelle",
        "sie braucht die Freigabe einer zweiten Person",
        "SMS (1 Teil,",
        "Push auf dem Telefon",
        "Düren <small>(ganz)",
        "ECHTE WARNUNG an 0 Menschen senden",
    ):
        assert words in page, words
    sent = await approves(browser, alert, shown_binding(page))
    assert (sent.status, sent.headers["location"]) == (303, f"/console/live/approvals/{alert}")
    page = await looks(browser, alert)
    assert "von einer zweiten Person freigegeben</strong> – b.lang" in page
    assert "Versand beginnt" in page
    assert "<form" not in page.partition("<main")[2]
    assert alert not in text(await browser.get("approvals"))


async def test_whoever_types_another_number_sends_nothing(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in()
    binding = shown_binding(await looks(browser, alert))
    for typed in ("", "1", "zero", "-0", "0x0", "0" * 40):
        answer = await approves(browser, alert, binding, typed)
        assert (answer.status, "Nichts wurde gesendet" in text(answer)) == (422, True), typed
    assert await state_of(asking, alert) == "held"


async def test_a_rejection_takes_a_reason(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in()
    await looks(browser, alert)
    for why in ("", "  ", "x" * 501, "zwei\nZeilen"):
        answer = await browser.post(f"approvals/{alert}/reject", why=why)
        assert (answer.status, "Es braucht einen Grund" in text(answer)) == (422, True), why
    assert await state_of(asking, alert) == "held"
    assert (await browser.post(f"approvals/{alert}/reject", why="falscher Ort")).status == 303
    page = await looks(browser, alert)
    assert "Grund: <bdi>falscher Ort" in page
    assert "Was daraus wurde" not in page
    assert await state_of(asking, alert) == "recorded"


async def test_of_two_at_the_same_second_one_is_told_what_the_other_decided(
    asking: Any, signed_in: Any
) -> None:
    alert = await held(asking)
    people = [await signed_in(name) for name in ("b.lang", "j.ott")]
    bindings = [shown_binding(await looks(browser, alert)) for browser in people]
    answers = await asyncio.gather(
        *(approves(browser, alert, binding) for browser, binding in zip(people, bindings, strict=True))
    )
    first, late = sorted(answers, key=lambda one: int(one.status))
    assert (first.status, late.status) == (303, 409)
    assert "Nichts wurde geändert. Die Meldung ist schon freigegeben." in text(late)
    again = [await approves(browser, alert, bindings[0]) for browser in people]
    assert sorted(answer.status for answer in again) == [303, 409], (
        "who presses twice is shown what became of it"
    )


@pytest.mark.parametrize(
    ("change", "sentence", "is_open"),
    [
        ("UPDATE approval SET people = 7", "Was Sie gesehen haben, ist nicht mehr, was wartet.", True),
        ("UPDATE affected SET reason = 'both'", "hat sich etwas an ihr geändert", False),
        ("UPDATE alert SET expires = now()", "Die Meldung ist abgelaufen, während sie wartete.", False),
        ("UPDATE alert SET state = 'recorded', reason = 'superseded'", "Die Meldung ist überholt", False),
        ("DELETE FROM approval", "Unter dieser Nummer wartet keine Meldung", False),
    ],
)
async def test_what_has_become_of_it_meanwhile_is_said(
    asking: Any, signed_in: Any, change: str, sentence: str, is_open: bool
) -> None:
    alert, browser = await held(asking), await signed_in()
    binding = shown_binding(await looks(browser, alert))
    await asking.parts.health.pool.execute(change)
    answer = await approves(browser, alert, binding)
    assert (answer.status, sentence in text(answer)) == (404 if "DELETE" in change else 409, True)
    new = shown_binding(text(answer))
    assert (bool(new), new != binding) == (is_open, True)
    assert await asking.parts.health.pool.fetchval("SELECT count(*) FROM alert WHERE state = 'accepted'") == 0


async def test_a_cancel_that_came_first_is_said(asking: Any, signed_in: Any) -> None:
    message = warning(DUEREN)
    alert = str((await asking.submit(message)).json["alert"]["id"])
    browser = await signed_in()
    binding = shown_binding(await looks(browser, alert))
    assert (await asking.submit(message.later("weg", "Cancel"))).status == 201
    answer = await approves(browser, alert, binding)
    assert (answer.status, "Die Meldung ist überholt" in text(answer)) == (409, True)
    assert "Grund: <bdi>durch eine Aufhebung</bdi>" in text(answer)


async def test_nobody_approves_what_may_be_the_own_but_may_reject_it(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in("m.keller")
    other = shown_binding(await looks(await signed_in("j.ott"), alert))
    await asking.parts.health.pool.execute("UPDATE approval SET authors = '{m.keller}'")
    listed, page = text(await browser.get("approvals")), await looks(browser, alert)
    assert ("Keine Meldung wartet auf Ihre" in listed, "Wartet auf andere (1)" in listed) == (True, True)
    assert "Freigeben muss jemand anderes" in page
    assert shown_binding(page) == ""
    answer = await approves(browser, alert, other)
    assert (answer.status, "Freigeben muss jemand anderes" in text(answer)) == (409, True)
    assert (await browser.post(f"approvals/{alert}/reject", why="vertippt")).status == 303


async def test_who_lacks_the_role_reads_or_decides_nothing(asking: Any, signed_in: Any) -> None:
    alert = await held(asking)
    author, auditor = await signed_in("a.author", Role.AUTHOR), await signed_in("a.auditor", Role.AUDITOR)
    late = await signed_in("l.late")
    binding = shown_binding(await looks(late, alert))
    await asking.parts.health.pool.execute(
        "UPDATE person_role SET until = $1 WHERE person_id = 'l.late'",
        datetime.now(UTC) - timedelta(seconds=1),
    )
    assert "Wartet auf andere (1)" in text(await auditor.get("approvals"))
    page = await looks(auditor, alert)
    assert ("Ihre Rollen erlauben, das zu lesen." in page, "<form" in page.partition("<main")[2]) == (
        True,
        False,
    )
    for browser in (author, late):
        for path in ("approvals", f"approvals/{alert}"):
            answer = await browser.get(path)
            assert (answer.status, "Ihre Rollen erlauben das zurzeit nicht." in text(answer)) == (403, True)
    assert asking.count("warn_credentials_refused_total", kind="person", reason="wrong_kind") == 4
    for browser in (author, auditor, late):
        await browser.get("")
        assert (await approves(browser, alert, binding)).status == 403
        assert (await browser.post(f"approvals/{alert}/reject", why="nein")).status == 403
    assert await state_of(asking, alert) == "held"


async def test_where_the_role_does_not_hold_nothing_is_decided(asking: Any, signed_in: Any) -> None:
    both, here = (
        await held(asking, DUEREN, JUELICH),
        await held(asking, DUEREN, event="Sturm", headline="Sturm"),
    )
    browser = await signed_in()
    await asking.parts.health.pool.execute("UPDATE person_role SET territory = $1", [DUEREN])
    listed = text(await browser.get("approvals"))
    assert listed.index(here) < listed.index("Wartet auf andere (1)") < listed.index(both)
    page = await looks(browser, both)
    assert ("für die Ihre Rolle nicht gilt" in page, shown_binding(page)) == (True, "")
    binding = shown_binding(await looks(await signed_in("j.ott"), both))
    for answer in (
        await approves(browser, both, binding),
        await browser.post(f"approvals/{both}/reject", why="nein"),
    ):
        assert (answer.status, "für die Ihre Rolle nicht gilt" in text(answer)) == (403, True)
    assert await state_of(asking, both) == "held"
    rows = await asking.parts.health.pool.fetch(
        "SELECT actor, detail FROM audit WHERE action = 'approval.refuse'"
    )
    assert [row["actor"] for row in rows] == ["person:b.lang"] * 2
    assert all("outside-territory" in str(row["detail"]) for row in rows)


async def test_what_is_here_for_timers_alone_operators_decide(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in()
    await asking.parts.health.pool.execute("UPDATE approval SET is_needed = false")
    assert "Wartet auf andere (1)" in text(await browser.get("approvals"))
    page = await looks(browser, alert)
    assert (
        "Über sie entscheidet, wer die Rolle „operator“ hat" in page,
        "<form" in page.partition("<main")[2],
    ) == (
        True,
        False,
    )
    assert (await approves(browser, alert, "0" * 64)).status == 404


async def test_under_another_number_nothing_waits(signed_in: Any) -> None:
    browser = await signed_in()
    await browser.get("approvals")
    for alert_id in (NOWHERE, NOWHERE.lower(), "x" * 900, "'"):
        for answer in (
            await browser.get(f"approvals/{alert_id}"),
            await approves(browser, alert_id, "0" * 64),
            await browser.post(f"approvals/{alert_id}/reject", why="nein"),
        ):
            assert answer.status == 404, alert_id
            assert "<form" not in text(answer).partition("<main")[2]


async def test_the_exercise_decides_on_nothing_live(asking: Any, signed_in: Any) -> None:
    alert = await held(asking)
    live, exercise = await signed_in(), await signed_in("e.exercise", environment=Environment.EXERCISE)
    binding = shown_binding(await looks(live, alert))
    listed = text(await exercise.get("approvals"))
    assert ("Übungen warten auf keine zweite Person" in listed, alert in listed) == (True, False)
    assert (await exercise.get(f"approvals/{alert}")).status == 404
    assert (await approves(exercise, alert, binding)).status == 404
    assert (await exercise.post(f"approvals/{alert}/reject", why="nein")).status == 404
    for browser, environment in ((live, "exercise"), (exercise, "live")):
        there = Browser(asking, environment, cookies=dict(browser.cookies), token=browser.token)
        answer = await there.get(f"approvals/{alert}")
        wanted = f"/console/{environment}/sign-in?next=/console/{environment}/approvals/{alert}"
        assert (answer.status, answer.headers["location"]) == (303, wanted)
        assert (await approves(there, alert, binding)).status == 403
    assert await state_of(asking, alert) == "held"


async def test_a_form_that_is_none_of_ours_decides_nothing(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in()
    binding = shown_binding(await looks(browser, alert))
    path, fields = f"approvals/{alert}/approve", {"binding": binding, "people": "0"}
    for token in ("", "x", (await signed_in("j.ott")).token):
        assert (await browser.ask("POST", path, {"token": token, **fields})).status == 403
    assert (await browser.ask("POST", path, fields)).status == 403
    browser.origin = "https://evil.example"
    assert (await browser.post(path, **fields)).status == 403
    browser.origin = "https://warnung.dueren.example"
    large = await browser.post(path, **fields, more="x" * 1_000_000)
    assert (large.status, large.headers["content-type"]) == (413, "text/html; charset=utf-8")
    loaded = await browser.get(path)
    assert (loaded.status, loaded.headers["location"]) == (303, f"/console/live/approvals/{alert}")
    assert await state_of(asking, alert) == "held"


async def test_a_hostile_text_is_a_text(asking: Any, signed_in: Any) -> None:
    hostile = "<script>alert(1)</script>\u202egnihton\u2066 {{ 7*7 }} " + "x" * 500
    alert, browser = await held(asking, DUEREN, headline=hostile, instruction=hostile), await signed_in()
    for path in ("approvals", f"approvals/{alert}"):
        page = (await browser.get(path)).body.decode()
        assert "gnihton" in page
        assert "<script>alert" not in page
        assert not set(page) & set("\u202e\u2066")


async def test_an_update_says_what_changes(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN, JUELICH, severity="Moderate", urgency="Expected")
    assert (await asking.submit(first)).status == 201
    later = warning(DUEREN, headline="Hochwasser steigt").infos
    update = str((await asking.submit(first.later("steigt", infos=later))).json["alert"]["id"])
    page = await looks(await signed_in(), update)
    changes = page.partition('<section aria-labelledby="changes">')[2].partition("</section>")[0]
    for words in (
        "Diese Meldung ersetzt: „Hochwasser an der Rur“",
        "Bisher: MÄSSIG<br>Jetzt: <strong>SCHWER",
        "Bisher: <bdi>Hochwasser an der Rur</bdi><br>Jetzt: <strong><bdi>Hochwasser steigt",
        "Nicht mehr betroffen (hören, dass es dort vorbei ist)</dt><dd><strong>Jülich",
    ):
        assert words in changes, words


async def test_a_change_of_what_waits_is_compared_with_what_people_know(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN, severity="Moderate", urgency="Expected")
    assert (await asking.submit(first)).status == 201
    waiting = first.later("steigt", infos=warning(DUEREN, headline="Nie gesendet").infos)
    assert (await asking.submit(waiting)).status == 202
    infos = warning(DUEREN, headline="Hochwasser steigt").infos
    changed = await asking.submit(waiting.later("steigt-weiter", infos=infos))
    assert changed.status == 202
    page = await looks(await signed_in(), str(changed.json["alert"]["id"]))
    changes = page.partition('<section aria-labelledby="changes">')[2].partition("</section>")[0]
    assert "Diese Meldung ersetzt: „Hochwasser an der Rur“" in changes
    assert "Bisher: MÄSSIG<br>Jetzt: <strong>SCHWER" in changes
    assert "Nie gesendet" not in changes


async def test_a_change_of_what_nobody_has_read_is_compared_with_nothing(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN)
    assert (await asking.submit(first)).status == 202
    changed = await asking.submit(first.later("anders", infos=warning(DUEREN, headline="Anders").infos))
    page = await looks(await signed_in(), str(changed.json["alert"]["id"]))
    assert 'aria-labelledby="changes"' not in page


async def test_whose_session_ends_over_the_page_comes_back_to_it(asking: Any, signed_in: Any) -> None:
    alert, browser = await held(asking), await signed_in()
    binding = shown_binding(await looks(browser, alert))
    await asking.parts.health.pool.execute("DELETE FROM person_session")
    answer = await approves(browser, alert, binding)
    wanted = f"/console/live/sign-in?next=/console/live/approvals/{alert}/approve"
    assert (answer.status, answer.headers["location"]) == (303, wanted)
    assert f'name="next" value="{wanted.partition("=")[2]}"' in text(await browser.get(wanted))
    assert await state_of(asking, alert) == "held"


UNCOUNTED = """
UPDATE approval SET people = 0, open_rules = jsonb_build_array(
  jsonb_build_object('source', '*', 'severity', 'Severe', 'people', 10, 'is_needed', true))
"""
"""Nobody could count whom it would warn while it was accepted."""


async def test_what_nobody_has_counted_yet_is_approved_by_its_municipalities(
    asking: Any, signed_in: Any
) -> None:
    alert, browser = await held(asking, DUEREN, JUELICH), await signed_in()
    counted = shown_binding(await looks(browser, alert))
    await asking.parts.health.pool.execute(UNCOUNTED)
    assert "(Zahl noch nicht bekannt)</strong>, 2 Gemeinden" in text(await browser.get("approvals"))
    page = await looks(browser, alert)
    for words in (
        "Soll diese echte Warnung an alle Betroffenen (Zahl noch nicht bekannt) gehen?",
        "Braucht die Warnung für so viele keine zweite Person, geht sie dann von selbst hinaus.",
        "geht sofort an alle Betroffenen in 2 Gemeinden (Zahl noch nicht bekannt)",
        "Für wie viele Gemeinden ist sie?",
    ):
        assert words in page, words
    assert "0 Menschen" not in page
    seen = shown_binding(page)
    for typed in ("", "0", "1", "3"):
        answer = await approves(browser, alert, seen, municipalities=typed)
        assert (answer.status, "nicht die Zahl der Gemeinden" in text(answer)) == (422, True), typed
    late = await approves(browser, alert, counted)
    assert (late.status, "Was Sie gesehen haben, ist nicht mehr, was wartet." in text(late)) == (409, True)
    assert (await approves(browser, alert, seen, municipalities="2")).status == 303
    page = await looks(browser, alert)
    assert "nicht gezählt, als entschieden wurde" in page
    opened = await browser.get(f"alerts/{alert}")
    assert (opened.status, "None" in text(opened)) == (200, False)


async def test_whoever_typed_municipalities_is_told_the_number_that_came_meanwhile(
    asking: Any, signed_in: Any
) -> None:
    alert, browser = await held(asking, DUEREN), await signed_in()
    await asking.parts.health.pool.execute(UNCOUNTED)
    seen = shown_binding(await looks(browser, alert))
    await asking.parts.health.pool.execute("UPDATE approval SET people = 12, open_rules = NULL")
    late = await approves(browser, alert, seen, municipalities="1")
    assert (late.status, "an 12 Menschen senden" in text(late)) == (409, True)
    assert await state_of(asking, alert) == "held"
