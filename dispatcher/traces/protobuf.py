"""Write spans as an `ExportTraceServiceRequest` of OTLP, in protobuf. Pure.

Of protobuf it takes three kinds of fields, and of OTLP a dozen (opentelemetry-proto 1.x: `trace.proto`, `common.proto`,
`resource.proto`), whose numbers never change: names of the fields stand beside them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.traces.context import SpanContext
    from dispatcher.traces.spans import Attributes, Span

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
"""Wire types (protobuf's encoding, "message structure")."""
_SAMPLED: Final = 1
_ERROR: Final = 2


def export_request(resource: Attributes, scope: tuple[str, str], spans: Iterable[Span]) -> bytes:
    """Return the request with these spans of one process. `scope` is the name and version of what made them."""
    name, version = scope
    instrumentation = _text(1, name) + _text(2, version)  # InstrumentationScope: name, version
    scope_spans = _message(1, instrumentation) + b"".join(_message(2, _span(one)) for one in spans)
    # ResourceSpans: resource, scope_spans; Resource: attributes; the request: resource_spans
    return _message(1, _message(1, _attributes(1, resource)) + _message(2, scope_spans))


def _span(span: Span) -> bytes:
    failed = span.time.failure
    attributes = {**span.attributes, "error.type": failed} if failed else span.attributes
    return b"".join(
        (
            _message(1, span.trace_id),  # trace_id
            _message(2, span.span_id),  # span_id
            _message(4, span.parent_id) if span.parent_id else b"",  # parent_span_id
            _text(5, span.name),  # name
            _number(6, span.kind),  # kind
            _fixed64(7, span.time.start_ns),  # start_time_unix_nano
            _fixed64(8, span.time.end_ns),  # end_time_unix_nano
            _attributes(9, attributes),  # attributes
            _message(13, _link(span.link)) if span.link else b"",  # links
            _message(15, _number(3, _ERROR)) if failed else b"",  # status: code
            _fixed32(16, _SAMPLED),  # flags
        )
    )


def _link(context: SpanContext) -> bytes:
    # Link: trace_id, span_id, flags
    return _message(1, context.trace_id) + _message(2, context.span_id) + _fixed32(6, context.flags)


def _attributes(field: int, attributes: Attributes) -> bytes:
    # KeyValue: key, value
    return b"".join(
        _message(field, _text(1, key) + _message(2, _value(value))) for key, value in attributes.items()
    )


def _value(value: str | int) -> bytes:
    # AnyValue: string_value, bool_value, int_value
    if isinstance(value, bool):
        return _number(2, value)
    return _number(3, value) if isinstance(value, int) else _text(1, value)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH) + _varint(len(content)) + content


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def _fixed64(field: int, number: int) -> bytes:
    return _varint(field << 3 | _FIXED64) + struct.pack("<Q", number)


def _fixed32(field: int, number: int) -> bytes:
    return _varint(field << 3 | _FIXED32) + struct.pack("<I", number)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
