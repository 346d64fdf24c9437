"""What is concluded from libcurl's error numbers and from what a handle has seen, without a network."""

import socket
from types import SimpleNamespace

import pycurl
import pytest

from channels.http.addresses import AddressPolicy
from channels.http.curl.replay_guard import ReplayGuard
from channels.http.curl.transfer import Transfer
from channels.http.messages import HttpError, NoAnswer, NotSent, Refused, Request
from channels.http.origins import Origin
from channels.http.transport import Exchange, TransportSettings

ORIGIN = "https://push.example"
NOW = 100.0
INNER = SimpleNamespace(
    family=socket.AF_INET, socktype=socket.SOCK_STREAM, protocol=0, addr=("127.0.0.1", 443)
)


@pytest.fixture
def transfer(ca_file: str) -> Transfer:
    """Loaded with a request that is due in five seconds."""
    settings = TransportSettings(
        AddressPolicy(), connect_timeout_s=5.0, ca_file=ca_file, user_agent="test", monotonic=lambda: NOW
    )
    loaded = Transfer(settings, ReplayGuard())
    load(loaded, NOW + 5)
    return loaded


def load(transfer: Transfer, due: float) -> None:
    request = Request(ORIGIN + "/push/1", [], b"", 5.0)
    transfer.load(Exchange(request, Origin(ORIGIN), due, lambda _: None), 5.0)


def send(transfer: Transfer) -> int:
    return transfer._about_to_send("192.0.2.1", "192.0.2.2", 443, 50_000)


def concluded(got: object) -> tuple[type, str]:
    assert isinstance(got, HttpError)
    assert got.origin == ORIGIN
    return type(got), got.code


@pytest.mark.parametrize(
    ("errno", "before", "after"),
    [
        (pycurl.E_COULDNT_RESOLVE_HOST, "dns", "reset"),
        (pycurl.E_COULDNT_CONNECT, "connect", "reset"),
        (pycurl.E_OPERATION_TIMEDOUT, "timeout_connect", "timeout"),
        (pycurl.E_PEER_FAILED_VERIFICATION, "tls", "reset"),
        (pycurl.E_HTTP2, "connect", "protocol"),
        (pycurl.E_OUT_OF_MEMORY, "connect", "reset"),
    ],
)
def test_what_failed_before_the_request_left_was_not_sent_and_later_is_not_answered(
    transfer: Transfer, errno: int, before: str, after: str
) -> None:
    assert concluded(transfer.outcome(errno)) == (NotSent, before)
    assert send(transfer) == pycurl.PREREQFUNC_OK
    assert concluded(transfer.outcome(errno)) == (NoAnswer, after)


def test_what_we_drop_ourselves(transfer: Transfer) -> None:
    assert concluded(transfer.broken_off()) == (NotSent, "closed")
    send(transfer)
    assert concluded(transfer.broken_off()) == (NoAnswer, "closed")


def test_a_forbidden_address_gets_no_socket(transfer: Transfer) -> None:
    assert transfer._open(0, INNER) == pycurl.SOCKET_BAD
    assert concluded(transfer.outcome(pycurl.E_COULDNT_CONNECT)) == (Refused, "private_address")


def test_nothing_leaves_when_the_time_is_over(transfer: Transfer) -> None:
    load(transfer, NOW)
    assert send(transfer) == pycurl.PREREQFUNC_ABORT
    assert concluded(transfer.outcome(pycurl.E_ABORTED_BY_CALLBACK)) == (NotSent, "timeout_connect")


def test_a_second_attempt_on_a_connection_that_did_not_stand_is_prevented(transfer: Transfer) -> None:
    assert send(transfer) == pycurl.PREREQFUNC_OK
    assert send(transfer) == pycurl.PREREQFUNC_ABORT


def test_the_next_exchange_begins_anew(transfer: Transfer) -> None:
    send(transfer)
    load(transfer, NOW + 5)
    assert concluded(transfer.outcome(pycurl.E_COULDNT_CONNECT)) == (NotSent, "connect")
