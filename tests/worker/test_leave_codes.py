"""What becomes of an SMS with a code to leave by, by what its gateway says."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelDown, Endpoint, Gone, Notice, Receipt, Transient, Uncertain
from dispatcher.metrics import Metrics
from dispatcher.store.numbers.leave_codes import DueLeaveCode
from dispatcher.worker.code_sms import CodeSms
from dispatcher.worker.leave_codes import LeaveCodeSender
from tests.metrics.test_registry import samples

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Due:
    """One code that is due, and what was noted of it."""

    def __init__(self) -> None:
        self.again: list[bool] = []
        self.forgotten = False

    async def claim(self, limit: int, new_code: Any, own: Any) -> list[DueLeaveCode]:
        assert limit
        assert not own
        return [DueLeaveCode("gw", Endpoint(7, "+4915112345678", {}), "fr,en", new_code(), b"d" * 32)]

    async def answered(self, due: DueLeaveCode, *, again: bool) -> None:
        assert due.endpoint.id == 7
        self.again.append(again)

    async def forget(self) -> None:
        self.forgotten = True


class Gateway:
    """A channel that answers so."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.texts: list[str] = []

    async def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        assert gateway == "gw"
        self.texts.append(notice.text)
        if isinstance(self.answer, ChannelDown):
            raise self.answer
        yield [Receipt(one.id, self.answer) for one in endpoints]


@pytest.mark.parametrize(
    ("answer", "again", "result"),
    [
        (None, False, "accepted"),
        (Transient("503"), True, "retried"),
        (Uncertain("timeout"), False, "refused"),
        (Gone("410"), False, "refused"),
        (ChannelDown("refused"), True, "retried"),
    ],
)
async def test_it_is_sent_again_only_where_none_can_have_been_paid(
    answer: Any, again: bool, result: str
) -> None:
    codes: Any = Due()
    gateway: Any = Gateway(answer)
    metrics = Metrics()
    sender = LeaveCodeSender(codes, CodeSms(gateway), lambda: "012345", metrics, lambda: NOW)
    assert await sender.send() == 1
    assert codes.again == [again]
    assert "012345" in gateway.texts[0]
    assert "end all warnings" in gateway.texts[0]
    label = frozenset({("channel", "sms"), ("purpose", "leave"), ("result", result)})
    assert samples(metrics)["warn_round_trip_messages_total", label] == 1
    await sender.forget()
    assert codes.forgotten


async def test_without_a_gateway_nothing_is_taken() -> None:
    codes: Any = Due()
    assert await LeaveCodeSender(codes, None, lambda: "1", Metrics(), lambda: NOW).send() == 0
