"""A collector's side of OTLP: reads an `ExportTraceServiceRequest` by protobuf's wire format and by the fields' numbers
as opentelemetry-proto has them. A field that is not in these tables, or of another wire type, is an error.
"""

import struct
from dataclasses import dataclass
from typing import Any

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FIELDS: dict[str, dict[int, tuple[str, str]]] = {
    "ExportTraceServiceRequest": {1: ("resource_spans", "ResourceSpans")},
    "ResourceSpans": {1: ("resource", "Resource"), 2: ("scope_spans", "ScopeSpans")},
    "Resource": {1: ("attributes", "KeyValue")},
    "ScopeSpans": {1: ("scope", "InstrumentationScope"), 2: ("spans", "Span")},
    "InstrumentationScope": {1: ("name", "string"), 2: ("version", "string")},
    "Span": {
        1: ("trace_id", "bytes"),
        2: ("span_id", "bytes"),
        3: ("trace_state", "string"),
        4: ("parent_span_id", "bytes"),
        5: ("name", "string"),
        6: ("kind", "varint"),
        7: ("start_time_unix_nano", "fixed64"),
        8: ("end_time_unix_nano", "fixed64"),
        9: ("attributes", "KeyValue"),
        11: ("events", "Event"),
        13: ("links", "Link"),
        15: ("status", "Status"),
        16: ("flags", "fixed32"),
    },
    "Link": {
        1: ("trace_id", "bytes"),
        2: ("span_id", "bytes"),
        3: ("trace_state", "string"),
        6: ("flags", "fixed32"),
    },
    "Status": {2: ("message", "string"), 3: ("code", "varint")},
    "KeyValue": {1: ("key", "string"), 2: ("value", "AnyValue")},
    "AnyValue": {1: ("string_value", "string"), 2: ("bool_value", "bool"), 3: ("int_value", "varint")},
}
WIRE = {"varint": VARINT, "bool": VARINT, "fixed64": FIXED64, "fixed32": FIXED32}
"""Of scalars; all else has a length."""


@dataclass(frozen=True)
class Received:
    """A span as a collector has it, with the process that it is of. Ids in hexadecimal."""

    process: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    links: tuple[tuple[str, str, int], ...]
    failed: bool
    flags: int


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends. Raises IndexError where it does not."""
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift, more = at + 1, shift + 7, data[at] & 0x80
        if not more:
            return number, at


def read(kind: str, data: bytes) -> dict[str, list[Any]]:
    """All values of each field. Raises where this is no such message."""
    found: dict[str, list[Any]] = {}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        name, of = FIELDS[kind][key >> 3]
        assert key & 7 == WIRE.get(of, LENGTH), f"{kind}.{name} has wire type {key & 7}"
        value: Any
        if key & 7 == LENGTH:
            length, at = read_varint(data, at)
            value, at = data[at : at + length], at + length
            assert len(value) == length, f"{kind}.{name} is cut off"
            if of == "string":
                value = value.decode()
            elif of != "bytes":
                value = read(of, value)
        elif key & 7 == VARINT:
            value, at = read_varint(data, at)
            value = bool(value) if of == "bool" else value
        else:
            size, form = (8, "<Q") if of == "fixed64" else (4, "<I")
            (value,), at = struct.unpack(form, data[at : at + size]), at + size
        found.setdefault(name, []).append(value)
    return found


def attributes_of(message: dict[str, list[Any]]) -> dict[str, Any]:
    """The attributes by key. Raises where a key stands twice, or has not just one value."""
    pairs = []
    for one in message.get("attributes", []):
        [key], [value] = one["key"], one["value"]
        [[plain]] = value.values()
        pairs.append((key, plain))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def spans_in(body: bytes) -> list[Received]:
    """All spans of a request, in their order."""
    found = []
    for of_resource in read("ExportTraceServiceRequest", body)["resource_spans"]:
        process = attributes_of(of_resource["resource"][0])["service.instance.id"]
        for scope in of_resource["scope_spans"]:
            found += [_span(process, one) for one in scope["spans"]]
    return found


def _span(process: str, span: dict[str, list[Any]]) -> Received:
    [trace_id], [span_id] = span["trace_id"], span["span_id"]
    assert (len(trace_id), len(span_id)) == (16, 8), "any other is invalid"
    assert any(trace_id)
    assert any(span_id)
    assert span["end_time_unix_nano"] >= span["start_time_unix_nano"]
    return Received(
        process,
        trace_id.hex(),
        span_id.hex(),
        span.get("parent_span_id", [b""])[0].hex(),
        span["name"][0],
        span["kind"][0],
        span["start_time_unix_nano"][0],
        span["end_time_unix_nano"][0],
        attributes_of(span),
        tuple(
            (one["trace_id"][0].hex(), one["span_id"][0].hex(), one["flags"][0])
            for one in span.get("links", [])
        ),
        any(one.get("code") == [2] for one in span.get("status", [])),
        span["flags"][0],
    )
