"""Answer from ready bytes what was asked for before, ahead of everything else that the application does for a request.

A request that finds its document costs a look into a table. The routes answer those that do not, by the same function.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from dispatcher.api.instances.cross_origin import is_preflight
from dispatcher.api.problems import problem_response
from dispatcher.api.public.preconditions import status_for, takes_gzip
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.documents import CAP_TYPE, document
from dispatcher.publication.forms.registry import DETAIL, SIGNED
from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer, ReadyAnswers, lines_of
from dispatcher.runtime.strangers import WAITING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dispatcher.publication.documents import Document, Headers, Representation
    from dispatcher.publication.editions import Edition, PlaceDocument
    from dispatcher.publication.forms.registry import WarningForm
    from dispatcher.publication.in_force import PublicWarning
    from dispatcher.publication.publisher import Publisher

PREFIXES: Final = ("/v1/districts/", "/v1/municipalities/", "/v1/public/", "/api31/", "/api/appdata/")
"""What the paths begin with that take no key. A key that is sent there is not looked at."""
READ: Final = ("GET", "HEAD")
RETRY_AFTER_S: Final = 1
UNKNOWN_CACHE_CONTROL: Final = "public, max-age=1, stale-while-revalidate=1"
"""For a second a cache answers that there is no such warning, for another it may while it asks again: a crowd asks by a
link that has grown old as by any other. It was looked for in the record before that is said."""
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_NOT_MODIFIED: Final = b"HTTP/1.1 304 Not Modified\r\n"
OPEN_TO_ALL: Final[Headers] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Alerts-Age, Alerts-As-Of, Alerts-Stale-Feeds, Alerts-Unread-Feeds, ETag, Retry-After",
    ),
    (b"x-content-type-options", b"nosniff"),
)
"""A page of any origin may read what anybody may read; and no browser takes it for something else than it says, as
others wrote much of it.
"""
_PREFLIGHT: Final[Headers] = (
    OPEN_TO_ALL[0],
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"*, authorization, if-match, if-none-match, last-event-id"),
    (b"access-control-max-age", b"7200"),
)
"""The browser of a page that names a tag, or the last event by itself, asks for leave first. `*` covers all headers but
`Authorization`; browsers that do not know it know those that mean something here. Two hours is the longest that Chrome
keeps an answer.
"""


@dataclass(frozen=True, slots=True)
class UnknownLimits:
    """What requests for a warning that is not known here yet may take."""

    patience_s: float = 5.0
    """The longest wait for another look at the record: two that take as long as they may, and what is between them. As
    a rule it is a quarter of a second."""
    waiting: int = 64
    """How many wait at once. Those who have a list of a moment ago need it for one moment; anybody can make up ids."""


def _nothing() -> None:
    """Do nothing."""


class PublicDocuments:
    """What one process answers to whoever asks."""

    def __init__(
        self,
        publisher: Publisher,
        limits: UnknownLimits | None = None,
        refused: Callable[[], object] = _nothing,
    ) -> None:
        """`refused` counts a request that could not wait for a warning which is not known yet."""
        self._publisher = publisher
        self._limits = limits or UnknownLimits()
        self._refused = refused
        self._waiting = 0
        """How many wait for the next look at the record."""
        self._places: dict[str, PlaceDocument] = {}
        """Which document an address of a place is of, of all that were asked for."""
        self._making, self._making_all = asyncio.Lock(), asyncio.Lock()
        self.ready = ReadyAnswers(PREFIXES, self.written)
        """What the server answers by itself."""
        self._state: tuple[Headers, bytes] = ((), b"")
        """What every answer says of the edition beside its bytes, and as it is sent."""

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below `PREFIXES`: with a document that is ready, else by the routes of `app`."""
        ready = self._ready(scope)
        if ready is not None:
            await send_document(ready, self._publisher.headers + OPEN_TO_ALL, scope, receive, send)
            return
        if is_preflight(scope):
            await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
            await send({"type": "http.response.body", "body": b""})
            return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message.get("headers", ()))
                if b"allow" in headers:
                    headers[b"allow"] = b"GET, HEAD"
                headers = {b"cache-control": b"no-store"} | headers | dict(OPEN_TO_ALL)
                message = {**message, "headers": list(headers.items())}
            await send(message)

        # The server leaves the body out of what answers a HEAD.
        await app({**scope, "method": "GET"} if scope["method"] == "HEAD" else scope, receive, opened)

    async def of_place(self, address: str, wanted: PlaceDocument) -> PublicResponse:
        """Return a place's document as a route's answer. Its `address`, spelt as the route would spell it, is answered
        ahead of the routes from now on, in each edition in which it is at hand.
        """
        edition = self._edition()
        if wanted.is_at_hand(edition):
            made = wanted.made(edition)
            edition.publish(address, made)
        else:
            made = await _once(self._making, edition, address, partial(wanted.made, edition))
        self._places[address] = wanted
        return PublicResponse(made, self._publisher.headers)

    async def of_everywhere(self, address: str, wanted: PlaceDocument) -> PublicResponse:
        """Return the document of everything as a route's answer. It is long: it is made in a thread, once, and again
        only when the next edition is asked for it.
        """
        edition = self._edition()
        made = await _once(self._making_all, edition, address, partial(wanted.made, edition))
        return PublicResponse(made, self._publisher.headers)

    def unpublished(self, wanted: PlaceDocument, cache_control: bytes | None = None) -> PublicResponse:
        """Return a place's document as a route's answer, for an address that is not kept: of such there is no end.
        `cache_control` stands in place of the document's own.
        """
        return PublicResponse(wanted.made(self._edition()), self._publisher.headers, cache_control)

    async def of_area(self, make: Callable[[Edition], Awaitable[Document]]) -> PublicResponse:
        """Return the document of what nobody else asks for as a route's answer, which no cache keeps."""
        return PublicResponse(await make(self._edition()), self._publisher.headers, b"no-store")

    async def of_warning(self, form: WarningForm, alert_id: str, address: str, request: Request) -> Response:
        """Return a warning's document as a route's answer, or that there is none. Raises `RequestRefused` where that is
        not known.
        """
        edition, warning = await self._looked_up(form, alert_id, request)
        if warning is None:
            return _no_such_alert()
        made = await _once(self._making, edition, address, partial(edition.of_warning, form, warning))
        return PublicResponse(made, self._publisher.headers)

    async def of_signed(
        self,
        alert_id: str,
        address: str,
        sign: Callable[[PublicWarning], Awaitable[bytes]],
        request: Request,
    ) -> Response:
        """Return a warning's signed message as a route's answer, or that there is no such warning; `sign` makes it, not
        on this loop. Raises `RequestRefused` where that is not known, and what `sign` raises.
        """
        edition, warning = await self._looked_up(DETAIL, alert_id, request)
        if warning is None:
            return _no_such_alert()
        signed = await sign(warning)
        make = partial(edition.of_bytes, SIGNED, alert_id, signed, CAP_TYPE)
        made = await _once(self._making, edition, address, make)
        return PublicResponse(made, self._publisher.headers)

    @staticmethod
    def of_body(body: bytes, media_type: str, cache_control: bytes, headers: Headers = ()) -> PublicResponse:
        """Return as a route's answer what is the same for all and says nothing of warnings, with more `headers`."""
        return PublicResponse(document(body, media_type), headers, cache_control)

    async def _looked_up(
        self, form: WarningForm, alert_id: str, request: Request
    ) -> tuple[Edition, PublicWarning | None]:
        """Return a warning that has a document in this form, with its edition. A list of another process may have named
        it a moment before this one hears of it: so there is none only after the record was looked at once more. Raises
        `RequestRefused` where that cannot be.
        """
        edition = self._edition()
        warning = edition.warning(form, alert_id)
        if warning is None:
            await self._look_again(request)
            edition = self._edition()
            warning = edition.warning(form, alert_id)
        return edition, warning

    async def _look_again(self, request: Request) -> None:
        """Wait for the next look at the record, which is the same for all who wait, in no place of a stranger's. Raises
        `RequestRefused` where too many wait, or the record does not answer: whoever is told that there is no such
        warning may forget all others too.
        """
        if not self._edition().in_force.current:
            raise _nobody_knows()
        if self._waiting >= self._limits.waiting:
            self._refused()
            raise RequestRefused(
                ProblemType.OVERLOADED, said(Phrase.BUSY_READING), retry_after_s=RETRY_AFTER_S
            )
        request.scope.get("extensions", {}).get(WAITING, _nothing)()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.patience_s):
                await self._publisher.looked_again()
        except TimeoutError:
            raise _nobody_knows() from None
        finally:
            self._waiting -= 1

    def written(self, scope: Scope) -> ReadyAnswer | None:
        """Return the answer to a request that needs no route, as a server sends it; None where there is none."""
        document = self._ready(scope)
        if document is None:
            return None
        if self._publisher.headers is not self._state[0]:
            self._state = self._publisher.headers, lines_of(self._publisher.headers + OPEN_TO_ALL)
        return write_document(document, self._state[1], scope)

    def _ready(self, scope: Scope) -> Document | None:
        edition = self._publisher.edition
        if edition is None or scope["method"] not in READ:
            return None
        path: str = scope["path"]
        query: bytes = scope["query_string"]
        address = f"{path}?{query.decode('latin-1')}" if query else path
        found = edition.by_address.get(address)
        if found is None and (wanted := self._places.get(address)) is not None:
            try:
                if not wanted.is_at_hand(edition):
                    return None
                found = wanted.made(edition)
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


