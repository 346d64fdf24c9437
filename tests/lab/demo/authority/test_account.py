"""The service's account of an alert, as it is read once the alert is settled."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.lab.demo.authority.account import account, claimed
from ops.lab.world.service import ApiResponse, ServiceError

LINE = {"alert_id": "A", "ref": None, "channel": "webpush", "state": "accepted", "uncertain": False}


def answering(*states: str) -> Any:
    """Answers for the alert in one state after the other, and for its ledger."""
    left = list(states)

    def get(path: str) -> ApiResponse:
        now = datetime.now(UTC)
        if path.endswith("/ledger"):
            lines = [LINE, {**LINE, "ref": "r1", "state": "gone"}]
            return ApiResponse(200, b"\n".join(json.dumps(one).encode() for one in lines), now, now)
        if not left:
            return ApiResponse(404, b"", now, now)
        return ApiResponse(200, json.dumps({"alert": {"state": left.pop(0)}}).encode(), now, now)

    return get


def test_it_is_read_when_all_is_settled() -> None:
    found = account(answering("sending", "settled"), "/v1/alerts/A")
    assert [(one.recipient, one.state) for one in found] == [("", "accepted"), ("r1", "gone")]
    assert claimed(found) == {"A": 1}


def test_a_refusal_is_said() -> None:
    with pytest.raises(ServiceError, match="GET /v1/alerts/A: 404"):
        account(answering(), "/v1/alerts/A")
