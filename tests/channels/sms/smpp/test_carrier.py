"""A gateway's carrier: what is sent to a centre for a notice, and what its answers mean."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import ChannelDown, ChannelMisconfigured, Endpoint, Notice, Urgency
from channels.sms.delivery_reports import ReportState, SentPart
from channels.sms.inbound import InboundText
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import WHOLE_TEXT, SmppCarrier, SmppGateway
from channels.sms.smpp.pdu import BindRequest, Command, MessageAnswer, Pdu, ShortMessage
from channels.sms.smpp.receipts import CentreReceipt, IdForm, ReceiptForm
from channels.sms.smpp.segments import LongText, MessageForm, ValidityForm
from channels.sms.smpp.session import Role, Timing
from tests.channels.sms.smpp.centre import Line, ScriptedCentre, scripted_centre, silent

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
FORM = MessageForm("WARNUNG", 5, 0)
LONG = "Die Rur tritt über die Ufer. " * 9


class Book:
    """A journal that remembers."""

    def __init__(self) -> None:
        self.parts: list[SentPart] = []
        self.receipts: list[Any] = []
        self.texts: list[tuple[str, InboundText]] = []
        self.heard = asyncio.Event()

    def sent(self, gateway: str, part: SentPart) -> None:
        assert gateway == "smsc"
        self.parts.append(part)

    def received(self, gateway: str, receipt: CentreReceipt, acknowledge: Any) -> None:
        self.receipts.append((gateway, receipt))
        acknowledge(0)
        self.heard.set()

    def texted(self, gateway: str, text: InboundText, acknowledge: Any) -> None:
        self.texts.append((gateway, text))
        acknowledge(0)
        self.heard.set()


def notice(text: str = "WARNUNG: Hochwasser", seconds: float = 600) -> Notice:
    return Notice(
        alert_id="01JD8Z0000000000000000TEST",
        collapse_key="abcdefghijklmnopqrstuvwxyz012345",
        title="WARNUNG: Hochwasser",
        text=text,
        payload=b"{}",
        language="de",
        urgency=Urgency.HIGH,
        deadline=NOW + timedelta(seconds=seconds),
    )


def endpoint(number: int, address: str = "") -> Endpoint:
    return Endpoint(number, address or f"+4915100000{number:03}", {})


class Stage:
    """A carrier at a centre."""

    def __init__(self, centre: ScriptedCentre, carrier: SmppCarrier, book: Book) -> None:
        self.centre, self.carrier, self.book = centre, carrier, book
        self.raised: Any = None

    async def send(self, endpoints: Any, message: Notice | None = None) -> dict[int, Any]:
        """Return by endpoint "accepted" or the error's label and code."""
        found: dict[int, Any] = {}
        try:
            async for receipts in self.carrier.send(message or notice(), endpoints):
                assert receipts
                for receipt in receipts:
                    assert receipt.endpoint_id not in found
                    error = receipt.error
                    found[receipt.endpoint_id] = (
                        (error.label, error.code, error.detail) if error else "accepted"
                    )
        except (ChannelDown, ChannelMisconfigured) as error:
            self.raised = error
        return found


@asynccontextmanager
async def stage(
    script: Any = (), *, form: MessageForm = FORM, receipts: ReceiptForm | None = None, **plan: Any
) -> AsyncIterator[Stage]:
    async with scripted_centre(script=deque(script)) as centre:
        book = Book()
        gateway = SmppGateway(
            "smsc",
            BindingPlan((centre.centre(),), (Role.TRANSCEIVER,), BindRequest("kreis", "geheim"), **plan),
            form,
            receipts or ReceiptForm(),
        )
        carrier = SmppCarrier(gateway, book, now=lambda: NOW)
        try:
            yield Stage(centre, carrier, book)
        finally:
            centre.script.clear()
            await carrier.aclose()


async def test_what_a_centre_gets() -> None:
    async with stage() as one:
        assert await one.send([endpoint(1)]) == {1: "accepted"}
        (submit,) = one.centre.submits
    assert submit == ShortMessage(
        source_ton=5,
        source="WARNUNG",
        destination_ton=1,
        destination_npi=1,
        destination="4915100000001",
        validity="000000001000000R",
        registered_delivery=1,
        text=b"WARNUNG: Hochwasser",
    )
    assert one.book.parts == [SentPart("M-1", ("01JD8Z0000000000000000TEST", 1), WHOLE_TEXT)]


