"""What becomes of one SMS with a code, and what it costs."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelDown, Endpoint, Gone, Notice, Receipt, Transient, Uncertain
from channels.sms.contract import Contract
from dispatcher.apps.round_trip import leave_sms
from dispatcher.sms.budget import Spent
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.code_parts import CodeParts
from dispatcher.worker.code_sms import NO_ROOM, CodeSms

NOTICE = leave_sms("012345", ("de",), datetime(2026, 11, 29, tzinfo=UTC), "codeab")
NUMBER = Endpoint(7, "+4915112345678", {})


class Gateway:
    """A channel that answers so; a text has two parts."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.sent = 0

    def units(self, notice: Notice, gateway: str) -> int:
        assert (notice, gateway) == (NOTICE, "a")
        return 2

    async def send(
        self, _notice: Notice, _gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        self.sent += 1
        if isinstance(self.answer, ChannelDown | TimeoutError):
            raise self.answer
        yield [Receipt(one.id, self.answer) for one in endpoints]


@pytest.mark.parametrize(
    ("answer", "said", "again", "costs"),
    [
        (None, "accepted", None, 2),
        (Transient("503"), "503", "retry", 0),
        (Gone("410"), "410", "remove", 0),
        (ChannelDown("refused"), "refused", "retry", 0),
        (Uncertain("timeout_read"), "timeout_read", None, 2),
        (TimeoutError(), "timeout", None, 2),
    ],
)
async def test_what_may_have_been_sent_is_paid_and_not_sent_again(
    answer: Any, said: str, again: str | None, costs: int, pool: Any
) -> None:
    gateway: Any = Gateway(answer)
    charges = Charges([Contract("a", parts_per_month=2)])
    sms = CodeSms(gateway, CodeParts(pool, charges))
    assert await sms.send(NOTICE, sms.gateway("dueren", "a"), NUMBER) == (said, again)
    assert await charges.spent(pool) == {"a": Spent(0, costs)}


async def test_where_the_month_is_spent_nothing_is_sent_but_to_leave_by(pool: Any) -> None:
    gateway: Any = Gateway()
    sms = CodeSms(gateway, CodeParts(pool, Charges([Contract("a", parts_per_month=1)])))
    assert await sms.send(NOTICE, "a", NUMBER) == (NO_ROOM, None)
    assert gateway.sent == 0
    assert (await sms.send(NOTICE, "a", NUMBER, stoppable=False)).answer == "accepted"


async def test_where_nothing_is_known_of_the_gateways_nothing_is_counted() -> None:
    sms = CodeSms(Gateway())
    assert (sms.gateway("dueren", "a"), sms.own_names()) == ("a", ())
    assert (await sms.send(NOTICE, "a", NUMBER)).answer == "accepted"
