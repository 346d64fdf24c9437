"""Fault rules: who is met (by values), and what the sender then sees (real processes)."""

import http.client
import json
import re
import time
from typing import Any

import msgspec
import pytest

from ops.lab.gateways.faults import Faults, parse

GOOD = {
    "to": "+4900000000001",
    "text": "Hochwasser",
    "sender": "Kreis",
    "client_ref": "A-1",
    "validity_s": 60,
}


def rules(*matches: Any, kind: str = "status") -> Any:
    return parse(json.dumps([{"match": match, "action": {"kind": kind}} for match in matches]).encode())


def met(match: Any, requests: Any) -> list[Any]:
    """Numbers (from 1) of the requests (recipient, port, seconds) that the rule meets."""
    faults = Faults(rules(match), 0.0)
    return [number for number, request in enumerate(requests, 1) if faults.choose(*request)]


def test_a_rule_without_conditions_meets_everything() -> None:
    assert met({}, [("a", 1, 0.0)] * 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"recipient_prefix": "b"}, [2, 4, 6]),
        ({"port": 2}, [5, 6]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"nth": [1], "every": 5}, [1, 5]),
        ({"first_attempts": 2}, [1, 2, 3, 4]),
        ({"first_attempts": 2, "recipient_prefix": "a"}, [1, 3]),
        ({"after_s": 3}, [4, 5, 6]),
        ({"until_s": 3}, [1, 2, 3]),
        ({"after_s": 1, "until_s": 4}, [2, 3, 4]),
        ({"probability": 0}, []),
        ({"share": 0}, []),
    ],
)
def test_conditions_select_requests(match: dict[Any, Any], expected: list[Any]) -> None:
    requests = [(recipient, 1 + (second >= 4), float(second)) for second, recipient in enumerate("ababab")]
    assert met(match, requests) == expected


def test_a_probability_is_decided_by_seed_recipient_and_attempt_not_by_the_order_of_arrival() -> None:
    def fates(seed: Any, order: Any) -> Any:
        faults = Faults(rules({"probability": 0.3, "seed": seed}), 0.0)
        found: dict[str, list[bool]] = {}
        for recipient in order:
            found.setdefault(recipient, []).append(faults.choose(recipient, 1, 0.0) is not None)
        return found

    people = [f"r{index}" for index in range(500)]
    one = fates(1, people + people)
    assert one == fates(1, people[::-1] * 2)
    assert one != fates(2, people + people)
    assert 200 < sum(map(sum, one.values())) < 400
    assert any(first != second for first, second in one.values())


def test_a_share_of_the_recipients_is_met_at_every_attempt() -> None:
    faults = Faults(rules({"share": 0.1, "seed": 3}), 0.0)
    people = [f"r{index}" for index in range(1000)]
    attempts = [
        {one for one in people if faults.choose(one, 1, float(number)) is not None} for number in range(3)
    ]
    assert attempts[0] == attempts[1] == attempts[2]
    assert 70 < len(attempts[0]) < 130


def test_a_throttled_account_takes_so_many_in_any_second() -> None:
    faults = Faults(rules({"above_per_s": 10}), 0.0)
    passed = [at / 1000 for at in range(0, 5000, 25) if faults.choose("anybody", 1, at / 1000) is None]
    assert len(passed) == 50
    slow = json.dumps(
        [
            {"match": {"above_per_s": 1}, "action": {"kind": "status"}},
            {"action": {"kind": "delay", "delay_s": 0.1}},
        ]
    )
    faults = Faults(parse(slow.encode()), 0.0)
    names = [faults.choose("anybody", 1, at).name for at in (0.0, 0.5, 1.5)]
    assert names == ["delay-1", "status-0", "delay-1"], "also what is only delayed counts"
    assert max(sum(first <= at < first + 1 for at in passed) for first in passed) == 10


def test_the_first_matching_rule_wins_and_is_counted() -> None:
    faults = Faults(rules({"recipient_prefix": "a"}, {}), 0.0)
    names = [faults.choose(recipient, 1, 0.0).name for recipient in "aba"]
    assert names == ["status-0", "status-1", "status-0"]
    assert faults.fired == {"status-0": 2, "status-1": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[{}]",
        b"not json",
        b'[{"action": {"kind": "explode"}}]',
        b'[{"action": {"kind": "hang"}, "match": {"probabilty": 1}}]',
        b'[{"action": {"kind": "hang"}, "match": {"probability": 2}}]',
        b'[{"action": {"kind": "status", "status": 99}}]',
    ],
)
def test_rules_that_say_nothing_clear_are_refused(start: Any, body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse(body)
    reply = start("sms").request("PUT", "/_control/faults", body)
    assert reply.status == 400
    assert json.loads(reply.body)["error"]


@pytest.fixture
def gateway(start: Any) -> Any:
    return start("sms")


def send(client: Any) -> Any:
    return client.request("POST", "/messages", json.dumps(GOOD).encode())


def refuse(client: Any) -> Any:
    with pytest.raises((OSError, http.client.HTTPException)) as caught:
        send(client)
    client.connection.close()
    return caught.value


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {"Retry-After": "7"}, ""),
        (410, {}, ""),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "busy"),
        (500, {}, "oops"),
        (301, {"Location": "http://127.0.0.1:1/"}, ""),
        (200, {"content-type": "application/json"}, '{"error": "no credit"}'),
        (599, {}, ""),
    ],
)
def test_a_status_is_sent_with_its_headers_and_body_and_nothing_is_taken(
    gateway: Any, status: int, headers: dict[Any, Any], body: str
) -> None:
    action = {"kind": "status", "status": status, "headers": headers, "body": body}
    assert gateway.set_faults({"name": "f", "action": action}) == ["f"]
    with gateway.client() as client:
        reply = send(client)
        assert (reply.status, reply.body.decode()) == (status, body)
        assert headers.items() <= reply.headers.items()
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.status, entry.fault, entry.reason) == (False, status, "f", "fault")
    assert (entry.alert, entry.reference) == ("A", "")


