"""Make the OpenAPI document: what FastAPI knows of the routes, with security, problems and webhooks of our own."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from dispatcher.access.table import OPEN_ROUTES
from dispatcher.api.approvals.bodies import ApprovalWanted, RejectionWanted
from dispatcher.api.held.bodies import DiscardWanted, ReleaseWanted
from dispatcher.api.instances.bodies import ConsentWanted, RotationWanted, WebhookWanted
from dispatcher.api.openapi.refusals import FINDING, answer, problem_schema, problems_of, schema_name
from dispatcher.api.openapi.security import SCHEMES, security_of
from dispatcher.api.openapi.webhooks import webhooks
from dispatcher.api.operator.bodies import CredentialWanted, InstanceChange, InstanceWanted, OverlapWanted
from dispatcher.api.receipts.posting import DeviceReceipt, DeviceReceiptList
from dispatcher.api.schemas.ledger import LedgerLineBody
from dispatcher.api.shifts.bodies import ShiftWanted
from dispatcher.api.situation.bodies import ReplayWanted
from dispatcher.api.subscribers.bodies import CodeAskedFor, CodeWanted, SubscriberWanted
from dispatcher.api.templates.bodies import TemplateApproval, TemplateFilling, TemplateWithdrawal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI

DESCRIPTION: Final = """\
Submit CAP warnings, follow their delivery, show what is in force. A 2xx to a submission is a promise.

Every refusal is `application/problem+json` (RFC 9457). What a proxy or the server itself refuses before a route is
known is not repeated at each: 404 for another path; 405 with `Allow` for another method, HEAD and OPTIONS among them;
431 for a head above 64 KiB; 503 without a body and with `Retry-After` where too many ask without a key.

Members may be added to answers, and words to the lists of words: take what you do not know as it comes.
"""
TAGS: Final = (
    ("alerts", "Control centres: submit, preview, follow, and take the account of an alert."),
    (
        "exercises",
        "Control centres: the same for exercises, with keys of their own. They reach who takes part.",
    ),
    ("approvals", "Approvers: what waits for a second person; approve exactly what was shown, or reject it."),
    ("held", "Operators: what waits for a person; release exactly what was shown, or discard it."),
    ("templates", "Prepared warnings: read, check, save, approve, and fill them in."),
    ("public", "Anybody: what is in force, in every form."),
    ("feeds", "How the feeds stand; a feed that pushes delivers its messages."),
    ("instances", "Municipalities' apps: what is in force, and what they are told."),
    ("subscribers", "People: subscribe, prove endpoints, test them, leave."),
    ("operator", "Operators away from the machine: administer municipalities' apps."),
    ("gateways", "SMS gateways report what became of messages."),
    ("boundaries", "The boundary data in use."),
    ("service", "Whether the service answers, and what it can be asked."),
)
READ_OR_WRITTEN_BY_US: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "ApprovalWanted": ApprovalWanted,
        "CodeAskedFor": CodeAskedFor,
        "CodeWanted": CodeWanted,
        "ConsentWanted": ConsentWanted,
        "CredentialWanted": CredentialWanted,
        "DiscardWanted": DiscardWanted,
        "InstanceChange": InstanceChange,
        "InstanceWanted": InstanceWanted,
        "LedgerLine": LedgerLineBody,
        "OverlapWanted": OverlapWanted,
        "RejectionWanted": RejectionWanted,
        "ReleaseWanted": ReleaseWanted,
        "ReplayWanted": ReplayWanted,
        "RotationWanted": RotationWanted,
        "ShiftWanted": ShiftWanted,
        "SubscriberWanted": SubscriberWanted,
        "TemplateApproval": TemplateApproval,
        "TemplateFilling": TemplateFilling,
        "TemplateWithdrawal": TemplateWithdrawal,
        "WebhookWanted": WebhookWanted,
    }
)
"""What FastAPI knows nothing of, as the routes read or write it themselves."""
STRUCTS: Final = (DeviceReceipt, DeviceReceiptList)
"""What is read without pydantic, as it comes by the thousand."""
TAKEN: Final = (
    "ApprovalWanted",
    "BrandingWanted",
    "CodeAskedFor",
    "CodeWanted",
    "ConsentWanted",
    "CredentialWanted",
    "DeviceReceipt",
    "DeviceReceiptList",
    "DiscardWanted",
    "EndpointWanted",
    "InstanceChange",
    "InstanceWanted",
    "OverlapWanted",
    "RejectionWanted",
    "ReleaseWanted",
    "ReplayWanted",
    "RotationWanted",
    "ShiftWanted",
    "SubscriberWanted",
    "TemplateApproval",
    "TemplateFilling",
    "TemplateWithdrawal",
    "WebhookWanted",
)
"""What clients send: of that, no other member is taken."""
_PROBE: Final = {
    "type": "object",
    "description": "Up or down.",
    "properties": {
        "status": {
            "type": "string",
            "description": "Up or down.",
            "enum": ["ok", "unavailable"],
            "examples": ["ok"],
        }
    },
    "required": ["status"],
}
_PROBES: Final[Mapping[str, tuple[str, str, tuple[int, ...]]]] = MappingProxyType(
    {
        "/livez": ("isAlive", "Say that the process answers.", (200,)),
        "/readyz": ("isReady", "Say whether the process reaches the record.", (200, 503)),
    }
)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the description of the application's routes, as OpenAPI 3.1."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        webhooks=webhooks().routes,
        tags=[{"name": name, "description": text} for name, text in TAGS],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = made["components"]["schemas"]
    schemas["ProblemFinding"] = FINDING
    for name, model in READ_OR_WRITTEN_BY_US.items():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {name: schema}
    schemas |= msgspec.json.schema_components(STRUCTS, ref_template="#/components/schemas/{name}")[1]
    for route in described(app):
        for method in sorted(route.methods):
            operation = made["paths"][route.path_format][method.lower()]
            _complete(operation, route, f"{method} {route.path_format}", schemas)
    for path, (name, text, statuses) in _PROBES.items():
        made["paths"][path] = {"get": _open(name, text, dict.fromkeys(statuses, _PROBE))}
    made["paths"]["/v1/openapi.json"] = {
        "get": _open(
            "getDescription",
            OPEN_ROUTES["GET /v1/openapi.json"],
            {200: {"type": "object", "description": "It."}},
        )
    }
    for webhook in made["webhooks"].values():
        _complete_webhook(webhook["post"])
    made["components"]["securitySchemes"] = {name: dict(scheme) for name, scheme in SCHEMES.items()}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    found: dict[str, Any] = plain(made)
    for name in TAKEN:
        found["components"]["schemas"][name]["additionalProperties"] = False
    return found


def described(app: FastAPI) -> Iterator[Any]:
    """Yield the `RouteContext` of every route that FastAPI describes."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            yield route


