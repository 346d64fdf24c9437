"""One reused libcurl handle, how it is set, and what its current transfer has seen."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, Final

import pycurl

from channels.http.messages import (
    MAX_ANSWER_BYTES,
    Answer,
    BrokenAnswer,
    HttpError,
    NoAnswer,
    NotSent,
    Refused,
)
from channels.http.sockets import bound_unacknowledged
from channels.http.transport import IDLE_CONNECTION_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.curl.replay_guard import Local, ReplayGuard
    from channels.http.transport import Exchange, TransportSettings

_HTTP_2: Final[int] = pycurl.CURL_HTTP_VERSION_2_0
_SOCKET_BAD: Final[int] = pycurl.SOCKET_BAD
_ABORT: Final[int] = pycurl.PREREQFUNC_ABORT
_PROCEED: Final[int] = pycurl.PREREQFUNC_OK

_NOT_SENT: Final = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    pycurl.E_OPERATION_TIMEDOUT: "timeout_connect",
    pycurl.E_ABORTED_BY_CALLBACK: "timeout_connect",  # the connection was made too late, see `_about_to_send`
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_SSL_CERTPROBLEM: "tls",
    pycurl.E_SSL_INVALIDCERTSTATUS: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
}
_NO_ANSWER: Final = {
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_UNSUPPORTED_PROTOCOL: "protocol",  # what libcurl says of an answer in HTTP/0.9
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "protocol",  # ... and, under this old name, of any other non-HTTP
    pycurl.E_HTTP2: "protocol",
}


class Transfer:
    """Carries one exchange after another on the same handle. Settings are made once; per request only the URL, headers,
    body and timeout change.
    """

    __slots__ = (
        "_body",
        "_deletes",
        "_descriptors",
        "_due",
        "_headers",
        "_lines",
        "_local",
        "_monotonic",
        "_most",
        "_opened",
        "_origin",
        "_oversized",
        "_policy",
        "_refused",
        "_replay_guard",
        "_sent",
        "_size",
        "curl",
        "on_connected",
    )

    def __init__(self, settings: TransportSettings, replay_guard: ReplayGuard) -> None:
        self._policy = settings.policy
        self._replay_guard = replay_guard
        self._monotonic = settings.monotonic
        self._descriptors: list[int] = []
        self._local: Local = ("", 0)
        self._headers: list[str] | None = None
        self._deletes = False
        self._lines: list[bytes] = []
        self._body: list[bytes] = []
        self._most = MAX_ANSWER_BYTES
        self._begin("", 0.0)
        self.curl: Any = pycurl.Curl()
        _configure(self.curl, settings)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._write)
        self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        self.curl.setopt(pycurl.PREREQFUNCTION, self._about_to_send)

    def load(self, exchange: Exchange, seconds_left: float) -> None:
        """Prepare for an exchange, to be over in `seconds_left`. Once it is due, by the monotonic clock, not a byte of
        it leaves any more.
        """
        request, origin = exchange.request, exchange.origin
        self._begin(origin.name, exchange.due)
        curl = self.curl
        curl.setopt(pycurl.URL, request.url)
        self._most = request.max_answer_bytes
        if self._deletes:
            curl.unsetopt(pycurl.CUSTOMREQUEST)
        self._deletes = request.delete
        if request.get or request.delete:
            curl.setopt(pycurl.HTTPGET, 1)
            if request.delete:
                curl.setopt(pycurl.CUSTOMREQUEST, "DELETE")
        else:
            curl.setopt(pycurl.POSTFIELDS, request.body)  # makes it a POST, whatever it was before
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds_left * 1000)))  # 0 would mean for ever
        # Rather a stream on a connection that is being made than another connection; see `origins`.
        curl.setopt(pycurl.PIPEWAIT, origin.multiplexed)
        if request.own_header:
            curl.setopt(pycurl.HTTPHEADER, [*request.headers, request.own_header])
            self._headers = None
        elif self._headers is not request.headers:
            curl.setopt(pycurl.HTTPHEADER, request.headers)
            self._headers = request.headers

    def outcome(self, errno: int) -> Answer | HttpError:
        """Return what came of the request, from libcurl's error number (0: complete)."""
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        if errno == pycurl.E_OK and status >= 200:
            return Answer(status, tuple(self._lines), b"".join(self._body))
        if status >= 200 and self._lines and not self._lines[-1].strip():
            return BrokenAnswer(self._broken(errno), self._origin, Answer(status, tuple(self._lines)))
        if self._sent:
            return NoAnswer(_NO_ANSWER.get(errno, "reset"), self._origin)
        if self._refused and not self._opened:
            return Refused("private_address", self._origin)
        return NotSent(_NOT_SENT.get(errno, "connect"), self._origin)

    def multiplexed(self) -> bool:
        """Return whether the answer came by HTTP/2 or later."""
        return bool(self.curl.getinfo(pycurl.INFO_HTTP_VERSION) >= _HTTP_2)

    @property
    def descriptor(self) -> int:
        """The descriptor of the connection on which the request was begun; -1 if it was not, or is closed."""
        return self._replay_guard.descriptor(self._local) if self._sent else -1

    def broken_off(self) -> HttpError:
        """Return what is known of a request that we drop ourselves."""
        if self._sent:
            return NoAnswer("closed", self._origin)
        return NotSent("closed", self._origin)

    def _begin(self, origin: str, due: float) -> None:
        self._origin = origin
        self._due = due
        self._lines.clear()
        self._body.clear()
        self._descriptors.clear()
        self._size = 0
        self.on_connected: Callable[[], object] | None = None
        """Called, within libcurl, when the connection for the loaded exchange is made."""
        self._opened = self._refused = self._sent = self._oversized = False

    def _broken(self, errno: int) -> str:
        if self._oversized:
            return "oversized"
        return "timeout" if errno == pycurl.E_OPERATION_TIMEDOUT else "truncated"

    def _open(self, _purpose: int, address: Any) -> int:
        """Called with the address that will be connected to: a name cannot mean something else later."""
        if not self._policy.permits(self._origin, str(address.addr[0])):
            self._refused = True
            return _SOCKET_BAD
        self._opened = True
        if self._sent:
            self._replay_guard.examine(self._local)
        try:
            outbound = socket.socket(address.family, address.socktype, address.protocol)
            bound_unacknowledged(outbound)
        except OSError:  # no file descriptor left, no IPv6 here
            return _SOCKET_BAD
        descriptor = outbound.detach()
        self._descriptors.append(descriptor)
        return descriptor

    def _about_to_send(self, _address: str, local_address: str, _port: int, local_port: int) -> int:
        """Called before each attempt. One after the first is libcurl's own repetition; see `replay_guard`.

        A process that was stopped for a while wakes with connections made and time run out, and libcurl looks at its
        sockets before its timers. So the time is looked at last: what is left between here and the system call is
        libcurl's alone.
        """
        if self._sent and not self._replay_guard.stood(self._local):
            return _ABORT
        if self._descriptors:
            self._replay_guard.opened(self._descriptors)
            self._descriptors.clear()
        if self._monotonic() >= self._due:
            return _ABORT
        self._sent = True
        self._local = (local_address, local_port)
        if self.on_connected is not None:
            self.on_connected()
        return _PROCEED

    def _write(self, chunk: bytes) -> int:
        self._size += len(chunk)
        if self._size > self._most:
            self._oversized = True
            return 0
        self._body.append(chunk)
        return len(chunk)


def _configure(curl: Any, settings: TransportSettings) -> None:
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.USERAGENT, settings.user_agent)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(settings.connect_timeout_s * 1000)))
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.PROXY, "")  # otherwise the environment's
    curl.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    # As bytes: pycurl takes a string of ASCII only, and a path is what it is.
    curl.setopt(pycurl.CAINFO, os.fsencode(settings.ca_file))
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    curl.setopt(pycurl.MAXAGE_CONN, IDLE_CONNECTION_S)
    curl.setopt(pycurl.TCP_NODELAY, 1)
