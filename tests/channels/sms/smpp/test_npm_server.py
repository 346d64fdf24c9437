"""Our SMPP client against npm's `smpp` as the centre, over TLS and in the clear.

The server's log is tried first with npm's own client and with octets of no client's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.npm_smpp import HOST, NpmServer, npm_server, send
from tests.support.smpp_peer import NUMBER, SmppPeer

pytestmark = pytest.mark.processes

PASSWORD = "geheim"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NpmServer]:
    """The server behind TLS. Its receipts overtake its answers."""
    home = tmp_path_factory.mktemp("npm")
    pem = home / "server.pem"
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(pem)
    with npm_server(home, password=PASSWORD, receipts="before", pem=str(pem)) as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NpmServer]:
    with npm_server(tmp_path_factory.mktemp("npm"), password=PASSWORD, receipts="after") as server:
        yield server


def test_its_log_has_what_npms_own_client_sent(
    secure: NpmServer, authority: trustme.CA, tmp_path: Path
) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    texts: list[dict[str, Any]] = [
        {"text": "Düren 5 €", "destination_addr": NUMBER, "registered_delivery": 1},
        {"text": "Łódź", "destination_addr": NUMBER, "user_message_reference": 4711},
        {"udh": "050003070201", "text": "Teil", "destination_addr": NUMBER},
    ]
    before = len(secure.lines())
    bind = {"system_id": "kreis", "password": PASSWORD}
    seen = send(f"smpps://{HOST}:{secure.port}", trusted, bind=bind, texts=texts, receipts=1)
    assert [answer["status"] for answer in seen["answers"]] == [0, 0, 0]
    lines = secure.lines()[before:]
    assert [line["text"] for line in lines] == ["Düren 5 €", "Łódź", "Teil"]
    assert [line["coding"] for line in lines] == [1, 8, 1]
    assert [line["udh"] for line in lines] == [[], [], ["0003070201"]]
    assert lines[1]["own"] == 4711
    assert [answer["id"] for answer in seen["answers"]] == [line["id"] for line in lines]
    (receipt,) = seen["receipts"]
    assert receipt["text"].startswith(f"id:{lines[0]['id']} ")


def test_its_log_has_the_octets_of_no_client(plain: NpmServer) -> None:
    before = len(plain.lines())
    with SmppPeer(plain.port) as peer:
        assert peer.bind("kreis", PASSWORD).status == 0
        assert peer.submit(b"\x7b\x1be").status == 0
    (line,) = plain.lines()[before:]
    assert (line["text"], line["coding"], line["recipient"]) == ("ä€", 0, NUMBER)
    with SmppPeer(plain.port) as peer:
        assert peer.bind("kreis", "falsch").status == 0x0E
