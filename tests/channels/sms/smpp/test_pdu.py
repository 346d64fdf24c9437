"""PDUs of SMPP 3.4: octets of the specification, round trips, and what is no PDU."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.smpp.pdu import (
    HEADER_OCTETS,
    PDU_OCTETS_MAX,
    BindAnswer,
    BindRequest,
    BrokenPdu,
    Command,
    DataMessage,
    MessageAnswer,
    Pdu,
    PduStream,
    PduStreamError,
    ShortMessage,
    Tag,
    decode,
    encode,
    tlv,
)

OCTET = st.integers(0, 255)
TLVS = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=4).map(tuple)


def texts(most: int) -> Any:
    """Texts of so many octets at most, without the NUL that ends them."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=most)


ADDRESSES = {
    "service_type": texts(5),
    "source_ton": OCTET,
    "source_npi": OCTET,
    "source": texts(20),
    "destination_ton": OCTET,
    "destination_npi": OCTET,
    "destination": texts(20),
    "esm_class": OCTET,
    "registered_delivery": OCTET,
    "data_coding": OCTET,
    "tlvs": TLVS,
}
SHORT = st.builds(
    ShortMessage,
    **ADDRESSES,
    protocol_id=OCTET,
    priority=OCTET,
    schedule=texts(16),
    validity=texts(16),
    replace_if_present=OCTET,
    default_message=OCTET,
    text=st.binary(max_size=254),
)
BIND = st.builds(
    BindRequest,
    system_id=texts(15),
    password=texts(8),
    system_type=texts(12),
    interface_version=OCTET,
    addr_ton=OCTET,
    addr_npi=OCTET,
    address_range=texts(40),
)
BIND_ANSWER = st.builds(BindAnswer, system_id=texts(15), tlvs=TLVS)
MESSAGE_ANSWER = st.builds(MessageAnswer, message_id=texts(64), tlvs=TLVS)
BODIES = {
    Command.GENERIC_NACK: st.none(),
    Command.BIND_RECEIVER: BIND,
    Command.BIND_RECEIVER_RESP: BIND_ANSWER,
    Command.BIND_TRANSMITTER: BIND,
    Command.BIND_TRANSMITTER_RESP: BIND_ANSWER,
    Command.SUBMIT_SM: SHORT,
    Command.SUBMIT_SM_RESP: MESSAGE_ANSWER,
    Command.DELIVER_SM: SHORT,
    Command.DELIVER_SM_RESP: MESSAGE_ANSWER,
    Command.UNBIND: st.none(),
    Command.UNBIND_RESP: st.none(),
    Command.BIND_TRANSCEIVER: BIND,
    Command.BIND_TRANSCEIVER_RESP: BIND_ANSWER,
    Command.ENQUIRE_LINK: st.none(),
    Command.ENQUIRE_LINK_RESP: st.none(),
    Command.DATA_SM: st.builds(DataMessage, **ADDRESSES),
    Command.DATA_SM_RESP: MESSAGE_ANSWER,
}
NUMBER = st.integers(0, 0xFFFF_FFFF)
PDUS = st.sampled_from(Command).flatmap(
    lambda command: st.builds(
        Pdu,
        st.just(command),
        sequence=NUMBER,
        status=NUMBER if command.is_response else st.just(0),
        body=BODIES[command],
    )
)
BIND_OF_THE_SPECIFICATION = bytes.fromhex(
    "0000002f000000020000000000000001534d50503354455354007365637265743038005355424d4954310000010100"
)
"""The example in SMPP 3.4, section 3.2.5."""


def test_the_specifications_example() -> None:
    bind = Pdu(
        Command.BIND_TRANSMITTER,
        1,
        0,
        BindRequest("SMPP3TEST", "secret08", "SUBMIT1", 0, addr_ton=1, addr_npi=1),
    )
    assert encode(bind) == BIND_OF_THE_SPECIFICATION
    assert decode(BIND_OF_THE_SPECIFICATION) == bind


def test_every_command_has_its_case() -> None:
    assert BODIES.keys() == set(Command)


