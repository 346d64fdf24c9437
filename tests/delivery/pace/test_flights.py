"""Slices that are under way together."""

import asyncio

import pytest

from dispatcher.delivery.pace.flights import Flights


async def test_they_land_in_any_order_and_one_after_the_other_is_heard_of() -> None:
    flights, landed = Flights(), []
    gates = [asyncio.Event() for _ in range(3)]

    async def fly(number: int) -> None:
        await gates[number].wait()
        landed.append(number)

    for number in range(3):
        flights.start(fly(number))
    gates[2].set()
    assert await flights.land_one()
    assert landed == [2]
    gates[0].set()
    gates[1].set()
    while await flights.land_one():
        pass
    assert landed == [2, 0, 1]
    assert not await flights.land_one()


async def test_what_has_landed_is_forgotten_and_its_error_raised_without_waiting() -> None:
    flights = Flights()

    async def fail() -> None:
        raise LookupError("x")

    failing = flights.start(fail())
    flights.check()
    await asyncio.wait([failing])
    with pytest.raises(LookupError):
        flights.check()
    assert not await flights.land_one()


async def test_an_error_is_raised_and_the_others_can_be_dropped() -> None:
    flights = Flights()
    ended = asyncio.Event()

    async def fail() -> None:
        raise LookupError("x")

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    flights.start(last())
    flights.start(fail())
    with pytest.raises(LookupError):
        await flights.land_one()
    await flights.drop()
    assert ended.is_set()
    assert not await flights.land_one()
