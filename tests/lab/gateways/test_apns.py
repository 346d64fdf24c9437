"""The stand-in of APNs: what it takes and refuses, that the service reads its answers as they are meant, and that a
library of others sends and reads the same.
"""

import asyncio
import contextlib
import dataclasses
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aioapns import APNs, NotificationRequest, PushType
from aioapns.common import NotificationResult
from aioapns.connection import APNsProductionClientProtocol
from hypothesis import given
from hypothesis import strategies as st

from channels.apns.answers import TokenTooOld, TokenTooSoon, apns_error, row_of
from channels.apns.apple_apps import AppleApp, AppleApps
from channels.apns.channel import Apns as Channel
from channels.apns.credential import apns_credential
from channels.apns.message import Interruption, MessageIds, headers, template
from channels.apns.provider_tokens import ProviderTokens, signed
from channels.base import ChannelMisconfigured, Endpoint, Gone, Permanent
from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer
from ops.lab.gateways import launch
from ops.lab.gateways.http.exchange import Request
from ops.lab.gateways.http.http2 import Http2Connection, Http2Exchange
from ops.lab.gateways.parcel import Parcel
from ops.lab.gateways.standins.apns import APPS, KEY_FOLDER, STANDIN, TOPIC, TRYOUT, Apns, credential, issue
from ops.lab.gateways.state import APNS_FILE, ApnsPhone, unb64url
from tests.channels import conftest as channel_fixtures
from tests.channels.apns.test_message import NOTICE, NOW
from tests.support.apns_credentials import KEY_ID, TEAM, credential_file, credential_of, signing_key
from tests.support.programs import npm_packages, program, run
from tests.support.service_accounts import pem_of

authority, ca_file = channel_fixtures.authority, channel_fixtures.ca_file
server_tls = channel_fixtures.server_tls
NOW_S = NOW.timestamp()
PHONE = STANDIN.subscriber(7, 2)
GONE_S = NOW_S - 86_400
OTHERS = (
    ApnsPhone("debug", "b2" * 32, TOPIC, "sandbox"),
    ApnsPhone("other", "c3" * 32, "de.other"),
    ApnsPhone("gone", "d4" * 32, TOPIC, gone_s=GONE_S),
)
CREDENTIAL = credential_of(TOPIC)
MINUTE = 60.0
SUPPORT = Path(__file__).parents[2] / "support"
NODE_APN = "@parse/node-apn@8.1.0"


