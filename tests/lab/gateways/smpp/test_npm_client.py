"""npm's `smpp` binds to the stand-in SMS centre, which reads what it says and is understood: TLS included.

The stand-in's codec is the service's own; this client knows neither.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.world import ledger
from tests.support.npm_smpp import send
from tests.support.smpp_peer import NUMBER

pytestmark = pytest.mark.processes

BIND = {"system_id": "kreis", "password": "geheim"}
LONG = "Straße überflutet €. " * 20
TEXTS: Any = {
    "short": [{"text": "Hochwasser an der Rur"}],
    "umlauts and extensions": [{"text": "Gefährdet: Düren & Jülich, 5 € [Maß] {a} ~ ^ \\ |"}],
    "UCS-2": [{"text": "Łódź: Повінь 😀"}],
    "parts by header": [
        {"udh": f"0500030702{number:02}", "text": text}
        for number, text in enumerate(["Straße überflutet €. ", "Gehen Sie nach oben."], 1)
    ],
    "parts by sar": [
        {"text": text, "sar_msg_ref_num": 4711, "sar_total_segments": 2, "sar_segment_seqnum": number}
        for number, text in enumerate(["Повінь. ", "Підніміться."], 1)
    ],
    "one payload": [{"payload": LONG, "data_coding": 0}],
}


def expected(parts: list[dict[str, Any]]) -> str:
    return "".join(str(part.get("text", part.get("payload"))) for part in parts)


@pytest.fixture(scope="module")
def secure(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standin, Path]]:
    """A centre behind TLS, and the authority that its clients must trust."""
    home = tmp_path_factory.mktemp("smsc")
    authority, pem, trusted = trustme.CA(), home / "server.pem", home / "authority.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    authority.cert_pem.write_to_path(trusted)
    options = ("--system-id", "kreis", "--password", "geheim", "--tls-cert", str(pem))
    with launch.start("smsc", ledger=home / "smsc.ndjson", state=home, options=options) as standin:
        yield standin, trusted


def submitted(centre: tuple[Standin, Path], **order: Any) -> dict[str, Any]:
    standin, trusted = centre
    texts = [
        {"destination_addr": NUMBER, "dest_addr_ton": 1, "registered_delivery": 1, **text}
        for text in order.pop("texts", [])
    ]
    return send(standin.url, trusted, **{"bind": BIND, "receipts": 0, **order}, texts=texts)


def test_texts_of_all_kinds_arrive_whole_and_their_receipts_are_understood(
    secure: tuple[Standin, Path],
) -> None:
    standin, _ = secure
    standin.grant(ids="hex")
    standin.receipt()
    parts = [part for text in TEXTS.values() for part in text]
    seen = submitted(secure, texts=parts, receipts=len(parts))
    assert (seen["bound"], seen["enquired"], seen["unbound"]) == (0, 0, 0)
    assert {answer["status"] for answer in seen["answers"]} == {0}
    entries = ledger.read(standin.ledger).entries[-len(parts) :]
    assert [entry.text for entry in entries if not entry.incomplete] == [
        expected(text) for text in TEXTS.values()
    ]
    ids = {answer["id"] for answer in seen["answers"]}
    assert ids == {entry.reference for entry in entries} == {receipt["id"] for receipt in seen["receipts"]}
    assert {receipt["esm_class"] for receipt in seen["receipts"]} == {4}
    words = [re.match(r"id:(\w+) .* stat:(\w+) ", receipt["text"]) for receipt in seen["receipts"]]
    assert {found[1] for found in words if found} == ids


@pytest.mark.parametrize(
    ("given", "status"), [({"password": "falsch"}, 0x0E), ({"system_id": "fremd"}, 0x0F)]
)
def test_a_refused_bind_is_understood(
    secure: tuple[Standin, Path], given: dict[str, str], status: int
) -> None:
    assert submitted(secure, bind={**BIND, **given})["bound"] == status


def test_a_refused_text_is_understood_and_is_no_other_ones_fault(secure: tuple[Standin, Path]) -> None:
    standin, _ = secure
    standin.receipt_no_more()
    standin.set_faults({"match": {"nth": [2]}, "action": {"kind": "status", "status": 0x58}})
    seen = submitted(secure, texts=[{"text": str(number)} for number in range(3)])
    assert [answer["status"] for answer in seen["answers"]] == [0, 0x58, 0]


def test_a_stranger_to_the_authority_does_not_get_in(secure: tuple[Standin, Path]) -> None:
    standin, _ = secure
    assert (
        send(standin.url, None, bind=BIND, receipts=0, texts=[])["error"] == "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    )