async def test_a_long_text_in_a_profile_of_its_own() -> None:
    form = MessageForm(
        "4924210", 1, 1, destination_ton=0, plus=True, validity=ValidityForm.ABSOLUTE, long_text=LongText.SAR
    )
    async with stage(form=form) as one:
        assert await one.send([endpoint(1)], notice(LONG)) == {1: "accepted"}
        first, second = one.centre.submits
    assert (first.destination, first.destination_ton, first.validity) == (
        "+4915100000001",
        0,
        "261128121000000+",
    )
    assert len(first.tlvs) == len(second.tlvs) == 3
    assert [(part.key, part.part) for part in one.book.parts] == [("M-1", 1), ("M-2", 2)]


async def test_each_texts_parts_have_a_reference_of_their_own() -> None:
    async with stage() as one:
        await one.send([endpoint(number) for number in range(3)], notice(LONG))
    by_number: dict[str, set[int]] = {}
    for submit in one.centre.submits:
        by_number.setdefault(submit.destination, set()).add(submit.text[3])
    assert all(len(references) == 1 for references in by_number.values())
    assert len(set.union(*by_number.values())) == 3


def patience(status: Any) -> Timing:
    """Only what never comes is not waited for long: an answer may be late on a busy machine."""
    return Timing(answer_s=0.5) if status is silent else Timing()


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (0x0B, ("permanent", "0x0b", "")),
        (0x45, ("transient", "0x45", "")),
        (0x400, ("transient", "0x400", "")),
        (silent, ("uncertain", "timeout", "")),
        (lambda pdu, line: line.close(), ("uncertain", "closed", "")),
    ],
)
async def test_one_text_that_is_not_taken(status: Any, found: Any) -> None:
    async with stage([status], timing=patience(status), window=1) as one:
        assert await one.send([endpoint(1)]) == {1: found}
        assert len(one.centre.submits) == 1, "nothing is sent again by itself"
        assert one.raised is None


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (0x0B, ("permanent", "0x0b", "part 2 of 2")),
        (0x08, ("transient", "0x08", "part 2 of 2")),
        (silent, ("uncertain", "timeout", "part 2 of 2")),
    ],
)
async def test_a_second_part_that_is_not_taken(status: Any, found: Any) -> None:
    async with stage([None, status], timing=patience(status)) as one:
        assert await one.send([endpoint(1)], notice(LONG)) == {1: found}
        assert len(one.centre.submits) == 2


async def test_a_centre_that_asks_to_slow_down_pauses_the_gateway() -> None:
    async with stage([None, 0x58], window=1, throttle_s=9.0) as one:
        found = await one.send([endpoint(number) for number in range(5)])
        assert [outcome if outcome == "accepted" else outcome[:2] for outcome in found.values()] == [
            "accepted",
            *[("rate_limited", "0x58")] * 4,
        ]
        assert (len(one.centre.submits), one.raised) == (2, None)


async def test_what_is_wrong_with_all_messages_stops_the_gateway() -> None:
    async with stage([0x0A], window=1) as one:
        found = await one.send([endpoint(number) for number in range(5)])
        assert found == {0: ("account_refused", "0x0a", "refused")}
        assert isinstance(one.raised, ChannelMisconfigured)
        assert (one.raised.code, one.raised.gateway) == ("0x0a", "smsc")
        assert not one.raised.is_local, "it would be said to any other process, too"


async def test_a_centre_that_cannot_be_bound_is_down_and_nobody_was_started() -> None:
    async with stage() as one:
        one.centre.bind_statuses.append(0x08)
        assert await one.send([endpoint(number) for number in range(5)]) == {}
        assert isinstance(one.raised, ChannelDown)
        assert (one.raised.code, one.raised.gateway) == ("0x08", "smsc")
        assert one.raised.is_local, "another process may have a session"


async def test_a_centre_that_refuses_our_password_needs_a_person() -> None:
    async with stage() as one:
        one.centre.bind_statuses.append(0x0E)
        assert await one.send([endpoint(1)]) == {}
        assert isinstance(one.raised, ChannelMisconfigured)
        assert "geheim" not in str(one.raised)