def _complete(operation: dict[str, Any], route: Any, entrance: str, schemas: dict[str, Any]) -> None:
    """Add what only the table and the route's refusals know."""
    operation["security"] = security_of(entrance)
    operation["summary"] = _first_sentence(operation.get("description", ""))
    responses = {
        status: response
        for status, response in operation["responses"].items()
        if status.startswith(("2", "3"))
    }
    for response in responses.values():
        if response["description"] == "Successful Response":
            response["description"] = "It is done as the operation says."
    for status, types in problems_of(route).items():
        name = schema_name(route.operation_id or route.name, status, types)
        schemas[name] = problem_schema(status, types)
        responses[str(status)] = answer(name, types)
    operation["responses"] = responses


def _complete_webhook(operation: dict[str, Any]) -> None:
    operation["summary"] = _first_sentence(operation["description"])
    operation["responses"].pop("422", None)
    operation["security"] = []


def _open(operation_id: str, text: str, answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return an operation that Starlette answers, for whoever asks."""
    return {
        "tags": ["service"],
        "summary": text.rstrip("."),
        "description": text,
        "operationId": operation_id,
        "security": [],
        "responses": {
            str(status): {
                "description": "Yes." if status == 200 else "No.",
                "content": {"application/json": {"schema": schema}},
            }
            for status, schema in answers.items()
        },
    }


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].partition(": ")[0].rstrip(".")


def plain(node: Any) -> Any:
    """Return the document without titles that repeat a name, and without the promise that an answer never gets another
    member.
    """
    if isinstance(node, list):
        return [plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    is_schema = "properties" in node or "type" in node or "anyOf" in node or "$ref" in node
    return {
        name: plain(value)
        for name, value in node.items()
        if not (is_schema and name == "title" and isinstance(value, str))
        and not (name == "additionalProperties" and value is False)
    }
