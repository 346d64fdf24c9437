"""Messages take a bounded room, and each is right whether it was kept parsed or not."""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import cap
from dispatcher.publication.messages import (
    LANGUAGES_MOST,
    KeptMessages,
    message_of,
    outline_of,
    parsed_size,
)
from tests.support.messages import HOUR, NOW, InfoPart, Message, message, stored

CORNERS = "".join(
    f"<polygon>{' '.join(f'{50 + n / 1000:.3f},{6 + ring + n / 2000:.4f}' for n in [*range(60), 0])}</polygon>"
    for ring in range(4)
)
RECORD = stored()


def drawn(identifier: str) -> bytes:
    """A message with an outline, of some kilobytes."""
    return message(identifier=identifier, shapes=CORNERS).xml()


def in_memory(found: object, seen: set[int]) -> int:
    """How many bytes a value takes with all that it has, each once."""
    if id(found) in seen or found is None:
        return 0
    seen.add(id(found))
    inside: Any = ()
    if is_dataclass(found):
        inside = [getattr(found, one.name) for one in fields(found)]
    elif isinstance(found, Mapping):
        inside = [*found, *found.values()]
    elif isinstance(found, tuple):
        inside = found
    return sys.getsizeof(found) + sum(in_memory(one, seen) for one in inside)


def test_what_is_parsed_takes_no_more_than_its_room_and_what_is_not_is_as_right() -> None:
    again: list[int] = []
    one = parsed_size(cap.parse(drawn("nr-00")).alerts[0], len(drawn("nr-00")))
    messages = KeptMessages(room=5 * one, parsed_again=lambda: again.append(1))
    raw = [drawn(f"nr-{number:02}") for number in range(20)]
    kept = [messages.add(RECORD, body) for body in raw]
    assert [found.is_parsed for found in kept] == [False] * 15 + [True] * 5
    assert messages.parsed_bytes == 5 * one
    assert sum(found.packed_size for found in kept) < sum(map(len, raw)) / 3
    for found, body in zip(kept, raw, strict=True):
        assert found.raw() == body
        assert found.parsed() == cap.parse(body).alerts[0]
        assert messages.parsed_bytes <= 5 * one
    assert len(again) == 20, "each was gone when its turn came"
    assert kept[-1].parsed() is kept[-1].parsed()
    assert len(again) == 20


def test_the_one_that_was_asked_for_last_stays() -> None:
    raw = drawn("nr-00")
    messages = KeptMessages(room=2 * parsed_size(cap.parse(raw).alerts[0], len(raw)))
    first, second = (messages.add(RECORD, raw) for _ in range(2))
    first.parsed()
    third = messages.add(RECORD, raw)
    assert (first.is_parsed, second.is_parsed, third.is_parsed) == (True, False, True)
    messages.keep([first])
    assert (first.is_parsed, third.is_parsed) == (True, False)
    messages.keep([])
    assert messages.parsed_bytes == 0


def test_one_that_has_no_room_at_all_takes_none_of_others() -> None:
    raw = drawn("nr-00")
    short = message().xml()
    messages = KeptMessages(room=parsed_size(cap.parse(short).alerts[0], len(short)))
    kept, large = messages.add(RECORD, short), messages.add(RECORD, raw)
    assert (kept.is_parsed, large.is_parsed) == (True, False)
    assert large.parsed() == cap.parse(raw).alerts[0]


def test_threads_ask_at_once() -> None:
    raw = [drawn(f"nr-{number:02}") for number in range(6)]
    messages = KeptMessages(room=2 * parsed_size(cap.parse(raw[0]).alerts[0], len(raw[0])))
    kept = [messages.add(RECORD, body) for body in raw]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: kept[number % 6].parsed().identifier, range(120)))
    assert found == [f"nr-{number % 6:02}" for number in range(120)]
    assert sum(one.is_parsed for one in kept) == 2


def test_what_cannot_be_read_any_more_is_as_the_record_has_it_each_time() -> None:
    kept = KeptMessages(room=0).add(RECORD, b"no XML")
    assert (kept.raw(), kept.is_parsed) == (b"no XML", False)
    assert kept.parsed() == message_of(RECORD, b"no XML")
    assert (kept.parsed().identifier, kept.parsed().infos) == (RECORD.identifier, ())
    assert kept.outline.languages == ("de",)


def test_languages_are_those_of_the_message_german_first_each_once() -> None:
    def languages(*tags: str) -> tuple[str, ...]:
        infos = tuple(InfoPart(language=tag) for tag in tags)
        return outline_of(cap.parse(Message(infos=infos).xml()).alerts[0]).languages

    assert languages("en-GB", "uk", "de-DE", "EN-gb") == ("de-DE", "EN-gb", "uk")
    assert languages() == ("de",)
    many = [f"{one}{other}" for one in "abcdefgh" for other in "abcdefgh"]
    assert len(many) > LANGUAGES_MOST == len(languages(*many))


def test_the_outline_has_what_every_edition_needs() -> None:
    first = message()
    outline = outline_of(cap.parse(first.later("nr-2").xml()).alerts[0])
    assert outline.names_others
    assert not outline_of(cap.parse(first.xml()).alerts[0]).names_others
    parts = (InfoPart(lifetime=HOUR), InfoPart(lifetime=2 * HOUR))
    assert set(outline_of(cap.parse(Message(infos=parts).xml()).alerts[0]).moments) == {
        NOW + HOUR,
        NOW + 2 * HOUR,
    }
    code = "<eventCode><valueName>profile:DE-BBK-EVENTCODE:01.00</valueName><value>BBK-EVC-001</value></eventCode>"
    coded = first.xml().replace(b"<expires>", code.encode() + b"<expires>")
    assert outline_of(cap.parse(coded).alerts[0]).event == "BBK-EVC-001"
    assert outline_of(cap.parse(first.xml()).alerts[0]).event == "Hochwasser"
    assert outline_of(cap.parse(Message(infos=()).xml()).alerts[0]).event == ""


@pytest.mark.parametrize(
    "more",
    [
        "",
        CORNERS,
        "<polygon>" + " ".join(f"{n % 9},{n % 7}" for n in range(2000)) + " 0,0</polygon>",
        "".join(f"<circle>1,{n % 90} 1</circle>" for n in range(500)),
        "".join(f"<geocode><valueName>n{n}</valueName><value>{n}</value></geocode>" for n in range(500)),
        "".join(f"</area><area><areaDesc>{n}</areaDesc>" for n in range(500)),
    ],
)
def test_what_a_parsed_message_takes_is_not_thought_less(more: str) -> None:
    raw = message(shapes=more).xml()
    parsed = cap.parse(raw).alerts[0]
    takes = in_memory(parsed, set())
    assert 0.8 * takes <= parsed_size(parsed, len(raw)) <= 4 * takes