async def test_odd_numbers_are_refused_for_themselves_and_never_named() -> None:
    async with stage() as one:
        found = await one.send([endpoint(1), endpoint(2, "+49x"), endpoint(3, "0151"), endpoint(4)])
        assert found == {
            1: "accepted",
            2: ("permanent", "number_invalid", ""),
            3: ("permanent", "number_invalid", ""),
            4: "accepted",
        }


async def test_nothing_is_sent_after_the_notices_end() -> None:
    async with stage() as one:
        assert await one.send([endpoint(1)], notice(seconds=0.5)) == {1: ("expired", "deadline", "")}
        assert one.centre.submits == []


async def test_validity_is_bound_by_what_networks_keep() -> None:
    async with stage() as one:
        await one.send([endpoint(1)], notice(seconds=10 * 86_400))
    assert one.centre.submits[0].validity == "000002000000000R"


async def test_a_text_of_emoji_goes_out_whole() -> None:
    async with stage() as one:
        assert await one.send([endpoint(1)], notice("🌊" * 60)) == {1: "accepted"}
    octets = b"".join(submit.text[6:] for submit in one.centre.submits)
    assert octets.decode("utf-16-be") == "🌊" * 60


async def test_a_text_that_nobody_can_write_ends_nothing() -> None:
    async with stage(form=MessageForm("Łódź", 5, 0)) as one:
        found = await one.send([endpoint(1), endpoint(2)])
        assert {outcome[0] for outcome in found.values()} == {"fault"}
        assert one.raised is not None


async def test_closing_stops_it() -> None:
    async with stage([silent] * 3, window=3) as one:
        receipts = one.carrier.send(notice(), [endpoint(number) for number in range(9)])
        waiting = asyncio.ensure_future(anext(receipts))
        await one.centre.until(lambda: len(one.centre.submits) == 3)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await receipts.aclose()
        assert len(one.centre.submits) == 3


async def test_receipts_are_read_kept_and_acknowledged() -> None:
    async with stage(receipts=ReceiptForm(ids=IdForm.NO_ZEROS)) as one:
        await one.send([endpoint(1)])
        line = one.centre.lines[0]
        line.deliver("id:0000m-1 stat:DELIVRD err:000 text:WARNUNG")
        await one.centre.until(lambda: line.seen[-1].command is Command.DELIVER_SM_RESP)
        assert one.book.receipts == [("smsc", CentreReceipt(("M-1",), ReportState.DELIVERED, "000"))]
        line.ask(Command.DELIVER_SM, ShortMessage(source_ton=1, source="4915100000001", text=b"Danke"))
        await one.centre.until(lambda: line.seen[-1].sequence == 2)
        assert one.book.texts == [("smsc", InboundText("+4915100000001", "Danke"))]
        assert len(one.book.receipts) == 1


async def test_a_late_answer_still_ties_its_id() -> None:
    held: list[tuple[Pdu, Line]] = []
    async with stage([lambda pdu, line: held.append((pdu, line))], timing=Timing(answer_s=0.05)) as one:
        assert (await one.send([endpoint(1)]))[1][0] == "uncertain"
        assert one.book.parts == []
        pdu, line = held[0]
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("late")))
        line.deliver("id:late stat:DELIVRD")
        async with asyncio.timeout(10):
            await one.book.heard.wait()
        assert [part.key for part in one.book.parts] == ["LATE"]


async def test_it_binds_before_the_first_text_when_started() -> None:
    async with stage() as one:
        assert one.carrier.figures() is None
        one.carrier.start()
        await one.centre.until(lambda: one.centre.lines and one.centre.lines[0].seen)
        assert one.carrier.start() is one.carrier.start()
        figures = one.carrier.figures()
        assert figures is not None
        assert figures.planned == 1


def test_limits_are_the_contracts() -> None:
    gateway = SmppGateway(
        "smsc",
        BindingPlan((), (Role.TRANSCEIVER,), BindRequest(password="geheim")),
        FORM,
        rate=5.0,
        account="smsc",
    )
    carrier = SmppCarrier(gateway)
    assert (carrier.name, carrier.limits.rate, carrier.limits.account) == ("smsc", 5.0, "smsc")
    assert not re.search("geheim", repr(gateway))