class Sender:
    """The stand-in, and somebody who has a key of the app."""

    def __init__(self, any_phone: str = "") -> None:
        assert isinstance(PHONE.secret, ApnsPhone)
        files = [
            credential_file(TOPIC),
            credential_file(TOPIC, key_id="SANDBOX890", environment="sandbox"),
        ]
        self.apns = Apns([PHONE.secret, *OTHERS], files, any_phone=any_phone)

    def send(
        self, device: str = PHONE.address, now_s: float = NOW_S, age_s: float = 0.0, **changes: Any
    ) -> Parcel:
        """Send as the channel does; `changes` are headers with _ for -, None leaves one out; `body`, `method`, `path`
        and the credential that signs are parameters of the request.
        """
        body = changes.pop("body", template(NOTICE, Interruption.CRITICAL).body(None))
        method, path = changes.pop("method", "POST"), changes.pop("path", f"/3/device/{device}")
        issued = NOW.fromtimestamp(now_s - age_s, NOW.tzinfo)
        token = signed(changes.pop("credential", CREDENTIAL), issued)
        own = {
            **headers(NOTICE, TOPIC, NOW),
            "authorization": f"bearer {token}",
            "apns-id": MessageIds(NOTICE.alert_id).of(1),
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        kept = {name: value for name, value in own.items() if value is not None}
        return self.apns.examine(Request(method, path, kept, body, 1, "h2"), now_s)


@pytest.fixture
def sender() -> Sender:
    return Sender()


def error_of(parcel: Parcel) -> Any:
    answer = Answer(parcel.answer.status, body=parcel.answer.body)
    assert row_of(answer) is not None, "the reason is of the table"
    return apns_error(answer, lambda: NOW)


def test_a_notification_is_taken_and_written_down_without_its_address(sender: Sender) -> None:
    parcel = sender.send()
    assert (parcel.refusal, parcel.answer.status, parcel.recipient) == ("", 200, PHONE.ref)
    assert parcel.reference == MessageIds(NOTICE.alert_id).of(1)
    assert (parcel.collapse, parcel.ttl, parcel.urgency) == (NOTICE.collapse_key, 3_600, "high")
    assert PHONE.address not in repr(parcel)


@pytest.mark.parametrize(
    ("changes", "reason", "kind"),
    [
        ({"method": "GET"}, "MethodNotAllowed", ChannelMisconfigured),
        ({"path": "/2/device/x"}, "BadPath", ChannelMisconfigured),
        ({"device": ""}, "MissingDeviceToken", Permanent),
        ({"device": "abc"}, "BadDeviceToken", Gone),
        ({"device": "ff" * 32}, "BadDeviceToken", Gone),
        ({"device": "b2" * 32}, "BadDeviceToken", Gone),
        ({"device": "c3" * 32}, "DeviceTokenNotForTopic", Gone),
        ({"device": "d4" * 32}, "Unregistered", Gone),
        ({"apns_topic": None}, "MissingTopic", Permanent),
        ({"apns_topic": "de.foreign"}, "TopicDisallowed", ChannelMisconfigured),
        ({"apns_id": "1"}, "BadMessageId", Permanent),
        ({"apns_expiration": "-1"}, "BadExpirationDate", Permanent),
        ({"apns_priority": "7"}, "BadPriority", Permanent),
        ({"apns_collapse_id": "x" * 65}, "BadCollapseId", Permanent),
        ({"apns_push_type": "warning"}, "InvalidPushType", Permanent),
        ({"body": b""}, "PayloadEmpty", Permanent),
        ({"body": b'{"aps":{},"x":"' + b"x" * 4_096 + b'"}'}, "PayloadTooLarge", Permanent),
        ({"authorization": None}, "MissingProviderToken", ChannelMisconfigured),
        ({"authorization": "bearer x.y.z"}, "InvalidProviderToken", ChannelMisconfigured),
        ({"credential": credential_of(key_id="REVOKED890")}, "InvalidProviderToken", ChannelMisconfigured),
        (
            {"credential": credential_of(key=pem_of(signing_key(2)))},
            "InvalidProviderToken",
            ChannelMisconfigured,
        ),
        ({"credential": credential_of(team_id="OTHER67890")}, "InvalidProviderToken", ChannelMisconfigured),
        (
            {"credential": credential_of(key_id="SANDBOX890")},
            "BadEnvironmentKeyInToken",
            ChannelMisconfigured,
        ),
        ({"age_s": 2 * 3_600}, "ExpiredProviderToken", TokenTooOld),
        ({"age_s": -2 * 3_600}, "InvalidProviderToken", ChannelMisconfigured),
    ],
)
def test_what_it_refuses_the_service_reads_as_it_is_meant(
    sender: Sender, changes: Any, reason: str, kind: type
) -> None:
    parcel = sender.send(**changes)
    assert parcel.refusal == reason
    assert type(error_of(parcel)) is kind


def test_it_says_since_when_a_phone_is_gone(sender: Sender) -> None:
    assert error_of(sender.send("d4" * 32)).since.timestamp() == GONE_S


def test_a_second_token_within_20_minutes_is_too_soon(sender: Sender) -> None:
    assert sender.send().refusal == ""
    assert sender.send(age_s=1.0).refusal == "TooManyProviderTokenUpdates"
    assert isinstance(error_of(sender.send(age_s=1.0)), TokenTooSoon)
    assert sender.send(now_s=NOW_S + 20 * MINUTE).refusal == ""


@given(st.lists(st.tuples(st.integers(0, 3_600), st.integers(0, 2)), min_size=1, max_size=12))
def test_however_seldom_processes_send_one_of_two_tokens_is_taken(sent: list[tuple[int, int]]) -> None:
    """It counts from when it saw a token first: who shows one a minute before the next one is refused that."""
    sender, processes, now_s = Sender(), [ProviderTokens() for _ in range(3)], NOW_S
    for pause_s, number in sent:
        now_s += pause_s
        now = NOW.fromtimestamp(now_s, NOW.tzinfo)
        token = processes[number].token(CREDENTIAL, now)
        parcel = sender.send(now_s=now_s, age_s=now_s - token.issued.timestamp())
        if isinstance(parcel.refusal and error_of(parcel), TokenTooSoon):
            token = processes[number].kept(CREDENTIAL, token, now)
            parcel = sender.send(now_s=now_s, age_s=now_s - token.issued.timestamp())
        assert parcel.refusal == ""


def test_a_message_that_names_no_id_gets_one(sender: Sender) -> None:
    named = sender.send(apns_id=None).reference
    assert str(uuid.UUID(named)).upper() == named


def test_what_is_taken_is_the_document(sender: Sender) -> None:
    body = json.dumps({"aps": {}, "notice": {"alert": "A-1", "kind": "alert"}}).encode()
    assert sender.send(body=body).content.alert == "A-1"


@pytest.mark.processes
async def test_a_mass_send_goes_over_connections_of_our_own_with_one_token(
    processes: Any, authority: Any, ca_file: str, tmp_path: Path
) -> None:
    """The token is long, and one server after another has to read it out of HPACK."""
    (tmp_path / APNS_FILE).write_bytes(msgspec.json.encode(PHONE.secret))
    (tmp_path / "key.json").write_bytes(credential_file(TOPIC))
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    options = ("--credential", str(tmp_path / "key.json"), "--tls-cert", str(pem))
    trust = ssl.create_default_context(cafile=ca_file)
    with launch.start("apns", ledger=tmp_path / "ledger", state=tmp_path, options=options, tls=trust) as apns:
        policy = AddressPolicy(frozenset({apns.url}))

        def connect() -> HttpClient:
            return HttpClient(policy, ca_file=ca_file, http2_after=1, per_host=1)

        channels = [
            Channel(AppleApps(connect, [AppleApp(CREDENTIAL, TOPIC, apns.url)]), policy) for _ in range(2)
        ]
        notice = dataclasses.replace(NOTICE, deadline=utc_now() + timedelta(minutes=5))
        sent = []
        for channel in channels:  # as two processes, and each begins with one request alone
            endpoints = [Endpoint(number, PHONE.address, PHONE.keys) for number in range(300)]
            async for receipts in channel.send(notice, f"production/{TOPIC}", endpoints):
                sent += receipts
            await channel.aclose()
        stats = apns.stats()
    assert [one.error for one in sent] == [None] * 600
    assert stats["by_status"] == {"200": 600}, "a second token would be refused"
    assert stats["by_protocol"] == {"h2": 600}


@dataclasses.dataclass
class Listening:
    """The stand-in in the test's own loop, and the requests that came."""

    apns: Apns
    requests: list[Request] = dataclasses.field(default_factory=list)
    port: int = 0

    def by_path(self) -> list[Request]:
        return sorted(self.requests, key=lambda one: one.path)

    def handle(self, exchange: Http2Exchange) -> None:
        self.requests.append(exchange.request)
        exchange.answer(self.apns.examine(exchange.request, utc_now().timestamp()).answer)

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext) -> AsyncIterator[None]:
        open_set: set[Any] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Http2Connection(self.handle, 0, open_set), "127.0.0.1", 0, ssl=tls
        )
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for one in list(open_set):
            one.close()


