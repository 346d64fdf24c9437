"""The page of the service's health: what it draws, and what it says where nobody knows."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dispatcher.access.roles import Role
from dispatcher.model.health.measures import Measure, Reading
from dispatcher.model.vocabulary import Environment
from dispatcher.queue.address import parse
from dispatcher.queue.health_ring import HealthRing
from dispatcher.queue.wakeups import health_name, open_queue
from tests.channels.far_side import closed_port
from tests.support.console import Browser, text


async def signed_in(console: Any, invite: Any, *roles: Role) -> Browser:
    browser = Browser(console)
    await browser.enrol(await invite("j.ott", Environment.LIVE, *(roles or (Role.OPERATOR,))))
    return browser


async def test_what_all_processes_noted_is_drawn_and_stands_in_tables(console: Any, invite: Any) -> None:
    ring, browser = console.parts.health_ring, await signed_in(console, invite)
    assert "hat niemand gemessen" in text(await browser.get("health"))
    hostile = "<b>gateway</b>"
    await ring.note(
        {Reading(Measure.REACHED, ("sms",)): 1234, Reading(Measure.TAKEN, ("sms", hostile)): 3},
        {Reading(Measure.WAITING, ("flash",)): 2.5, Reading(Measure.FEED_AGE, ("dwd",)): 90.0},
    )
    page = (await browser.get("health")).body.decode()
    assert "Zuletzt gemessen" in page
    assert page.count("<polyline") == 4
    for words in ("<bdi>SMS</bdi>: jetzt 1.234", "<bdi>sofort</bdi>: jetzt 2,5", "<bdi>dwd</bdi>: jetzt 1,5"):
        assert words in page, words
    assert "SMS: &lt;b&gt;gateway" in page
    assert hostile not in page
    table = page.partition('id="health_reached"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 13
    assert "1.234</td>" in table
    assert "style=" not in page
    assert len(page.encode()) < 60_000
    assert "jetzt 2.5" in text(await browser.ask("GET", "health", Accept_Language="en")).replace(
        "now", "jetzt"
    )


async def test_it_says_since_when_nobody_measures(console: Any, invite: Any) -> None:
    ring, browser = console.parts.health_ring, await signed_in(console, invite, Role.AUTHOR)
    minute = (await ring.read(1))[0].started // 60
    await ring._queue.hset(health_name(minute - 30), "held", "1")
    said = text(await browser.get("health"))
    assert re.search(r"Seit [^:]*:\d\d[^:]* misst niemand", said)


async def test_without_redis_it_says_so(console: Any, invite: Any) -> None:
    browser = await signed_in(console, invite)
    away = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    object.__setattr__(console.parts, "health_ring", HealthRing(away))
    answer = await browser.get("health")
    assert (answer.status, "Redis antwortet nicht" in text(answer)) == (200, True)
    await away.aclose(close_connection_pool=True)


async def test_it_says_as_of_when_the_boundaries_are_and_that_they_are_old(console: Any, invite: Any) -> None:
    browser, parts = await signed_in(console, invite), console.parts
    said = text(await browser.get("health"))
    assert "Gemeindegrenzen: BKG VG250 of 2016-01-01" in said
    assert "Gebietsstand 01.01.2016. Sie sind älter als anderthalb Jahre" in said
    english = text(await browser.ask("GET", "health", Accept_Language="en"))
    assert "as of 2016-01-01. They are older than a year and a half" in english
    today = datetime.now(UTC).date().isoformat()
    provenance = replace(parts.boundaries.provenance, source="BKG <VG250-EW>", vintage=today)
    object.__setattr__(parts, "boundaries", replace(parts.boundaries, provenance=provenance))
    newer = await browser.get("health")
    assert "BKG &lt;VG250-EW&gt;" in newer.body.decode()
    assert "anderthalb" not in text(newer)


async def test_whoever_has_no_role_for_it_is_told(console: Any, invite: Any) -> None:
    browser = await signed_in(console, invite, Role.ADMIN)
    assert (await browser.get("health")).status == 403
