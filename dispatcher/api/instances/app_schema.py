"""Write down as JSON Schema what an app receives and sends: one document, for makers who do not read OpenAPI.

The document itself describes what an app is sent, a notice or a message with a code; its `$defs` have the bodies of the
routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic.json_schema import models_json_schema

from dispatcher.api.instances.bodies import (
    ConsentBody,
    ConsentWanted,
    InForceList,
    InstanceBody,
    NoticeBody,
    PushKeyBody,
    RotationWanted,
    TrialBody,
    WebhookBody,
    WebhookWanted,
)
from dispatcher.api.openapi.document import plain
from dispatcher.api.subscribers.bodies import (
    CodeAskedFor,
    CodeWanted,
    EndpointWanted,
    RoundTripBody,
    SubscriberBody,
    SubscriberWanted,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

MEDIA_TYPE: Final = "application/schema+json"
SENT: Final[tuple[type[BaseModel], ...]] = (
    CodeAskedFor,
    CodeWanted,
    ConsentWanted,
    EndpointWanted,
    RotationWanted,
    SubscriberWanted,
    WebhookWanted,
)
"""What an app sends: of that, no other member is taken."""
RECEIVED: Final[tuple[type[BaseModel], ...]] = (
    ConsentBody,
    InForceList,
    InstanceBody,
    NoticeBody,
    PushKeyBody,
    RoundTripBody,
    SubscriberBody,
    TrialBody,
    WebhookBody,
)
"""What an app receives: a member may be added to that at any time."""
_HEAD: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:cap-dispatcher:schema:app",
    "title": "What a municipality's app receives from cap-dispatcher, and sends to it",
    "description": "The document itself describes what comes by a push or a callback: a notice, or a message with a "
    "code, which has `round_trip`. `$defs` has the bodies of the routes below /v1/instance and /v1/instances.",
    "if": {"required": ["round_trip"]},
    "then": {"$ref": "#/$defs/RoundTripBody"},
    "else": {"$ref": "#/$defs/NoticeBody"},
}


def app_schema() -> dict[str, Any]:
    """Return the schema, of draft 2020-12."""
    modes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "validation") for model in SENT),
        # An answer is described by what a reader may rely on, as the description of the API has it.
        *((model, "serialization") for model in RECEIVED),
    ]
    _, found = models_json_schema(modes, ref_template="#/$defs/{model}")
    defined: dict[str, Any] = plain(found["$defs"])
    for model in SENT:
        defined[model.__name__]["additionalProperties"] = False
    return {**_HEAD, "$defs": dict(sorted(defined.items()))}
