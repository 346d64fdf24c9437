"""The entry: bytes to a document, or an error that says why not."""

import pytest

import cap
from cap.errors import CapError, NotCap, NotXml, TooLarge
from cap.limits import Limits
from cap.parse.document import parse
from tests.cap.reading import Message


def test_a_body_yields_as_many_alerts_as_it_holds(message: Message) -> None:
    body = message().partition(b"?>")[2]
    for count, data in ((1, message()), (0, b"<alerts/>"), (3, b"<alerts>" + body * 3 + b"</alerts>")):
        assert len(parse(data).alerts) == count


def test_what_had_to_be_repaired_is_said_of_the_alert(message: Message) -> None:
    (alert,) = parse(b"\n" + message()).alerts
    assert [problem.code for problem in alert.problems] == ["leading-whitespace"]


@pytest.mark.parametrize(
    ("data", "error"), [(b"", NotXml), (b"<alert", NotXml), (b"<html/>", NotCap), (b"<alerts>....", TooLarge)]
)
def test_what_yields_no_alert_says_why(data: bytes, error: type[CapError]) -> None:
    with pytest.raises(error):
        parse(data, Limits(max_bytes=10))


def test_it_is_what_the_package_offers() -> None:
    assert cap.parse is parse
