"""Connections to centres, encrypted or not."""

import ssl
from typing import Any

import pytest

from channels.sms.smpp.connecting import Centre, connect, parse_centre, tls_context
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.session import DEFAULT_TIMING, Role, SmppSession
from tests.channels.far_side import closed_port
from tests.channels.sms.smpp.centre import Timers, scripted_centre
from tests.channels.sms.smpp.test_session import Ear


def session() -> tuple[SmppSession, Ear]:
    ear = Ear()
    return SmppSession(
        Role.TRANSCEIVER, BindRequest("kreis", "geheim"), 1, ear, DEFAULT_TIMING, Timers()
    ), ear


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smpps://smpp.example:2776", ("smpps", "smpp.example", 2776)),
        ("smpp://10.0.0.5:2775/", ("smpp", "10.0.0.5", 2775)),
        ("smpps://[2001:db8::1]:2776", ("smpps", "2001:db8::1", 2776)),
    ],
)
def test_addresses(url: str, found: Any) -> None:
    assert parse_centre(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "ssmpp://a:1", "https://a:1", "a:1", "", "smpp://a", "smpp://:1", "smpp://a:1/x", "smpp://u:p@a:1",
        "smpp://a:99999", "smpp://a:1?x", "smpp://a:x",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError):
        parse_centre(url)


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_what_is_no_port_is_called_so(port: str) -> None:
    with pytest.raises(ValueError, match="is no port: 1 to 65535"):
        parse_centre(f"smpp://smsc.example:{port}")


async def test_tls_with_a_certificate_that_can_be_checked(server_tls: Any, ca_file: str) -> None:
    async with scripted_centre(server_tls()) as centre:
        one, ear = session()
        assert await connect(centre.centre(tls_context(ca_file)), one, 10) is None
        await ear.bound.wait()
        one.abort()


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [("other.example", True, "not valid for"), ("127.0.0.1", False, "unable to get local issuer")],
)
async def test_tls_names_what_is_wrong_with_a_certificate(
    server_tls: Any,
    ca_file: str,
    name: str,
    *,
    known: bool,
    words: str,
) -> None:
    async with scripted_centre(server_tls(name=name)) as centre:
        one, _ = session()
        end = await connect(centre.centre(tls_context(ca_file if known else None)), one, 10)
        assert end is not None
        assert (end.code, end.was_bound) == ("tls_certificate", False)
        assert words in end.detail


async def test_tls_unchecked_is_asked_for(server_tls: Any) -> None:
    async with scripted_centre(server_tls(name="other.example")) as centre:
        one, ear = session()
        assert await connect(centre.centre(tls_context(verify=False)), one, 10) is None
        await ear.bound.wait()
        one.abort()


async def test_tls_with_a_server_that_has_none() -> None:
    async with scripted_centre() as centre:
        end = await connect(centre.centre(tls_context()), session()[0], 10)
    assert end is not None
    assert end.code in {"tls", "unreachable"}


async def test_nobody_listens() -> None:
    end = await connect(Centre("127.0.0.1", closed_port()), session()[0], 10)
    assert end is not None
    assert end.code == "refused"


async def test_a_name_that_does_not_exist() -> None:
    end = await connect(Centre("nowhere.invalid", 1), session()[0], 10)
    assert end is not None
    assert end.code in {"dns", "connect_timeout"}


async def test_a_handshake_that_hangs() -> None:
    async with scripted_centre() as centre:  # reads, and says nothing in TLS
        end = await connect(centre.centre(tls_context()), session()[0], 0)
    assert end is not None
    assert end.code == "connect_timeout"


def test_old_versions_of_tls_are_refused() -> None:
    assert tls_context().minimum_version is ssl.TLSVersion.TLSv1_2