@pytest.mark.parametrize(("kind", "accepted"), [("reset", False), ("reset_after", True)])
def test_a_reset_breaks_the_connection_before_or_after_the_message_is_taken(
    gateway: Any, kind: str, accepted: bool
) -> None:
    gateway.set_faults({"action": {"kind": kind}})
    with gateway.client() as client:
        assert isinstance(refuse(client), ConnectionResetError)
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.status) == (accepted, 0)


@pytest.mark.parametrize("kind", ["garbage", "cut_off"])
def test_garbage_and_half_an_answer_are_none_and_nothing_is_taken(gateway: Any, kind: str) -> None:
    gateway.set_faults({"action": {"kind": kind, "status": 200, "body": "x" * 99, "keep_bytes": 60}})
    with gateway.client() as client:
        assert isinstance(refuse(client), http.client.HTTPException)
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.status, entry.reason) == (False, 0, "fault")


@pytest.mark.parametrize(("kind", "accepted"), [("hang", False), ("hang_after", True)])
def test_a_hanging_gateway_never_answers_and_serves_others_meanwhile(
    gateway: Any, kind: str, accepted: bool
) -> None:
    gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": kind}})
    with gateway.client(timeout_s=0.3) as client, gateway.client() as other:
        assert isinstance(refuse(client), TimeoutError)
        assert send(other).status == 202
    assert [(entry.accepted, entry.status) for entry in gateway.entries()] == [(accepted, 0), (True, 202)]


def test_a_delayed_message_is_taken_after_the_delay_even_if_the_sender_gave_up(gateway: Any) -> None:
    gateway.set_faults({"action": {"kind": "delay", "delay_s": 0.4}})
    began = time.monotonic()
    with gateway.client() as client:
        assert send(client).status == 202
    assert time.monotonic() - began >= 0.4
    with gateway.client(timeout_s=0.1) as client:
        assert isinstance(refuse(client), TimeoutError)
    with gateway.client() as client:  # its own delay ends after that of the one before
        assert send(client).status == 202
    assert [entry.accepted for entry in gateway.entries()] == [True, True, True]


def test_a_sender_who_gave_up_is_no_trouble_when_the_fault_is_due(gateway: Any) -> None:
    gateway.set_faults({"match": {"nth": [1]}, "action": {"kind": "reset_after", "delay_s": 0.3}})
    with gateway.client(timeout_s=0.1) as client:
        assert isinstance(refuse(client), TimeoutError)
    gateway.set_faults({"action": {"kind": "delay", "delay_s": 0.5}})
    with gateway.client() as client:
        assert send(client).status == 202
    assert [entry.status for entry in gateway.entries()] == [0, 202]


def test_a_truncated_answer_ends_early(gateway: Any) -> None:
    gateway.set_faults({"action": {"kind": "truncate", "keep_bytes": 10}})
    with gateway.client() as client:
        assert isinstance(refuse(client), http.client.BadStatusLine)
        gateway.set_faults({"action": {"kind": "truncate", "keep_bytes": 90}})
        assert isinstance(refuse(client), http.client.IncompleteRead)
    assert [(entry.accepted, entry.status) for entry in gateway.entries()] == [(True, 0), (True, 0)]


def test_a_slow_answer_comes_byte_by_byte_and_is_whole(gateway: Any) -> None:
    gateway.set_faults({"action": {"kind": "slow", "pause_s": 0.002}})
    began = time.monotonic()
    with gateway.client() as client:
        reply = send(client)
        assert reply.status == 202
        assert re.fullmatch(r'{"id":"s\w+","status":"accepted"}', reply.body.decode())
    assert time.monotonic() - began > 0.1
    assert gateway.entries()[0].accepted


def test_a_fault_that_takes_cannot_make_a_bad_request_good(gateway: Any) -> None:
    gateway.set_faults({"action": {"kind": "reset_after"}})
    with gateway.client() as client, pytest.raises(ConnectionResetError):
        client.request("POST", "/messages", b"{}")
    (entry,) = gateway.entries()
    assert (entry.accepted, entry.reason) == (False, "body")


def test_rules_can_be_replaced_and_taken_away(gateway: Any) -> None:
    with gateway.client() as client:
        gateway.set_faults({"action": {"kind": "status", "status": 500}})
        assert send(client).status == 500
        gateway.set_faults({"match": {"first_attempts": 1}, "action": {"kind": "status", "status": 429}})
        assert [send(client).status for _ in range(2)] == [429, 202]
        assert gateway.stats()["by_fault"] == {"status-0": 1}
        gateway.clear_faults()
        assert send(client).status == 202
    assert [entry.attempt for entry in gateway.entries()] == [1, 2, 3, 4]


def test_the_control_interface_counts_and_refuses_what_it_does_not_know(gateway: Any) -> None:
    with gateway.client() as client:
        gateway.set_faults({"match": {"nth": [2]}, "action": {"kind": "status", "status": 500}})
        assert [send(client).status for _ in range(3)] == [202, 500, 202]
    stats = gateway.stats()
    assert stats["commits"] == stats["entries"] == 3
    assert (stats["channel"], stats["requests"], stats["accepted"], stats["refused"]) == ("sms", 3, 2, 1)
    assert (stats["recipients"], stats["by_status"]) == (1, {"202": 2, "500": 1})
    assert stats["by_fault"] == {"status-0": 1}
    assert gateway.request("POST", "/_control/faults").status == 404
    assert gateway.request("GET", "/_control/elsewhere").status == 404
    assert len(gateway.entries()) == 3