async def by_us(port: int, ca_file: str, devices: Sequence[str], deadline: datetime) -> list[Any]:
    url = f"https://127.0.0.1:{port}"
    policy = AddressPolicy(frozenset({url}))

    def connect() -> HttpClient:
        return HttpClient(policy, ca_file=ca_file, per_host=1)

    channel = Channel(AppleApps(connect, [AppleApp(CREDENTIAL, TOPIC, url)]), policy)
    notice = dataclasses.replace(NOTICE, deadline=deadline)
    endpoints = [Endpoint(number, device, PHONE.keys) for number, device in enumerate(devices)]
    found: dict[int, Any] = {}
    async for receipts in channel.send(notice, f"production/{TOPIC}", endpoints):
        found |= {one.endpoint_id: one.error for one in receipts}
    await channel.aclose()
    return [found[number] for number in range(len(devices))]


async def by_aioapns(
    port: int, ca_file: str, devices: Sequence[str], seconds: int, monkeypatch: pytest.MonkeyPatch
) -> list[NotificationResult]:
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_SERVER", "127.0.0.1")
    monkeypatch.setattr(APNsProductionClientProtocol, "APNS_PORT", port)
    tls = ssl.create_default_context(cafile=ca_file)
    tls.set_alpn_protocols(["h2"])
    client = APNs(
        key=pem_of(signing_key()),
        key_id=KEY_ID,
        team_id=TEAM,
        topic=TOPIC,
        ssl_context=tls,
        max_connections=1,
    )
    results = [
        await client.send_notification(
            NotificationRequest(
                device,
                json.loads(template(NOTICE, Interruption.TIME_SENSITIVE).body(None)),
                time_to_live=seconds,
                priority=10,
                collapse_key=NOTICE.collapse_key,
                push_type=PushType.ALERT,
            )
        )
        for device in devices
    ]
    client.pool.close()
    return results


