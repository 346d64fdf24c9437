"""What the record gets of addresses, and how they are read again."""

from dataclasses import replace
from typing import Any

import pytest

from channels.base import Endpoint
from dispatcher.access.sealing import KeyRing, Sealing, UnknownKey
from dispatcher.store.sealed.addresses import Addresses
from tests.support.sealed import ADDRESSES, RING

NUMBER = "+4915100000001"
KEYS = {"p256dh": "B" * 87, "auth": "a" * 22, "vapid": "BExample", "gateway": "first"}


def row(address: str, keys: Any, number: int = 7, addresses: Addresses = ADDRESSES) -> tuple[Any, ...]:
    """As the record returns it."""
    one = addresses.seal(address, keys)
    return number, one.sealed, one.address_hash, one.keys.get("vapid"), one.keys.get("gateway")


def test_all_but_what_statements_look_at_is_sealed_and_comes_back() -> None:
    one = ADDRESSES.seal(NUMBER, KEYS)
    assert one.keys == {"vapid": "BExample", "gateway": "first"}
    assert one.address_hash == ADDRESSES.hash(NUMBER)
    assert all(value.encode() not in one.sealed for value in (NUMBER, KEYS["p256dh"], KEYS["auth"]))
    assert opened(row(NUMBER, KEYS)) == Endpoint(7, NUMBER, KEYS)
    assert opened(row(NUMBER, {})) == Endpoint(7, NUMBER, {})


def opened(one: tuple[Any, ...], addresses: Addresses = ADDRESSES) -> Endpoint:
    [found] = addresses.endpoints([one]).values()
    return found


def test_what_stands_in_anothers_row_is_not_opened() -> None:
    mine, other = row(NUMBER, {}), row("+4915100000002", {})
    assert not opened((mine[0], other[1], *mine[2:])).is_legible


def test_one_that_cannot_be_read_hides_no_other() -> None:
    stranger = Addresses(Sealing(replace(RING, keys={1: b"x" * 32})))
    found = ADDRESSES.endpoints([row(NUMBER, {}, 1), row(NUMBER, {}, 2, stranger), row(NUMBER, {}, 3)])
    assert [(one.id, one.is_legible) for one in found.values()] == [(1, True), (2, False), (3, True)]


def test_what_is_sealed_and_no_address_is_illegible() -> None:
    bound = ADDRESSES.hash(NUMBER)
    assert not opened((1, ADDRESSES.seal_bytes(b"\xc1", bound), bound, None, None)).is_legible


def test_a_key_that_was_made_meanwhile_is_read_when_a_row_needs_it() -> None:
    times = iter(range(100))
    rotated = RING.with_new_key()
    new = row(NUMBER, KEYS, addresses=Addresses(Sealing(rotated)))
    rings: list[KeyRing | None] = [None, RING, rotated]

    def read_again() -> Sealing | None:
        ring = rings.pop(0)
        return None if ring is None else Sealing(ring, current=1)

    addresses = Addresses(Sealing(RING), read_again, lambda: float(next(times)))
    for _ in range(2):
        assert not opened(new, addresses).is_legible
    assert opened(new, addresses).address == NUMBER
    assert addresses.sealing.current == 1, "what to seal with is the record's to say"


def test_a_key_that_is_nowhere_costs_a_reading_a_second() -> None:
    readings = []
    addresses = Addresses(Sealing(RING), lambda: readings.append(1))
    new = row(NUMBER, KEYS, addresses=Addresses(Sealing(RING.with_new_key())))
    found = addresses.endpoints([(number, *new[1:]) for number in range(50)])
    assert [one.is_legible for one in found.values()] == 50 * [False]
    assert len(readings) == 1


def test_what_is_not_sealed_is_left_to_whoever_reads_it() -> None:
    assert list(ADDRESSES.endpoints([row(NUMBER, {}, 1), (2, None, b"", None, None)])) == [1]


def test_other_bytes_are_opened_with_a_key_that_came_later() -> None:
    rotated = Sealing(RING.with_new_key())
    sealed = rotated.seal(b"many", b"here")
    with pytest.raises(UnknownKey):
        ADDRESSES.open_bytes(sealed, b"here")
    assert Addresses(Sealing(RING), lambda: rotated).open_bytes(sealed, b"here") == b"many"
