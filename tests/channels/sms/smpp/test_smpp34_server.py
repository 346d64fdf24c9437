"""Our SMPP client against `smpp34`'s server as the centre. It mixes the order of what comes at once."""

import asyncio

from channels.base import RateLimited
from channels.sms.fitting import compose
from channels.sms.smpp.segments import LongText
from ops.lab.gateways.smpp.alphabet import read_text
from ops.lab.gateways.smpp.parts import ALONE, Assembly, split_header
from tests.support.agreement import Sent, synthetic
from tests.support.smpp34_server import Smpp34Centre, smpp34_centre
from tests.support.smpp_peer import NUMBER, SmppPeer
from tests.support.smpp_sender import TEXTS, KeptJournal, carrier, notice, receipts

UDH_INDICATOR = 0x40


async def test_it_hands_on_the_octets_of_no_client() -> None:
    async with smpp34_centre(statuses=[0, 0x58], receipts=False) as centre:

        def speak() -> list[int]:
            with SmppPeer(centre.port) as peer:
                return [peer.bind().status, *(peer.submit(b"\x7b\x1be").status for _ in range(2))]

        assert await asyncio.to_thread(speak) == [0, 0, 0x58]
    (taken,) = centre.taken
    assert (taken.short_message, taken.destination_addr) == (b"\x7b\x1be", NUMBER)


def texts_in(centre: Smpp34Centre) -> list[Sent]:
    """The texts that it was sent, put together, by number."""
    assembly, found = Assembly(), []
    for one in centre.taken:
        place, octets = ALONE, one.short_message
        if one.esm_class & UDH_INDICATOR:
            place, octets = split_header(octets)
        text = assembly.add(one.destination_addr, place, read_text(one.data_coding, octets))
        if text is not None:
            found.append(Sent("+" + one.destination_addr, text))
    assert not assembly.waiting
    return sorted(found)


async def test_texts_of_all_kinds_arrive_whole_and_receipts_are_tied() -> None:
    journal = KeptJournal()
    async with smpp34_centre() as centre:
        sender = carrier(centre.port, journal, long_text=LongText.UDH)
        numbers = [number for number, _ in zip(synthetic(), TEXTS, strict=False)]
        for (language, text), number in zip(TEXTS.values(), numbers, strict=True):
            (receipt,) = await receipts(sender, notice(text, language), [number])
            assert receipt.error is None
        await journal.until(lambda: len(journal.keys) == len(journal.parts))
        await sender.aclose()
    sent = [
        Sent(number, compose(text, 6, language).text)
        for number, (language, text) in zip(numbers, TEXTS.values(), strict=True)
    ]
    assert texts_in(centre) == sent
    assert journal.all_tied()


async def test_of_many_at_once_each_gets_its_own_answer() -> None:
    journal = KeptJournal()
    async with smpp34_centre() as centre:
        sender = carrier(centre.port, journal)
        numbers = [number for number, _ in zip(synthetic(), range(30), strict=False)]
        found = await receipts(sender, notice("Hochwasser"), numbers)
        await journal.until(lambda: len(journal.keys) == len(journal.parts) == len(numbers))
        await sender.aclose()
    assert {receipt.error for receipt in found} == {None}
    assert sorted(receipt.endpoint_id for receipt in found) == list(range(1, 31))
    ids = {str(place): one.destination_addr for place, one in enumerate(centre.taken, 1)}
    assert [ids[receipt.reference] for receipt in sorted(found, key=lambda one: one.endpoint_id)] == [
        number.removeprefix("+") for number in numbers
    ]
    assert journal.all_tied()


async def test_one_that_was_throttled_is_told_so_and_no_other() -> None:
    async with smpp34_centre(statuses=[0x58], receipts=False) as centre:
        sender = carrier(centre.port, throttle_s=0.05)
        numbers = [number for number, _ in zip(synthetic(), range(3), strict=False)]
        found = await receipts(sender, notice("Hochwasser"), numbers[:1])
        assert [type(receipt.error) for receipt in found] == [RateLimited]
        found = await receipts(sender, notice("Hochwasser"), numbers)
        await sender.aclose()
    assert [receipt.error for receipt in found] == [None] * 3
    assert len(centre.taken) == 3