async def test_what_we_send_and_read_is_what_aioapns_does(
    authority: Any, ca_file: str, server_tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Listening(Sender().apns), Listening(Sender().apns)
    devices = (PHONE.address, "d4" * 32, "ff" * 32)
    deadline = utc_now() + timedelta(hours=1)
    async with ours.serving(server_tls("h2")), theirs.serving(server_tls("h2")):
        errors = await by_us(ours.port, ca_file, devices, deadline)
        results = await by_aioapns(theirs.port, ca_file, devices, 3_600, monkeypatch)
    assert [one.status for one in results] == ["200", "410", "400"]
    assert [error and error.code for error in errors] == [None, "410", "400"]
    assert [error and error.detail for error in errors[1:]] == [one.description for one in results[1:]]
    assert errors[1].since.timestamp() == results[1].timestamp / 1000
    left_out = {"accept", "content-length", "content-type", "user-agent"}
    for mine, other in zip(ours.by_path(), theirs.by_path(), strict=True):
        assert_same(mine, other, left_out, deadline)
        assert int(other.headers["apns-expiration"]) >= int(mine.headers["apns-expiration"])
        assert uuid.UUID(mine.headers["apns-id"]).variant == uuid.UUID(other.headers["apns-id"]).variant


def assert_same(mine: Request, other: Request, left_out: set[str], deadline: datetime) -> None:
    """Raises AssertionError unless another library sends what we do, but for these headers."""
    assert (mine.method, mine.path, json.loads(mine.body)) == ("POST", other.path, json.loads(other.body))
    assert mine.headers.keys() - other.headers.keys() == left_out
    assert other.headers.keys() - mine.headers.keys() == set()
    same = ("apns-topic", "apns-push-type", "apns-priority", "apns-collapse-id")
    assert [mine.headers[name] for name in same] == [other.headers[name] for name in same]
    assert int(mine.headers["apns-expiration"]) == int(deadline.timestamp())
    shown = [one.headers["authorization"].split() for one in (mine, other)]
    assert [one[0] for one in shown] == ["bearer", "bearer"]
    header, claims = ([json.loads(unb64url(one[1].split(".")[n])) for one in shown] for n in (0, 1))
    assert header[1] == {**header[0], "typ": "JWT"}
    assert [sorted(one) for one in claims] == [["iat", "iss"]] * 2


async def by_node_apn(
    port: int, ca_file: str, devices: Sequence[str], notifications: list[dict[str, Any]]
) -> dict[str, Any]:
    token = {"key": pem_of(signing_key()), "keyId": KEY_ID, "teamId": TEAM}
    order = {"port": port, "token": token, "devices": devices, "notifications": notifications}
    command = [program("node", "nodejs"), SUPPORT / "apn_client.cjs", json.dumps(order)]
    modules = {"MODULES": str(npm_packages(NODE_APN)), "NODE_EXTRA_CA_CERTS": ca_file}
    done = await asyncio.to_thread(run, command, env=modules)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def as_node_apn_has_it(granted: Interruption, until: datetime) -> dict[str, Any]:
    """The notice in the words of npm's library, which makes headers and payload of them itself."""
    written = json.loads(template(NOTICE, granted).body(None))
    aps = written["aps"]
    return {
        "topic": TOPIC,
        "pushType": "alert",
        "expiry": int(until.timestamp()),
        "collapseId": NOTICE.collapse_key,
        "title": aps["alert"]["title"],
        "body": aps["alert"]["body"],
        "sound": aps["sound"],
        "interruptionLevel": aps["interruption-level"],
        "threadId": NOTICE.collapse_key,
        "mutableContent": 1,
        "payload": {"notice": written["notice"]},
    }


@pytest.mark.processes
async def test_what_we_send_and_read_is_what_npms_library_does(
    authority: Any, ca_file: str, server_tls: Any
) -> None:
    ours, theirs = Listening(Sender().apns), Listening(Sender().apns)
    devices = (PHONE.address, "d4" * 32, "ff" * 32)
    deadline = utc_now() + timedelta(hours=1)
    notifications = [
        as_node_apn_has_it(one, deadline) for one in (Interruption.TIME_SENSITIVE, Interruption.CRITICAL)
    ]
    async with ours.serving(server_tls("h2")), theirs.serving(server_tls("h2")):
        errors = await by_us(ours.port, ca_file, devices, deadline)
        found = await by_node_apn(theirs.port, ca_file, devices, notifications)
    answers = [found["answers"][device] for device in devices]
    assert [one["status"] for one in answers] == [200, 410, 400]
    assert [error and error.detail for error in errors[1:]] == [one["reason"] for one in answers[1:]]
    assert errors[1].since.timestamp() == answers[1]["timestamp"] / 1000
    # Where nothing is said it names no id, no type of content and no length.
    left_out = {"accept", "apns-id", "content-length", "content-type", "user-agent"}
    for mine, other in zip(ours.by_path(), theirs.by_path(), strict=True):
        assert_same(mine, other, left_out, deadline)
        assert mine.headers["apns-expiration"] == other.headers["apns-expiration"]
    assert found["others"] == [json.loads(template(NOTICE, Interruption.CRITICAL).body(None))]


def test_of_one_app_each_device_token_is_a_phone_and_what_its_app_is_handed_is_kept() -> None:
    sender = Sender(any_phone=TOPIC)
    own = sender.send("ab" * 32)
    assert own.refusal == ""
    handed = json.loads(own.handed)["apns"]
    assert handed == json.loads(template(NOTICE, Interruption.CRITICAL).body(None))
    assert "abab" not in repr(own), "it is written down without its address"
    assert sender.send("abc").refusal == "BadDeviceToken"
    assert sender.send(PHONE.address).handed == ""
    assert sender.send("c3" * 32).refusal == "DeviceTokenNotForTopic", "another app's stays its own"


@pytest.mark.parametrize("any_phone", ["", "de.other"])
def test_of_any_other_app_a_device_token_is_a_phones_only_where_it_is_known(any_phone: str) -> None:
    assert Sender(any_phone).send("ab" * 32).refusal == "BadDeviceToken"


def test_a_key_is_issued_for_that_app_too(tmp_path: Path) -> None:
    issue(tmp_path / KEY_FOLDER, (*APPS, TRYOUT))
    assert apns_credential(credential(tmp_path, TRYOUT)).topics == (TRYOUT,)


def test_keys_are_issued_once_and_are_those_of_each_municipality(tmp_path: Path) -> None:
    files = [file.read_bytes() for file in issue(tmp_path / KEY_FOLDER)]
    assert [file.read_bytes() for file in issue(tmp_path / KEY_FOLDER)] == files
    own = STANDIN.credentials(tmp_path, "")
    found = {instance: apns_credential(one) for instance, one in own.items()}
    assert {one.topics: instance for instance, one in found.items()} == {
        (topic,): instance for topic, instance in APPS.items()
    }
    assert len({one.key_name for one in found.values()}) == len(APPS)
