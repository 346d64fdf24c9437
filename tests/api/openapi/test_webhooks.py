"""What apps are told is as the description says."""

import json
from typing import Any

import pytest

import cap
from channels.app.delivery import MEMBERS, delivery
from dispatcher.model.vocabulary import Kind
from tests.support.description import Description
from tests.support.messages import HOUR, NOW, stored
from tests.support.sent_bodies import sent_bodies
from tests.texts.test_payload import document as notice

NOTICES = (
    {},
    {"places": [f"Gemeinde {number}" for number in range(300)], "instruction": "Gehen Sie. " * 400},
    {
        "on_record": stored(attribution="© DWD"),
        "web": "https://kreis.example/rur",
        "description": "Pegel steigt.",
    },
    {"onset": NOW + HOUR, "parameters": (cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00"),)},
    {"kind": Kind.NO_LONGER_AFFECTED, "places": ()},
)


@pytest.mark.parametrize("changes", NOTICES)
def test_a_notice_is_as_the_webhook_describes_it(described: dict[str, Any], changes: dict[str, Any]) -> None:
    body = described["webhooks"]["notice"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    told = notice(**changes)
    assert Description(described).differences(body, told) == []
    assert "more" in " ".join(Description(described).differences(body, told | {"more": 1}))


def test_every_kind_of_body_that_is_sent_is_described(described: dict[str, Any]) -> None:
    """With every member, as they are now."""
    description = Description(described)
    for what, body in sent_bodies().items():
        request = described["webhooks"][what.partition(" ")[0]]["post"]["requestBody"]
        schema = request["content"]["application/json"]["schema"]
        assert description.differences(schema, body) == [], what
        assert ("dir" in body["notification"]) == ("right to left" in what)


def test_what_stands_beside_a_cap_message_is_as_the_webhook_describes_it(described: dict[str, Any]) -> None:
    message = described["webhooks"]["message"]["post"]
    assert list(message["requestBody"]["content"]) == ["application/cap+xml"]
    headers = {one["name"]: one for one in message["parameters"]}
    assert {name for name, one in headers.items() if one["required"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "alert-delivery",
        "alert-delivery-signature",
    }
    schema = headers["alert-delivery"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == set(MEMBERS)
    description, told = Description(described), [notice(**changes) for changes in NOTICES]
    for body in [*told, *(body for what, body in sent_bodies().items() if what.startswith("notice"))]:
        said = json.loads(delivery(json.dumps(body).encode()))
        assert description.differences(schema, said) == []
        assert description.differences(schema, said | {"kind": "other"})
        assert description.differences(schema, {name: said[name] for name in said if name != "chain"})
