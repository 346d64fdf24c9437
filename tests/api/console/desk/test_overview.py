"""The desk's overview: what it lists, for whom, and where it leads."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role
from dispatcher.api.console.desk import reading, shared
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from dispatcher.store.canary.endpoints import CanaryEndpoints
from tests.api.conftest import NEIGHBOUR, OTHER_KEY
from tests.store.canary.test_endpoints import OWN
from tests.support.canary_sends import sent_by_sms
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.submissions import AACHEN, now, warning


@pytest.fixture(autouse=True)
def each_look_is_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "READ_EVERY_S", 0.0)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A service with an SMS gateway whose price is agreed."""
    gateway = SmsGatewaySettings(name="sms-1", url="https://sms.example/", price_per_part=Decimal("0.075"))
    return settings.model_copy(update={"sms_gateways": (gateway,)})


@pytest.fixture
def signed_in(console: Any, invite: Any) -> Any:
    """Signs a person with these roles in, of that control centre."""

    async def signed_in(
        *roles: Role,
        name: str = "b.lang",
        environment: Environment = Environment.LIVE,
        source: str | None = None,
    ) -> Browser:
        browser = Browser(console, environment.value)
        await browser.enrol(await invite(name, environment, *(roles or (Role.OPERATOR,))))
        await console.parts.health.pool.execute(
            "UPDATE person SET source_id = $2 WHERE id = $1", name, source
        )
        return browser

    return signed_in


async def submitted(console: Any, *places: str, key: Any = None, **changes: Any) -> str:
    answer = await console.submit(warning(*places, **changes), key=key)
    assert answer.status in {201, 202}, answer.json
    return str(answer.json["alert"]["id"])


async def desk(browser: Browser, query: str = "") -> dict[str, str]:
    """What each list of the desk says, by its name."""
    answer = await browser.get(f"desk{query}")
    assert answer.status == 200, text(answer)
    parts = re.split(r'<section aria-labelledby="(\w+)">', text(answer))
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


async def test_all_that_stands_is_found_with_its_numbers_and_its_links(console: Any, signed_in: Any) -> None:
    pool, approver = console.parts.health.pool, await signed_in(Role.APPROVER)
    first = await submitted(console, DUEREN, JUELICH, HEIMBACH, severity="Severe")
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Extreme', 0, true)")
    held = await submitted(console, JUELICH, severity="Extreme", headline="Keller räumen")
    lists = await desk(approver)
    assert lists["held"].index("Keller räumen") < lists["held"].index(
        "braucht die Freigabe einer zweiten Person"
    )
    assert f'href="/console/live/approvals/{held}"' in lists["held"]
    assert "Ansehen und entscheiden" in lists["held"]
    assert "In Kraft (1)" in lists["in_force"]
    assert "Düren, Hürtgenwald, Jülich. Quelle: <bdi>leitstelle" in lists["in_force"]
    assert f'href="/console/live/alerts/{first}"' in lists["in_force"]
    assert f'href="/console/live/alerts/{first}/correct"' in lists["in_force"]
    assert "Empfänger werden gerade ermittelt" in lists["in_force"]
    assert "Bisher nichts." in lists["sent"]
    await pool.execute("UPDATE alert SET planned_at = now() WHERE id = $1", first)
    assert "Niemand hier ist angemeldet" in (await desk(approver))["in_force"]


async def test_what_was_decided_or_is_over_stays_to_be_found(console: Any, signed_in: Any) -> None:
    pool, approver = console.parts.health.pool, await signed_in(Role.APPROVER)
    message = warning(DUEREN)
    first = str((await console.submit(message)).json["alert"]["id"])
    cancel = str((await console.submit(message.later("weg", "Cancel"))).json["alert"]["id"])
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    held = await submitted(console, JUELICH, severity="Extreme")
    await desk(approver)  # the token of its forms
    assert (await approver.post(f"approvals/{held}/reject", why="falscher <b>Ort")).status == 303
    lists = await desk(approver)
    assert "held" not in lists
    assert "Zurzeit gilt keine Warnung." in lists["in_force"]
    assert "aufgehoben" in lists["sent"]
    assert f'/alerts/{first}"' in lists["sent"]
    assert f'(<a href="/console/live/alerts/{cancel}"' in lists["sent"]
    assert "/correct" not in lists["sent"]
    assert "entschieden von b.lang" in lists["unsent"]
    assert "falscher <b>Ort" in lists["unsent"], "as text"
    assert f'href="/console/live/approvals/{held}"' in lists["unsent"]


async def test_a_person_sees_what_its_list_of_the_api_has(console: Any, signed_in: Any) -> None:
    own = await submitted(console, DUEREN)
    foreign = await submitted(console, AACHEN, key=OTHER_KEY, sender=NEIGHBOUR)
    people = {
        "a.author": (await signed_in(Role.AUTHOR, name="a.author", source="leitstelle"), {own}),
        "b.auditor": (await signed_in(Role.AUDITOR, name="b.auditor"), {own, foreign}),
        "c.nobody": (await signed_in(Role.AUTHOR, name="c.nobody"), set()),
    }
    for name, (browser, wanted) in people.items():
        page = (await desk(browser)).values()
        shown = {alert for alert in (own, foreign) if any(f"/alerts/{alert}" in part for part in page)}
        listed = {one["id"] for one in (await browser.get("/v1/alerts")).json["alerts"]}
        assert (name, shown, listed) == (name, wanted, wanted)
        assert not any("/correct" in part for part in page), "neither an author's nor an auditor's"
    told = (await desk(people["c.nobody"][0]))[""]
    assert "Sie schreiben zurzeit für keine Leitstelle" in told
    admin = await signed_in(Role.ADMIN, name="d.admin")
    assert (await admin.get("desk")).status == 403


