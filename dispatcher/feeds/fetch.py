"""Makes conditional requests: for one document, bounded in time and size, wherever redirects lead within the policy of
the feed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from channels.http.messages import Answer, HttpError, Refused
from channels.http.retry_after import parse_retry_after
from dispatcher.feeds.entry import resolve
from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from channels.http.addresses import AddressPolicy

REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECTS_MAX = 3
NO_CONTENT, NOT_MODIFIED = 204, 304
RETRY_AFTER_MAX_S = 300.0
"""The longest pause that is kept. A source may ask for a longer one; it is asked again after five minutes all the same,
having perhaps warned."""
ACCEPT = (
    "application/cap+xml, application/json, application/zip, application/atom+xml, application/xml, */*;q=0.1"
)


class FetchError(Exception):
    """No usable answer came. `result` is a metric label; `status` 0 if there was no answer."""

    def __init__(
        self, result: FeedResult, detail: str, status: int = 0, retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.result = result
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s


class AddressForbidden(FetchError):
    """The feed's policy forbids the address, or one that a redirect led to: nobody was asked there."""


class Client(Protocol):
    """The part of `channels.http.client.HttpClient` that is needed here."""

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        max_bytes: int,
        *,
        policy: AddressPolicy | None = None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source answered. `body` is None where the source says that nothing changed: that its list is the `same` as
    last time, or only that it has nothing to say. `requests` counts redirects too.
    """

    body: bytes | None
    validators: dict[str, str] = field(default_factory=dict)
    requests: int = 1
    same: bool = True


def conditions(validators: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that need not be answered in full. Validators are the source's own words:
    anything that is no plain header value is left out.
    """
    headers = {"Accept": ACCEPT}
    for name, header in (("etag", "If-None-Match"), ("last_modified", "If-Modified-Since")):
        value = validators.get(name, "")
        if value and value.isascii() and value.isprintable():
            headers[header] = value
    return headers


async def fetch(  # noqa: PLR0913 - a request, each part named at the call
    client: Client,
    url: str,
    validators: Mapping[str, str],
    *,
    policy: AddressPolicy,
    timeout_s: float,
    max_bytes: int,
    now: datetime,
) -> Fetched:
    """Fetch one document unless it is the same as last time; `policy` is asked about `url` and every redirect. Raises
    `FetchError`.
    """
    headers, target = conditions(validators), url
    for hop in range(1, REDIRECTS_MAX + 2):
        try:
            answer = await client.get(target, headers, timeout_s, max_bytes, policy=policy)
        except Refused as refused:
            raise AddressForbidden(FeedResult.UNREACHABLE, refused.code) from None
        except HttpError as error:
            raise FetchError(FeedResult.UNREACHABLE, error.code) from None
        location = answer.header("location")
        if answer.status not in REDIRECTS or not location:
            return _fetched(answer, hop, now)
        target = resolve(target, location) or ""
    raise FetchError(FeedResult.REFUSED, "redirects")


def _fetched(answer: Answer, requests: int, now: datetime) -> Fetched:
    if answer.status in (NO_CONTENT, NOT_MODIFIED):
        return Fetched(None, requests=requests, same=answer.status == NOT_MODIFIED)
    if answer.status != 200:
        asked_s = parse_retry_after(answer.header("retry-after"), now)
        wait_s = None if asked_s is None else min(asked_s, RETRY_AFTER_MAX_S)
        raise FetchError(FeedResult.REFUSED, f"http {answer.status}", answer.status, wait_s)
    found = {"etag": answer.header("etag"), "last_modified": answer.header("last-modified")}
    return Fetched(answer.body, {name: value for name, value in found.items() if value}, requests)
