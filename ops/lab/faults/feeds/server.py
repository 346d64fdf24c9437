"""A source of feeds on a free port: documents with validators, and faults on demand.

with FeedServer() as server:
    server.put("/list.zip", body)
    server.fail("/list.zip", FeedFault.SERVER_ERROR, times=2)
    server.requests            # everything that was asked, in order
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

SLOW_S = 2.0


class FeedFault(StrEnum):
    """Names what a source may answer instead of a document."""

    SERVER_ERROR = "500"
    TOO_MANY = "429 with Retry-After"
    UNAVAILABLE_DATE = "503 with a date"
    NOT_FOUND = "404"
    EMPTY = "200 without body"
    NO_CONTENT = "204"
    NOT_MODIFIED = "304, whatever was asked"
    ERROR_BODY = "200 with an error page"
    XML_ERROR_BODY = "200 with an exception report"
    TRUNCATED = "half of the body, the connection closed"
    CUT = "half of the body, as if it were all"
    GARBLED = "bytes of another encoding"
    COMPRESSED = "gzip that nobody asked for"
    SLOW = "an answer that does not come in time"
    DRIP = "a byte now and then"
    REDIRECT = "the way to a document of this server"
    REDIRECT_AWAY = "the way to an address that is none of ours"
    REDIRECT_LOOP = "round and round"
    HUGE = "more than anybody wants"


ERROR_PAGE = b"<html><body><h1>Wartungsarbeiten</h1></body></html>"
EXCEPTION = (
    b'<?xml version="1.0"?><ServiceExceptionReport version="1.3.0"><ServiceException>no layer</ServiceException>'
    b"</ServiceExceptionReport>"
)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the server got."""

    path: str
    headers: dict[str, str]
    status: int

    @property
    def conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass(slots=True)
class _Document:
    body: bytes
    etag: str
    modified: str | None


@dataclass(slots=True)
class _Trouble:
    fault: FeedFault
    times: int


@dataclass(slots=True)
class _State:
    documents: dict[str, _Document] = field(default_factory=dict)
    troubles: dict[str, _Trouble] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[ReceivedRequest] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)
    any_fault: Callable[[], FeedFault | None] = lambda: None


class FeedServer:
    """Serves from a thread of its own until the block ends."""

    def __init__(self, port: int = 0, any_fault: Callable[[], FeedFault | None] = lambda: None) -> None:
        """`any_fault` chooses the fault of every request that has none of its own."""
        self._state = _State(any_fault=any_fault)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self._state))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, path: str, body: bytes, *, etag: bool = True, modified: str | None = None) -> str:
        """Serve `body` at `path`. Returns the URL."""
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"' if etag else ""
        with self._state.lock:
            self._state.documents[path] = _Document(body, tag, modified)
        return self.origin + path

    def redirect(self, path: str, location: str) -> None:
        """Send everybody who asks for `path` to `location`, whatever that is."""
        with self._state.lock:
            self._state.redirects[path] = location

    def remove(self, path: str) -> None:
        with self._state.lock:
            self._state.documents.pop(path, None)

    def fail(self, path: str, fault: FeedFault, times: int = 1) -> None:
        """The next `times` requests for `path` meet the fault."""
        with self._state.lock:
            self._state.troubles[path] = _Trouble(fault, times)

    @property
    def requests(self) -> list[ReceivedRequest]:
        with self._state.lock:
            return list(self._state.requests)

    def forget(self) -> None:
        """Empty the list of requests."""
        with self._state.lock:
            self._state.requests.clear()


class Handler(BaseHTTPRequestHandler):
    """Serves one connection; `state` is set by `_handler`."""

    protocol_version = "HTTP/1.1"
    state: _State

    def do_GET(self) -> None:
        with self.state.lock:
            document = self.state.documents.get(self.path)
            location = self.state.redirects.get(self.path)
            fault = _next_fault(self.state, self.path)
        if location is not None:
            self._answer(302, b"", {"Location": location})
        elif fault is not None:
            self._trouble(fault, document.body if document else b"")
        elif document is None:
            self._answer(404, b"not here")
        elif self._is_current(document):
            self._answer(304, b"", {"ETag": document.etag} if document.etag else {})
        else:
            self._answer(200, document.body, _validators(document))

    def _is_current(self, document: _Document) -> bool:
        if document.etag:
            return self.headers.get("If-None-Match") == document.etag
        return document.modified is not None and self.headers.get("If-Modified-Since") == document.modified

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._note(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _note(self, status: int) -> None:
        lowered = {name.lower(): value for name, value in self.headers.items()}
        with self.state.lock:
            self.state.requests.append(ReceivedRequest(self.path, lowered, status))

    def _trouble(self, fault: FeedFault, body: bytes) -> None:
        plain = _PLAIN.get(fault)
        if plain is not None:
            self._answer(*plain)
        elif fault in _CHANGED:
            self._answer(200, _CHANGED[fault](body))
        elif fault is FeedFault.REDIRECT_LOOP:
            self._answer(302, b"", {"Location": self.path})
        elif fault is FeedFault.REDIRECT:
            self._answer(302, b"", {"Location": f"/moved{self.path}"})
        else:
            self._broken(fault, body)

    def _broken(self, fault: FeedFault, body: bytes) -> None:
        """Send an answer that is broken as HTTP."""
        self._note(200)
        self.close_connection = True
        if fault is FeedFault.SLOW:
            self.state.stopping.wait(SLOW_S)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 1000))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        if fault is FeedFault.DRIP:
            ends = time.monotonic() + SLOW_S
            while time.monotonic() < ends and not self.state.stopping.wait(0.05):
                self.wfile.write(b".")
                self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: requests are in `requests`."""


def _handler(state: _State) -> type[Handler]:
    return type("BoundHandler", (Handler,), {"state": state})


_PLAIN: dict[FeedFault, tuple[int, bytes, dict[str, str]]] = {
    FeedFault.SERVER_ERROR: (500, b"internal error", {}),
    FeedFault.TOO_MANY: (429, b"", {"Retry-After": "120"}),
    FeedFault.UNAVAILABLE_DATE: (503, b"", {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    FeedFault.NOT_FOUND: (404, b"not here", {}),
    FeedFault.EMPTY: (200, b"", {}),
    FeedFault.NO_CONTENT: (204, b"", {}),
    FeedFault.NOT_MODIFIED: (304, b"", {}),
    FeedFault.ERROR_BODY: (200, ERROR_PAGE, {}),
    FeedFault.XML_ERROR_BODY: (200, EXCEPTION, {}),
    FeedFault.REDIRECT_AWAY: (302, b"", {"Location": "http://169.254.169.254/latest/meta-data/"}),
    FeedFault.HUGE: (200, b" " * 20_000_000, {}),
}
_CHANGED: dict[FeedFault, Callable[[bytes], bytes]] = {
    FeedFault.CUT: lambda body: body[: len(body) // 2],
    FeedFault.GARBLED: lambda body: body.decode("latin-1").encode("utf-16"),
    FeedFault.COMPRESSED: gzip.compress,
}


def _next_fault(state: _State, path: str) -> FeedFault | None:
    trouble = state.troubles.get(path)
    if trouble is None or trouble.times <= 0:
        return state.any_fault()
    trouble.times -= 1
    return trouble.fault


def _validators(document: _Document) -> dict[str, str]:
    headers = {"ETag": document.etag} if document.etag else {}
    return headers | ({"Last-Modified": document.modified} if document.modified else {})