@given(PDUS)
def test_what_is_written_is_read_again(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(st.lists(PDUS, max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_a_stream_in_any_pieces_is_the_same_pdus(pdus: list[Pdu], sizes: list[int]) -> None:
    octets = b"".join(map(encode, pdus))
    stream, found, at = PduStream(), [], 0
    while at < len(octets):
        size = sizes[len(found) % len(sizes)]
        found += stream.feed(octets[at : at + size])
        at += size
    assert (found, stream.is_torn) == (pdus, False)


@given(PDUS, st.data())
def test_a_pdu_that_breaks_off_is_not_one_yet(pdu: Pdu, data: Any) -> None:
    octets = encode(pdu)
    cut = data.draw(st.integers(1, len(octets) - 1))
    stream = PduStream()
    assert list(stream.feed(octets[:cut])) == []
    assert stream.is_torn
    assert list(stream.feed(octets[cut:])) == [pdu]


@given(st.sampled_from(Command), st.binary(max_size=400), NUMBER)
def test_any_octets_in_a_frame_are_a_pdu_or_a_broken_one(
    command: Command, body: bytes, sequence: int
) -> None:
    frame = framed(command, body, sequence)
    found = decode(frame)
    assert isinstance(found, Pdu | BrokenPdu)
    assert found.sequence == sequence


@given(st.binary(max_size=2000))
def test_any_octets_in_a_stream_end_it_or_wait(octets: bytes) -> None:
    with suppress(PduStreamError):
        assert all(isinstance(found, Pdu | BrokenPdu) for found in PduStream().feed(octets))


def framed(command: int, body: bytes, sequence: int = 7, status: int = 0) -> bytes:
    header = (HEADER_OCTETS + len(body), command, status, sequence)
    return b"".join(number.to_bytes(4) for number in header) + body


@pytest.mark.parametrize("length", [0, 1, 15, PDU_OCTETS_MAX + 1, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_length_that_no_pdu_has_ends_the_stream_before_anything_is_kept(length: int) -> None:
    stream = PduStream()
    feeding = stream.feed(encode(Pdu(Command.UNBIND, 1)) + length.to_bytes(4))
    assert next(feeding) == Pdu(Command.UNBIND, 1), "what came before it counts"
    with pytest.raises(PduStreamError):
        next(feeding)


def test_a_smaller_limit_can_be_set() -> None:
    with pytest.raises(PduStreamError):
        list(PduStream(100).feed((101).to_bytes(4)))


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (framed(0x0999, b""), 0x03),
        (framed(Command.SUBMIT_SM, b""), 0x02),
        (framed(Command.SUBMIT_SM, b"x" * 300), 0x02),
        (
            framed(
                Command.DELIVER_SM,
                b"\0\1\1" + b"4915\0" + b"\1\1" + b"4915\0" + b"\0\0\0\0\0\0\0\0\0\xff" + b"ab",
            ),
            0x02,
        ),
        (framed(Command.DATA_SM, b"\0\0\0\0\0\0\0\0\0\0" + b"\x00\x1e\xff\xff" + b"7"), 0xC0),
        (framed(Command.DATA_SM, b"\0\0\0\0\0\0\0\0\0\0" + b"\x00"), 0xC0),
    ],
    ids=["command", "empty", "unending-text", "text-beyond-the-end", "tlv-beyond-the-end", "half-a-tlv"],
)
def test_a_broken_pdu_says_how_it_is_answered(frame: bytes, answer: int) -> None:
    found = decode(frame)
    assert isinstance(found, BrokenPdu)
    assert (found.sequence, found.answer) == (7, answer)


@pytest.mark.parametrize(
    ("body", "message_id", "tlvs"),
    [
        (b"", "", ()),
        (b"\0", "", ()),
        (b"1a2b\0", "1a2b", ()),
        (b"1a2b", "1a2b", ()),
        (b"1a2b\0\x00\x1e\x00\x02ab", "1a2b", ((0x1E, b"ab"),)),
        (b"1a2b\0\x00\x1e\x00\x02ab\x00\x1e\xff", "1a2b", ((0x1E, b"ab"),)),
    ],
)
def test_a_response_is_read_as_far_as_it_goes(body: bytes, message_id: str, tlvs: Any) -> None:
    """Without its id the message would count as uncertain."""
    assert decode(framed(Command.SUBMIT_SM_RESP, body)) == Pdu(
        Command.SUBMIT_SM_RESP, 7, 0, MessageAnswer(message_id, tlvs)
    )


def test_octets_after_a_pdu_without_a_body_are_left_out() -> None:
    assert decode(framed(Command.ENQUIRE_LINK, b"odd")) == Pdu(Command.ENQUIRE_LINK, 7)


def test_what_is_no_frame_is_refused() -> None:
    for frame in (b"", b"\0" * 15, framed(Command.UNBIND, b"")[:-1], framed(Command.UNBIND, b"") + b"x"):
        with pytest.raises(PduStreamError):
            decode(frame)


@pytest.mark.parametrize(
    "pdu",
    [
        Pdu(Command.SUBMIT_SM, 1),
        Pdu(Command.SUBMIT_SM, 1, body=MessageAnswer()),
        Pdu(Command.ENQUIRE_LINK, 1, body=MessageAnswer()),
        Pdu(Command.ENQUIRE_LINK, -1),
        Pdu(Command.ENQUIRE_LINK, 1 << 32),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(text=b"x" * 255)),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(destination="1" * 21)),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(source="a\0b")),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(source="Łódź")),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(esm_class=256)),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(tlvs=((0x0424, b"x" * 65_536),))),
        Pdu(Command.SUBMIT_SM, 1, body=ShortMessage(tlvs=((0x0424, b"x" * 65_535), (0x0424, b"x" * 9_000)))),
        Pdu(Command.BIND_TRANSCEIVER, 1, body=BindRequest(password="x" * 64)),
    ],
)
def test_what_no_pdu_can_hold_is_not_written(pdu: Pdu) -> None:
    with pytest.raises(ValueError) as raised:
        encode(pdu)
    assert "1111" not in str(raised.value)
    assert "xxxx" not in str(raised.value)


def test_a_refusal_may_have_no_body() -> None:
    refusal = Pdu(Command.SUBMIT_SM_RESP, 9, 0x58)
    assert decode(encode(refusal)) == Pdu(Command.SUBMIT_SM_RESP, 9, 0x58, MessageAnswer())


@pytest.mark.parametrize("body", [ShortMessage(text=b"a"), ShortMessage(tlvs=((Tag.MESSAGE_PAYLOAD, b"a"),))])
def test_the_text_is_found_wherever_it_stands(body: ShortMessage) -> None:
    assert body.content == b"a"
    assert DataMessage(tlvs=((Tag.MESSAGE_PAYLOAD, b"a"),)).content == b"a"
    assert (ShortMessage().content, DataMessage().content) == (b"", b"")


def test_the_first_of_two_equal_tags_counts() -> None:
    assert tlv(((1, b"a"), (1, b"b")), 1) == b"a"
    assert tlv((), 1) is None


def test_a_request_has_a_response() -> None:
    assert Command.SUBMIT_SM.response is Command.SUBMIT_SM_RESP
    with pytest.raises(ValueError, match="is a response"):
        _ = Command.SUBMIT_SM_RESP.response
