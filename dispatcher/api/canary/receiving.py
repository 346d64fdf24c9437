"""Receive what the service sends to itself: open each message as a browser would, and post the receipt that it holds.

The address is the API's own, as the world reaches it: a message goes out through resolver, proxy and TLS, and comes in
by the same way as all that people post. It says nothing to anybody: what is not for this receiver is answered as a path
that is not there.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from channels.webpush.receiver import MAX_BODY_BYTES, NotForUs, Receiver
from dispatcher.api.body import read_body
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.reports import ReceiptState
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from dispatcher.api.receipts.collector import ReceiptCollector

PATH: Final = "/v1/canary/{name}/{proof}"
PROOF_CHARACTERS: Final = 32
_KEYS: Final = "canary receiver"
_ADDRESS: Final = "canary address"
_SENDER: Final = "canary"


class _Message(msgspec.Struct):
    """What is read of a message: its own receipt."""

    receipt: str


_READ: Final = msgspec.json.Decoder(_Message)


class OwnReceivers:
    """The service's own receivers. Their keys and addresses follow from the ring that all machines have."""

    def __init__(self, keyed_hash: Callable[[str, str], bytes]) -> None:
        """`keyed_hash` returns 32 secret bytes by purpose and value, the same on all machines."""
        self._keyed_hash = keyed_hash

    def address(self, api_url: str, name: str) -> str:
        """Return where a canary of this name receives, at an API that is reached at this URL."""
        return api_url.rstrip("/") + PATH.format(name=name, proof=self._proof(name))

    def receiver(self, name: str) -> Receiver:
        """Return the receiver of this name."""
        return Receiver(self._keyed_hash(_KEYS, name))

    def is_address(self, name: str, proof: str) -> bool:
        """Whether it is an address of ours. It takes as long for a wrong one."""
        return hmac.compare_digest(proof.encode(), self._proof(name).encode())

    def _proof(self, name: str) -> str:
        return self._keyed_hash(_ADDRESS, name).hex()[:PROOF_CHARACTERS]


def routes(own: OwnReceivers, receipts: ReceiptCollector) -> list[Route]:
    """Return the route. It is no part of the API's description: nobody but the service posts there."""

    async def receive(request: Request) -> Response:
        name, proof = request.path_params["name"], request.path_params["proof"]
        if not own.is_address(name, proof):
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.ROUTE_UNKNOWN))
        body = await read_body(request, MAX_BODY_BYTES, _SENDER)
        if receipts.is_full:  # before the message is opened, which is by far the most work
            raise RequestRefused(ProblemType.OVERLOADED, said(Phrase.RECEIPTS_FULL))
        try:
            message = _READ.decode(own.receiver(name).open(body))
        except (NotForUs, msgspec.MsgspecError):
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.ROUTE_UNKNOWN)) from None
        receipts.take(message.receipt, ReceiptState.DELIVERED)
        return Response(status_code=HTTPStatus.CREATED, headers={"Cache-Control": "no-store"})

    return [Route(PATH, receive, methods=["POST"], include_in_schema=False)]
