"""Answer from ready bytes what was asked for before, ahead of everything else that the application does for a request.

A request that finds its document costs a look into a table. The routes answer those that do not, by the same function.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from dispatcher.api.problems import problem_response
from dispatcher.api.public.preconditions import status_for, takes_gzip
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.documents import document
from dispatcher.publication.forms.registry import CAP, SIGNED
from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer, ReadyAnswers, lines_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dispatcher.publication.documents import Document, Headers, Representation
    from dispatcher.publication.editions import Edition
    from dispatcher.publication.forms.registry import WarningForm
    from dispatcher.publication.in_force import PublicWarning
    from dispatcher.publication.publisher import Publisher

PREFIXES: Final = ("/v1/districts/", "/v1/municipalities/", "/v1/public/", "/api31/", "/api/appdata/")
"""What the paths begin with that take no key. A key that is sent there is not looked at."""
READ: Final = ("GET", "HEAD")
RETRY_AFTER_S: Final = 1
PATIENCE_S: Final = 5.0
"""The longest wait for another look at the record: two that take as long as they may, and what is between them. As a
rule it is a quarter of a second.
"""
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_NOT_MODIFIED: Final = b"HTTP/1.1 304 Not Modified\r\n"
OPEN_TO_ALL: Final[Headers] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Alerts-Age, Alerts-As-Of, Alerts-Stale-Feeds, Alerts-Unread-Feeds, ETag",
    ),
)
"""A page of any origin may read what anybody may read."""


class PublicDocuments:
    """What one process answers to whoever asks."""

    def __init__(self, publisher: Publisher, patience_s: float = PATIENCE_S) -> None:
        """`patience_s`: how long a warning that is not known yet is waited for."""
        self._publisher = publisher
        self._patience_s = patience_s
        self._places: dict[str, Callable[[Edition], Document]] = {}
        """What makes the document of an address of a place, of all that were asked for."""
        self._making = asyncio.Lock()
        self.ready = ReadyAnswers(PREFIXES, self._answer)
        """What the server answers by itself."""
        self._state: tuple[Headers, bytes] = ((), b"")
        """What every answer says of the edition beside its bytes, and as it is sent."""

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below `PREFIXES`: with a document that is ready, else by the routes of `app`."""
        ready = self._ready(scope)
        if ready is not None:
            await send_document(ready, self._publisher.headers + OPEN_TO_ALL, scope, receive, send)
            return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, b"GET, HEAD" if name == b"allow" else value)
                    for name, value in (*message.get("headers", ()), *OPEN_TO_ALL)
                ]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        # The server leaves the body out of what answers a HEAD.
        await app({**scope, "method": "GET"} if scope["method"] == "HEAD" else scope, receive, opened)

    def of_place(self, address: str, make: Callable[[Edition], Document]) -> PublicResponse:
        """Return a place's document as a route's answer. Its `address`, spelt as the route would spell it, is answered
        ahead of the routes from now on.
        """
        edition = self._edition()
        made = make(edition)
        edition.publish(address, made)
        self._places[address] = make
        return PublicResponse(made, self._publisher.headers)

    async def of_everywhere(self, address: str, make: Callable[[Edition], Document]) -> PublicResponse:
        """Return the document of everything as a route's answer. It is long: it is made in a thread, once, and again
        only when the next edition is asked for it.
        """
        edition = self._edition()
        async with self._making:
            made = edition.by_address.get(address)
            if made is None:
                made = await asyncio.to_thread(make, edition)
                edition.publish(address, made)
        return PublicResponse(made, self._publisher.headers)

    def unpublished(
        self, make: Callable[[Edition], Document], cache_control: bytes | None = None
    ) -> PublicResponse:
        """Return a place's document as a route's answer, for an address that is not kept: of such there is no end.
        `cache_control` stands in place of the document's own.
        """
        return PublicResponse(make(self._edition()), self._publisher.headers, cache_control)

    async def of_area(self, make: Callable[[Edition], Awaitable[Document]]) -> PublicResponse:
        """Return the document of what nobody else asks for as a route's answer, which no cache keeps."""
        return PublicResponse(await make(self._edition()), self._publisher.headers, b"no-store")

    async def of_warning(self, form: WarningForm, alert_id: str, address: str) -> PublicResponse:
        """Return a warning's document as a route's answer. Raises `RequestRefused` where there is none. A list of
        another process may have named it a moment before this one hears of it: so it is refused only after the record
        was looked at once more, if it can be.
        """
        before = self._edition()
        if before.of_warning(form, alert_id) is None and before.in_force.current:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    await self._publisher.looked_again()
        edition = self._edition()
        made = edition.of_warning(form, alert_id)
        if made is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
        edition.publish(address, made)
        return PublicResponse(made, self._publisher.headers)

    async def of_signed(
        self, alert_id: str, address: str, sign: Callable[[PublicWarning], Awaitable[bytes]]
    ) -> PublicResponse:
        """Return a warning's signed message as a route's answer; `sign` makes it, not on this loop. Raises
        `RequestRefused` where there is no such warning, and what `sign` raises.
        """
        edition = self._edition()
        warning = edition.in_force.find(alert_id)
        if warning is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
        made = edition.of_bytes(SIGNED, alert_id, await sign(warning), CAP)
        edition.publish(address, made)
        return PublicResponse(made, self._publisher.headers)

    @staticmethod
    def of_body(body: bytes, media_type: str, cache_control: bytes, headers: Headers = ()) -> PublicResponse:
        """Return as a route's answer what is the same for all and says nothing of warnings, with more `headers`."""
        return PublicResponse(document(body, media_type), headers, cache_control)

    def _answer(self, scope: Scope) -> ReadyAnswer | None:
        """Return the answer to a request that needs no route; None where there is none."""
        document = self._ready(scope)
        if document is None:
            return None
        found, status = chosen(document, scope["headers"])
        if self._publisher.headers is not self._state[0]:
            self._state = self._publisher.headers, lines_of(self._publisher.headers + OPEN_TO_ALL)
        if status is HTTPStatus.OK:
            return ReadyAnswer(
                _OK + found.head + self._state[1], found.body if scope["method"] == "GET" else b""
            )
        if status is HTTPStatus.NOT_MODIFIED:
            return ReadyAnswer(_NOT_MODIFIED + lines_of(found.validators) + self._state[1], b"")
        return None

    def _ready(self, scope: Scope) -> Document | None:
        edition = self._publisher.edition
        if edition is None or scope["method"] not in READ:
            return None
        path: str = scope["path"]
        query: bytes = scope["query_string"]
        address = f"{path}?{query.decode('latin-1')}" if query else path
        found = edition.by_address.get(address)
        if found is None and (make := self._places.get(address)) is not None:
            try:
                found = make(edition)
            except Exception:  # noqa: BLE001 - the route makes the same mistake, and says so as any other
                return None
            edition.publish(address, found)
        return found

    def _edition(self) -> Edition:
        """Return what is published. Raises `RequestRefused` where nothing is known yet."""
        if self._publisher.edition is None:
            raise RequestRefused(
                ProblemType.NOTHING_KNOWN_YET, said(Phrase.NOTHING_KNOWN_YET), retry_after_s=RETRY_AFTER_S
            )
        return self._publisher.edition


