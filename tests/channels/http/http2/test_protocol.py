"""The state of an HTTP/2 connection: what it writes, and what it makes of everything the other side may say."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

import h2.exceptions
import hpack
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.settings import SettingCodes, Settings
from hypothesis import given
from hypothesis import strategies as st

from channels.http.http2.hpack import lines
from channels.http.http2.protocol import (
    _FRAMES_PER_REQUEST,
    _FREE_FRAMES,
    _MAX_BLOCK_BYTES,
    FRAME_BYTES,
    PREFACE,
    ConnectionState,
    ProtocolError,
    frame,
)
from channels.http.messages import MAX_ANSWER_BYTES, Acceptance, Answer, BrokenAnswer, NoAnswer, Unprocessed

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK, PADDED, WITH_PRIORITY = 0x1, 0x4, 0x1, 0x8, 0x20
CREATED = b"\x08\x03201"
ORIGIN = "https://push.example"
FIELDS = ((b":authority", b"push.example"), (b"ttl", b"60"))


def settings(**values: Any) -> Any:
    names = {"table": 1, "streams": 3, "window": 4, "frame": 5}
    return frame(
        SETTINGS,
        0,
        0,
        b"".join(names[name].to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in values.items()),
    )


def connected(**values: Any) -> ConnectionState:
    state = ConnectionState(ORIGIN)
    state.receive(settings(**values))
    state.take_out()
    return state


def ask(state: Any, body: bytes = b"body", **options: Any) -> tuple[Any, ...]:
    outcomes = []
    assert state.room(len(body))
    return state.start(b"/push/1", FIELDS, body, outcomes.append, 0.0, **options), outcomes


def headers(block: Any, stream: int = 1, flags: Any = END_HEADERS | END_STREAM) -> Any:
    return frame(HEADERS, flags, stream, block)


def test_it_begins_with_preface_settings_and_a_wide_window() -> None:
    out = ConnectionState(ORIGIN).take_out()
    assert out.startswith(PREFACE + b"\x00\x00\x18\x04\x00\x00\x00\x00\x00" + b"\x00\x01\x00\x00\x00\x00")
    assert out.endswith((16_777_216 - 65_535).to_bytes(4, "big"))


def test_nothing_is_started_before_the_other_side_has_said_what_it_allows() -> None:
    state = ConnectionState(ORIGIN)
    assert not state.room(1)
    state.receive(settings(streams=1))
    assert state.room(1)
    assert state.take_out().endswith(frame(SETTINGS, ACK, 0, b""))


def test_a_request_is_one_headers_and_one_data_frame() -> None:
    state = connected()
    ask(state)
    out = state.take_out()
    length = int.from_bytes(out[:3], "big")
    assert out[3:9] == b"\x01\x04\x00\x00\x00\x01"
    assert out[9 + length :] == frame(DATA, END_STREAM, 1, b"body")
    assert state.take_out() == b""


def test_a_field_of_one_request_alone_enters_no_table() -> None:
    state, reader = connected(), hpack.Decoder()
    seen: list[list[bytes]] = []
    sizes: list[int] = []
    for number in range(4):
        ask(state, own=(b"apns-id", b"%d" % number) if number % 3 else None)
        out = state.take_out()
        length = int.from_bytes(out[:3], "big")
        sizes.append(length)
        fields = reader.decode(out[9 : 9 + length], raw=True)
        seen.append([value for name, value in fields if name == b"apns-id"])
    assert seen == [[], [b"1"], [b"2"], []]
    assert sizes[1] == sizes[2] == sizes[3] + len(b"\x00\x07apns-id\x011")
    assert not any("apns-id" in str(entry) for entry in reader.header_table.dynamic_entries)


def test_an_answer_has_status_headers_and_body() -> None:
    state = connected()
    _, outcomes = ask(state)
    state.receive(headers(CREATED + b"\x0f\x26\x0217", flags=END_HEADERS))
    state.receive(frame(DATA, PADDED, 1, b"\x02ab\0\0") + frame(DATA, END_STREAM, 1, b"c"))
    assert outcomes == [Answer(201, (b"retry-after: 17",), b"abc")]
    assert state.streams == {}


def test_a_brief_answer_is_its_status_if_that_accepts_and_whole_if_not() -> None:
    state = connected()
    (_, accepted), (_, limited) = ask(state, brief=True), ask(state, brief=True)
    state.receive(headers(CREATED + b"\x0f\x26\x0217") + headers(b"\x08\x03429\x0f\x26\x0217", 3))
    assert accepted == [Answer(201)]
    assert limited == [Answer(429, (b"retry-after: 17",))]


def test_an_acceptance_in_brief_may_bring_its_header_block_unread() -> None:
    state, block = connected(), CREATED + b"\x0f\x1f\x04/m/1"
    outcomes = [ask(state, brief=True, located=True)[1] for _ in range(3)]
    state.receive(headers(block) + headers(b"\x08\x03429\x0f\x26\x0217", 3))
    state.receive(headers(CREATED, 5, END_HEADERS) + frame(DATA, END_STREAM, 5, b"x" * 100))
    (located,), (limited,), (with_body,) = outcomes
    assert [(type(one), one.status, one.block) for one in (located, with_body)] == [
        (Acceptance, 201, block), (Acceptance, 201, CREATED),
    ]  # fmt: skip
    assert (located.lines, located.body, located.header("location")) == ((), b"", None)
    assert limited == Answer(429, (b"retry-after: 17",))


def test_bytes_may_come_in_any_pieces() -> None:
    state = connected()
    _, outcomes = ask(state)
    for byte in headers(CREATED, flags=END_HEADERS) + frame(DATA, END_STREAM, 1, b"x"):
        state.receive(bytes([byte]))
    assert outcomes == [Answer(201, (), b"x")]


def test_interim_answers_and_trailers_are_passed_over() -> None:
    state = connected()
    _, outcomes = ask(state)
    state.receive(headers(b"\x08\x03103", flags=END_HEADERS))
    state.receive(headers(CREATED, flags=END_HEADERS) + headers(b"\x00\x01x\x01y"))
    assert outcomes == [Answer(201)]


def test_header_blocks_may_be_continued_padded_and_prioritised() -> None:
    state = connected()
    _, outcomes = ask(state)
    first = b"\x01" + bytes(5) + CREATED[:3] + b"\0"
    state.receive(frame(HEADERS, PADDED | WITH_PRIORITY | END_STREAM, 1, first))
    state.receive(frame(CONTINUATION, 0, 1, CREATED[3:4]) + frame(CONTINUATION, END_HEADERS, 1, CREATED[4:]))
    assert outcomes == [Answer(201)]


def test_streams_windows_and_frames_bound_what_is_started() -> None:
    state = connected(streams=2, window=1000)
    assert state.room(1000)
    assert not state.room(1001)
    ask(state)
    ask(state)
    assert not state.room(1)
    wide = connected(window=1 << 20)
    assert not wide.room(FRAME_BYTES + 1)
    for _ in range(3):
        ask(wide, b"x" * FRAME_BYTES)
    ask(wide, b"x" * (65_535 - 3 * FRAME_BYTES))
    assert not wide.room(1)
    wide.receive(frame(WINDOW, 0, 1, (9).to_bytes(4, "big")))
    assert not wide.room(1), "that was one stream's"
    wide.receive(frame(WINDOW, 0, 0, (1).to_bytes(4, "big")))
    assert wide.room(1)


def test_windows_are_returned_as_answers_are_read() -> None:
    state = connected()
    for number in range(70):
        _, outcomes = ask(state, b"")
        stream = 2 * number + 1
        state.receive(headers(CREATED, stream, END_HEADERS))
        for _ in range(4):
            state.receive(frame(DATA, 0, stream, b"x" * FRAME_BYTES))
        state.receive(frame(DATA, END_STREAM, stream, b""))
        assert len(outcomes[0].body) == 4 * FRAME_BYTES
    assert frame(WINDOW, 0, 0, (257 * FRAME_BYTES).to_bytes(4, "big")) in state.take_out()


def test_an_answer_that_is_too_long_is_broken_off() -> None:
    state = connected()
    _, outcomes = ask(state)
    state.receive(headers(CREATED, flags=END_HEADERS))
    for _ in range(MAX_ANSWER_BYTES // FRAME_BYTES + 1):
        state.receive(frame(DATA, 0, 1, b"x" * FRAME_BYTES))
    (broken,) = outcomes
    assert isinstance(broken, BrokenAnswer)
    assert (broken.code, broken.answer) == ("oversized", Answer(201))
    assert state.take_out().endswith(frame(RST, 0, 1, (8).to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("before", "code", "kind"),
    [
        (b"", 7, Unprocessed),
        (b"", 2, NoAnswer),
        (headers(CREATED, flags=END_HEADERS), 7, BrokenAnswer),
        (headers(CREATED, flags=END_HEADERS), 0, BrokenAnswer),
    ],
    ids=["refused", "internal", "refused-after-status", "cut"],
)
def test_a_reset_stream_was_processed_unless_it_says_not(before: Any, code: int, kind: Any) -> None:
    state = connected()
    _, outcomes = ask(state)
    state.receive(before + frame(RST, 0, 1, code.to_bytes(4, "big")))
    assert [type(one) for one in outcomes] == [kind]


def test_a_reset_after_the_answer_is_nothing() -> None:
    state = connected()
    _, outcomes = ask(state)
    state.receive(headers(CREATED) + frame(RST, 0, 1, bytes(4)) + frame(DATA, 0, 1, b"late"))
    assert outcomes == [Answer(201)]


def test_after_goaway_later_streams_were_not_processed_and_none_is_started() -> None:
    state = connected()
    (_, first), (_, second) = ask(state), ask(state)
    state.receive(frame(GOAWAY, 0, 0, (1).to_bytes(4, "big") + bytes(4)))
    assert not state.room(1)
    assert first == []
    assert [type(one) for one in second] == [Unprocessed]
    state.receive(headers(CREATED))
    assert first == [Answer(201)]


def test_what_is_broken_off_is_told_nobody() -> None:
    state = connected()
    stream, outcomes = ask(state)
    state.take_out()
    state.cancel(stream)
    state.cancel(stream)
    assert state.take_out() == frame(RST, 0, 1, (8).to_bytes(4, "big"))
    state.receive(headers(CREATED))
    state.lost("reset")
    assert outcomes == []


def test_when_the_connection_is_lost_all_are_told_what_is_known() -> None:
    state = connected()
    (_, silent), (_, begun), (_, odd) = ask(state), ask(state), ask(state)
    state.receive(headers(CREATED, 3, END_HEADERS) + headers(CREATED + b"\xff", 5, END_HEADERS))
    state.lost("reset")
    assert [(type(one), one.code) for one in (*silent, *begun, *odd)] == [
        (NoAnswer, "reset"),
        (BrokenAnswer, "truncated"),
        (NoAnswer, "protocol"),
    ]
    assert not state.room(1)


def test_pings_are_answered_and_what_is_unknown_is_ignored() -> None:
    state = connected()
    state.receive(frame(PING, 0, 0, b"12345678") + frame(PING, ACK, 0, bytes(8)))
    state.receive(frame(SETTINGS, ACK, 0, b"") + frame(PRIORITY, 0, 1, bytes(5)) + frame(99, 0, 0, b"?"))
    assert state.take_out() == frame(PING, ACK, 0, b"12345678")


def test_statuses_may_be_indexed_and_headers_merely_padded() -> None:
    state = connected()
    (_, first), (_, second) = ask(state), ask(state)
    state.receive(headers(b"\x88") + headers(b"\x01" + CREATED + b"\0", 3, END_HEADERS | END_STREAM | PADDED))
    assert (first, second) == ([Answer(200)], [Answer(201)])


def test_settings_that_do_not_concern_us_are_acknowledged() -> None:
    state = connected()
    state.receive(settings(frame=1 << 20))
    assert state.take_out() == frame(SETTINGS, ACK, 0, b"")


def test_another_table_size_is_taken_and_announced() -> None:
    state = connected()
    ask(state)
    state.take_out()
    state.receive(settings(table=0))
    ask(state)
    assert b"\x20\x20\x83\x87" in state.take_out()


def test_stream_numbers_end() -> None:
    state = connected()
    state._next = (1 << 30) - 1
    ask(state)
    assert not state.room(1)


@pytest.mark.parametrize(
    "said",
    [
        frame(DATA, 0, 1, b"x"),
        headers(CREATED, 2),
        headers(CREATED, 7),
        headers(CREATED, 0),
        headers(b""),
        headers(b"\x08\x0320x"),
        headers(b"\x00\x01a\x01b"),
        headers(b"\xbe"),
        headers(CREATED + b"\xbe"),
        frame(HEADERS, END_HEADERS | PADDED, 1, b""),
        frame(HEADERS, END_HEADERS | PADDED, 1, b"\x09abc"),
        frame(CONTINUATION, END_HEADERS, 1, CREATED),
        frame(HEADERS, 0, 1, CREATED) + frame(PING, 0, 0, bytes(8)),
        frame(HEADERS, 0, 1, CREATED) + frame(CONTINUATION, END_HEADERS, 3, b""),
        frame(HEADERS, 0, 1, CREATED) + frame(CONTINUATION, 0, 1, b"x" * FRAME_BYTES) * 4,
        frame(SETTINGS, 0, 0, b"12345"),
        frame(PUSH, 0, 1, bytes(8)),
        frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
        b"\x00\x40\x01" + bytes(6),
    ],
)
def test_whatever_breaks_the_protocol_ends_the_connection(said: Any) -> None:
    state = connected()
    ask(state)
    with pytest.raises(ProtocolError):
        state.receive(said)


def test_whoever_does_not_begin_with_settings_does_not_speak_http_2() -> None:
    with pytest.raises(ProtocolError):
        ConnectionState(ORIGIN).receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ProtocolError):
        ConnectionState(ORIGIN).receive(frame(PING, 0, 0, bytes(8)))


# Against the library h2 as the other side: it refuses whatever RFC 9113 forbids us.


class Peer:
    """A server by h2 without a network, and what has come of every request."""

    def __init__(self, limits: Any) -> None:
        self.client = ConnectionState(ORIGIN)
        self.server = H2Connection(H2Configuration(client_side=False))
        self.server.local_settings = Settings(client=False, initial_values=limits)
        self.server.initiate_connection()
        self.asked, self.outcomes, self.expected = {}, {}, {}
        self.bodies = {}
        self.exchange()

    def exchange(self, piece: Any = 1 << 20) -> None:
        """Everything that either side has to say, in pieces of so many bytes."""
        while True:
            to_client, to_server = self.server.data_to_send(), self.client.take_out()
            if not to_client and not to_server:
                return
            for at in range(0, len(to_client), piece):
                self.client.receive(to_client[at : at + piece])
            for at in range(0, len(to_server), piece):
                for event in self.server.receive_data(to_server[at : at + piece]):
                    self.take(event)

    def take(self, event: Any) -> None:
        if isinstance(event, RequestReceived):
            path, fields, _ = self.asked[event.stream_id]
            expected = [(b":method", b"POST"), (b":scheme", b"https"), (b":path", path), *fields]
            assert event.headers == expected
            self.bodies[event.stream_id] = b""
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            self.server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            assert self.bodies[event.stream_id] == self.asked[event.stream_id][2]

    def ask(self, path: Any, fields: Any, body: Any) -> None:
        if self.client.room(len(body)):
            number = self.client._next
            self.asked[number] = path, fields, body
            self.outcomes[number] = []
            self.client.start(path, fields, body, self.outcomes[number].append, 0.0)

    def waiting(self) -> list[Any]:
        """Streams that came in whole and were not answered."""
        return [number for number in self.bodies if number not in self.expected]

    def answer(self, number: Any, status: Any, fields: Any, body: Any, padding: Any) -> None:
        said = [(b":status", b"%d" % status), *fields]
        self.server.send_headers(number, said, end_stream=not body)
        for at in range(0, len(body), 1000):
            chunk, last = body[at : at + 1000], at + 1000 >= len(body)
            self.server.send_data(number, chunk, end_stream=last, pad_length=padding)
        self.expected[number] = Answer(status, lines(fields), body)

    def reset(self, number: Any, code: Any) -> None:
        self.server.reset_stream(number, code)
        self.expected[number] = Unprocessed if code == ErrorCodes.REFUSED_STREAM else NoAnswer


TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20).map(
    lambda name: b"x-" + name.encode()
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60).map(str.encode)
REQUEST_FIELDS = st.lists(st.tuples(TOKENS, VALUES), max_size=6).map(
    lambda fields: ((b":authority", b"push.example"), *fields)
)
ANSWER_FIELDS = st.lists(st.tuples(TOKENS, VALUES), max_size=6)
PATHS = VALUES.map(lambda path: b"/" + path)
STEPS = st.one_of(
    st.tuples(st.just("ask"), PATHS, st.integers(0, 2), st.integers(0, 2 * FRAME_BYTES)),
    st.tuples(
        st.just("answer"),
        st.integers(0, 100),
        st.integers(200, 599),
        ANSWER_FIELDS,
        st.binary(max_size=3000),
        st.none() | st.integers(0, 255),
    ),
    st.tuples(st.just("reset"), st.integers(0, 100), st.sampled_from(list(ErrorCodes))),
    st.tuples(st.just("cancel"), st.integers(0, 100)),
    st.tuples(st.just("ping")),
    st.tuples(
        st.just("settings"),
        st.sampled_from([SettingCodes.HEADER_TABLE_SIZE, SettingCodes.INITIAL_WINDOW_SIZE]),
        st.sampled_from([0, 64, 1000, 4096, 65_535, 1 << 20]),
    ),
)


def play(peer: Any, step: Any, kinds: Any) -> None:
    """One step of either side, where it is possible."""
    name, *details = step
    waiting = peer.waiting()
    if name == "ask":
        path, kind, size = details
        peer.ask(path, kinds[kind % len(kinds)], b"x" * size)
    elif name == "ping":
        peer.server.ping(b"12345678")
    elif name == "settings":
        peer.server.update_settings(dict([details]))
    elif waiting:
        number = waiting[details[0] % len(waiting)]
        if name == "cancel":
            peer.client.cancel(peer.client.streams[number])
            peer.expected[number] = None
        else:
            getattr(peer, name)(number, *details[1:])


@given(
    streams=st.integers(1, 300),
    window=st.sampled_from([0, 100, 5000, 65_535, 1 << 20]),
    kinds=st.lists(REQUEST_FIELDS, min_size=1, max_size=3),
    steps=st.lists(STEPS, max_size=40),
    piece=st.sampled_from([7, 1000, 1 << 20]),
)
def test_the_library_takes_whatever_we_say_and_we_understand_its_answers(
    streams: Any, window: Any, kinds: Any, steps: Any, piece: Any
) -> None:
    limits = {SettingCodes.MAX_CONCURRENT_STREAMS: streams, SettingCodes.INITIAL_WINDOW_SIZE: window}
    peer = Peer(limits)
    for step in steps:
        play(peer, step, kinds)
        peer.exchange(piece)
    for number, outcomes in peer.outcomes.items():
        expected = peer.expected.get(number)
        if isinstance(expected, type):
            assert [type(one) for one in outcomes] == [expected]
        else:
            assert outcomes == ([expected] if expected else [])
    peer.client.lost("reset")
    assert all(
        len(outcomes) == (peer.expected.get(number, 1) is not None)
        for number, outcomes in peer.outcomes.items()
    )


@pytest.mark.parametrize(
    "said",
    [
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x83\x87\x00\x01a\x01b\x04\x01/"),
        frame(HEADERS, END_HEADERS, 1, b"\x83\x87\x04\x01/") + frame(DATA, END_STREAM, 1, bytes(1001)),
        frame(DATA, 0, 1, b"x"),
        frame(PUSH, 0, 1, bytes(4)),
    ],
    ids=["path-behind-others", "more-than-the-window", "no-headers", "push"],
)
def test_the_library_refuses_what_we_must_not_say(said: Any) -> None:
    """That it checks at all."""
    peer = Peer({SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    with pytest.raises(h2.exceptions.ProtocolError):
        peer.server.receive_data(said)


def test_after_the_librarys_goaway_what_it_did_not_take_is_known() -> None:
    peer = Peer({})
    for _ in range(3):
        peer.ask(b"/", FIELDS, b"body")
    peer.exchange()
    peer.server.close_connection(last_stream_id=3)
    peer.exchange()
    assert [len(outcomes) for outcomes in peer.outcomes.values()] == [0, 0, 1]
    assert isinstance(peer.outcomes[5][0], Unprocessed)
    assert not peer.client.room(1)


FLOODS = {
    "settings": settings(streams=100),
    "pings": frame(PING, 0, 0, bytes(8)),
    "windows": frame(WINDOW, 0, 0, (1).to_bytes(4, "big")),
    "windows of nothing": frame(WINDOW, 0, 1, bytes(4)),
    "priorities": frame(PRIORITY, 0, 1, bytes(5)),
    "unknown frames": frame(0xFA, 0, 1, b""),
    "goodbyes": frame(GOAWAY, 0, 0, (1).to_bytes(4, "big") + bytes(4)),
    "interim answers": headers(b"\x08\x03103", flags=END_HEADERS),
    "data of nothing": headers(CREATED, flags=END_HEADERS) + frame(DATA, 0, 1, b""),
}


def taken(state: ConnectionState, flood: bytes, most: int = 100_000) -> int:
    """Send the same over and over; return how often it was taken."""
    for count in range(most):
        try:
            state.receive(flood)
        except ProtocolError as error:
            assert str(error) == "flood"  # noqa: PT017 - the number matters, too
            return count
    return most


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_the_connection_after_a_fixed_number_of_frames(name: str) -> None:
    state = connected()
    _, outcomes = ask(state)
    frames = taken(state, FLOODS[name])
    assert frames <= _FREE_FRAMES + _FRAMES_PER_REQUEST
    assert len(state.take_out()) <= 17 * (frames + 10), "what is written for it is bounded, too"
    state.lost("protocol")
    assert len(outcomes) == 1


def test_continuations_of_nothing_end_the_connection() -> None:
    """They add nothing to the block whose length is bounded, and went on for ever."""
    state = connected()
    ask(state)
    state.receive(headers(b"", flags=END_STREAM))
    flood = frame(CONTINUATION, 0, 1, b"") * (_FREE_FRAMES + _FRAMES_PER_REQUEST)
    with pytest.raises(ProtocolError, match="flood"):
        state.receive(flood)


def test_a_header_block_is_bounded() -> None:
    state = connected()
    ask(state)
    state.receive(headers(CREATED, flags=END_STREAM))
    with pytest.raises(ProtocolError, match="continuation"):
        state.receive(frame(CONTINUATION, 0, 1, bytes(_MAX_BLOCK_BYTES)))


def test_long_settings_count_as_many() -> None:
    """A frame holds 2,730 of them, and each is read."""
    state = connected()
    many = frame(SETTINGS, 0, 0, (b"\0\1" + bytes(4)) * 2730)
    with pytest.raises(ProtocolError, match="flood"):
        state.receive(many * 3)


def test_a_mass_sends_answers_never_count_as_a_flood() -> None:
    state = connected()
    for _ in range(2 * _FREE_FRAMES):
        stream, outcomes = ask(state, b"")
        state.receive(
            frame(WINDOW, 0, 0, (1).to_bytes(4, "big"))
            + headers(CREATED, stream.number, END_HEADERS)
            + frame(DATA, 0, stream.number, b"x") * 60
            + frame(DATA, END_STREAM, stream.number, b"")
        )
        assert outcomes == [Answer(201, (), b"x" * 60)]


def test_a_block_that_cannot_be_read_ends_its_request_too() -> None:
    """The stream was forgotten before its block was read, and its request waited for ever."""
    state = connected()
    _, outcomes = ask(state)
    with pytest.raises(ProtocolError, match="header block"):
        state.receive(headers(b"\x08\x03500\x0f\xff\xff\xff\xff\xff\xff"))
    state.lost("protocol")
    assert [one.code for one in outcomes] == ["protocol"]


@pytest.mark.parametrize(
    "nonsense",
    [
        frame(GOAWAY, 0, 0, b""),
        frame(GOAWAY, 0, 1, bytes(8)),
        frame(RST, 0, 1, b"\0"),
        frame(RST, 0, 0, bytes(4)),
        frame(PING, 0, 0, bytes(7)),
        frame(PING, 0, 1, bytes(8)),
        frame(WINDOW, 0, 0, b""),
        frame(SETTINGS, 0, 1, b""),
    ],
)
def test_a_frame_of_the_wrong_size_or_stream_ends_the_connection(nonsense: bytes) -> None:
    """A GOAWAY that says nothing, above all, is not to say that no request was acted on."""
    state = connected()
    _, outcomes = ask(state)
    with pytest.raises(ProtocolError):
        state.receive(nonsense)
    assert outcomes == []


@st.composite
def any_frames(draw: Any) -> bytes:
    """Frames that are mostly of a form that is read on."""
    pieces = []
    for _ in range(draw(st.integers(1, 20))):
        kind = draw(st.sampled_from([*range(10), 0xFA]))
        stream = draw(st.sampled_from([0, 1, 1, 3, 3, 5, 2, 9]))
        block = st.sampled_from([CREATED, b"\x08\x03500", b"\x08\x03103", b"\x88", b"", bytes(8), bytes(4)])
        payload = draw(st.one_of(block, st.binary(max_size=40)))
        pieces.append(frame(kind, draw(st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D])), stream, payload))
    return b"".join(pieces)


@given(any_frames(), st.lists(st.integers(0, 400), max_size=4))
def test_whatever_comes_every_request_ends_once_and_nothing_else_is_raised(
    data: bytes, cuts: list[int]
) -> None:
    state = connected()
    outcomes = [ask(state, brief=bool(number % 2))[1] for number in range(3)]
    places = [0, *sorted(cuts), len(data)]
    with suppress(ProtocolError):
        for start, end in pairwise(places):
            state.receive(data[start:end])
    state.lost("reset")
    assert [len(one) for one in outcomes] == [1, 1, 1]
    assert len(state._rest) <= FRAME_BYTES + 9
