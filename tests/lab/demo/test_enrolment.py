"""Codes as they are read where they arrive."""

import json

import msgspec

from ops.lab.demo.enrolment import codes
from ops.lab.gateways.parcel import read_document
from ops.lab.world.ledger import ROUND_TRIP, Entry, gateway_records
from tests.lab.demo.test_parts import entry


def test_each_endpoint_has_the_last_code_that_came_and_no_alert_is_one() -> None:
    def came(code: str, *, accepted: bool = True) -> Entry:
        content = read_document(json.dumps({"round_trip": "proof", "code": code, "test": True}).encode())
        assert (content.alert, content.reason) == ("", "")
        return msgspec.structs.replace(
            entry("r1", 201 if accepted else 503, alert=""), kind=content.kind, text=content.text
        )

    entries = [came("one"), came("two"), came("three", accepted=False), entry("r2")]
    assert codes(entries) == [("r1", "two")]
    assert [one.recipient for one in gateway_records(entries)] == ["r2"]
    assert ROUND_TRIP not in {one.kind for one in gateway_records([entry("r2")])}
