"""Reading a request's body within a limit, before anything looks at it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from channels.sms.delivery_reports import FIELDS_MAX, UnreadableReport, form_of
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.access.principals import Principal

FIRST_S = 10.0
"""How long a body may take at any rate, and a client on the move be without its net."""
PACE_BYTES_PER_S = 16_384
"""The least average pace after that, 0.13 Mbit/s: what a phone has at the edge of the net, where 2 MB take two minutes.
Slower clients only keep the connection from others."""
BODY_TIMEOUT_S = 150.0
"""The longest that any body may take to arrive: 2 MB at that pace."""
CAP_MEDIA_TYPE = "application/cap+xml"
FORM = "application/x-www-form-urlencoded"
"""The media type of what a page's form posts."""
MEDIA_TYPES = frozenset({CAP_MEDIA_TYPE, "application/xml", "text/xml"})


RECEIPT_BYTES = 32 * 1024 * 1024
"""What of one principal is in receipt at most: 16 of the longest messages at once, thousands of usual ones."""


class BodiesInReceipt:
    """Counts what has arrived of bodies that are not complete, by the principal that sends them."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()

    def add(self, sender: str, count: int) -> None:
        """Count bytes that arrived. Raises `RequestRefused` where the sender has too many on the way."""
        self._bytes[sender] += count
        if self._bytes[sender] > RECEIPT_BYTES:
            raise RequestRefused(
                ProblemType.OVERLOADED,
                said(Phrase.TOO_MUCH_AT_ONCE),
            )

    def take_off(self, sender: str, count: int) -> None:
        """Count them no longer: the body is complete, or was given up."""
        self._bytes[sender] -= count
        if not self._bytes[sender]:
            del self._bytes[sender]


async def read_cap(
    request: Request, sender: Principal, max_bytes: int, media_types: frozenset[str] = MEDIA_TYPES
) -> bytes:
    """Return the raw bytes of what `sender` submits. Raises `RequestRefused` for another media type, an encoded body,
    one that is too large, one that does not arrive, or one too many at once.
    """
    if media_type_of(request) not in media_types:
        raise RequestRefused(ProblemType.UNSUPPORTED_MEDIA_TYPE, said(Phrase.SEND_AS_CAP))
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestRefused(ProblemType.UNSUPPORTED_MEDIA_TYPE, said(Phrase.SEND_UNCOMPRESSED))
    return await read_body(request, max_bytes, sender.party)


def media_type_of(request: Request) -> str:
    """Return the media type in lower case and without parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def fields_of(request: Request, body: bytes, most: int = FIELDS_MAX) -> dict[str, str]:
    """Return the fields of a page's form; none where the body is no form, one that cannot be read or has more than
    `most`.
    """
    try:
        return form_of(body, most) if media_type_of(request) == FORM else {}
    except UnreadableReport:
        return {}


async def read_body(request: Request, max_bytes: int, sender: str) -> bytes:
    """Return the raw bytes, whatever they are. Raises `RequestRefused` for a body that is too large, does not arrive,
    or is one too many at once of its `sender`.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(FIRST_S) as limit:
            return await _within(request, max_bytes, sender, limit)
    except (ClientDisconnect, TimeoutError) as error:
        raise RequestRefused(ProblemType.INCOMPLETE, said(Phrase.BODY_INCOMPLETE)) from error


def time_for(received: int) -> float:
    """Return how many seconds after its head a body may take of which `received` bytes have arrived."""
    return min(BODY_TIMEOUT_S, FIRST_S + received / PACE_BYTES_PER_S)


async def _within(request: Request, max_bytes: int, sender: str, limit: asyncio.Timeout) -> bytes:
    in_receipt: BodiesInReceipt = request.app.state.dependencies.in_receipt
    body = bytearray()
    begun = asyncio.get_running_loop().time()
    try:
        async for chunk in request.stream():
            body += chunk
            in_receipt.add(sender, len(chunk))
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            limit.reschedule(begun + time_for(len(body)))
    finally:
        in_receipt.take_off(sender, len(body))
    return bytes(body)


def _too_large(max_bytes: int) -> RequestRefused:
    return RequestRefused(
        ProblemType.TOO_LARGE,
        said(Phrase.BODY_TOO_LARGE, max_bytes=max_bytes),
        extra={"max_bytes": max_bytes},
    )
