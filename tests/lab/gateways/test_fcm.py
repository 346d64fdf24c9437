"""The stand-in of FCM: what it takes and refuses, and that the service reads its answers as they are meant."""

import dataclasses
import json
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from channels.base import ChannelMisconfigured, Endpoint, Gone, Permanent
from channels.clock import utc_now
from channels.fcm.access_tokens import GRANT, AccessTokens
from channels.fcm.answers import AccessTokenRefused, fcm_error
from channels.fcm.channel import Fcm as Channel
from channels.fcm.projects import Project, Projects
from channels.fcm.service_account import ServiceAccount, service_account
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer
from ops.lab.gateways import launch
from ops.lab.gateways.http.exchange import Request
from ops.lab.gateways.parcel import Parcel
from ops.lab.gateways.standins.fcm import (
    KEY_FOLDER,
    LIFE_S,
    PROJECT,
    PROJECTS,
    STANDIN,
    TRYOUT,
    Fcm,
    credential,
    issue,
)
from ops.lab.gateways.state import FCM_FILE, FcmPhone
from tests.channels import conftest as channel_fixtures
from tests.channels.fcm.test_access_tokens import NOW
from tests.channels.fcm.test_message import NOTICE
from tests.support.service_accounts import account_of, key_file

authority, ca_file = channel_fixtures.authority, channel_fixtures.ca_file
PORT = 9901
HERE = f"http://127.0.0.1:{PORT}/token"
NOW_S = NOW.timestamp()
PHONE = STANDIN.subscriber(7, 1)
STRANGER = FcmPhone("other", "x" * 40, "warn-lab-2")
FID = FcmPhone("fid", "cX9k2LmNpQrStUvWxYz012", PROJECT, is_fid=True)
DOCUMENT = json.dumps({"alert": "A-1", "kind": "alert"})


class Sender:
    """The stand-in, and somebody who has an access token of the project."""

    def __init__(self, any_phone: str = "") -> None:
        assert isinstance(PHONE.secret, FcmPhone)
        files = [key_file(PROJECT), key_file("warn-lab-2", private_key_id="k2")]
        self.fcm = Fcm([PHONE.secret, STRANGER, FID], files, any_phone)
        granted = self.grant(account_of(PROJECT, HERE)).answer
        assert granted.status == 200
        self.value = json.loads(granted.body)["access_token"]

    def grant(self, account: ServiceAccount, now_s: float = NOW_S) -> Parcel:
        form = {"grant_type": GRANT, "assertion": account.assertion(NOW)}
        return self.ask("/token", urlencode(form).encode(), now_s)

    def send(
        self, project: str = PROJECT, value: str = "", now_s: float = NOW_S, body: bytes = b"", **changes: Any
    ) -> Parcel:
        message = {"token": PHONE.address, "data": {"notice": DOCUMENT}, "android": {"ttl": "60s"}, **changes}
        kept = {name: one for name, one in message.items() if one is not None}
        raw = body or json.dumps({"message": kept}).encode()
        return self.ask(f"/v1/projects/{project}/messages:send", raw, now_s, value or self.value)

    def ask(self, path: str, body: bytes, now_s: float = NOW_S, value: str = "") -> Parcel:
        headers = {"authorization": f"Bearer {value}"}
        return self.fcm.examine(Request("POST", path, headers, body, PORT, "h2"), now_s)


@pytest.fixture
def sender() -> Sender:
    return Sender()


def error_of(parcel: Parcel) -> object:
    assert parcel.refusal
    return fcm_error(Answer(parcel.answer.status, body=parcel.answer.body), lambda: NOW)


def test_a_message_is_taken_and_written_down_without_its_address(sender: Sender) -> None:
    android = {"ttl": "60s", "priority": "high", "collapse_key": "chain"}
    parcel = sender.send(android=android)
    assert (parcel.refusal, parcel.answer.status, parcel.recipient) == ("", 200, PHONE.ref)
    assert json.loads(parcel.answer.body) == {"name": parcel.reference}
    assert (parcel.content.alert, parcel.collapse, parcel.ttl, parcel.urgency) == ("A-1", "chain", 60, "high")
    assert PHONE.address not in repr(parcel)


def test_an_installation_id_is_another_target(sender: Sender) -> None:
    assert sender.send(token=None, fid=FID.address).refusal == ""
    assert sender.send(token=FID.address).refusal == "unregistered"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"token": "y" * 40}, Gone),
        ({"token": "short"}, Gone),
        ({"token": STRANGER.address}, Gone),
        ({"token": None}, Permanent),
        ({"fid": FID.address}, Permanent),
        ({"topic": "all"}, Permanent),
        ({"data": {"notice": 7}}, Permanent),
        ({"data": {"from": "x"}}, Permanent),
        ({"data": {"google.x": "x"}}, Permanent),
        ({"data": {"notice": "x" * 4096}}, Permanent),
        ({"android": {"ttl": 60}}, Permanent),
        ({"android": {"ttl": "60"}}, Permanent),
        ({"android": {"ttl": "2419201s"}}, Permanent),
        ({"android": {"priority": "HIGH"}}, Permanent),
        ({"android": {"ttl": "60s", "urgent": True}}, Permanent),
        ({"body": b"{"}, Permanent),
        ({"value": "ya29.other"}, AccessTokenRefused),
        ({"now_s": NOW_S + LIFE_S + 1}, AccessTokenRefused),
        ({"project": "warn-lab-2"}, ChannelMisconfigured),
    ],
)
def test_what_it_refuses_the_service_reads_as_it_is_meant(sender: Sender, changes: Any, kind: type) -> None:
    assert type(error_of(sender.send(**changes))) is kind


