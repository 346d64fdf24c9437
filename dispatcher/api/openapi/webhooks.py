"""What apps are sent, as the description's `webhooks` show it: what the channel `app` posts to an instance's URL, and
what comes to a phone alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header

from dispatcher.api.instances.bodies import NoticeBody
from dispatcher.api.subscribers.bodies import RoundTripBody

_ID: Final = "Id of the notice: stable over all tries, so that a second arrival can be told."
_TIMESTAMP: Final = "Seconds since 1970 of this try; refuse what is older than five minutes."
_SIGNATURE: Final = "`v1,` and the Base64 of HMAC-SHA256 over id, timestamp and body, joined by dots."


ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    204: {"description": "Taken. Any other 2xx says the same."},
    410: {"description": "The callback is gone: it is not called again."},
    429: {"description": "Too many: `Retry-After` is kept."},
    503: {"description": "Not now: it is tried again until the notice's `expires`, as after any 5xx."},
}

TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    201: {"description": "The push service has taken it."},
    410: {"description": "There is no such endpoint any more."},
}


def webhooks() -> APIRouter:
    """Return the requests that the service makes itself."""
    router = APIRouter()

    @router.post(
        "notice", status_code=204, responses=ANSWERS, operation_id="receiveNotice", tags=["instances"]
    )
    async def notice(
        _notice: NoticeBody,
        _id: Annotated[str, Header(alias="webhook-id", description=_ID)],
        _timestamp: Annotated[int, Header(alias="webhook-timestamp", description=_TIMESTAMP)],
        _signature: Annotated[str, Header(alias="webhook-signature", description=_SIGNATURE)],
    ) -> None:
        """Tell an app of a warning, a change or an end. Signed after Standard Webhooks; a try takes 10 s at most. A
        push has the same body, encrypted after RFC 8291, and none of the headers.
        """

    @router.post("code", status_code=201, responses=TAKEN, operation_id="receiveCode", tags=["subscribers"])
    async def code(_message: RoundTripBody) -> None:
        """Have an app bring a code back. It comes as a push alone, encrypted after RFC 8291, and is never posted to a
        webhook.
        """

    return router
