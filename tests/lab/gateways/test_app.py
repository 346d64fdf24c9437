"""The stand-in of the municipalities' app instances."""

import hashlib
import time
from typing import Any

import pytest


@pytest.fixture
def instance(recipients: tuple[Any, ...]) -> Any:
    return next(one for one in recipients if one.channel == "app")


@pytest.fixture
def app(start: Any) -> Any:
    return start("app")


def test_a_signed_callback_is_accepted_and_written_down(app: Any, instance: Any, sign: Any, doc: Any) -> None:
    body = doc("A3", "cancel")
    reply = app.request("POST", instance.address, body, sign(instance, body, identity="chain-1"))
    (entry,) = app.entries()
    assert (reply.status, reply.body) == (204, b"")
    assert (entry.recipient, entry.alert, entry.kind) == (instance.ref, "A3", "cancel")
    assert (entry.collapse, entry.hash) == ("chain-1", hashlib.sha256(body).hexdigest())
    assert (entry.accepted, entry.status, entry.channel) == (True, 204, "app")


@pytest.mark.parametrize(
    ("options", "drop", "reason"),
    [
        ({"secret": "whsec_b3RoZXI="}, None, "signature"),
        ({"identity": ""}, None, "signature"),
        ({}, "webhook-signature", "signature"),
        ({}, "webhook-timestamp", "timestamp"),
        ({"timestamp": int(time.time()) - 100_000}, None, "timestamp"),
        ({"timestamp": int(time.time()) + 100_000}, None, "timestamp"),
        ({"timestamp": "now"}, None, "timestamp"),
    ],
)
def test_a_callback_that_is_not_signed_for_this_instance_now_is_refused(
    app: Any, instance: Any, sign: Any, options: dict[Any, Any], drop: str | None, reason: str
) -> None:
    headers = sign(instance, b"{}", **options)
    headers.pop(drop, None)
    assert app.request("POST", instance.address, b"{}", headers).status == 401
    (entry,) = app.entries()
    assert (entry.accepted, entry.reason) == (False, reason)


def test_a_changed_body_is_refused(app: Any, instance: Any, sign: Any, doc: Any) -> None:
    assert app.request("POST", instance.address, doc("A2"), sign(instance, doc("A1"))).status == 401


def test_wrong_paths_methods_and_instances_are_refused(app: Any, instance: Any) -> None:
    assert app.request("GET", instance.address).status == 405
    assert app.request("POST", "/callback/99999999").status == 404
    assert app.request("POST", "/elsewhere").status == 404
    assert [entry.reason for entry in app.entries()] == ["method", "unknown-instance", "path"]
