"""Speaks HTTP with the service, with the key from the environment; says what came of a request by the type of an error.

WrongCall     nothing was sent: mend the call
ServiceRefused       the service answered no: mend the message, or wait where it says until when
Unanswered    no usable answer: what was sent may have been accepted
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from dispatcher.model.vocabulary import API_PREFIX, Environment

TIMEOUT_S: Final = 30
TOO_MANY: Final = 429
NOT_FOUND: Final = 404
AWAY: Final = frozenset({500, 502, 503, 504})
DEFAULT_PORT: Final = "8080"
"""The default of WARN_API_PORT. A command that only speaks HTTP does not load the settings."""

_NO_TLS: Final = "WRONG_VERSION_NUMBER"
"""What OpenSSL says when something answers that does not speak TLS."""
_PLAIN_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")


class WrongCall(Exception):
    """The call cannot be right: nothing was sent. `key` names the sentence in the catalogue's `usage`."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class ServiceRefused(Exception):
    """The service said no. `problem` is its problem document, or empty where something else answered."""

    def __init__(
        self, status: int, problem: dict[str, Any], *, text: str, url: str, retry_after: str
    ) -> None:
        """`text` is what an answer that is no problem document says; `retry_after` seconds, or empty."""
        super().__init__(status)
        self.status = status
        self.problem = problem
        self.text = text
        self.url = url
        self.retry_after = retry_after

    @property
    def type(self) -> str:
        """The problem's short name, such as `reference-replaced`; empty where it has none."""
        return str(self.problem.get("type", "")).rpartition(":problem:")[2]

    @property
    def is_elsewhere(self) -> bool:
        """Whether no route leads there: it is not this service that answers, or not under this address."""
        return self.status == NOT_FOUND and self.problem.get("type", "about:blank") == "about:blank"


