"""The stand-in SMS centre as a process: one for all tests, each with its own sessions, terms and faults."""

import hashlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels.sms.smpp.pdu import Command, MessageAnswer, Pdu, PduStreamError, ShortMessage, Tag, tlv
from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin, StandinError
from ops.lab.gateways.state import number_ref
from ops.lab.world import ledger
from tests.support.smpp_peer import NUMBER, SmppPeer, message

pytestmark = pytest.mark.processes

OPTIONS = ("--system-id", "kreis", "--password", "geheim", "--alert", r"\[(\w+)\]")
RECEIPT = re.compile(
    rb"id:(\S+) sub:001 dlvrd:00[01] submit date:\d+ done date:\d+ stat:(\w+) err:(\S+) text:"
)


def started(path: Path, state: Path, *more: str) -> Standin:
    return launch.start("smsc", ledger=path, state=state, options=(*OPTIONS, *more))


@pytest.fixture(scope="module")
def centre(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    home = tmp_path_factory.mktemp("smsc")
    with started(home / "smsc.ndjson", home) as standin:
        yield standin


@pytest.fixture(autouse=True)
def plain(centre: Standin) -> None:
    centre.clear_faults()
    centre.grant()
    centre.receipt_no_more()


@pytest.fixture
def peer(centre: Standin) -> Iterator[SmppPeer]:
    with SmppPeer(centre.ready.ports[0]) as one:
        assert one.bind().status == 0
        yield one


def entries(centre: Standin) -> Any:
    return ledger.read(centre.ledger).entries


def fault(kind: str, on: str = "submit_sm", match: Any = None, **action: Any) -> dict[str, Any]:
    return {"on": on, "match": match or {"nth": [1]}, "action": {"kind": kind, **action}}


def id_of(answer: Pdu) -> str:
    assert isinstance(answer.body, MessageAnswer)
    return answer.body.message_id


def receipt_of(peer: SmppPeer) -> tuple[str, str]:
    """The id and state of the next receipt, which is acknowledged."""
    pdu = peer.next()
    assert pdu.command is Command.DELIVER_SM
    assert isinstance(pdu.body, ShortMessage)
    assert pdu.body.esm_class == 0x04
    peer.answer(pdu, MessageAnswer())
    found = RECEIPT.fullmatch(pdu.body.text)
    if found:
        return found[1].decode(), found[2].decode()
    identifier, state = (tlv(pdu.body.tlvs, tag) for tag in (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE))
    assert identifier is not None
    assert state is not None
    return identifier.rstrip(b"\0").decode(), str(state[0])


@pytest.mark.parametrize("how", [Command.BIND_TRANSMITTER, Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER])
def test_it_lets_in_who_has_the_password(centre: Standin, how: Command) -> None:
    with SmppPeer(centre.ready.ports[0]) as peer:
        assert peer.bind(how=how).status == 0
        assert peer.ask(Command.ENQUIRE_LINK).status == 0
        submitted = peer.submit(b"x").status
        assert submitted == (0x04 if how is Command.BIND_RECEIVER else 0)
        assert peer.bind(how=how).status == 0x05
        assert peer.ask(Command.UNBIND).status == 0
        with pytest.raises(EOFError):
            peer.next()


@pytest.mark.parametrize(("who", "status"), [(("kreis", "falsch"), 0x0E), (("fremd", "geheim"), 0x0F)])
def test_it_lets_nobody_else_in(centre: Standin, who: tuple[str, str], status: int) -> None:
    with SmppPeer(centre.ready.ports[0]) as peer:
        assert peer.bind(*who).status == status
        with pytest.raises(EOFError):
            peer.next()


def test_a_text_is_written_down_before_it_is_answered_and_without_the_number(
    centre: Standin, peer: SmppPeer
) -> None:
    answer = peer.submit(b"Hochwasser \x1be [A7]", ((Tag.USER_MESSAGE_REFERENCE, b"\x12\x67"),))
    entry = entries(centre)[-1]
    text = "Hochwasser €" + " [A7]".replace("[", "Ä").replace("]", "Ñ")
    assert (entry.accepted, entry.reference, entry.own) == (True, id_of(answer), "4711")
    assert (entry.text, entry.hash) == (text, hashlib.sha256(text.encode()).hexdigest())
    assert (entry.recipient, entry.part, entry.parts) == (number_ref("+" + NUMBER), 1, 1)
    assert NUMBER.encode() not in centre.ledger.read_bytes()


def test_of_a_text_in_parts_each_is_a_line_and_the_last_to_come_holds_the_whole(
    centre: Standin, peer: SmppPeer
) -> None:
    before = len(entries(centre))
    for number, text in ((2, b"vorbei"), (1, b"Sturm \x1b<B1\x1b> ")):
        header = bytes.fromhex("0500037702") + bytes((number,))
        peer.submit(header + text, esm_class=0x40)
    first, last = entries(centre)[before:]
    assert (first.part, first.parts, first.incomplete, first.text, first.alert) == (2, 2, True, "vorbei", "")
    assert (last.part, last.incomplete, last.text, last.alert) == (1, False, "Sturm [B1] vorbei", "B1")
    assert (first.group, last.group) == ("udh8-119", "udh8-119")
    assert [one.content_hash for one in ledger.gateway_records((first, last))] == [last.hash]


@pytest.mark.parametrize("form", ["decimal", "hex", "padded", "uuid"])
def test_ids_have_the_form_that_was_asked_for(centre: Standin, peer: SmppPeer, form: str) -> None:
    centre.grant(ids=form)
    first, second = id_of(peer.submit(b"x")), id_of(peer.submit(b"x"))
    assert first != second
    assert len(first) == {"padded": 10, "uuid": 36}.get(form, len(first))
    base = 10 if form == "decimal" else 16
    if form != "uuid":
        assert (
            int(second, 10 if form == "padded" else base) == int(first, 10 if form == "padded" else base) + 1
        )


def test_above_its_rate_it_throttles_and_takes_nothing(centre: Standin, peer: SmppPeer) -> None:
    centre.grant(rate=0.001, burst=2)
    assert [peer.submit(b"x").status for _ in range(4)] == [0, 0, 0x58, 0x58]
    assert [(entry.accepted, entry.reason) for entry in entries(centre)[-2:]] == [(False, "rate")] * 2


def test_more_binds_than_granted_are_refused(centre: Standin, peer: SmppPeer) -> None:
    centre.grant(binds=1)
    with SmppPeer(centre.ready.ports[0]) as second:
        assert second.bind().status == 0x05
    assert peer.submit(b"x").status == 0


@pytest.mark.parametrize(
    ("sequence", "states"),
    [
        ("delivered", ["DELIVRD"]),
        ("contradicted", ["UNDELIV", "DELIVRD"]),
        ("disordered", ["ACCEPTD", "DELIVRD", "ENROUTE"]),
        ("duplicated", ["DELIVRD", "DELIVRD"]),
    ],
)
def test_receipts_tell_what_was_asked_for(
    centre: Standin, peer: SmppPeer, sequence: str, states: list[str]
) -> None:
    centre.receipt(sequences=[sequence])
    identifier = id_of(peer.submit(b"x", registered_delivery=1))
    assert [receipt_of(peer) for _ in states] == [(identifier, state) for state in states]
    peer.ask(Command.ENQUIRE_LINK)
    summary = centre.receipts()
    assert (summary.open, [one.state for one in summary.sent]) == (0, states)
    assert {(one.status, one.recipient) for one in summary.sent} == {(0, number_ref("+" + NUMBER))}


def test_a_receipt_may_come_before_the_answer_and_by_its_parameters_alone(
    centre: Standin, peer: SmppPeer
) -> None:
    centre.receipt(early=1.0, form="tlv", ids="hex_upper")
    sequence = peer.send(Command.SUBMIT_SM, message(b"x", registered_delivery=1))
    identifier, state = receipt_of(peer)
    answer = peer.next()
    assert (answer.sequence, state) == (sequence, "2")
    assert int(identifier, 16) == int(id_of(answer))


def test_receipts_can_be_out_of_order_and_go_only_to_who_wants_them(centre: Standin, peer: SmppPeer) -> None:
    centre.receipt(hold=3)
    assert peer.submit(b"x", registered_delivery=0).status == 0
    ids = [id_of(peer.submit(b"x", registered_delivery=1)) for _ in range(3)]
    assert [receipt_of(peer)[0] for _ in ids] == ids[::-1]


def test_a_receipt_that_nobody_takes_waits_for_the_next_bind(centre: Standin) -> None:
    centre.receipt(form="text", dates="seconds")
    with SmppPeer(centre.ready.ports[0]) as sender:
        sender.bind(how=Command.BIND_TRANSMITTER)
        identifier = id_of(sender.submit(b"x", registered_delivery=1))
    with SmppPeer(centre.ready.ports[0]) as careless:
        careless.bind(how=Command.BIND_RECEIVER)
        assert careless.next().command is Command.DELIVER_SM
    with SmppPeer(centre.ready.ports[0]) as receiver:
        receiver.bind(how=Command.BIND_RECEIVER)
        assert receipt_of(receiver) == (identifier, "DELIVRD")
        receiver.ask(Command.ENQUIRE_LINK)
    (sent,) = centre.receipts().sent
    assert (sent.tries >= 2, sent.status) == (True, 0)


def test_a_full_queue_takes_no_more(centre: Standin, peer: SmppPeer) -> None:
    centre.receipt(delay_s=3600)
    centre.grant(queue=1)
    assert [peer.submit(b"x", registered_delivery=1).status for _ in range(2)] == [0, 0x14]


def test_silence_is_about_one_message_alone(centre: Standin, peer: SmppPeer) -> None:
    for kind, taken in (("silent", False), ("silent_after", True)):
        centre.set_faults(fault(kind))
        peer.send(Command.SUBMIT_SM, message(b"x"))
        assert peer.submit(b"y").status == 0
        first, _ = entries(centre)[-2:]
        assert (first.accepted, first.fault) == (taken, f"{kind}-0")
    assert centre.stats()["by_fault"] == {"silent_after-0": 1}


def test_a_status_is_answered_and_other_requests_have_faults_of_their_own(
    centre: Standin, peer: SmppPeer
) -> None:
    centre.set_faults(
        fault("status", status=0x14),
        fault("silent", on="enquire_link"),
        fault("status", on="bind", status=0x0D),
    )
    assert peer.submit(b"x").status == 0x14
    peer.send(Command.ENQUIRE_LINK)
    assert peer.ask(Command.ENQUIRE_LINK).status == 0
    with SmppPeer(centre.ready.ports[0]) as second:
        assert second.bind().status == 0x0D
        with pytest.raises(EOFError):
            second.next()


@pytest.mark.parametrize("kind", ["close", "reset", "close_after", "truncate"])
def test_it_breaks_off_in_the_middle(centre: Standin, peer: SmppPeer, kind: str) -> None:
    centre.set_faults(fault(kind))
    peer.send(Command.SUBMIT_SM, message(b"x"))
    with pytest.raises((EOFError, ConnectionResetError)):
        peer.next()
    assert entries(centre)[-1].accepted == (kind not in {"close", "reset"})


@pytest.mark.parametrize("kind", ["garbage", "oversized"])
def test_it_sends_what_is_no_pdu(centre: Standin, peer: SmppPeer, kind: str) -> None:
    centre.set_faults(fault(kind))
    peer.send(Command.SUBMIT_SM, message(b"x"))
    with pytest.raises(PduStreamError):
        peer.next()


@pytest.mark.parametrize("kind", ["unbind", "unbind_after"])
def test_it_unbinds(centre: Standin, peer: SmppPeer, kind: str) -> None:
    centre.set_faults(fault(kind))
    sent = peer.send(Command.SUBMIT_SM, message(b"x"))
    come = [peer.next() for _ in range(1 + (kind == "unbind_after"))]
    assert [one.command for one in come][-1] is Command.UNBIND
    assert [one.sequence for one in come[:-1]] == [sent] * (len(come) - 1)
    peer.answer(come[-1])
    with pytest.raises(EOFError):
        peer.next()


def test_answers_come_late_in_another_order_or_to_nothing(centre: Standin, peer: SmppPeer) -> None:
    centre.set_faults(fault("reorder", match={"nth": [1, 2, 3]}, hold=3, delay_s=20), fault("stranger"))
    sent = [peer.send(Command.SUBMIT_SM, message(b"x")) for _ in range(3)]
    assert [peer.next().sequence for _ in sent] == sent[::-1]
    centre.set_faults(fault("stranger"))
    own = peer.send(Command.SUBMIT_SM, message(b"x"))
    assert [peer.next().sequence == own for _ in range(2)] == [False, True]
    centre.set_faults(fault("delay", delay_s=0.05))
    first, second = peer.send_together(Command.SUBMIT_SM, message(b"x"), message(b"x"))
    assert [peer.next().sequence for _ in range(2)] == [second, first]


def test_it_ends_sessions_when_told(centre: Standin, peer: SmppPeer) -> None:
    centre.part_from_clients("unbind")
    assert peer.next().command is Command.UNBIND
    centre.part_from_clients("close")
    with pytest.raises(EOFError):
        peer.next()


def test_what_it_does_not_know_it_says_so(centre: Standin, peer: SmppPeer) -> None:
    peer.connection.sendall(bytes.fromhex("00000010000000030000000000000063"))
    answer = peer.next()
    assert (answer.command, answer.status, answer.sequence) == (Command.GENERIC_NACK, 0x03, 0x63)
    peer.connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(EOFError):
        [peer.next() for _ in range(2)]


def test_bad_orders_are_refused(centre: Standin) -> None:
    for refused in (
        lambda: centre.set_faults(fault("laugh")),
        lambda: centre.grant(rates=1),
        lambda: centre.receipt(sequences=["never"]),
        centre.receipts,
        lambda: centre.part_from_clients("dance"),
    ):
        with pytest.raises(StandinError):
            refused()


def test_killed_in_mid_text_it_comes_back_and_knows_what_it_took(processes: Any, tmp_path: Path) -> None:
    header = bytes.fromhex("050003770202")
    path = tmp_path / "smsc.ndjson"
    with started(path, tmp_path) as first, SmppPeer(first.ready.ports[0]) as peer:
        peer.bind()
        peer.submit(header + b"Teil zwei", esm_class=0x40)
        first.kill()
    port = str(first.ready.ports[0])
    with started(path, tmp_path, "--port", port) as second, SmppPeer(int(port)) as peer:
        peer.bind()
        identifier = id_of(peer.submit(header[:-1] + b"\x01Teil eins, ", esm_class=0x40))
        assert second.ready.pid != first.ready.pid
    one, two = ledger.read(path).entries
    assert (one.incomplete, two.text, two.reference) == (True, "Teil eins, Teil zwei", identifier)
    assert one.reference != two.reference


def test_it_speaks_tls(processes: Any, certificate: tuple[Path, ssl.SSLContext], tmp_path: Path) -> None:
    pem, trusting = certificate
    with started(tmp_path / "smsc.ndjson", tmp_path, "--tls-cert", str(pem)) as secure:
        assert secure.url.startswith("smpps://127.0.0.1:")
        with SmppPeer(secure.ready.ports[0], trusting) as peer:
            assert peer.bind().status == 0
            assert peer.submit(b"x").status == 0


def test_it_enquires_and_closes_who_does_not_answer(centre: Standin) -> None:
    centre.grant(enquire_s=0.05)
    with SmppPeer(centre.ready.ports[0]) as peer:
        peer.bind()
        asked = peer.next()
        assert asked.command is Command.ENQUIRE_LINK
        peer.answer(asked)
        assert peer.next().command is Command.ENQUIRE_LINK
        with pytest.raises(EOFError):
            peer.next()
