"""The page of one alert: what it shows to whom."""

from typing import Any

from dispatcher.access.principals import Actor
from dispatcher.access.roles import Role
from dispatcher.intake.approval import drop
from dispatcher.model.vocabulary import Environment, State
from tests.api.console.test_approvals import NOWHERE, asking, held, signed_in
from tests.api.console.test_corrections import sent
from tests.audience.test_reach import populated
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

__all__ = ["asking", "signed_in"]
BATCH = """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
             first_at, last_at)
           VALUES ($1, $1, 'alert', 'sms', 'sms-1', 'de', 'routine', now() + '1 h', $2, $3, now(), now())"""


async def page_of(browser: Browser, alert_id: str) -> str:
    answer = await browser.get(f"alerts/{alert_id}")
    assert answer.status == 200, text(answer)
    assert len(answer.body) < 100_000
    return text(answer)


async def put_out(pool: Any, alert_id: str, *states: State) -> None:
    """Let it have these recipients."""
    await pool.execute(BATCH, alert_id, [*range(1, len(states) + 1)], bytes(states))
    await pool.execute("UPDATE alert SET state = 'planned', planned_at = received_at WHERE id = $1", alert_id)


async def test_whoever_follows_a_warning_sees_what_people_read_and_where(asking: Any, signed_in: Any) -> None:
    alert, browser = await sent(asking, DUEREN, JUELICH), await signed_in()
    page = await page_of(browser, alert)
    for words in (
        "neue Warnung: Versand beginnt",
        "Der Dienst stellt gerade fest, wer sie bekommt.",
        "SMS (1 Teil,",
        "WARNUNG: Hochwasser an der Rur",
        "Push auf dem Telefon",
        "Türkisch",
        '<th scope="row">Düren</th><td>ganz</td><td>genannt</td>',
        "Karte: Sie gilt für Düren, Jülich.",
        "<title>Jülich</title>",
        "Diese Meldung ersetzt keine andere",
        f'href="/console/live/alerts/{alert}/correct"',
    ):
        assert words in page, words
    assert "compose" not in page, "who writes for no control centre submits nothing"


async def test_it_is_said_how_many_live_there_where_that_is_known(asking: Any, signed_in: Any) -> None:
    alert, browser = await sent(asking, DUEREN, JUELICH), await signed_in()
    assert "wohnen" not in await page_of(browser, alert)
    object.__setattr__(asking.parts, "boundaries", populated(asking.parts.boundaries, 12_345))
    assert "In diesen Gemeinden wohnen rund 25.000 Menschen." in await page_of(browser, alert)


async def test_it_is_said_how_far_it_has_come(asking: Any, signed_in: Any) -> None:
    alert, pool = await sent(asking, DUEREN), asking.parts.health.pool
    await put_out(pool, alert, State.ACCEPTED, State.ACCEPTED, State.REJECTED, State.PENDING)
    await pool.execute(
        """INSERT INTO delivery_report (batch_id, position, gateway, state, at)
           SELECT id, 0, gateway, 'delivered', now() FROM batch"""
    )
    page = await page_of(await signed_in(), alert)
    for words in (
        "2 von 4 übergeben, 1 warten, 1 gescheitert.",
        "SMS: Warnung",
        "75 % abgearbeitet",
        "<dt>Zugestellt</dt><dd>1</dd>",
        "<dt>Unbekannt</dt><dd>1</dd>",
        "Zuerst angenommen",
        "Wartet: SMS über sms-1, 1 Empfänger: an der Reihe",
        "Gescheitert: SMS über sms-1, 1 Empfänger: abgelehnt",
        '<th scope="row">Düren</th><td>ganz</td><td>genannt</td><td class="count">0</td>',
    ):
        assert words in page, words


async def test_a_text_for_mowas_says_what_it_leaves_out(asking: Any, signed_in: Any) -> None:
    why = " ".join(f"Der Pegel {number} steigt weiter an." for number in range(100))
    alert, browser = await sent(asking, DUEREN, instruction=why), await signed_in()
    page = (await page_of(browser, alert)).partition('<section aria-labelledby="broadcast">')[2]
    assert "Nicht mehr hineingepasst hat: Verhalten (" in page
    assert "von 1.395 Zeichen" in page
    assert "Der Text ist vollständig." in await page_of(browser, await sent(asking, DUEREN))


async def test_where_it_reaches_nobody_is_said(asking: Any, signed_in: Any) -> None:
    alert, browser = await sent(asking, DUEREN, JUELICH), await signed_in()
    assert "Lücken" not in await page_of(browser, alert), "before its recipients are settled nobody knows"
    await asking.parts.health.pool.execute("UPDATE alert SET planned_at = now(), state = 'settled'")
    assert "Niemand angemeldet, also niemand gewarnt: Düren, Jülich." in await page_of(browser, alert)
    await put_out(asking.parts.health.pool, alert, *[State.ACCEPTED] * 10, *[State.REJECTED] * 10)
    page = await page_of(browser, alert)
    for words in (
        "Niemand angemeldet, also niemand gewarnt: Düren, Jülich.",
        "App: Niemand bekommt sie so, denn niemand in diesen Gemeinden",
        "SMS, Warnung: 50 % von 20 sind gescheitert.",
        "von denen mehr als 5 % scheitern",
    ):
        assert words in page, words