class Unanswered(Exception):
    """No usable answer: the service is away, or something else answers in its place. `key` names the sentence in the
    catalogue's `outages`; `refused` is an answer that says no more than that the service is away.
    """

    def __init__(self, key: str, refused: ServiceRefused | None = None, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.refused = refused
        self.values = values


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key is for the service that was named, not for where its answer points."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)
_direct = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
"""For this machine: a proxy of the environment would be another one, and get the key in the clear."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service at an address that was vetted, and the key for it."""

    url: str
    key: str

    @property
    def environment(self) -> Environment:
        """Return the environment that the key is for: one for exercises opens the paths of exercises only."""
        return Environment.EXERCISE if self.key.startswith("wx_") else Environment.LIVE

    @property
    def api(self) -> str:
        """Return what the paths begin with."""
        return API_PREFIX[self.environment]

    @classmethod
    def at(cls, url: str, *, insecure_http: bool) -> Service:
        """Return the service at the address, or where none is given at that of this machine's API. Raises
        `WrongCall`.
        """
        return cls(vetted(url or default_url(), insecure_http=insecure_http), key_of_environment())

    def get(self, path: str, member: str) -> dict[str, Any]:
        """Return the JSON object at the path; it has `member`. Raises `ServiceRefused`, `Unanswered`, `WrongCall`."""
        return self._object("GET", path, None, member)

    def post(self, path: str, body: bytes, member: str) -> dict[str, Any]:
        """Post a CAP message and return the JSON object that answers; it has `member`. Raises as `get`."""
        return self._object("POST", path, body, member)

    def made(self, path: str, wanted: dict[str, Any]) -> bytes:
        """Post a JSON object and return what is made of it as it is. Raises as `get`."""
        return self._ask("POST", path, json.dumps(wanted).encode(), "application/json")

    def bytes_at(self, path: str) -> bytes:
        """Return what is at the path as it is. Raises as `get`."""
        return self._ask("GET", path, None)

    def _object(self, method: str, path: str, body: bytes | None, member: str) -> dict[str, Any]:
        try:
            answer: Any = json.loads(self._ask(method, path, body))
        except (ValueError, RecursionError) as error:
            raise Unanswered("other", url=self.url + path) from error
        if not isinstance(answer, dict) or member not in answer:
            raise Unanswered("other", url=self.url + path)
        return answer

    def _ask(
        self, method: str, path: str, body: bytes | None, content_type: str = "application/cap+xml"
    ) -> bytes:
        url = self.url + path
        try:
            request = urllib.request.Request(url, body, method=method)  # noqa: S310 - vetted by `vetted`
            request.add_header("Authorization", f"Bearer {self.key}")
            if body is not None:
                request.add_header("Content-Type", content_type)
            opener = _direct if _is_local(urlsplit(url)) else _opener
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                found: bytes = answer.read()
        except urllib.error.HTTPError as error:
            refused = _refused(error)
            if error.code in AWAY:
                raise Unanswered("away", refused, url=url) from error
            raise refused from error
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(error, url) from error
        except ValueError as error:
            raise Unanswered("other", url=url) from error
        return found


def default_url() -> str:
    """Return the address of this machine's API: WARN_API_PORT moves it."""
    return f"http://127.0.0.1:{os.environ.get('WARN_API_PORT', '').strip() or DEFAULT_PORT}"


def key_of_environment() -> str:
    """Return the key from WARN_API_KEY. Raises `WrongCall`, which never quotes it."""
    key = os.environ.get("WARN_API_KEY", "").strip()
    if not key:
        raise WrongCall("key_missing")
    if not key.isascii() or not key.isprintable():
        raise WrongCall("key_characters")
    return key


def vetted(url: str, *, insecure_http: bool) -> str:
    """Return the service's address, to which paths are added. Raises `WrongCall` for one to which the key would go
    readable for others: all but TLS and this machine, unless told.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise WrongCall("url_unreadable") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongCall("url_scheme")
    # What two parsers read as two hosts is none.
    if not _PLAIN_HOST.fullmatch(parts.netloc) or not url.isprintable() or " " in url:
        raise WrongCall("url_host")
    try:
        port = parts.port
    except ValueError as error:
        raise WrongCall("url_port_high") from error
    if port == 0:
        raise WrongCall("url_port_low")
    if parts.scheme == "http" and not insecure_http and not _is_local(parts):
        raise WrongCall("url_plain", host=parts.hostname)
    return url.rstrip("/")


def _is_local(parts: SplitResult) -> bool:
    """Whether the host is this machine, by its name or a loopback address."""
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _refused(error: urllib.error.HTTPError) -> ServiceRefused:
    raw = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(raw)
    except (ValueError, RecursionError):
        problem = None
    readable = isinstance(problem, dict) and isinstance(problem.get("title"), str)
    seconds = error.headers.get("Retry-After", "")
    return ServiceRefused(
        error.code,
        problem if readable else {},
        text=raw[:500],
        url=error.url or "",
        retry_after=seconds if seconds.isascii() and seconds.isdigit() else "",
    )


def _no_answer(error: OSError | http.client.HTTPException, url: str) -> Exception:
    """Return what the failure of a connection means. urllib wraps what fails before the request has left, and raises
    what comes later as it is: only what it wraps can be a wrong call.
    """
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if reason is not error and isinstance(reason, ssl.SSLError) and reason.reason == _NO_TLS:
        return WrongCall("url_no_tls", url=url)
    return Unanswered(_outage(reason), url=url, seconds=TIMEOUT_S)


def _outage(reason: object) -> str:
    """Return the name of an outage by what the system says."""
    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (ConnectionRefusedError, "refused"),
        (TimeoutError, "timeout"),
        (socket.gaierror, "name"),
        (ssl.SSLCertVerificationError, "certificate"),
        (ConnectionError, "broken"),
        (http.client.HTTPException, "broken"),
        (ssl.SSLError, "broken"),
        (OSError, "network"),
    )
    return next((name for kind, name in kinds if isinstance(reason, kind)), "broken")
