"""What becomes of a text that somebody sent."""

from types import SimpleNamespace
from typing import Any

import pytest

from channels.sms.inbound import InboundText
from dispatcher.apps.inbound_texts import InboundTexts, InboundVerdict, stopping_number
from dispatcher.audience.phone_numbers import NumberRules
from dispatcher.metrics import Metrics
from dispatcher.store.numbers.opt_outs import OptOut
from tests.metrics.test_registry import samples

NUMBER = "+4915112345678"


@pytest.mark.parametrize(
    ("sender", "text", "found"),
    [
        ("4915112345678", "Stop", NUMBER),
        ("0151 12345678", "ENDE", NUMBER),
        (NUMBER, "STOP und nun?", InboundVerdict.NOT_UNDERSTOOD),
        ("WARNUNG", "STOP", InboundVerdict.NO_NUMBER),
        ("", "STOP", InboundVerdict.UNREADABLE),
        (NUMBER, "", InboundVerdict.UNREADABLE),
    ],
)
def test_it_is_a_number_that_stops_or_a_reason(sender: str, text: str, found: str) -> None:
    assert stopping_number(InboundText(sender, text), NumberRules()) == found


async def test_each_text_is_counted_by_what_became_of_it() -> None:
    stopped: list[tuple[str, str]] = []

    async def stop(number: str, by: str) -> OptOut:
        stopped.append((number, by))
        return OptOut.ENDED if len(stopped) == 1 else OptOut.NOTED

    opt_outs: Any = SimpleNamespace(stop=stop)
    metrics = Metrics()
    inbound = InboundTexts({}, opt_outs, NumberRules(), metrics)
    inbound.know("smsc")
    texts = [InboundText(NUMBER, word) for word in ("stop", "STOPP", "Danke")]
    assert await inbound.take("smsc", texts) == {"ended": 1, "noted": 1, "not_understood": 1}
    assert stopped == [(NUMBER, "gateway:smsc")] * 2
    counted = samples(metrics)
    for verdict, count in (("ended", 1), ("noted", 1), ("not_understood", 1), ("refused", 0)):
        label = frozenset({("gateway", "smsc"), ("verdict", verdict)})
        assert counted["warn_sms_inbound_total", label] == count