class PublicResponse(Response):
    """A document as the answer of a route."""

    def __init__(self, document: Document, headers: Headers, cache_control: bytes | None = None) -> None:
        super().__init__()
        self._document = document
        self._state = headers
        self._cache_control = cache_control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_document(self._document, self._state, scope, receive, send, self._cache_control)


def chosen(document: Document, headers: Iterable[tuple[bytes, bytes]]) -> tuple[Representation, HTTPStatus]:
    """Return as what a client takes a document, and with which status: 200, 304 or 412."""
    accepted, conditional = "", False
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = f"{accepted},{value.decode('latin-1')}" if accepted else value.decode("latin-1")
        elif name in (b"if-none-match", b"if-match"):
            conditional = True
    found = document.representation(packed=bool(accepted) and takes_gzip(accepted))
    return found, status_for(headers, found.tag) if conditional else HTTPStatus.OK


async def send_document(
    document: Document,
    more: Headers,
    scope: Scope,
    receive: Receive,
    send: Send,
    cache_control: bytes | None = None,
) -> None:
    """Answer a GET or HEAD with a document as the client takes it, with 304, or with a 412. `cache_control` stands in
    place of the document's own.
    """
    found, status = chosen(document, scope["headers"])
    if status is HTTPStatus.PRECONDITION_FAILED:
        refused = problem_response(RequestRefused(ProblemType.PRECONDITION_FAILED, said(Phrase.OTHER_TAG)))
        await refused(scope, receive, send)
        return
    headers = list(found.headers) if status is HTTPStatus.OK else [*found.validators]
    if cache_control is not None:
        headers = [(name, cache_control if name == b"cache-control" else value) for name, value in headers]
    headers += more
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    is_sent = status is HTTPStatus.OK and scope["method"] == "GET"
    await send({"type": "http.response.body", "body": found.body if is_sent else b""})
