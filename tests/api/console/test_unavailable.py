"""The console while the record or the queue is away: nothing that was typed is lost, and nobody is told what is untrue."""

import asyncio
import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from dispatcher.settings import Settings
from dispatcher.store.migrate import upgrade
from tests.api import conftest as api
from tests.api.console import conftest as console_tests
from tests.api.console.compose.test_pages import hidden, previewed, recorded, typed
from tests.api.console.test_approvals import asking, held, signed_in
from tests.support.console import Browser, text
from tests.support.messages import DUEREN

__all__ = ["asking", "signed_in"]
console, invite = console_tests.console, console_tests.invite
api_settings = api.settings
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
WHY = {"why": 'Pegel „zu hoch“ <gemessen> & "doppelt"'}
FORMS = {
    f"approvals/{ID}/approve": {"binding": "9f" * 32, "people": "1.200"},
    f"approvals/{ID}/reject": WHY,
    f"alerts/{ID}/correct": {"what": "false-alarm"},
    f"held/{ID}/release": WHY | {"target": "9f" * 32, "shown": "3", "people": "3"},
    f"held/{ID}/discard": WHY,
    "templates/hochwasser/versions/1/approve": {"sha256": "9f" * 32},
    "templates/hochwasser/versions/1/reject": WHY,
    "desk/handover": {"note": "Pegel steigt"},
}
"""Forms of the desk but the one of a warning, with what is typed into them."""


@pytest.fixture
def record(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(server_dir, durable=False) as server:
        yield server


@pytest.fixture
def queue(server_dir: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(server_dir, durable=False) as server:
        yield server


@pytest.fixture
async def settings(api_settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The servers of the session, but for the one that a test stops."""
    own = {}
    if "record" in request.fixturenames:
        own["database_url"] = request.getfixturevalue("record").url
        await upgrade(own["database_url"])
    if "queue" in request.fixturenames:
        own["redis_url"] = request.getfixturevalue("queue").url
    return api_settings.model_copy(update=own)


async def test_what_was_typed_is_posted_again_once_the_record_answers(
    asking: Any, signed_in: Any, record: EmbeddedPostgres
) -> None:
    browser = await signed_in("b.lang", Role.AUTHOR, Role.APPROVER, Role.OPERATOR, source="leitstelle")
    await browser.get("compose")
    form = await previewed(browser)
    await asyncio.to_thread(record.stop)
    for path, fields in {
        **FORMS,
        "compose": typed(),
        "compose/preview": typed(),
        "compose/submit": form,
    }.items():
        answer = await browser.post(path, **fields)
        page, action = text(answer), f"/console/live/{path}"
        assert (answer.status, "Der Datenbestand antwortet nicht" in page) == (503, True), path
        kept = hidden(answer.body.decode(), action)
        assert {name: html.unescape(value) for name, value in kept.items()} == fields | {
            "token": browser.token
        }
        is_draft = path in {"compose", "compose/preview"}
        assert ("Nichts ist gesendet" in page, "ist ungewiss" in page) == (is_draft, not is_draft), path
    said = await browser.post("compose/preview.json", **typed())
    assert (said.status, said.json["refused"][:20]) == (503, "Nichts ist gesendet:")
    read = await browser.get("desk?list=sent")
    assert (read.status, 'href="/console/live/desk?list=sent"' in text(read)) == (503, True)
    await nothing_of_it_is_shown_to_others(asking, browser)
    record.start()
    sent = [await browser.post("compose/submit", **form) for _ in range(2)]
    (alert,) = await recorded(asking)
    assert {(one.status, one.headers["location"]) for one in sent} == {
        (303, f"/console/live/alerts/{alert['id']}")
    }


async def nothing_of_it_is_shown_to_others(service: Any, browser: Browser) -> None:
    """Neither a secret nor what a page of somebody else has posted."""
    secret = await browser.post("account/password", old="Rurpegel steigt", new="Rurpegel faellt")
    assert (secret.status, "Rurpegel" in text(secret)) == (503, False)
    other = Browser(service, origin="https://elsewhere.example", cookies=browser.cookies, token=browser.token)
    answer = await other.post("compose/preview", **typed())
    assert (answer.status, "Hochwasser" in text(answer)) == (503, False)


async def test_without_the_queue_everything_is_done_all_the_same(
    asking: Any, signed_in: Any, queue: EmbeddedValkey
) -> None:
    browser = await signed_in("b.lang", Role.AUTHOR, Role.APPROVER, Role.OPERATOR, source="leitstelle")
    await browser.get("compose")
    waiting = await held(asking, DUEREN, severity="Severe")
    await asyncio.to_thread(queue.stop)
    page = text(await browser.get(f"approvals/{waiting}"))
    done = await browser.post(f"approvals/{waiting}/reject", **WHY)
    assert done.status == 303, page
    form = await previewed(browser)
    sent = await browser.post("compose/submit", **form)
    assert sent.status == 303
    alert = sent.headers["location"].rpartition("/")[2]
    done = await browser.post(f"alerts/{alert}/correct", what="false-alarm")
    assert done.status == 303, text(done)
    assert (await browser.post("templates/hochwasser/versions/1/reject", **WHY)).status == 404
    assert (await browser.post(f"held/{alert}/discard", **WHY)).status == 409
    assert [row["reason"] for row in await recorded(asking)] == ["discarded", "first_notice", "cancel"]
