"""The description says everything of every route, and what the service answers is as it says."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from enum import StrEnum
from typing import Any

import pytest
from fastapi import APIRouter, routing
from fastapi.dependencies import utils as parameters
from starlette import routing as paths

import cap
from channels.sms.settings import SmsGatewaySettings
from dispatcher.access.table import OPEN_ROUTES, REQUIRED_BY_ROUTE
from dispatcher.api.application import application
from dispatcher.api.authentication import wired_routes
from dispatcher.api.openapi.document import document
from dispatcher.api.pages.routes import PREFIXES as PAGES
from dispatcher.api.schemas.ledger import LedgerLineBody
from dispatcher.model.problems import STATUS, URN, ProblemType
from dispatcher.model.vocabulary import AlertState, Kind, Lane, Reason
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Service, serving
from tests.api.test_authentication import parts
from tests.support import route_fields
from tests.support.description import PROBLEM, Description
from tests.support.submissions import warning

OPERATION_IDS = {
    "getAlert",
    "getAlertCap",
    "getAlertCapForInstance",
    "getAlertLedger",
    "getBoundaries",
    "getDescription",
    "getFeed",
    "getPushKey",
    "getWebhook",
    "isAlive",
    "isReady",
    "listAlerts",
    "listAlertsInForce",
    "listFeeds",
    "previewAlert",
    "pushMessages",
    "removeWebhook",
    "reportDeliveries",
    "reportDeliveriesByQuery",
    "rotateWebhookSecret",
    "setWebhook",
    "submitAlert",
    "testWebhook",
}
"""The names of methods in clients that people have generated: none of them may change or go."""
WORDS: dict[str, type[StrEnum]] = {
    "AlertState": AlertState,
    "Kind": Kind,
    "Lane": Lane,
    "Level": cap.Level,
    "MsgType": cap.MsgType,
    "Reason": Reason,
    "Scope": cap.Scope,
    "Severity": cap.Severity,
    "Status": cap.Status,
}
SHOWS = ("examples", "enum", "const", "$ref", "array", "object", "boolean")
"""What shows how a value looks."""
SENTENCES = {"detail", "message", "message_de"}
TYPED = {
    "severity": "Severity",
    "state": "AlertState",
    "reason": "Reason",
    "lane": "Lane",
    "msg_type": "MsgType",
    "status": "Status",
    "scope": "Scope",
}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def is_page(entrance: str) -> bool:
    """Whether it is no interface for programs: people read it in a browser, or the service posts there to itself."""
    return entrance.split()[1].startswith((*PAGES, "/console/", "/v1/canary/"))


def lacking(document: dict[str, Any], entrances: set[str]) -> list[str]:
    """Return what the document does not say of routes, operations, parameters, answers and members."""
    known = dict(operations(document))
    found = [f"{entrance}: not described" for entrance in sorted(entrances - set(known))]
    found += [f"{entrance}: no such route" for entrance in sorted(set(known) - entrances)]
    for entrance, operation in known.items():
        found += [f"{entrance}: {fault}" for fault in _of_operation(document, entrance, operation)]
    for name, schema in document["components"]["schemas"].items():
        found += [f"{name}.{fault}" for fault in _of_members(schema)]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    found += [f"{name}: no such schema" for name in sorted(named - set(document["components"]["schemas"]))]
    tags = {tag for operation in known.values() for tag in operation.get("tags", ())}
    found += [
        f"{tag}: a tag without description"
        for tag in sorted(tags - {one["name"] for one in document["tags"]})
    ]
    for name, item in document.get("webhooks", {}).items():
        found += [f"{name}: no description" for one in item.values() if not one.get("description")]
    return found + ([] if document.get("webhooks") else ["no webhooks"])


def _of_operation(document: dict[str, Any], entrance: str, operation: dict[str, Any]) -> Iterator[str]:
    named = ("operationId", "summary", "description", "tags")
    yield from (f"no {member}" for member in named if not operation.get(member))
    if "_v1_" in operation.get("operationId", ""):
        yield "an operationId that nobody chose"
    shown = {scheme for one in operation.get("security", ()) for scheme in one}
    if "security" not in operation or bool(shown) != (entrance in REQUIRED_BY_ROUTE):
        yield f"security is {operation.get('security')}"
    if shown - set(document["components"].get("securitySchemes", {})):
        yield "a security scheme that is not there"
    for parameter in operation.get("parameters", ()):
        if not parameter.get("description"):
            yield f"parameter {parameter['name']} has no description"
    yield from _of_responses(document, operation["responses"], is_open=not shown)


def _of_responses(document: dict[str, Any], responses: dict[str, Any], *, is_open: bool) -> Iterator[str]:
    needed = set() if is_open else {"401", "500", "503"}
    yield from (f"no {status}" for status in sorted(needed - set(responses)))
    if not any(status.startswith("2") for status in responses):
        yield "no success"
    for status, response in responses.items():
        yield from (f"{status}: {fault}" for fault in _of_response(document, status, response))


def _of_response(document: dict[str, Any], status: str, response: dict[str, Any]) -> Iterator[str]:
    if not response.get("description") or response["description"] == "Successful Response":
        yield "no description"
    if status not in {"204", "304"} and not response.get("content"):
        yield "no media type"
    for media_type, content in response.get("content", {}).items():
        if not content.get("schema"):
            yield f"{media_type} without schema"
        if media_type == "application/json" and int(status) in STATUS.values() and status != "503":
            yield "a problem that is no application/problem+json"
        if media_type == PROBLEM:
            name = content["schema"]["$ref"].rpartition("/")[2]
            types = document["components"]["schemas"][name]["properties"]["type"].get("enum")
            if not types or any(STATUS[ProblemType(one.removeprefix(URN))] != int(status) for one in types):
                yield f"the problem types are {types}"


def _of_members(schema: dict[str, Any]) -> Iterator[str]:
    for name, member in schema.get("properties", {}).items():
        if not member.get("description"):
            yield f"{name}: no description"
        if not any(f'"{word}"' in json.dumps(member) for word in SHOWS) and name not in SENTENCES:
            yield f"{name}: no example"


def test_every_route_is_described_with_all_that_a_client_needs(described: dict[str, Any]) -> None:
    routes = {wired.entrance for wired in wired_routes(application(parts()))}
    assert lacking(described, {entrance for entrance in routes if not is_page(entrance)}) == []
    assert routes >= set(OPEN_ROUTES)


def test_operation_ids_are_for_ever(described: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(described)]
    assert set(ids) >= OPERATION_IDS
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda it: it["paths"].pop("/v1/alerts"), "POST /v1/alerts: not described"),
        (lambda it: it["paths"]["/v1/alerts"]["post"].pop("operationId"), "POST /v1/alerts: no operationId"),
        (lambda it: it["paths"]["/v1/alerts"]["post"].pop("description"), "POST /v1/alerts: no description"),
        (lambda it: it["paths"]["/v1/alerts"]["post"].pop("security"), "POST /v1/alerts: security is None"),
        (
            lambda it: it["paths"]["/v1/alerts"]["get"].update(security=[]),
            "GET /v1/alerts: security is []",
        ),
        (
            lambda it: it["components"].pop("securitySchemes"),
            "GET /v1/feeds: a security scheme that is not there",
        ),
        (lambda it: it["paths"]["/v1/alerts"]["get"]["responses"].pop("401"), "GET /v1/alerts: no 401"),
        (
            lambda it: it["components"]["schemas"]["TooLargeProblem"]["properties"]["type"].pop("enum"),
            "POST /v1/alerts: 413: the problem types are None",
        ),
        (
            lambda it: it["components"]["schemas"]["AlertBody"]["properties"]["event"].pop("description"),
            "AlertBody.event: no description",
        ),
        (
            lambda it: it["components"]["schemas"]["AlertBody"]["properties"]["event"].pop("examples"),
            "AlertBody.event: no example",
        ),
        (
            lambda it: it["paths"]["/v1/alerts"]["get"]["parameters"][0].pop("description"),
            "GET /v1/alerts: parameter limit has no description",
        ),
        (lambda it: it.pop("webhooks"), "no webhooks"),
        (
            lambda it: it["components"]["schemas"].pop("ApprovalWanted"),
            "ApprovalWanted: no such schema",
        ),
        (lambda it: it["tags"].clear(), "approvals: a tag without description"),
    ],
)
def test_what_is_left_out_is_found(
    described: dict[str, Any], spoil: Callable[[dict[str, Any]], Any], fault: str
) -> None:
    spoilt = deepcopy(described)
    entrances = {entrance for entrance, _ in operations(spoilt)}
    spoil(spoilt)
    assert fault in lacking(spoilt, entrances)


def test_a_route_that_says_nothing_of_itself_is_found() -> None:
    app = application(parts())
    router = APIRouter()

    @router.get("/v1/more")
    async def more(limit: int = 1) -> dict[str, int]:
        return {"limit": limit}

    app.include_router(router)
    found = lacking(document(app), {wired.entrance for wired in wired_routes(app)})
    assert {"GET /v1/more: no description", "GET /v1/more: no tags"} <= set(found)
    assert "GET /v1/more: an operationId that nobody chose" in found
    assert "GET /v1/more: parameter limit has no description" in found


def test_words_are_listed_and_members_point_to_them(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for name, words in WORDS.items():
        assert schemas[name]["enum"] == list(words)
    properties = schemas["AlertBody"]["properties"]
    assert {name: properties[name]["$ref"].rpartition("/")[2] for name in TYPED} == TYPED


def test_a_ledgers_line_is_as_described(described: dict[str, Any]) -> None:
    answer = described["paths"]["/v1/alerts/{alert_id}/ledger"]["get"]["responses"]["200"]["content"]
    assert answer["application/x-ndjson"]["schema"]["x-line"] == {"$ref": "#/components/schemas/LedgerLine"}
    line = described["components"]["schemas"]["LedgerLine"]
    assert list(line["properties"]) == list(LedgerLineBody.model_fields)


def test_what_is_remembered_of_routes_changes_nothing(
    described: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the tests' applications are those of the service."""
    made = (
        *((parameters, name) for name in ("_get_signature", "get_typed_signature", "analyze_param")),
        *((routing, name) for name in ("compile_path", "create_model_field")),
        (paths, "compile_path"),
    )
    for module, name in made:
        monkeypatch.setattr(module, name, route_fields.forgetful(getattr(module, name)))
    assert document(application(parts())) == described


