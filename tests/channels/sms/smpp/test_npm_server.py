"""Our SMPP client against npm's `smpp` as the centre, over TLS and in the clear.

The server's log is tried first with npm's own client and with octets of no client's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from channels.base import ChannelMisconfigured
from channels.sms.channel import Sms
from channels.sms.fitting import compose
from channels.sms.smpp.connecting import tls_context
from channels.sms.smpp.segments import LongText
from ops.lab.gateways.smpp.parts import ALONE, Assembly, placed
from tests.delivery import conftest as pipeline
from tests.delivery.conftest import House
from tests.store import conftest as on_record
from tests.support.agreement import EACH, WARNINGS, Sent, disagreements, distorted, synthetic, warn
from tests.support.npm_smpp import HOST, NpmServer, npm_server, send
from tests.support.smpp_peer import NUMBER, SmppPeer
from tests.support.smpp_sender import SENDER, TEXTS, KeptJournal, carrier, notice, receipts

# A TLS connection that we close stays with the loop until the other side agrees; our end waits for nobody.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed resource <TCPTransport:ResourceWarning"),
    pytest.mark.processes,
]

alerts = on_record.alerts
house = pipeline.house
ledger = on_record.ledger
pool = on_record.pool
sources = on_record.sources
subscriptions = on_record.subscriptions
wake_ups = pipeline.wake_ups

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


def expected(kind: str) -> str:
    language, text = TEXTS[kind]
    return compose(text, 6, language).text


@pytest.mark.parametrize("long_text", LongText)
async def test_texts_of_all_kinds_arrive_whole_over_tls_and_receipts_may_be_early(
    secure: NpmServer, authority: trustme.CA, tmp_path: Path, long_text: LongText
) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    before, journal = len(secure.lines()), KeptJournal()
    sender = carrier(secure.port, journal, tls=tls_context(str(trusted)), long_text=long_text)
    for (language, text), number in zip(TEXTS.values(), synthetic(), strict=False):
        (receipt,) = await receipts(sender, notice(text, language), [number])
        assert receipt.error is None
    await journal.until(lambda: len(journal.keys) == len(journal.parts))
    await sender.aclose()
    lines = secure.lines()[before:]
    assert texts_in(lines) == [
        Sent(number, expected(kind)) for kind, number in zip(TEXTS, synthetic(), strict=False)
    ]
    assert {line["sender"] for line in lines} == {SENDER}
    assert journal.all_tied()
    assert secure.lines("unbind")


def texts_in(lines: list[dict[str, Any]]) -> list[Sent]:
    """The texts in the server's log, put together, in the order in which they were whole."""
    assembly, found = Assembly(), []
    for line in lines:
        place = ALONE
        if line["udh"]:
            reference, total, number = bytes.fromhex(line["udh"][0])[2:]
            place = placed(f"udh8-{reference}", number, total)
        elif line["sar"][2]:
            place = placed(f"sar-{line['sar'][0]}", line["sar"][1], line["sar"][2])
        text = assembly.add(line["recipient"], place, line["text"])
        if text is not None:
            found.append(Sent("+" + line["recipient"], text))
    assert not assembly.waiting
    return found


async def test_a_wrong_password_is_a_fault_of_the_settings(plain: NpmServer) -> None:
    sender = carrier(plain.port, password="falsch")
    with pytest.raises(ChannelMisconfigured):
        await receipts(sender, notice("Hochwasser"), [next(synthetic())])
    await sender.aclose()


async def test_a_certificate_of_strangers_is_named(secure: NpmServer) -> None:
    sender = carrier(secure.port, tls=tls_context())
    with pytest.raises(ChannelMisconfigured, match="certificate"):
        await receipts(sender, notice("Hochwasser"), [next(synthetic())])
    await sender.aclose()


async def test_its_log_agrees_with_our_ledger_message_by_message(plain: NpmServer, house: House) -> None:
    before, journal = len(plain.lines()), KeptJournal()
    sender = carrier(plain.port, journal)
    ours = await warn(house, Sms({"npm": sender}), "npm", synthetic())
    await journal.until(lambda: len(journal.keys) == len(journal.parts))
    await sender.aclose()
    assert len(ours) == EACH * len(WARNINGS)
    lines = plain.lines()[before:]
    assert disagreements(ours, texts_in(lines)) == []
    assert all(disagreements(ours, wrong) for wrong in distorted(texts_in(lines)))
    assert journal.all_tied()
    assert len(lines) == len(journal.parts) > len(ours)