@pytest.mark.parametrize(
    ("account", "now_s"),
    [
        (account_of(PROJECT, HERE), NOW_S + 7200),
        (account_of(PROJECT, "http://127.0.0.1:1/token"), NOW_S),
        (account_of("warn-lab-2", HERE), NOW_S),
    ],
    ids=["clock", "audience", "another account's key"],
)
def test_an_assertion_is_of_now_and_for_it(sender: Sender, account: ServiceAccount, now_s: float) -> None:
    answer = sender.grant(account, now_s).answer
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_grant")


@pytest.mark.processes
async def test_a_mass_send_goes_over_connections_of_our_own(
    processes: Any, authority: Any, ca_file: str, tmp_path: Path
) -> None:
    """The access token is long, and one server after another has to read it out of HPACK."""
    (tmp_path / FCM_FILE).write_bytes(msgspec.json.encode(PHONE.secret))
    (tmp_path / "key.json").write_bytes(key_file(PROJECT))
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    options = ("--key-file", str(tmp_path / "key.json"), "--tls-cert", str(pem))
    trust = ssl.create_default_context(cafile=ca_file)
    with launch.start("fcm", ledger=tmp_path / "ledger", state=tmp_path, options=options, tls=trust) as fcm:
        policy = AddressPolicy(frozenset({fcm.url}))
        http = HttpClient(policy, ca_file=ca_file, http2_after=1)
        projects = Projects(
            AccessTokens(http, policy, utc_now), [Project(account_of(PROJECT, f"{fcm.url}/token"), fcm.url)]
        )
        notice = dataclasses.replace(NOTICE, deadline=utc_now() + timedelta(minutes=5))
        sent = [
            one
            for first in (0, 1)  # the first answer says that HTTP/2 is spoken
            async for receipts in Channel(http, projects).send(
                notice,
                PROJECT,
                [Endpoint(first * 1000 + n, PHONE.address, PHONE.keys) for n in range(1 + 299 * first)],
            )
            for one in receipts
        ]
        await http.aclose()
        stats = fcm.stats()
    assert [one.error for one in sent] == [None] * 301
    assert stats["by_status"] == {"200": 302}
    assert stats["by_protocol"] == {"h2": 302}


def test_key_files_are_issued_once_and_are_those_of_each_municipality(tmp_path: Path) -> None:
    files = [file.read_bytes() for file in issue(tmp_path / KEY_FOLDER)]
    assert [file.read_bytes() for file in issue(tmp_path / KEY_FOLDER)] == files
    own = STANDIN.credentials(tmp_path, HERE.removesuffix("/token"))
    assert set(own) == set(PROJECTS.values())
    fcm = Fcm([], files)
    for project, instance in PROJECTS.items():
        account = service_account(own[instance], AddressPolicy(frozenset({HERE.removesuffix("/token")})))
        assert account.project == project
        form = {"grant_type": GRANT, "assertion": account.assertion(NOW)}
        asked = Request("POST", "/token", {}, urlencode(form).encode(), PORT, "h2")
        assert fcm.examine(asked, NOW_S).answer.status == 200


def test_of_one_project_each_address_is_a_phone_and_what_its_app_is_handed_is_kept() -> None:
    sender = Sender(any_phone=PROJECT)
    own = sender.send(token="my-first-phone:APA91b")
    assert (own.refusal, own.content.alert) == ("", "A-1")
    assert json.loads(own.handed) == {"fcm": {"notice": DOCUMENT}}
    assert "my-first-phone" not in repr(own), "it is written down without its address"
    again = sender.send(token=None, fid="my-first-phone:APA91b")
    assert (again.refusal, again.recipient) == ("", own.recipient)
    assert type(error_of(sender.send(token="short"))) is Gone
    for known in (PHONE.address, FID.address):
        assert sender.send(token=known).handed == ""
    assert type(error_of(sender.send(token=STRANGER.address))) is Gone, "another project's stays its own"


def test_without_such_a_project_an_address_is_a_phones_only_where_it_is_known(sender: Sender) -> None:
    assert type(error_of(sender.send(token="my-first-phone:APA91b"))) is Gone
    assert type(error_of(Sender(any_phone="warn-lab-2").send(token="my-first-phone:APA91b"))) is Gone


def test_a_key_file_is_issued_for_that_project_too(tmp_path: Path) -> None:
    issue(tmp_path / KEY_FOLDER, (*PROJECTS, TRYOUT))
    origin = HERE.removesuffix("/token")
    own = service_account(credential(tmp_path, origin, TRYOUT), AddressPolicy(frozenset({origin})))
    assert own.project == TRYOUT


def test_what_is_no_request_of_either_api_is_answered_in_html(sender: Sender) -> None:
    parcel = sender.ask("/fcm/send", b"")
    assert (parcel.answer.status, type(error_of(parcel))) == (404, ChannelMisconfigured)
    assert parcel.answer.body.startswith(b"<!DOCTYPE")
