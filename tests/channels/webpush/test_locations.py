"""Where messages can be taken back is gathered as it comes, and believed below the endpoint's origin alone."""

from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.http2.hpack import Encoder
from channels.http.messages import Acceptance, Answer
from channels.webpush import locations
from channels.webpush.locations import MAX_KEPT_BYTES, Locations, location_of, message_url

ORIGIN = "https://push.services.example.org"
HERE = f"{ORIGIN}/m/gAAAA"
POLICY = AddressPolicy()
# ":status" 201 and "location" (entry 46) as a literal, not in Huffman's code (RFC 7541).
BLOCK = b"\x08\x03201" + b"\x0f\x1f" + bytes([len(HERE)]) + HERE.encode()


def test_what_calls_gather_is_taken_once_by_alert_and_gateway_also_while_they_go_on() -> None:
    found = Locations()
    first, second = found.open("A", ORIGIN), found.open("A", ORIGIN)
    other = found.open("B", ORIGIN)
    assert first is not None
    assert second is not None
    assert other is not None
    first.note(1, Acceptance(201, BLOCK))
    second.note(2, Answer(201, (b"Location: /m/2",)))
    other.note(3, Answer(201, (b"location: " + HERE.encode(),)))
    assert found.take() == {("A", ORIGIN): [(1, BLOCK), (2, "/m/2")], ("B", ORIGIN): [(3, HERE)]}
    first.note(4, Acceptance(201, BLOCK))
    del second, other
    assert found.take() == {("A", ORIGIN): [(4, BLOCK)]}
    assert found.take() == {}
    assert len(found._open) == 1, "what is over is forgotten"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(201),
        Answer(201, (b"Location: ",)),
        Acceptance(201, b""),
        Answer(201, (b"Location: /" + b"x" * MAX_KEPT_BYTES,)),
        Acceptance(201, b"x" * (MAX_KEPT_BYTES + 1)),
    ],
)
def test_nothing_and_too_much_is_not_kept(answer: Answer) -> None:
    found = Locations()
    taken = found.open("A", ORIGIN)
    assert taken is not None
    taken.note(1, answer)
    assert found.take() == {}


def test_there_is_an_end_to_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "MOST", 2)
    found = Locations()
    taken = found.open("A", ORIGIN)
    assert taken is not None
    for number in range(2):
        taken.note(number, Acceptance(201, BLOCK))
    assert found.open("A", ORIGIN) is None
    found.take()
    assert found.open("A", ORIGIN) is not None


def test_a_location_is_read_out_of_header_blocks_of_other_encoders() -> None:
    assert location_of(BLOCK) == HERE
    assert location_of(Encoder().block(b"/x", ((b"location", HERE.encode()),))) == HERE
    assert location_of(b"\x08\x03201") == ""


@pytest.mark.parametrize("kept", [b"\xff" * 100, b"\x0f\x1f\x7f", b"\x0f\x1f\x02\xff\xfe", b"\x00" * 50, ""])
def test_garbage_is_no_location(kept: Any) -> None:
    assert location_of(kept) == ""


@pytest.mark.parametrize("kept", [HERE, "/m/gAAAA", BLOCK])
def test_a_message_is_below_its_endpoints_origin(kept: Any) -> None:
    assert message_url(kept, ORIGIN, POLICY) == HERE


@pytest.mark.parametrize(
    "kept",
    [
        "", "https://evil.example.org/m/1", "//evil.example.org/m/1", "http://push.services.example.org/m/1",
        f"{ORIGIN}:8443/m/1", f"{ORIGIN}@evil.example.org/", f"{ORIGIN}.evil.example.org/m/1", "javascript:alert(1)",
        "file:///etc/passwd", "m/1", "../m/1", f"{ORIGIN}/m/ä", f"{ORIGIN}/a b", "/" + "x" * 10_000, ORIGIN + "/\r\nX: y",
        "https://169.254.169.254/latest", "\\\\evil.example.org\\m", "/m/\x00",
    ],
)  # fmt: skip
def test_a_location_that_leads_elsewhere_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        message_url(kept, ORIGIN, POLICY)
