"""Ready bytes are answered ahead of the routes, and the same as by them."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.api.public.answering import (
    UNKNOWN_CACHE_CONTROL,
    PublicDocuments,
    PublicResponse,
    UnknownLimits,
)
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.editions import Edition, PlaceDocument
from dispatcher.publication.forms.registry import GEOJSON, GERMAN, MESSAGE, PlaceForm
from dispatcher.publication.in_force import PublicInForce, PublicWarning
from dispatcher.publication.messages import KeptMessages
from dispatcher.publication.places import PlaceKind, PublicPlace
from dispatcher.publication.publisher import Publisher
from dispatcher.runtime.strangers import WAITING
from dispatcher.store.alerts.public import PublicAlert, PublicRead
from tests.support.messages import DUEREN, HOUR, message, stored
from tests.support.publication import found, warned

PATH = "/v1/municipalities/05358008/alerts"
EMPTY = PublicRead(datetime.now(UTC), frozenset(), ())
PLACE = PublicPlace(PlaceKind.MUNICIPALITY, DUEREN, "", "Düren", (DUEREN,))
BODY = b"[" + b"0," * 200 + b"0]"


async def nothing(*_known: Any) -> Any:
    raise AssertionError("nobody asks the record here")


class Process:
    """What answers, and the routes behind it, which answer with their own name."""

    def __init__(self, patience_s: float = 0) -> None:
        self.publisher = Publisher(nothing, nothing)
        self.publisher.headers = ((b"alerts-as-of", b"now"),)
        self.refused = 0
        # Nobody looks at a record here, but where a test does.
        limits = UnknownLimits(patience_s=patience_s, waiting=3)
        self.documents = PublicDocuments(self.publisher, limits, self.refuse)
        self.by_routes = 0
        self.renew()

    def renew(self, messages: KeptMessages | None = None) -> None:
        self.publisher.edition = Edition(found(warned("A", messages=messages)))

    def refuse(self) -> None:
        self.refused += 1

    async def routes(self, scope: Any, _receive: Any, send: Any) -> None:
        self.by_routes += 1
        await send(
            {
                "type": "http.response.start",
                "status": 404,
                "headers": [(b"x-method", scope["method"].encode())],
            }
        )
        await send({"type": "http.response.body", "body": b"routes"})

    async def ask(self, path: str = PATH, query: bytes = b"", method: str = "GET", **headers: str) -> Any:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await self.documents.answer(self.routes, scope(path, query, method, **headers), nothing, send)
        start, body = sent
        return start["status"], dict(start["headers"]), body["body"]


def scope(path: str = PATH, query: bytes = b"", method: str = "GET", **headers: str) -> Any:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "query_string": query, "method": method, "headers": named}


def constant(threads: list[threading.Thread] | None = None, form: PlaceForm = GERMAN) -> PlaceDocument:
    """A document that says nothing of any edition, made of the same messages as those of a form. `threads` are those in
    which it was made.
    """

    def render(_state: PublicInForce, _place: PublicPlace) -> bytes:
        if threads is not None:
            threads.append(threading.current_thread())
        return BODY

    return PlaceDocument(PlaceForm("x", "application/json", render, form.reads), PLACE)


@pytest.fixture
def process() -> Process:
    return Process()


async def test_what_a_route_has_made_is_answered_ahead_of_it_from_then_on(process: Process) -> None:
    status, headers, _ = await process.ask()
    assert (status, headers[b"cache-control"], process.by_routes) == (404, b"no-store", 1)
    await process.documents.of_place(PATH, constant())
    for _ in range(2):
        status, headers, body = await process.ask()
        assert (status, body, process.by_routes) == (200, BODY, 1)
        assert headers[b"alerts-as-of"] == b"now"
        assert headers[b"access-control-allow-origin"] == b"*"
        process.renew()  # a new edition has a new document, without any route


async def test_only_the_very_address_is_kept(process: Process) -> None:
    """Else a stranger fills the memory by queries that mean nothing."""
    process.documents.unpublished(constant())
    assert process.publisher.edition
    assert process.publisher.edition.by_address == {}
    await process.documents.of_place(f"{PATH}?language=en", constant())
    assert (await process.ask(query=b"language=en"))[0] == 200
    assert (await process.ask(query=b"x=1"))[0] == 404
    assert (await process.ask())[0] == 404
    assert list(process.publisher.edition.by_address) == [f"{PATH}?language=en"]


async def test_the_document_of_everything_is_made_once_in_an_edition_and_by_a_route(process: Process) -> None:
    threads: list[threading.Thread] = []
    path, wanted = "/v1/public/alerts", constant(threads)
    await asyncio.gather(*(process.documents.of_everywhere(path, wanted) for _ in range(3)))
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()
    assert (await process.ask(path))[0] == 200
    process.renew()
    assert (await process.ask(path))[0] == 404


async def test_a_document_for_which_messages_have_to_be_parsed_is_made_in_a_thread(process: Process) -> None:
    threads: list[threading.Thread] = []
    wanted = constant(threads, GEOJSON)
    await process.documents.of_place(PATH, wanted)
    assert threads == [threading.current_thread()], "its messages are there and short"
    process.renew(KeptMessages(room=0))
    assert (await process.ask())[0] == 404, "the routes have it made"
    await asyncio.gather(*(process.documents.of_place(PATH, wanted) for _ in range(3)))
    assert len(threads) == 2, "once for all"
    assert threads[1] is not threading.current_thread()
    assert (await process.ask())[0] == 200
    process.renew()
    assert (await process.ask())[0] == 200
    assert threads[2] is threading.current_thread()


async def test_a_warning_is_kept_for_one_edition(process: Process) -> None:
    path = "/v1/public/alerts/A/cap"
    await process.documents.of_warning(MESSAGE, "A", path, Request(scope(path)))
    assert (await process.ask(path))[0] == 200
    process.renew()
    assert (await process.ask(path))[0] == 404


class Unknown:
    """Requests for a warning that this process does not know yet, and the record that does."""

    def __init__(self) -> None:
        self.process = Process(patience_s=60)
        self.known = False
        self.process.publisher = self.process.documents._publisher = Publisher(self.read, self.covered)
        self.left = 0
        """How many gave up the place of a stranger."""

    async def read(self, _known: Any) -> PublicRead:
        on_record = stored(id="B", expires=datetime.now(UTC) + HOUR)
        found = PublicAlert(on_record, message().xml(), ((DUEREN, "Düren"),), "1")
        return PublicRead(datetime.now(UTC), frozenset("B"), (found,)) if self.known else EMPTY

    async def covered(self) -> Coverage:
        return Coverage()

    def ask(self, alert_id: str = "B", *, signed: bool = False) -> asyncio.Task[Any]:
        request = Request(scope(PATH) | {"extensions": {WAITING: self.leave}})
        documents = self.process.documents
        if signed:
            return asyncio.create_task(documents.of_signed(alert_id, PATH, self.sign, request))
        return asyncio.create_task(documents.of_warning(MESSAGE, alert_id, PATH, request))

    async def sign(self, _warning: PublicWarning) -> bytes:
        return b"signed"

    def leave(self) -> None:
        self.left += 1


@pytest.mark.parametrize(
    ("signed", "body"), [(False, message().xml()), (True, b"signed")], ids=["as it came", "signed"]
)
async def test_a_warning_that_another_process_has_listed_is_found_by_the_next_look(
    signed: bool, body: bytes
) -> None:
    world = Unknown()
    await world.process.publisher.look()
    asked = world.ask(signed=signed)
    await asyncio.sleep(0)
    assert not asked.done(), "no client is told that it is unknown"
    assert world.left == 1, "and it stands in no other stranger's way"
    world.known = True
    await world.process.publisher.look()
    found = await asked
    assert isinstance(found, PublicResponse)
    assert found._document.plain.body == body


async def test_few_wait_for_the_next_look_and_all_for_the_same_one() -> None:
    world = Unknown()
    await world.process.publisher.look()
    asked = [world.ask(f"unknown-{number}") for number in range(5)]
    await asyncio.sleep(0)
    refused = [one for one in asked if one.done()]
    assert len(refused) == 2 == world.process.refused
    for one in refused:
        error = one.exception()
        assert isinstance(error, RequestRefused)
        assert (error.type, error.retry_after_s) == (ProblemType.OVERLOADED, 1), "never that there is none"
    await world.process.publisher.look()
    answers = [await one for one in asked if one not in refused]
    assert [one.status_code for one in answers] == [404, 404, 404]
    assert {one.headers["cache-control"] for one in answers} == {UNKNOWN_CACHE_CONTROL}
    world.known = True
    asked = [world.ask() for _ in range(3)]
    await asyncio.sleep(0)
    await world.process.publisher.look()
    assert {(await one).status_code for one in asked} == {200}, "there is room again"


@pytest.mark.parametrize("signed", [False, True])
async def test_without_the_record_nobody_is_told_that_there_is_no_such_warning(signed: bool) -> None:
    """Another process may have listed it; some clients forget all others of the place then."""
    world = Unknown()
    await world.process.publisher.look()
    world.process.publisher.edition = Edition(found(current=False))
    with pytest.raises(RequestRefused) as away:
        await world.ask(signed=signed)
    world.process.publisher.edition = Edition(found())
    world.process.documents._limits = UnknownLimits(patience_s=0)
    with pytest.raises(RequestRefused) as late:
        await world.ask(signed=signed)
    for refused in (away, late):
        assert (refused.value.type, refused.value.retry_after_s) == (ProblemType.RECORD_UNAVAILABLE, 1)
    assert world.process.documents._waiting == 0


async def test_of_what_is_known_nobody_waits_however_many_do() -> None:
    world = Unknown()
    world.known = True
    await world.process.publisher.look()
    waiting = [world.ask(f"unknown-{number}") for number in range(5)]
    await asyncio.sleep(0)
    assert (await world.ask()).status_code == 200
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert world.process.documents._waiting == 0, "who goes away waits no more"


async def test_before_anything_is_known_it_says_so(process: Process) -> None:
    await process.documents.of_place(PATH, constant())
    process.publisher.edition = None
    assert (await process.ask())[0] == 404
    with pytest.raises(RequestRefused) as refused:
        await process.documents.of_place(PATH, constant())
    assert (refused.value.type, refused.value.status) == (ProblemType.NOTHING_KNOWN_YET, 503)
    assert refused.value.retry_after_s


async def test_a_head_is_answered_as_a_get_without_the_body_and_other_methods_by_the_routes(
    process: Process,
) -> None:
    await process.documents.of_place(PATH, constant())
    _, of_get, _ = await process.ask()
    assert await process.ask(method="HEAD") == (200, of_get, b"")
    assert (await process.ask(method="POST"))[1][b"x-method"] == b"POST"
    assert (await process.ask("/v1/public/other", method="HEAD"))[1][b"x-method"] == b"GET"


@pytest.mark.parametrize("path", [PATH, f"{PATH}.events", "/v1/public/alerts/A", "/api31/mowas/mapData.json"])
async def test_a_page_of_another_origin_may_name_a_tag_and_the_last_event(
    process: Process, path: str
) -> None:
    """Its browser asks first: `If-None-Match` and `Last-Event-ID` are no headers that a page may send unasked."""
    status, headers, body = await process.ask(
        path, method="OPTIONS", origin="https://app.example", access_control_request_method="GET"
    )
    assert (status, body, process.by_routes) == (204, b"", 0)
    assert headers[b"access-control-allow-origin"] == b"*"
    allowed = set(headers[b"access-control-allow-headers"].decode().split(", "))
    assert allowed >= {"*", "authorization", "if-none-match", "if-match", "last-event-id"}
    assert b"access-control-allow-credentials" not in headers
    await process.ask(path, method="OPTIONS")
    assert process.by_routes == 1, "that is no preflight"


async def test_whoever_takes_gzip_gets_it_under_a_tag_of_its_own(process: Process) -> None:
    await process.documents.of_place(PATH, constant())
    _, plain, body = await process.ask()
    status, packed, fewer = await process.ask(accept_encoding="br, gzip")
    assert (status, packed[b"content-encoding"]) == (200, b"gzip")
    assert len(fewer) == int(packed[b"content-length"]) < len(body) == int(plain[b"content-length"])
    assert packed[b"etag"] != plain[b"etag"]
    for tag, status in ((packed[b"etag"], 304), (plain[b"etag"], 200)):
        found = await process.ask(accept_encoding="gzip", if_none_match=tag.decode())
        assert found[0] == status
        if status == 304:
            assert found[2] == b""
            assert b"content-type" not in found[1]
            assert found[1].items() >= {(b"etag", tag), (b"vary", b"accept-encoding")}
    # Two lines of one header are one list.
    given = scope(accept_encoding="gzip")
    given["headers"].append((b"accept-encoding", b"gzip;q=0"))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await process.documents.answer(process.routes, given, nothing, send)
    assert sent[1]["body"] == BODY


async def test_if_match_is_refused_in_words(process: Process) -> None:
    await process.documents.of_place(PATH, constant())
    status, headers, body = await process.ask(if_match='"x"')
    assert (status, headers[b"content-type"]) == (412, b"application/problem+json")
    assert (headers[b"cache-control"], headers[b"access-control-allow-origin"]) == (b"no-store", b"*")
    assert b"precondition-failed" in body


async def test_a_key_changes_nothing(process: Process) -> None:
    await process.documents.of_place(PATH, constant())
    assert await process.ask() == await process.ask(authorization="Bearer wk_leitstelle_x")
