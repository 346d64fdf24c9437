"""What apps are sent, as the description's `webhooks` show it: what the channel `app` posts to an instance's URL, and
what comes to a phone alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header

from channels.app.delivery import DELIVERY, DELIVERY_SIGNATURE, MEMBERS
from dispatcher.api.alerts import CAP_SCHEMA
from dispatcher.api.body import CAP_MEDIA_TYPE
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

_DEFINITIONS: Final = "#/components/schemas/{model}"
"""Where the description has the definitions of all models."""
_ALWAYS: Final = ("v", "alert", "chain", "sequence", "kind", "expires")
_OF_DELIVERY: Final = "as `webhook-signature`, over `alert-delivery` in place of the body"


def delivery_schema() -> dict[str, Any]:
    """Return what stands beside a CAP message: members of a notice, of municipalities the keys alone."""
    properties = NoticeBody.model_json_schema(ref_template=_DEFINITIONS)["properties"]
    found = {name: _without_null(properties[name]) for name in MEMBERS}
    found["municipalities"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "the places as keys (AGS); left out where they are many: then ask the pull",
        "examples": [["05358008"]],
    }
    return {
        "type": "object",
        "description": "What the message cannot say of itself; each member means what it means in a notice.",
        "properties": found,
        "required": [*_ALWAYS],
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a member that is left out where there is nothing to say."""
    found = {name: value for name, value in schema.items() if name not in {"anyOf", "default", "title"}}
    return found | next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})


def _beside() -> dict[str, Any]:
    """Return how the request of a CAP message differs from what its parameters say."""
    return {
        "requestBody": {
            "required": True,
            "description": "The message in CAP 1.2, signed by the service (`/v1/public/signing-certificates`).",
            "content": {CAP_MEDIA_TYPE: {"schema": CAP_SCHEMA}},
        },
        "parameters": [
            {
                "name": DELIVERY,
                "in": "header",
                "required": True,
                "description": "JSON, in ASCII; `kind` decides what the message is for.",
                "content": {"application/json": {"schema": delivery_schema()}},
            }
        ],
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

    @router.post(
        "message",
        status_code=204,
        responses=ANSWERS,
        operation_id="receiveMessage",
        tags=["instances"],
        openapi_extra=_beside(),
    )
    async def message(
        _id: Annotated[str, Header(alias="webhook-id", description=_ID)],
        _timestamp: Annotated[int, Header(alias="webhook-timestamp", description=_TIMESTAMP)],
        _signature: Annotated[str, Header(alias="webhook-signature", description=_SIGNATURE)],
        _delivery_signature: Annotated[str, Header(alias=DELIVERY_SIGNATURE, description=_OF_DELIVERY)],
    ) -> None:
        """Tell a system that speaks CAP of a warning, a change or an end, where the webhook's `form` is `cap`: the
        message, signed by the service, and beside it what it cannot say of itself.
        """

    @router.post("code", status_code=201, responses=TAKEN, operation_id="receiveCode", tags=["subscribers"])
    async def code(_message: RoundTripBody) -> None:
        """Have an app bring a code back. It comes as a push alone, encrypted after RFC 8291, and is never posted to a
        webhook.
        """

    return router
