"""The stand-in push service against pywebpush, http_ece and raw requests."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from pywebpush import WebPushException, webpush

from ops.lab.gateways.standins import webpush as gateway
from ops.lab.gateways.state import WEBPUSH_FILE, UserAgent, b64url, read_lines
from ops.lab.world import ledger
from tests.lab.conftest import Pusher


@pytest.fixture
def service(start: Any) -> Any:
    return start("webpush")


def test_a_push_by_pywebpush_is_accepted_and_its_content_written_down(
    service: Any, subscriber: Any, pusher: Pusher, doc: Any
) -> None:
    with requests.Session() as session:
        reply = webpush(
            {"endpoint": service.url + subscriber.address, "keys": subscriber.keys},
            data=doc("A7", "update"),
            vapid_private_key=pusher.vapid,
            vapid_claims={"sub": "mailto:lab@example.org"},
            ttl=900,
            headers={"Topic": "chain-1", "Urgency": "high"},
            timeout=10,
            requests_session=session,
        )
    (entry,) = service.entries()
    assert reply.status_code == entry.status == 201
    assert reply.headers["location"] == f"{service.url}/m/{entry.reference}"
    assert (entry.accepted, entry.recipient, entry.channel) == (True, subscriber.ref, "webpush")
    assert (entry.alert, entry.kind) == ("A7", "update")
    assert entry.hash == hashlib.sha256(doc("A7", "update")).hexdigest()
    assert (entry.collapse, entry.ttl, entry.urgency) == ("chain-1", 900, "high")
    assert (entry.process, entry.number, entry.attempt) == (service.ready.pid, 1, 1)
    assert entry.port == service.ready.ports[0]
    assert abs(entry.wall_ns / 1e9 - time.time()) < 60


def test_a_refused_push_raises_in_pywebpush_and_stands_in_the_ledger(
    service: Any, subscriber: Any, pusher: Pusher, doc: Any
) -> None:
    with requests.Session() as session, pytest.raises(WebPushException, match="400"):
        webpush(
            {"endpoint": service.url + subscriber.address, "keys": subscriber.keys},
            data=doc(),
            vapid_private_key=pusher.vapid,
            vapid_claims={"sub": "mailto:lab@example.org"},
            headers={"Topic": "not a topic"},
            timeout=10,
            requests_session=session,
        )
    (entry,) = service.entries()
    assert (entry.accepted, entry.status, entry.reason, entry.alert) == (False, 400, "topic", "A1")


def test_every_breach_of_the_protocol_is_refused_by_its_own_reason(
    service: Any, subscriber: Any, pusher: Pusher, doc: Any
) -> None:
    now = int(time.time())
    url = service.url
    broken = pusher.authorization(url)[:-90] + "AAAA" + pusher.authorization(url)[-86:]
    cases = [
        ({"TTL": None}, 400, "ttl"),
        ({"TTL": "soon"}, 400, "ttl"),
        ({"Content_Encoding": "aesgcm"}, 400, "content-encoding"),
        ({"Topic": "x" * 33}, 400, "topic"),
        ({"Urgency": "panic"}, 400, "urgency"),
        ({"Authorization": None}, 401, "vapid-absent"),
        ({"Authorization": "Bearer x"}, 403, "vapid-scheme"),
        ({"Authorization": "vapid t=a.b.c,k=d"}, 403, "vapid-unreadable"),
        ({"Authorization": "vapid t=%,k=d"}, 403, "vapid-unreadable"),
        ({"Authorization": _token({"alg": "none"})}, 403, "vapid-alg"),
        ({"Authorization": _token({"alg": "ES256"})}, 403, "vapid-signature"),
        ({"Authorization": broken}, 403, "vapid-signature"),
        ({"Authorization": pusher.authorization("http://localhost:9")}, 403, "vapid-aud"),
        ({"Authorization": pusher.authorization(url, now - 1)}, 403, "vapid-expired"),
        ({"Authorization": pusher.authorization(url, now + 90_000)}, 403, "vapid-exp-too-far"),
        ({"Host": "elsewhere.example:1"}, 421, "host"),
        ({"Host": "127.0.0.1"}, 421, "host"),
    ]
    with service.client() as client:
        seen = [(pusher.push(client, subscriber, **headers).status) for headers, _, _ in cases]
    assert seen == [status for _, status, _ in cases]
    entries = service.entries()
    assert [(entry.status, entry.reason) for entry in entries] == [case[1:] for case in cases]
    assert not any(entry.accepted for entry in entries)


def _token(header: Any) -> str:
    part = b64url(json.dumps(header).encode())
    return f"vapid t={part}.{part}.{part}, k=x"


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (("GET", "own", 100), 405, "method"),
        (("POST", "own", 0), 413, "size"),
        (("POST", "own", 4097), 413, "size"),
        (("POST", "/push/nobody", 100), 404, "unknown-subscription"),
        (("POST", "/elsewhere", 100), 404, "path"),
    ],
)
def test_wrong_requests_are_refused(
    service: Any, subscriber: Any, pusher: Pusher, request_: tuple[Any, ...], status: int, reason: str
) -> None:
    method, path, size = request_
    path = subscriber.address if path == "own" else path
    assert service.request(method, path, b"x" * size, pusher.headers(service.url)).status == status
    (entry,) = service.entries()
    assert (entry.accepted, entry.status, entry.reason) == (False, status, reason)


def test_each_port_is_an_origin_of_its_own(start: Any, subscriber: Any, pusher: Pusher, doc: Any) -> None:
    service = start("webpush", "--port", "0", "--port", "0")
    first, second = service.ready.urls
    body = pusher.body(subscriber, doc())
    with service.client(second) as client:
        assert client.request("POST", subscriber.address, body, pusher.headers(first)).status == 403
        assert client.request("POST", subscriber.address, body, pusher.headers(second)).status == 201
    assert {entry.port for entry in service.entries()} == {service.ready.ports[1]}


def test_a_further_name_can_be_an_origin(start: Any, subscriber: Any, pusher: Pusher) -> None:
    service = start("webpush", "--name", "push.example")
    origin = f"http://push.example:{service.ready.ports[0]}"
    headers = pusher.headers(origin, Host=origin.removeprefix("http://"))
    assert service.request("POST", subscriber.address, b"x" * 200, headers).status == 201


def test_it_can_be_bound_to_one_application_server_key(start: Any, subscriber: Any, pusher: Pusher) -> None:
    own = start("webpush", "--vapid-key", pusher.key)
    other = start("webpush", "--vapid-key", "BOther", ledger=own.ledger.with_name("other.ndjson"))
    with own.client() as client:
        assert pusher.push(client, subscriber).status == 201
    with other.client() as client:
        assert pusher.push(client, subscriber).status == 403
    assert other.entries()[0].reason == "vapid-other-key"


def test_vapid_can_be_made_optional(start: Any, subscriber: Any, pusher: Pusher) -> None:
    service = start("webpush", "--vapid-optional")
    with service.client() as client:
        assert pusher.push(client, subscriber, Authorization=None).status == 201


def test_it_speaks_tls(start: Any, certificate: tuple[Any, ...], subscriber: Any, pusher: Pusher) -> None:
    pem, context = certificate
    service = start("webpush", "--tls-cert", pem, tls=context)
    assert service.url.startswith("https://")
    with service.client() as client:
        assert pusher.push(client, subscriber).status == 201
        service.set_faults({"action": {"kind": "reset_after"}})
        with pytest.raises(OSError, match=r"reset|EOF|closed"):
            pusher.push(client, subscriber)
    assert [entry.accepted for entry in service.entries()] == [True, True]


def test_what_the_user_agent_cannot_read_is_accepted_and_named(
    service: Any, subscriber: Any, recipients: tuple[Any, ...], pusher: Pusher, doc: Any
) -> None:
    other = next(one for one in recipients if one.channel == "webpush" and one != subscriber)
    with service.client() as client:
        headers = pusher.headers(client.url)
        for body in (
            b"x" * 50,
            pusher.body(other, doc()),
            pusher.body(subscriber, b"[]"),
            pusher.body(subscriber, doc() * 20, record_size=200),
        ):
            assert client.request("POST", subscriber.address, body, headers).status == 201
    entries = service.entries()
    assert all(entry.accepted and entry.alert == "" for entry in entries)
    assert [entry.reason for entry in entries] == [
        "short",
        "not-for-this-recipient",
        "not-our-document",
        "more-than-one-record",
    ]


def test_decryption_can_be_left_to_the_reader(
    start: Any, state: Any, subscriber: Any, pusher: Pusher, doc: Any
) -> None:
    service = start("webpush", "--decrypt", "later")
    with service.client() as client:
        assert pusher.push(client, subscriber, doc("A9")).status == 201
        assert client.request("POST", subscriber.address, b"x" * 99, pusher.headers(client.url)).status == 201
        assert pusher.push(client, subscriber, TTL=None).status == 400
    written = service.entries()
    assert [(entry.alert, bool(entry.raw)) for entry in written] == [("", True), ("", True), ("", False)]
    good, bad, refused = ledger.opened(written, gateway.UserAgents(state / WEBPUSH_FILE).open_raw)
    assert (good.alert, good.hash, good.raw) == ("A9", hashlib.sha256(doc("A9")).hexdigest(), "")
    assert (bad.alert, bad.reason) == ("", "short")
    assert (refused.accepted, refused.reason) == (False, "ttl")


def _agent(state: Any, subscriber: Any) -> Any:
    agents = read_lines(Path(state) / WEBPUSH_FILE, UserAgent)
    return next(agent for agent in agents if agent.token == subscriber.ref)


def test_an_independent_encoder_s_records_decrypt(state: Any, subscriber: Any, pusher: Pusher) -> None:
    agent = _agent(state, subscriber)
    for plain in (b"x", b"\0\0", b"x" * 3_900):
        assert gateway.decrypt(agent, pusher.body(subscriber, plain)) == plain


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda body: body[:20] + b"\x40" + body[21:], "sender-key"),
        (lambda body: body[:22] + bytes(64) + body[86:], "sender-key"),
        (lambda body: body[:16] + (17).to_bytes(4) + body[20:], "more-than-one-record"),
        (lambda body: body[:-1] + bytes((body[-1] ^ 1,)), "not-for-this-recipient"),
    ],
)
def test_spoilt_bodies_are_told_apart(
    state: Any, subscriber: Any, pusher: Pusher, spoil: Any, reason: str
) -> None:
    body = pusher.body(subscriber, b"text")
    with pytest.raises(gateway.UndecryptableError, match=reason):
        gateway.decrypt(_agent(state, subscriber), spoil(body))


def test_a_record_that_is_not_the_last_is_refused(state: Any, subscriber: Any, pusher: Pusher) -> None:
    """Two records of 100 bytes, of which only the first arrives: its delimiter says that more follows."""
    body = pusher.body(subscriber, b"x" * 120, record_size=100)
    with pytest.raises(gateway.UndecryptableError, match="padding"):
        gateway.decrypt(_agent(state, subscriber), body[: 86 + 100])


def test_the_user_agents_of_a_population_can_be_counted_and_looked_up(
    state: Any, subscriber: Any, recipients: tuple[Any, ...]
) -> None:
    agents = gateway.UserAgents(state / WEBPUSH_FILE)
    assert len(agents) == sum(one.channel == "webpush" for one in recipients)
    assert subscriber.ref in agents
    assert "nobody" not in agents


def test_what_waits_for_a_user_agent_that_is_offline_can_be_deleted(
    start: Any, subscriber: Any, pusher: Pusher, doc: Any
) -> None:
    """As at Mozilla a message's place is that of its topic: its successor goes with it."""
    service = start("webpush", "--offline")

    def push(topic: str) -> str:
        with requests.Session() as session:
            reply = webpush(
                {"endpoint": service.url + subscriber.address, "keys": subscriber.keys},
                data=doc(),
                vapid_private_key=pusher.vapid,
                vapid_claims={"sub": "mailto:lab@example.org"},
                ttl=900,
                headers={"Topic": topic},
                timeout=10,
                requests_session=session,
            )
        return str(reply.headers["location"]).removeprefix(service.url)

    old, other = push("chain-1"), push("chain-2")
    push("chain-1")
    assert [service.request("DELETE", path).status for path in (old, old, other, "/m/none")] == [
        204, 404, 204, 404,
    ]  # fmt: skip
    entries = service.entries()[3:]
    assert [(one.recipient, one.reason, one.accepted) for one in entries] == [
        (subscriber.ref, "withdrawn", False),
        (subscriber.ref, "not-waiting", False),
        (subscriber.ref, "withdrawn", False),
        ("", "not-waiting", False),
    ]


def test_without_mailboxes_nothing_can_be_deleted(service: Any) -> None:
    assert service.request("DELETE", "/m/m1").status == 404
