"""The JSON Schema for apps holds for what the service really sends, and refuses what it is not."""

import json
from typing import Any

import jsonschema_rs
import pytest

from dispatcher.api.instances.app_schema import MEDIA_TYPE, RECEIVED, SENT, app_schema
from tests.api.conftest import INSTANCE_KEY, introduce, serving
from tests.channels.far_side import far_side
from tests.support.documents import DOCS
from tests.support.messages import DUEREN
from tests.support.sent_bodies import code, sent_bodies
from tests.support.submissions import warning

SCHEMA = app_schema()
SENT_BODIES = sent_bodies()


def validator(name: str = "") -> Any:
    """The validator of a body by its name; of the document itself without one."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]} if name else SCHEMA
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def test_it_is_a_schema_and_says_what_every_body_is() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert {model.__name__ for model in (*SENT, *RECEIVED)} <= set(SCHEMA["$defs"])
    for name, body in SCHEMA["$defs"].items():
        assert "properties" not in body or body["description"], name


async def test_what_is_published_is_what_the_route_gives(service: Any) -> None:
    answer = await service.get("/v1/instance/schema", key="")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json == SCHEMA == json.loads((DOCS / "app.schema.json").read_text("utf-8"))


async def test_it_holds_for_what_an_app_really_receives(settings: Any) -> None:
    async with far_side() as side:
        allowed = settings.model_copy(update={"allowed_origins": frozenset({f"callback={side.origin}"})})
        async with serving(allowed) as service:
            await introduce(service.parts)

            async def ask(method: str, path: str, body: Any = None) -> Any:
                data = None if body is None else json.dumps(body).encode()
                return (await service.request(method, path, data, key=INSTANCE_KEY)).json

            wanted = {"url": f"{side.origin}/w", "language": "en"}
            validator("WebhookWanted").validate(wanted)
            validator("WebhookBody").validate(await ask("PUT", "/v1/instance/webhook", wanted))
            validator("TrialBody").validate(await ask("POST", "/v1/instance/webhook/test"))
            validator().validate(json.loads(side.seen[0].body))
            validator("RotationWanted").validate({"overlap_hours": 1})
            rotated = await ask("POST", "/v1/instance/webhook/rotate", {"overlap_hours": 1})
            validator("WebhookBody").validate(rotated)
            await service.submit(warning(DUEREN))
            await service.parts.health.pool.execute("UPDATE alert SET state = 'settled'")
            listed = await ask("GET", "/v1/instance/alerts")
            assert len(listed["alerts"]) == 1
            validator("InForceList").validate(listed)
            validator("InstanceBody").validate(await ask("GET", "/v1/instance"))
            wish = {"endpoints": [], "places": [DUEREN, {"lat": 50.8, "lon": 6.5, "radius_m": 500}]}
            validator("SubscriberWanted").validate(wish)
            found = await ask("PUT", f"/v1/instance/subscribers/{'i' * 22}", wish)
            validator("SubscriberBody").validate(found)


@pytest.mark.parametrize("what", SENT_BODIES)
def test_it_holds_for_every_kind_of_body_that_is_sent(what: str) -> None:
    validator().validate(SENT_BODIES[what])
    own, other = (
        ("RoundTripBody", "NoticeBody") if what.startswith("code") else ("NoticeBody", "RoundTripBody")
    )
    validator(own).validate(SENT_BODIES[what])
    assert not validator(other).is_valid(SENT_BODIES[what])


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("", {}),
        ("", {"v": 2}),
        ("", {**code("proof"), "code": None}),
        ("", {**code("test"), "round_trip": "other"}),
        ("WebhookWanted", {"url": "https://app.example/", "place": "05358008"}),
        ("WebhookWanted", {"url": "https://app.example/", "places": ["5358008"]}),
        ("RotationWanted", {"overlap_hours": 169}),
        ("ConsentWanted", {"given_by": ""}),
        ("SubscriberWanted", {"endpoints": [], "places": [], "severity": "Severe"}),
        ("SubscriberWanted", {"endpoints": [{"channel": "webpush"}], "places": []}),
    ],
)
def test_what_is_no_such_body_is_refused(name: str, body: dict[str, Any]) -> None:
    assert not validator(name).is_valid(body)


def test_a_later_version_may_add_members_to_what_is_received_and_an_app_none_to_what_it_sends() -> None:
    for model in RECEIVED:
        assert "additionalProperties" not in SCHEMA["$defs"][model.__name__], model
    for model in SENT:
        assert SCHEMA["$defs"][model.__name__]["additionalProperties"] is False, model
