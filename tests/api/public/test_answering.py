"""Ready bytes are answered ahead of the routes, and the same as by them."""

import asyncio
import threading
from typing import Any

import pytest

from dispatcher.api.public.answering import PublicDocuments
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.publication.documents import Document, document
from dispatcher.publication.editions import Edition
from dispatcher.publication.forms.registry import MESSAGE
from dispatcher.publication.publisher import Publisher
from tests.support.publication import found, warned

PATH = "/v1/municipalities/05358008/alerts"
BODY = b"[" + b"0," * 200 + b"0]"


async def nothing(*_known: Any) -> Any:
    raise AssertionError("nobody asks the record here")


class Process:
    """What answers, and the routes behind it, which answer with their own name."""

    def __init__(self) -> None:
        self.publisher = Publisher(nothing, nothing)
        self.publisher.headers = ((b"alerts-as-of", b"now"),)
        self.documents = PublicDocuments(self.publisher, patience_s=0)  # nobody looks at a record here
        self.by_routes = 0
        self.renew()

    def renew(self) -> Edition:
        self.publisher.edition = Edition(found(warned("A")))
        return self.publisher.edition

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


def made(_edition: Edition) -> Document:
    return document(BODY, "application/json")


@pytest.fixture
def process() -> Process:
    return Process()


async def test_what_a_route_has_made_is_answered_ahead_of_it_from_then_on(process: Process) -> None:
    status, headers, _ = await process.ask()
    assert (status, headers[b"cache-control"], process.by_routes) == (404, b"no-store", 1)
    process.documents.of_place(PATH, made)
    for _ in range(2):
        status, headers, body = await process.ask()
        assert (status, body, process.by_routes) == (200, BODY, 1)
        assert headers[b"alerts-as-of"] == b"now"
        assert headers[b"access-control-allow-origin"] == b"*"
        process.renew()  # a new edition has a new document, without any route


async def test_only_the_very_address_is_kept(process: Process) -> None:
    """Else a stranger fills the memory by queries that mean nothing."""
    process.documents.unpublished(made)
    assert process.publisher.edition
    assert process.publisher.edition.by_address == {}
    process.documents.of_place(f"{PATH}?language=en", made)
    assert (await process.ask(query=b"language=en"))[0] == 200
    assert (await process.ask(query=b"x=1"))[0] == 404
    assert (await process.ask())[0] == 404
    assert list(process.publisher.edition.by_address) == [f"{PATH}?language=en"]


async def test_the_document_of_everything_is_made_once_in_an_edition_and_by_a_route(process: Process) -> None:
    threads = []

    def slowly(edition: Edition) -> Document:
        threads.append(threading.current_thread())
        return made(edition)

    path = "/v1/public/alerts"
    await asyncio.gather(*(process.documents.of_everywhere(path, slowly) for _ in range(3)))
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()
    assert (await process.ask(path))[0] == 200
    process.renew()
    assert (await process.ask(path))[0] == 404


async def test_a_warning_is_kept_for_one_edition(process: Process) -> None:
    path = "/v1/public/alerts/A/cap"
    await process.documents.of_warning(MESSAGE, "A", path)
    assert (await process.ask(path))[0] == 200
    process.renew()
    assert (await process.ask(path))[0] == 404
    with pytest.raises(RequestRefused) as refused:
        await process.documents.of_warning(MESSAGE, "B", path)
    assert refused.value.type is ProblemType.NOT_FOUND


async def test_before_anything_is_known_it_says_so(process: Process) -> None:
    process.documents.of_place(PATH, made)
    process.publisher.edition = None
    assert (await process.ask())[0] == 404
    with pytest.raises(RequestRefused) as refused:
        process.documents.of_place(PATH, made)
    assert (refused.value.type, refused.value.status) == (ProblemType.NOTHING_KNOWN_YET, 503)
    assert refused.value.retry_after_s


async def test_a_head_is_answered_as_a_get_without_the_body_and_other_methods_by_the_routes(
    process: Process,
) -> None:
    process.documents.of_place(PATH, made)
    _, of_get, _ = await process.ask()
    assert await process.ask(method="HEAD") == (200, of_get, b"")
    assert (await process.ask(method="POST"))[1][b"x-method"] == b"POST"
    assert (await process.ask("/v1/public/other", method="HEAD"))[1][b"x-method"] == b"GET"


async def test_whoever_takes_gzip_gets_it_under_a_tag_of_its_own(process: Process) -> None:
    process.documents.of_place(PATH, made)
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
    process.documents.of_place(PATH, made)
    status, headers, body = await process.ask(if_match='"x"')
    assert (status, headers[b"content-type"]) == (412, b"application/problem+json")
    assert b"precondition-failed" in body


async def test_a_key_changes_nothing(process: Process) -> None:
    process.documents.of_place(PATH, made)
    assert await process.ask() == await process.ask(authorization="Bearer wk_leitstelle_x")