async def test_a_role_is_offered_a_correction_where_it_holds(console: Any, signed_in: Any) -> None:
    alerts = [await submitted(console, place) for place in (DUEREN, JUELICH)]
    approver = await signed_in(Role.APPROVER)
    await console.parts.health.pool.execute("UPDATE person_role SET territory = $1", [JUELICH])
    shown = (await desk(approver))["in_force"]
    assert [f"/alerts/{alert}/correct" in shown for alert in alerts] == [False, True]


async def test_lanes_without_a_self_test_are_said_in_words(console: Any, signed_in: Any) -> None:
    pool = console.parts.health.pool
    await CanaryEndpoints(pool, ADDRESSES).add(OWN, UNNAMED_OPERATOR)
    await pool.execute("UPDATE canary SET created_at = now() - interval '1 hour'")
    shown = (await desk(await signed_in(Role.APPROVER)))[""]
    assert "(sofort (flash), dringend (priority), gewöhnlich (routine), Übung (exercise))" in shown


async def test_what_the_self_test_costs_by_sms_is_said(console: Any, signed_in: Any) -> None:
    pool = console.parts.health.pool
    paid = replace(OWN, name="phone", channel="sms", gateway="sms-1", every=timedelta(hours=1), in_turn=True)
    for canary in (OWN, replace(paid, address="+4915100000001", keys={})):
        await CanaryEndpoints(pool, ADDRESSES).add(canary, UNNAMED_OPERATOR)
    browser = await signed_in(Role.OPERATOR)
    shown = (await desk(browser))["service"]
    assert shown.count("in 30 Tagen") == 1
    assert "; etwa 720 SMS in 30 Tagen" in shown
    await sent_by_sms(pool, "phone", "sms-1", parts=2)
    assert "; etwa 720 SMS in 30 Tagen (1.440 Teile, 108,00 €)" in (await desk(browser))["service"]


async def test_exercises_are_on_their_own_desk(console: Any, signed_in: Any) -> None:
    live = await submitted(console, DUEREN)
    drill = await submitted(console, DUEREN, status="Exercise")
    for environment, own, other in ((Environment.LIVE, live, drill), (Environment.EXERCISE, drill, live)):
        browser = await signed_in(Role.APPROVER, name=f"p.{environment.value}", environment=environment)
        lists = await desk(browser)
        assert f"/console/{environment.value}/alerts/{own}" in lists["in_force"]
        assert other not in "".join(lists.values())


async def test_lists_are_bounded_and_say_how_much_more_there_is(
    console: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CARDS_MAX", 1)
    monkeypatch.setattr(reading, "LATEST", 1)
    monkeypatch.setattr(reading, "PAGE", 1)
    for number in range(3):
        await submitted(console, DUEREN, headline=f"Warnung {number}")
    browser, pool = await signed_in(), console.parts.health.pool
    lists = await desk(browser)
    assert ("In Kraft (3)" in lists["in_force"], "Und 2 weitere." in lists["in_force"]) == (True, True)
    monkeypatch.setattr(reading, "READ_MAX", 2)
    assert "Und mehr als 1 weitere." in (await desk(browser))["in_force"]
    await pool.execute("UPDATE alert SET expires = $1", now() - timedelta(seconds=1))
    found, query = [], "?list=sent"
    assert f'href="/console/live/desk{query}"' in (await desk(browser))["sent"]
    while query:
        page = (await desk(browser, query))["sent"]
        found += re.findall(r"Warnung \d(?=</bdi>)", page)
        older = re.search(r'href="/console/live/desk(\?list=sent&before=\w+)"', page)
        query = older[1] if older else ""
    assert found == ["Warnung 2", "Warnung 1", "Warnung 0"]
    assert "Warnung 2" in (await desk(browser, "?list=sent&before=x"))["sent"]


async def test_after_signing_in_one_lands_where_ones_roles_allow(console: Any, signed_in: Any) -> None:
    for name, role, first in (("a.b", Role.AUTHOR, "/desk"), ("c.d", Role.ADMIN, "/")):
        browser = await signed_in(role, name=name)
        assert (await browser.get("start")).headers["location"] == f"/console/live{first}"
        assert (await browser.get("sign-in")).headers["location"] == "/console/live/start"
    enrolling = Browser(console)
    assert (await enrolling.get("start")).headers["location"].startswith("/console/live/sign-in")


async def test_the_approval_of_what_needed_none_leads_to_the_alert(console: Any, signed_in: Any) -> None:
    sent = await submitted(console, DUEREN)
    drill = await submitted(console, DUEREN, status="Exercise")
    approver = await signed_in(Role.APPROVER)
    led = await approver.get(f"approvals/{sent}")
    assert (led.status, led.headers["location"]) == (303, f"/console/live/alerts/{sent}")
    for alert in (drill, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"):
        assert (await approver.get(f"approvals/{alert}")).status == 404
