"""The sink accepts whatever comes in either protocol, counts it, and keeps a sample."""

import json
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hpack
import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from ops.lab.bench import webpush
from ops.lab.bench.senders import h2load
from ops.lab.bench.senders.measurement import Measurement, processor_ratio, rate, ratio, running_sink
from ops.lab.bench.sink.framing import ANSWERS, PREFACE, Http1, Http2, frame
from ops.lab.bench.sink.server import SAMPLE_EVERY, SAMPLE_MAX, Sample
from ops.lab.world.certificate import write_certificate

PUSH, FCM = ANSWERS["push"], ANSWERS["fcm"]


def test_http_1_requests_in_any_pieces_are_each_accepted() -> None:
    bodies = []
    sink = Http1(bodies.append, PUSH)
    request = b"POST /push/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    answers = b"".join(sink.feed(bytes([byte])) for byte in request) + sink.feed(request + request)
    assert answers.count(b"HTTP/1.1 201 Created\r\n") == 3
    assert bodies == [b"abc"] * 3


def test_http_1_waits_are_cut_short_and_requests_without_a_body_accepted() -> None:
    bodies = []
    sink = Http1(bodies.append, PUSH)
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    assert sink.feed(head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert sink.feed(b"x").startswith(b"HTTP/1.1 201")
    assert sink.feed(b"POST / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 201")
    assert bodies == [b"x", b""]


def test_http_1_chunks_are_not_taken_for_nothing() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        Http1(print, PUSH).feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_http_2_requests_are_each_accepted() -> None:
    bodies = []
    sink = Http2(bodies.append, PUSH)
    assert sink.feed(PREFACE[:5]) == b""
    sink.feed(PREFACE[5:])
    said = (
        frame(4, 0, 0, b"") + frame(6, 0, 0, b"12345678") + frame(1, 4, 1, b"?") + frame(0, 8, 1, b"\1ab\0")
    )
    said += frame(0, 1, 1, b"c") + frame(1, 5, 3, b"?") + frame(1, 4, 5, b"?") + frame(0, 0, 5, b"x")
    answers = sink.feed(said + frame(3, 0, 5, bytes(4)))
    assert bodies == [b"abc", b""]
    assert answers.startswith(frame(4, 1, 0, b"") + frame(6, 1, 0, b"12345678"))
    assert answers.count(b"\x08\x03201") == 2


def test_fcm_names_the_message_and_grants_a_token_in_either_protocol() -> None:
    named = json.loads(FCM.body)
    assert named.keys() == {"name", "access_token", "expires_in", "token_type"}
    assert Http1(len, FCM).feed(b"POST / HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n" + FCM.body)
    answers = Http2(len, FCM).feed(PREFACE + frame(1, 5, 3, b"?"))
    assert answers == frame(1, 4, 3, FCM.block()) + frame(0, 1, 3, FCM.body)
    fields = {str(one[0]): str(one[1]) for one in hpack.Decoder().decode(FCM.block())}
    assert fields == {":status": "200", "content-type": "application/json; charset=UTF-8"}


def test_what_identifies_a_request_comes_back_where_a_client_needs_it() -> None:
    noted: list[bytes] = []
    sink = Http2(noted.append, ANSWERS["apns-read"])
    sink.feed(PREFACE)
    head = hpack.Encoder().encode([(":path", "/3/device/00"), ("apns-id", "A-1")])
    answers = sink.feed(frame(1, 4, 1, head) + frame(0, 1, 1, b"{}"))
    assert dict(hpack.Decoder().decode(answers[9:], raw=True))[b"apns-id"] == b"A-1"
    assert json.loads(noted[0]) == {"headers": {":path": "/3/device/00", "apns-id": "A-1"}, "body": "{}"}


def test_http_2_windows_never_close() -> None:
    sink = Http2(lambda body: None, PUSH)
    sink.feed(PREFACE)
    data = frame(0, 1, 1, bytes(16_000))
    answers = b"".join(sink.feed(data * 100) for _ in range(700))
    assert answers.count(b"\x00\x00\x04\x08\x00") == 1


def test_something_else_is_no_http_2() -> None:
    with pytest.raises(ValueError, match="preface"):
        Http2(print, PUSH).feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


def test_one_body_in_many_is_kept_and_never_many() -> None:
    sample = Sample()
    for number in range(1, 20 * SAMPLE_EVERY + 1):
        sample.note(b"%d" % number)
    assert sample.take()[:2] == [b"%d" % SAMPLE_EVERY, b"%d" % (2 * SAMPLE_EVERY)]
    assert sample.bodies == []
    for number in range(200 * SAMPLE_EVERY):
        sample.note(b"%d" % number)
    assert SAMPLE_MAX // 4 < len(sample.bodies) <= SAMPLE_MAX
    assert int(sample.bodies[-1]) > 190 * SAMPLE_EVERY


@pytest.mark.processes
@pytest.mark.parametrize("protocols", ["http/1.1", "h2,http/1.1"])
async def test_the_process_serves_tells_and_ends(tmp_path: Path, protocols: str) -> None:
    certificate, key = write_certificate(tmp_path, datetime.now(UTC))
    with running_sink(certificate, key, protocols, None) as sink:
        client = HttpClient(AddressPolicy(frozenset({sink.origin})), ca_file=str(certificate))
        for _ in range(SAMPLE_EVERY):
            answer = await client.post(sink.origin + "/push/1", {"TTL": "60"}, b"body", 10.0)
            assert answer.status == 201
        await client.aclose()
        said = sink.report()
    assert (said["count"], said["bodies"]) == (SAMPLE_EVERY, ["Ym9keQ=="])


@pytest.mark.processes
@pytest.mark.parametrize("way", [*webpush.SENDERS, webpush.H2LOAD], ids=lambda way: way.name)
def test_every_way_to_send_arrives_and_what_is_encrypted_can_be_read(tmp_path: Path, way: Any) -> None:
    if way is webpush.H2LOAD and shutil.which(h2load.PROGRAM) is None:
        pytest.skip("h2load is not installed")
    with ExitStack() as stack:
        measured = webpush.WebPushTestbed(tmp_path, stack, 0.0).measure(way)
    assert measured.per_s > 0
    assert measured.cpu_us > 0


def test_ratios_compare_each_round_with_the_best_of_that_round() -> None:
    def measured(*rates: Any) -> list[Any]:
        return [Measurement(rate, 1.0, 0.1) for rate in rates]

    found = {
        "ours_h2": measured(100.0, 300.0, 200.0),
        "a": measured(10.0, 10.0, 40.0),
        "b": measured(5, 20, 5),
    }
    assert ratio(found, "ours_h2", ["a", "b"]) == 10.0
    assert ratio(found, "ours_h2", ["absent"]) is None
    assert processor_ratio(found, "ours_h2", ["a", "b"]) == 1.0
    assert processor_ratio(found, "ours_h2", ["absent"]) is None
    assert rate(found, "a", "b") == 10
    assert rate(found, "absent") is None