async def _once(
    making: asyncio.Lock, edition: Edition, address: str, make: Callable[[], Document]
) -> Document:
    """Return a document that is made in a thread, in an edition once for all who ask."""
    async with making:
        made = edition.by_address.get(address)
        if made is None:
            made = await asyncio.to_thread(make)
            edition.publish(address, made)
    return made


def _nobody_knows() -> RequestRefused:
    """Return the refusal of a warning of which the record cannot say whether there is one."""
    return RequestRefused(
        ProblemType.RECORD_UNAVAILABLE, said(Phrase.RECORD_UNAVAILABLE_TO_READ), retry_after_s=RETRY_AFTER_S
    )


def _no_such_alert() -> Response:
    answer = problem_response(RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT)))
    answer.headers["cache-control"] = UNKNOWN_CACHE_CONTROL
    return answer


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


def write_document(
    document: Document, more: bytes, scope: Scope, cache_control: bytes | None = None
) -> ReadyAnswer | None:
    """Return what `send_document` answers, as a server sends it, with `more` header lines; None where it refuses."""
    found, status = chosen(document, scope["headers"])
    if status is HTTPStatus.OK:
        head = found.head if cache_control is None else lines_of(_kept_so(found.headers, cache_control))
        return ReadyAnswer(_OK + head + more, found.body if scope["method"] == "GET" else b"")
    if status is HTTPStatus.NOT_MODIFIED:
        return ReadyAnswer(_NOT_MODIFIED + lines_of(_kept_so(found.validators, cache_control)) + more, b"")
    return None


def _kept_so(headers: Headers, cache_control: bytes | None) -> Headers:
    """Return the headers with this in place of a document's own `Cache-Control`."""
    if cache_control is None:
        return headers
    return tuple((name, cache_control if name == b"cache-control" else value) for name, value in headers)


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
        refused.raw_headers += [*more, (b"cache-control", b"no-store")]
        await refused(scope, receive, send)
        return
    own = found.headers if status is HTTPStatus.OK else found.validators
    headers = [*_kept_so(own, cache_control), *more]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    is_sent = status is HTTPStatus.OK and scope["method"] == "GET"
    await send({"type": "http.response.body", "body": found.body if is_sent else b""})
