"""Templates, held messages and the health of the service in a real Chromium, for everybody: WCAG 2.2 AA as axe-core
judges it, at 400 % and in the dark, too.
"""

import math
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR, Actor
from dispatcher.access.roles import Role
from dispatcher.model.health.measures import SHOWN_MINUTES, Measure, Reading
from dispatcher.model.templates.version import NewTemplateVersion, TemplateStep
from dispatcher.model.vocabulary import Environment
from dispatcher.queue.wakeups import health_name
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.api.console.test_held import held
from tests.e2e.test_console import arrives, hears, origin_of, seen, types
from tests.support.accessibility import with_axe
from tests.support.console import Browser
from tests.support.devtools import Tab, chromium
from tests.support.programs import program
from tests.support.templates import template

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
settings = api.settings
invite = console_tests.invite
console = console_tests.console
PAGE_BYTES = 100_000


async def saved(templates: Any, **changes: Any) -> bytes:
    one = template(**changes)
    new = NewTemplateVersion(one.id, one.title, one.content(), bytes.fromhex(one.digest()))
    return bytes((await templates.save(new, UNNAMED_OPERATOR)).version.sha256)


async def two_versions(console: Any) -> None:
    """One that is approved, and a draft that is to take its place."""
    templates = console.parts.templates
    seen_hash = await saved(templates)
    by = Actor("person:m.keller")
    await templates.take(TemplateStep.APPROVE, "hochwasser", 1, by, person="m.keller", seen=seen_hash)
    await saved(templates, texts__de__instruction="Gehen Sie weg vom Ufer bei {ort}.", lasts="7h")


async def six_hours(console: Any) -> None:
    """What the page draws, with an hour in which nobody measured."""
    ring = console.parts.health_ring
    last = (await ring.read(1))[0].started // 60
    for ago in range(SHOWN_MINUTES):
        if 100 <= ago < 160:
            continue
        wave = 50 + round(40 * math.sin(ago / 30))
        found = {
            Reading(Measure.REACHED, ("sms",)): wave,
            Reading(Measure.REACHED, ("webpush",)): 10 * wave,
            Reading(Measure.LOST, ("sms",)): wave // 20,
            Reading(Measure.WITHIN, ("flash", "4")): wave,
            Reading(Measure.TAKEN, ("sms", "kreis-gateway")): wave,
            Reading(Measure.REFUSED, ("sms", "kreis-gateway")): wave // 10,
            Reading(Measure.WAITING, ("flash",)): wave / 10,
            Reading(Measure.WAITING, ("routine",)): wave,
            Reading(Measure.RETRIES, ("sms",)): wave // 5,
            Reading(Measure.HELD, ()): 1,
            Reading(Measure.FEED_AGE, ("dwd",)): wave,
            Reading(Measure.FEED_AGE, ("mowas",)): 2 * wave,
        }
        fields = {reading.field(): str(value) for reading, value in found.items()}
        await ring._queue.hset(health_name(last - ago), mapping=fields)


async def signed_in(tab: Tab, console: Any, invite: Any, origin: str) -> None:
    """A person who decides about templates and about what is held."""
    desk = Browser(console, origin=origin)
    await desk.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER, Role.OPERATOR))
    await console.parts.health.pool.execute("UPDATE person SET source_id = NULL")
    for name, value in desk.cookies.items():
        await tab.command("Network.setCookie", name=name, value=value, url=origin, secure=True, path="/")


async def test_templates_held_messages_and_health_are_for_everybody(
    console: Any, invite: Any, tmp_path: Path
) -> None:
    origin = origin_of(console)
    await two_versions(console)
    alert = await held(console)
    await six_hours(console)
    async with chromium(program("chromium", "chromium"), tmp_path, origin) as browser:
        tab = await browser.tab("about:blank")
        await with_axe(tab)
        await signed_in(tab, console, invite, origin)
        await tab.open(f"{origin}/console/live/health")
        await arrives(tab, "/console/live/health", "Von Gateways angenommen")
        await hears(tab, "heading Zustand", "image Von Gateways angenommen (Personen je Minute)")
        await seen(tab, "health")
        size = "performance.getEntries().reduce((sum, one) => sum + (one.encodedBodySize ?? 0), 0)"
        assert 0 < await tab.value(size) <= PAGE_BYTES
        await tab.open(f"{origin}/console/live/templates")
        await arrives(tab, "/console/live/templates", "Entwürfe, über die zu entscheiden ist (1)")
        await seen(tab, "templates")
        version = "/console/live/templates/hochwasser/versions/2"
        await tab.open(f"{origin}{version}")
        await arrives(tab, version, "Was sich gegenüber Fassung 1 ändert")
        await seen(tab, "template")
        await types(tab, "#why-reject", "falscher Pegel")
        await tab.press("Enter")
        await arrives(tab, version, "abgelehnt von b.lang")
        await tab.open(f"{origin}/console/live/held")
        await arrives(tab, "/console/live/held", "diese Schwere geht nicht von selbst hinaus")
        await seen(tab, "held-list")
        await tab.open(f"{origin}/console/live/held/{alert}")
        await hears(
            tab,
            "heading Wartet: Hochwasser an der Rur",
            "region Entscheidung",
            "button ECHTE MELDUNG an 0 Menschen senden",
        )
        await seen(tab, "held")
        await types(tab, "#people", "0")
        await types(tab, "#why-release", "mit dem Wetterdienst gesprochen")
        await tab.press("Enter")
        await arrives(tab, f"/console/live/held/{alert}", "Sie wartet nicht mehr")
        await seen(tab, "held-released")
        assert [one for one in tab.heard("Log.entryAdded") if "Content Security" in str(one)] == []
