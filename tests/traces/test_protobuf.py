"""What is written is what a collector reads."""

from typing import Any

import pytest

from dispatcher.traces.context import SpanContext
from dispatcher.traces.protobuf import export_request
from dispatcher.traces.spans import Span, SpanKind, SpanTime
from tests.support.otlp import read, spans_in

RESOURCE = {"service.name": "cap-dispatcher", "service.version": "0.1.0", "service.instance.id": "worker-2"}
SCOPE = ("cap-dispatcher", "0.1.0")
START = 1_796_040_000_123_456_789

OFFICIAL = bytes.fromhex(
    "0a93020a220a200a0c736572766963652e6e616d6512100a0e6361702d6469737061746368657212ec010a17"
    "0a0e6361702d646973706174636865721205302e312e3012d0010a10000102030405060708090a0b0c0d0e0f"
    "120830313233343536372208706172656e7473212a0764656c69766572300539154dc041ddd0ec18411a4dc0"
    "41ddd0ec184a140a0c7761726e2e6761746577617912040a02c3a44a160a0f7761726e2e726563697069656e"
    "7473120318e8074a100a0a7761726e2e616761696e120210004a1e0a0a6572726f722e7479706512100a0e4c"
    "656173654c6f73744572726f726a210a10747474747474747474747474747474741208737373737373737335"
    "010000007a021802850101000000"
)
"""What protobuf 7.36.2 writes of the request in the test below, by the classes of opentelemetry-proto 1.45.2."""


def span(**changes: Any) -> Span:
    values: dict[str, Any] = {
        "trace_id": bytes(range(16)),
        "span_id": b"01234567",
        "parent_id": b"",
        "name": "accept",
        "kind": SpanKind.SERVER,
        "time": SpanTime(START, START + 5),
        "attributes": {},
    }
    return Span(**values | changes)


def test_a_span_comes_out_as_it_was() -> None:
    attributes = {"a": "ä" * 100, "none": "", "many": 2**62, "zero": 0, "less": -1, "yes": True, "no": False}
    link = SpanContext(b"t" * 16, b"s" * 8, 3)
    made = span(parent_id=b"parents!", attributes=attributes, link=link, kind=SpanKind.CONSUMER)
    [one] = spans_in(export_request(RESOURCE, SCOPE, [made]))
    assert one.attributes == {**attributes, "less": 2**64 - 1}, (
        "a number below zero is its complement on the wire"
    )
    assert (one.trace_id, one.span_id, one.parent_id) == (
        bytes(range(16)).hex(),
        b"01234567".hex(),
        b"parents!".hex(),
    )
    assert (one.name, one.kind, one.flags, one.process) == ("accept", 5, 1, "worker-2")
    assert (one.start_ns, one.end_ns) == (START, START + 5)
    assert one.links == (((b"t" * 16).hex(), (b"s" * 8).hex(), 3),)
    assert not one.failed


def test_every_byte_is_what_the_official_classes_write() -> None:
    made = span(
        parent_id=b"parents!",
        name="deliver",
        kind=SpanKind.CONSUMER,
        time=SpanTime(START, START + 5, "LeaseLostError"),
        attributes={"warn.gateway": "ä", "warn.recipients": 1000, "warn.again": False},
        link=SpanContext(b"t" * 16, b"s" * 8, 1),
    )
    assert export_request({"service.name": "cap-dispatcher"}, SCOPE, [made]) == OFFICIAL


def test_a_failure_has_a_status_and_its_type() -> None:
    [one] = spans_in(export_request(RESOURCE, SCOPE, [span(time=SpanTime(1, 2, "LeaseLostError"))]))
    assert one.failed
    assert one.attributes == {"error.type": "LeaseLostError"}
    assert one.parent_id == ""


def test_several_keep_their_order() -> None:
    made = [span(name=f"step {n}") for n in range(300)]
    found = spans_in(export_request(RESOURCE, SCOPE, made))
    assert [one.name for one in found] == [one.name for one in made]


def test_scope_and_resource_are_said_once() -> None:
    request = read("ExportTraceServiceRequest", export_request(RESOURCE, SCOPE, [span(), span()]))
    [of_resource] = request["resource_spans"]
    [scope] = of_resource["scope_spans"]
    assert scope["scope"] == [{"name": ["cap-dispatcher"], "version": ["0.1.0"]}]
    assert len(of_resource["resource"][0]["attributes"]) == 3


@pytest.mark.parametrize("wrong", [b"\x0a", b"\x0a\x05\x01", b"\x0a\x02\x7a\x00", b"\x09" + bytes(8)])
def test_what_is_no_request_is_noticed(wrong: bytes) -> None:
    with pytest.raises((AssertionError, IndexError, KeyError)):
        spans_in(wrong)