# What stands against the description is found, whatever test asks: `Service.request` holds every answer against it.


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda it: it["responses"].pop("201"), "201 is not described"),
        (lambda it: it["responses"]["201"].pop("headers"), "the header location is not described"),
        (
            lambda it: it["responses"]["201"]["headers"].update({"ETag": {"required": True}}),
            "the header etag is missing",
        ),
        (lambda it: it["responses"]["201"].pop("content"), "application/json is not described"),
        (
            lambda it: it["responses"]["201"].update(
                content={"application/json": {"schema": {"$ref": "#/components/schemas/StatusBody"}}}
            ),
            "is a required property",
        ),
    ],
)
async def test_an_answer_that_is_not_as_described_is_found(
    service: Service, described: dict[str, Any], spoil: Callable[[dict[str, Any]], Any], fault: str
) -> None:
    spoilt = deepcopy(described)
    spoil(spoilt["paths"]["/v1/alerts"]["post"])
    service.description = Description(spoilt)
    with pytest.raises(AssertionError, match=fault):
        await service.submit(warning())


async def test_a_member_or_word_that_is_not_described_is_found(
    service: Service, described: dict[str, Any]
) -> None:
    schema = {"$ref": "#/components/schemas/AlertBody"}
    alert = (await service.submit(warning())).json["alert"]
    description = Description(described)
    assert description.differences(schema, alert) == []
    assert "more" in " ".join(description.differences(schema, alert | {"more": 1}))
    assert "severity" in " ".join(description.differences(schema, alert | {"severity": "Grave"}))
    assert "sent" in " ".join(description.differences(schema, alert | {"sent": "yesterday"}))


@pytest.mark.parametrize("reports", [False, True])
async def test_the_description_is_the_same_for_all_settings(
    settings: Settings, service: Service, reports: bool
) -> None:
    """So that what one application says is held against the answers of all."""
    account = {"name": "a", "url": "https://sms.example/", "reports": {"secret": "s" * 32}}
    gateways = (SmsGatewaySettings.model_validate(account),) if reports else ()
    feeds = settings.data_dir / "feeds.toml"
    feeds.write_text("[[feed]]\nname = 'a'\nadapter = 'push'\n")
    changed = settings.model_copy(
        update={"sms_gateways": gateways, "feeds": feeds, "public_url": "https://a.example"}
    )
    async with serving(changed) as another:
        assert (another.parts.reports is not None) == reports
        body = (await another.get("/v1/openapi.json", key="")).json
    assert service.description is not None
    assert body == service.description.document == another.description.document


async def test_the_description_is_the_same_for_everybody(service: Service) -> None:
    keys = ("", KEY, INSTANCE_KEY, f"wk_nobody_{SECRET}")
    found = [await service.get("/v1/openapi.json", key=key) for key in keys]
    assert {one.body for one in found} == {found[0].body}
    assert found[0].headers["content-type"] == "application/json"
