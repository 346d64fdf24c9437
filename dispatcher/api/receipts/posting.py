"""Read what devices post, within limits, and hand it to the collector.

Single receipts come by the thousand a second after a mass send: the server answers them as it reads them (`brief`), and
by the same words those that find no place there. Whoever posts learns nothing but whether the request could be read:
forged, foreign, late and repeated receipts are answered as all others.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from channels.characters import one_line
from dispatcher.api.body import FIRST_S
from dispatcher.api.problems import problem_response
from dispatcher.metrics.receipts import PostedReceipt
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.reports import ReceiptState
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.runtime.brief_requests import BriefRequests, BriefVerdict
from dispatcher.runtime.strangers import recognise

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from dispatcher.api.receipts.collector import ReceiptCollector
    from dispatcher.metrics import Metrics

PATH: Final = "/v1/receipts"
RECEIPT_BYTES: Final = 512
"""The longest body of a single receipt, which needs 70 bytes."""
TOGETHER_MAX: Final = 1_000
"""The most receipts of one request."""
LIST_BYTES: Final = 131_072
"""The longest body of a list: a thousand receipts take 70,000 bytes."""
TOKEN_MAX: Final = 64
"""The longest that a token may be written. Ours have 24 characters; a longer one is forged or of a later version."""
REASON_MAX: Final = 200
"""The most characters of what the parser says, which may name a member of the body."""
AT_A_TIME: Final = 50
"""Receipts of a list that are looked at in one turn of the loop: a third of a millisecond, since a submission takes
some twenty turns and waits in each of them."""


class DeviceReceipt(msgspec.Struct, forbid_unknown_fields=True):
    """What a device says of one message."""

    receipt: Annotated[
        str,
        msgspec.Meta(
            max_length=TOKEN_MAX,
            description="The token that the message has as `receipt`.",
            examples=["AAAB4kAAAABNoC9LTY1X73aJ"],
        ),
    ]
    state: Annotated[
        ReceiptState,
        msgspec.Meta(
            description="`delivered`: the device has it; `displayed`: it was shown; `confirmed`: the person said so. "
            "Each implies those before it.",
            examples=["displayed"],
        ),
    ]


class DeviceReceiptList(msgspec.Struct, forbid_unknown_fields=True):
    """What many devices say of their messages."""

    receipts: Annotated[
        list[DeviceReceipt],
        msgspec.Meta(max_length=TOGETHER_MAX, description="The receipts, in any order."),
    ]


_read_one = msgspec.json.Decoder(DeviceReceipt).decode
_read_list = msgspec.json.Decoder(DeviceReceiptList).decode

HEADERS: Final = {"Access-Control-Allow-Origin": "*"}
"""A page or a service worker of any origin may post: the token alone proves, and no cookie is looked at."""
_HEADERS: Final = [(b"access-control-allow-origin", b"*")]
_TAKEN: Final[Message] = {
    "type": "http.response.start",
    "status": HTTPStatus.NO_CONTENT.value,
    "headers": _HEADERS,
}
_END: Final[Message] = {"type": "http.response.body", "body": b""}


class ReceiptPosts:
    """Takes the receipts that are posted to one API process."""

    def __init__(self, collector: ReceiptCollector, metrics: Metrics) -> None:
        self._collector = collector
        self.brief = BriefRequests(
            PATH.encode(),
            RECEIPT_BYTES,
            self._take_briefly,
            b"HTTP/1.1 204 No Content\r\n",
            b"".join([b"%b: %b\r\n" % one for one in _HEADERS]),
        )
        self._refused = metrics.receipts_posted.labels(PostedReceipt.REFUSED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `POST /v1/receipts`, as ASGI."""
        try:
            one = self._read(await _body(receive))
        except RequestRefused as refused:
            self._refused.inc()
            response = problem_response(refused)
            response.headers.update(HEADERS)
            await response(scope, receive, send)
            return
        # Whoever has a token of ours is no stranger: many devices behind one proxy are not held up as such.
        if self._collector.take(one.receipt, one.state):
            recognise(scope)
        await send(_TAKEN)
        await send(_END)

    def _take_briefly(self, body: bytes) -> BriefVerdict | None:
        """Take a receipt as it is read; None where the request is refused, which takes words."""
        try:
            one = self._read(body)
        except RequestRefused:
            return None
        return BriefVerdict.PROVED if self._collector.take(one.receipt, one.state) else BriefVerdict.UNPROVED

    def _read(self, body: bytes) -> DeviceReceipt:
        self._require_room()
        try:
            return _read_one(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unreadable(error) from None

    async def take_list(self, body: bytes) -> None:
        """Take the receipts of an app's backend. Raises `RequestRefused`: then none of them was taken."""
        try:
            self._require_room()
            posted = _read_list(body).receipts
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._refused.inc()
            raise _unreadable(error) from None
        except RequestRefused:
            self._refused.inc()
            raise
        for start in range(0, len(posted), AT_A_TIME):
            self._collector.take_many((one.receipt, one.state) for one in posted[start : start + AT_A_TIME])
            await asyncio.sleep(0)

    def _require_room(self) -> None:
        if self._collector.is_full:
            raise RequestRefused(ProblemType.OVERLOADED, said(Phrase.RECEIPTS_FULL))


async def _body(receive: Receive) -> bytes:
    """Return the whole body. Raises `RequestRefused` for one that is too long, or does not arrive in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(FIRST_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestRefused(ProblemType.INCOMPLETE, said(Phrase.BODY_INCOMPLETE))
                body += message.get("body", b"")
                if len(body) > RECEIPT_BYTES:
                    raise RequestRefused(
                        ProblemType.TOO_LARGE,
                        said(Phrase.BODY_TOO_LARGE, max_bytes=RECEIPT_BYTES),
                        extra={"max_bytes": RECEIPT_BYTES},
                    )
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise RequestRefused(ProblemType.INCOMPLETE, said(Phrase.BODY_INCOMPLETE)) from None


def _unreadable(error: Exception) -> RequestRefused:
    """Return the refusal of a body; the message is the parser's own, in English, with the states that there are where
    it knows none of them.
    """
    why = one_line(str(error))[:REASON_MAX] if isinstance(error, msgspec.DecodeError) else "not UTF-8"
    if "enum value" in why:
        why = f"{why}: one of {', '.join(ReceiptState)}"
    finding: dict[str, object] = {
        "code": "receipt",
        "path": "body",
        "line": None,
        "message": why,
        "message_de": f"Der Inhalt ist keine Empfangsquittung ({why}).",
    }
    return RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.RECEIPT_UNREADABLE), errors=(finding,))
