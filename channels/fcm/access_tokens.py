"""Keep one access token for each service account: asked for once, however many send, and renewed before its end."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from channels.base import ChannelDown, ChannelMisconfigured
from channels.http.messages import Answer, HttpError, Refused, Request, header_lines
from channels.http.retry_after import http_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.base import ChannelError
    from channels.fcm.service_account import ServiceAccount
    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RENEWED_BEFORE: Final = timedelta(minutes=10)
"""How long before its end a token is renewed, while the old one still serves: Google's hold for an hour."""
LEAST_LEFT: Final = timedelta(seconds=30)
"""For how long a token must still hold to be shown: longer than a request takes."""
ASKED_AGAIN_AFTER: Final = timedelta(seconds=30)
"""How long after a failure the service is asked again, while the old token still serves."""
TIMEOUT_S: Final = 5.0
CLOCK_OFF_S: Final = 300
"""How far our clock may be from the token service's before that is what we say of its refusal."""
MAX_ANSWER_BYTES: Final = 16_384
MAX_LIFE_S: Final = 86_400
_TOKEN: Final = re.compile(r"[!-~]{1,8192}")
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
"""[S] RFC 6749 section 5.2."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What FCM is shown."""

    value: str = field(repr=False)
    made_at: datetime
    ends_at: datetime

    def serves(self, now: datetime) -> bool:
        """Whether it may still be shown; no longer where the clock has been put back behind its beginning."""
        return self.made_at <= now < self.ends_at - LEAST_LEFT


class _Known:
    """What is known of one account."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.token: AccessToken | None = None
        self.failed_at: datetime | None = None


class AccessTokens:
    """Gets access tokens for service accounts, each from its token service, one request at a time."""

    def __init__(
        self,
        http: HttpClient,
        policy: AddressPolicy,
        now: Callable[[], datetime],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`policy` is where token services may lie; `now` gives the aware present."""
        self._http = http
        self._policy = policy
        self._now = now
        self._timeout_s = timeout_s
        self._known: dict[str, _Known] = {}

    async def token(self, account: ServiceAccount) -> AccessToken:
        """Return a token that still serves. Raises `ChannelDown` where none can be had now, `ChannelMisconfigured`
        where the account is refused.
        """
        known = self._of(account)
        if known.token is not None and self._is_fresh(known.token):
            return known.token
        async with known.lock:  # whoever waits for it finds the token that was asked for meanwhile
            now = self._now()
            old = known.token if known.token is not None and known.token.serves(now) else None
            if old is not None and (self._is_fresh(old) or self._failed_lately(known, now)):
                return old
            try:
                known.token = await self._fetch(account, now)
            except (ChannelDown, ChannelMisconfigured):
                if old is None:
                    raise
                known.failed_at = now
                return old
            known.failed_at = None
            return known.token

    async def renewed(self, account: ServiceAccount, refused: AccessToken) -> AccessToken:
        """Return a token in place of one that FCM has refused before its end; the same one where no other is known and
        it was asked for a moment ago. Raises as `token` does.
        """
        known = self._of(account)
        async with known.lock:
            if known.token is None or known.token is refused:
                known.token = None
                known.token = await self._fetch(account, self._now())
            return known.token

    def _of(self, account: ServiceAccount) -> _Known:
        return self._known.setdefault(account.name, _Known())

    def _is_fresh(self, token: AccessToken) -> bool:
        now = self._now()
        return token.serves(now) and now < token.ends_at - RENEWED_BEFORE

    def _failed_lately(self, known: _Known, now: datetime) -> bool:
        return known.failed_at is not None and timedelta(0) <= now - known.failed_at < ASKED_AGAIN_AFTER

    async def _fetch(self, account: ServiceAccount, now: datetime) -> AccessToken:
        body = urlencode({"grant_type": GRANT, "assertion": account.assertion(now)}).encode()
        headers = header_lines(
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        )
        request = Request(
            account.token_url,
            headers,
            body,
            self._timeout_s,
            max_answer_bytes=MAX_ANSWER_BYTES,
            policy=self._policy,
        )
        try:
            answer = await self._http.fetch(request)
        except Refused as error:
            raise ChannelMisconfigured("token_refused", error.code, gateway=account.project) from None
        except HttpError as error:
            raise ChannelDown("token_unavailable", error.code, gateway=account.project) from None
        found = token_of(answer, now)
        if isinstance(found, AccessToken):
            return found
        found.gateway = account.project
        raise found


def token_of(answer: Answer, now: datetime) -> AccessToken | ChannelError:
    """Return the token that a token service answered at `now`, or what it means that there is none. Nothing of the
    answer is repeated but the word of RFC 6749 for the error.

    A refusal in that word is about the account, and waits for a person: the key was revoked, or our clock is wrong.
    Anything else, as a page in HTML, is not the token service's word, and is asked again.
    """
    document = answer.members(MAX_ANSWER_BYTES)
    if answer.status == 200:
        value, life_s = document.get("access_token"), document.get("expires_in")
        usable = isinstance(value, str) and _TOKEN.fullmatch(value)
        if usable and isinstance(value, str) and isinstance(life_s, int) and 0 < life_s <= MAX_LIFE_S:
            return AccessToken(value, now, now + timedelta(seconds=life_s))
        return ChannelDown("token_unreadable", "the token service answers no token")
    error = document.get("error")
    if (
        400 <= answer.status < 500
        and answer.status not in (408, 429)
        and isinstance(error, str)
        and _ERROR.fullmatch(error)
    ):
        if seconds := _clock_off_s(answer, now):
            return ChannelMisconfigured("token_clock", f"this machine's clock is {seconds:+} s off ({error})")
        return ChannelMisconfigured("token_refused", f"the service account is refused ({error})")
    return ChannelDown("token_unavailable", f"the token service answers {answer.status}")


def _clock_off_s(answer: Answer, now: datetime) -> int:
    """Return by how many seconds our clock is ahead of the answer's date, where that is more than clocks differ."""
    date = http_date(answer.header("date") or "")
    off = 0 if date is None else round((now - date).total_seconds())
    return off if abs(off) > CLOCK_OFF_S else 0
