"""Decides what the gateways do wrong during the demo. All of it is refused or merely slow: a gateway that takes a
message and hides that it did would make doubles for which no killed process accounts.
"""

from __future__ import annotations

import json
from typing import Any

from ops.lab.gateways.standins.fcm import FCM_ERROR
from ops.lab.world.people import GONE_PREFIX

TIMEOUT_SHARE = 0.2
AWAY_PREFIX = "B"
REQUEST_TIMEOUT_S = 10.0
"""Seconds that the service waits for an answer (its default). A delayed answer stays clearly below it."""

Rule = dict[str, Any]


def rules(seed: int, expected: int) -> dict[str, list[Rule]]:
    """Make the fault rules by gateway. `expected` recipients place the bursts of 429 in the first half of the send.
    Where few are warned that of the SMS provider is shorter: after each 429 it is asked for one of them, seconds later.
    """
    third = max(12, expected // 6)
    return {
        "webpush-1": [
            _dead(),
            _burst("crowded", third, 40, 1),
            _sometimes("reset", seed, 0.003, kind="reset"),
            _sometimes("slow", seed, 0.001, kind="delay", delay_s=REQUEST_TIMEOUT_S * TIMEOUT_SHARE),
            _sometimes("busy", seed, 0.08, kind="status", status=503),
        ],
        "webpush-2": [_dead(), _sometimes("busy", seed, 0.02, kind="status", status=503)],
        "sms": [
            _burst("crowded", third // 3, min(20, third // 12), 2),
            _sometimes("busy", seed, 0.05, kind="status", status=503),
        ],
        "fcm": [_unregistered(), _sometimes("busy", seed, 0.02, kind="status", status=503)],
        "apns": [_unregistered_iphone(), _sometimes("busy", seed, 0.02, kind="status", status=503)],
        "unifiedpush": [
            {**_dead(), "action": {"kind": "status", "status": 404}},
            _away(),
            _sometimes("busy", seed, 0.02, kind="status", status=429, body=json.dumps({"code": 42908})),
        ],
        "app": [_sometimes("busy", seed, 0.3, kind="status", status=503)],
    }


def _dead() -> Rule:
    """Say that subscriptions are gone whose reference begins so: one in 64, since references are Base64."""
    return {
        "name": "dead",
        "match": {"recipient_prefix": GONE_PREFIX},
        "action": {"kind": "status", "status": 410},
    }


def _unregistered() -> Rule:
    """Say the same as FCM does: in an error's details, for a 404 alone is about project or API."""
    rule = _dead()
    error = {
        "code": 404,
        "message": "Requested entity was not found.",
        "status": "NOT_FOUND",
        "details": [{"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}],
    }
    return {**rule, "action": {"kind": "status", "status": 404, "body": json.dumps({"error": error})}}


def _unregistered_iphone() -> Rule:
    """Say the same as APNs does, in its own word and without the moment."""
    body = json.dumps({"reason": "Unregistered"})
    return {**_dead(), "action": {"kind": "status", "status": 410, "body": body}}


def _away() -> Rule:
    """Say once, as ntfy does, that no device has listened for long, of those whose reference begins so."""
    body = json.dumps({"code": 50701, "http": 507, "error": "nobody listens"})
    return {
        "name": "away",
        "match": {"recipient_prefix": AWAY_PREFIX, "first_attempts": 1},
        "action": {"kind": "status", "status": 507, "body": body},
    }


def _burst(name: str, first: int, length: int, retry_after_s: int) -> Rule:
    return {
        "name": name,
        "match": {"nth": list(range(first, first + length))},
        "action": {"kind": "status", "status": 429, "headers": {"retry-after": str(retry_after_s)}},
    }


def _sometimes(name: str, seed: int, probability: float, **action: Any) -> Rule:
    return {"name": name, "match": {"probability": probability, "seed": seed}, "action": action}
