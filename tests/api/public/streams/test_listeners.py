"""Who listens is counted by process and by address, and what each was told is known."""

from typing import Any

import pytest

from dispatcher.api.public.streams.listeners import (
    SLOTS,
    Audience,
    Listeners,
    StreamClient,
    StreamLimits,
    network_of,
)
from dispatcher.metrics import Metrics
from dispatcher.metrics.http import StreamEnded
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.publication.places import PlaceKind, PublicPlace
from tests.metrics.test_registry import samples
from tests.support.messages import DUEREN, JUELICH

LIMITS = StreamLimits(most=3, of_one=2)


class Stream:
    """What is written to a client."""

    def __init__(self) -> None:
        self.is_behind = False
        self.written: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self.written.append(piece)


class Known:
    """Listeners, and what the metrics say of them."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.listeners = Listeners(self.metrics, LIMITS)

    def begin(self, ags: str = DUEREN, address: str = "192.0.2.1", told: int = 0, last: int = 0) -> Any:
        place = PublicPlace(PlaceKind.MUNICIPALITY, ags, "", "", (ags,))
        listener = StreamClient(self.listeners, self.listeners.audience(place, "de"), address, told)
        self.listeners.begin(listener, Stream(), last)
        return listener

    def count(self, name: str, **labels: str) -> float:
        return samples(self.metrics).get((name, frozenset(labels.items())), 0)


@pytest.fixture
def known() -> Known:
    return Known()


def test_listeners_of_one_place_and_language_are_one_audience(known: Known) -> None:
    one, two, other = known.begin(), known.begin(), known.begin(JUELICH)
    assert one.audience is two.audience is not other.audience
    audiences: Any = known.listeners.audiences
    assert audiences(None) == [one.audience, other.audience]
    assert audiences(frozenset({JUELICH, "x"})) == [other.audience]
    one.lost(StreamEnded.CLIENT)
    assert one.audience.listeners == {two}
    two.lost(StreamEnded.SLOW)
    two.lost(StreamEnded.SLOW)  # no more than once
    assert audiences(None) == [other.audience]
    assert (len(known.listeners), list(known.listeners)) == (1, [other])
    assert known.count("warn_streams") == 1
    assert known.count("warn_streams_ended_total", reason="client") == 1
    assert known.count("warn_streams_ended_total", reason="slow") == 1


def test_there_are_so_many_of_a_process_and_of_an_address(known: Known) -> None:
    first = known.begin()
    known.begin()
    with pytest.raises(RequestRefused) as refused:
        known.listeners.require_place("192.0.2.1")
    assert (refused.value.type, refused.value.retry_after_s) == (ProblemType.OVERLOADED, 30)
    known.listeners.require_place("192.0.2.2")
    known.begin(address="192.0.2.2")
    with pytest.raises(RequestRefused):
        known.listeners.require_place("192.0.2.3")
    assert known.count("warn_streams_refused_total", reason="address") == 1
    assert known.count("warn_streams_refused_total", reason="full") == 1
    first.lost(StreamEnded.CLIENT)
    known.listeners.require_place("192.0.2.1")


def test_who_is_behind_gets_nothing_and_says_when_it_has_caught_up(known: Known) -> None:
    listener = known.begin()
    assert not listener.is_behind
    listener.tell(b"one", 1)
    listener.stream.is_behind = True
    assert listener.is_behind
    listener.tell(b"two", 2)
    assert (listener.told, listener.stream.written) == (1, [b"one"])
    listener.stream.is_behind = False
    listener.caught_up()
    assert listener.is_behind, "it has missed the second"
    assert known.listeners.behind == {listener}
    listener.lost(StreamEnded.CLIENT)
    assert known.listeners.behind == set()
    listener.tell(b"three", 3)
    assert listener.told == 1


def test_what_happened_while_a_stream_opened_is_missing(known: Known) -> None:
    assert known.begin(told=1, last=2).is_behind
    assert not known.begin(told=2, last=2).is_behind


def test_listeners_are_dealt_into_groups(known: Known) -> None:
    all_of_them = [known.begin(address=str(n)) for n in range(2 * SLOTS)]
    assert [len(known.listeners.of_slot(n)) for n in range(2 * SLOTS)] == [2] * (2 * SLOTS)
    assert set(known.listeners) == set(all_of_them)


def test_nothing_is_written_where_nothing_has_happened(known: Known) -> None:
    listener = known.begin()
    listener.tell(b"", 4)
    assert (listener.told, listener.stream.written) == (4, [])


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_address_is_what_one_household_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_audience_is_itself_alone() -> None:
    place = PublicPlace(PlaceKind.EVERYWHERE, "", "", "", ())
    assert Audience(place, "de", "") != Audience(place, "de", "")