async def test_what_waits_leads_to_its_decision_and_only_there(asking: Any, signed_in: Any) -> None:
    alert = await held(asking, DUEREN)
    page = await page_of(await signed_in(), alert)
    assert f'href="/console/live/approvals/{alert}"' in page
    assert ("/correct" in page, "Wie weit sie ist" in page) == (False, False)
    assert "Die Meldung wartet auf die Entscheidung einer Person." in page
    await asking.parts.health.pool.execute("UPDATE approval SET is_needed = false")
    operator = await signed_in("o.operator", Role.OPERATOR)
    assert f'href="/console/live/held/{alert}"' in await page_of(operator, alert)
    assert f'href="/console/live/held/{alert}"' in text(await operator.get(f"alerts/{alert}/progress"))
    assert (await operator.get(f"held/{alert}")).status == 200


async def test_the_course_of_events_says_who_rejected_it_to_whoever_follows_it(
    asking: Any, signed_in: Any
) -> None:
    alert = await held(asking, DUEREN)
    await asking.parts.health.pool.execute(
        "UPDATE approval SET decision = 'reject', decided_at = now(), decided_by = 'person:z.zwei', why = 'Zahl'"
    )
    author = await signed_in("a.author", Role.AUTHOR, source="leitstelle")
    for browser in (await signed_in(), author):
        course = (await page_of(browser, alert)).partition('<section aria-labelledby="timeline">')[2]
        assert "verworfen von z.zwei: Zahl" in course


async def test_its_author_reads_who_rejected_it_and_why(asking: Any, signed_in: Any) -> None:
    alert = await held(asking, DUEREN)
    stored = await asking.parts.alerts.get(alert)
    async with asking.parts.alerts.submission(stored.sender) as submission:
        await drop(submission, stored, Actor("person:b.lang"), "falscher Ort")
    page = await page_of(await signed_in("a.author", Role.AUTHOR, source="leitstelle"), alert)
    assert "verworfen" in page
    assert "b.lang, " in page
    assert "Grund: <bdi>falscher Ort</bdi>" in page


async def test_its_author_is_led_to_an_update_and_the_end(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN, JUELICH, severity="Moderate")
    alert = str((await asking.submit(first)).json["alert"]["id"])
    author = await signed_in("a.author", Role.AUTHOR, source="leitstelle")
    page = await page_of(author, alert)
    for link in (f"compose?update={alert}", f"compose?all-clear={alert}"):
        assert f'href="/console/live/{link}"' in page, link
    assert "/correct" not in page
    later = warning(DUEREN, severity="Moderate", headline="Hochwasser steigt").infos
    update = str((await asking.submit(first.later("steigt", infos=later))).json["alert"]["id"])
    before, after = await page_of(author, alert), await page_of(author, update)
    assert ("compose?" in before, "compose?" in after) == (False, True)
    assert "Die Warnung gilt nicht mehr: Sie ist ersetzt" in before
    assert "durch „Hochwasser steigt“)" in before
    assert f'href="/console/live/alerts/{update}"' in before
    assert f'href="/console/live/alerts/{alert}"' in after
    await asking.parts.health.pool.execute("UPDATE person_role SET territory = $1", [JUELICH])
    assert "compose?" not in await page_of(author, update)


async def test_the_end_of_a_warning_is_shown_in_its_own_words(asking: Any, signed_in: Any) -> None:
    first = warning(DUEREN, severity="Moderate")
    await asking.submit(first)
    end = str((await asking.submit(first.later("weg", "Cancel"))).json["alert"]["id"])
    page = await page_of(await signed_in(), end)
    assert "Aufhebung: Versand beginnt" in page
    assert "WARNUNG AUFGEHOBEN: Hochwasser" in page.partition('<section aria-labelledby="texts">')[2]
    assert ("WARNUNG: Hochwasser" in page, "/correct" in page, "Gilt bis 2" in page) == (False, False, False)


async def test_what_somebody_may_not_follow_is_nowhere(asking: Any, signed_in: Any) -> None:
    alert = await sent(asking)
    stranger = await signed_in("s.stranger", Role.AUTHOR)
    exercise = await signed_in("e.exercise", environment=Environment.EXERCISE)
    admin = await signed_in("v.admin", Role.ADMIN)
    reader = await signed_in("r.reader", Role.AUDITOR)
    for browser, alert_id in (
        (stranger, alert),
        (exercise, alert),
        (reader, NOWHERE),
        (reader, alert.lower()),
        (reader, "'"),
    ):
        answer = await browser.get(f"alerts/{alert_id}")
        assert (answer.status, alert in text(answer).partition("<main")[2]) == (404, False)
    assert (await admin.get(f"alerts/{alert}")).status == 403
    page = await page_of(reader, alert)
    assert "Was Sie tun können" not in page


async def test_a_hostile_text_is_a_text(asking: Any, signed_in: Any) -> None:
    hostile = "<script>alert(1)</script>\u202egnihton\u2066 {{ 7*7 }} " + "x" * 500
    alert = await sent(asking, DUEREN, headline=hostile, instruction=hostile, event=hostile)
    page = (await (await signed_in()).get(f"alerts/{alert}")).body.decode()
    assert "gnihton" in page
    assert "<script>alert" not in page
    assert not set(page) & set("\u202e\u2066")


async def test_an_exercise_has_its_page_at_its_own_desk(asking: Any, signed_in: Any) -> None:
    alert = str((await asking.submit(warning(DUEREN, status="Exercise"))).json["alert"]["id"])
    browser = await signed_in(
        "e.exercise", Role.AUTHOR, environment=Environment.EXERCISE, source="leitstelle"
    )
    page = await page_of(browser, alert)
    assert "Übung: Versand beginnt" in page
    assert "In diesen Worten geht sie hinaus.</p>" in page, "other warnings are not said beside an exercise"
    assert f'href="/console/exercise/compose?all-clear={alert}"' in page
    assert (await (await signed_in()).get(f"alerts/{alert}")).status == 404
