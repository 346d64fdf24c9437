"""What is true of an alert now."""

from typing import Any

import cap
from dispatcher.texts.current import KEPT, CurrentTexts, as_told
from tests.support.messages import HOUR, NOW, InfoPart, Message, stored

GRAVE = InfoPart(severity="Extreme", event="Unwetter", headline="Gewitter in\u202e Jülich", lifetime=HOUR)
LONG = InfoPart(severity="Minor", event="Regen", headline="Regen in Jülich", lifetime=5 * HOUR)


class Record:
    """The messages by id, and how often each was read."""

    def __init__(self, **messages: bytes) -> None:
        self.messages = messages
        self.read: list[str] = []

    async def message(self, alert_id: str) -> cap.Alert | None:
        self.read.append(alert_id)
        raw = self.messages.get(alert_id)
        return None if raw is None else cap.parse(raw).alerts[0]


async def told(record: Record, hours: float, *alerts: Any) -> list[tuple[str, ...]]:
    found = await CurrentTexts(record.message).now(alerts or [stored()], NOW + hours * HOUR)
    return [(one.headline, one.event, one.severity, one.expires.isoformat()) for one in found]


async def test_the_gravest_info_that_goes_on_speaks_with_its_own_end() -> None:
    record = Record(A=Message(infos=(LONG, GRAVE)).xml())
    grave = ("Gewitter in Jülich", "Unwetter", "Extreme", "2026-11-22T13:00:00+00:00")
    long = ("Regen in Jülich", "Regen", "Minor", "2026-11-22T17:00:00+00:00")
    assert [await told(record, hours) for hours in (0, 1, 5)] == [[grave], [long], []]


async def test_a_message_without_any_info_stays_as_it_is_on_record() -> None:
    on_record = ("Hochwasser an der Rur", "Hochwasser", "Severe", "2026-11-22T18:00:00+00:00")
    assert await told(Record(A=Message(infos=()).xml()), 1) == [on_record]
    assert await told(Record(), 1) == [on_record]


def test_an_info_without_an_end_goes_on_as_long_as_the_message() -> None:
    info = cap.Info(event="Brand")
    found = as_told(stored(), (info,), NOW)
    assert found is not None
    assert (found.expires, found.headline) == (stored().expires, "")


async def test_messages_are_read_once_and_the_oldest_make_room() -> None:
    record = Record(A=Message(infos=(LONG,)).xml())
    texts = CurrentTexts(record.message)
    for _ in range(3):
        await texts.now([stored()], NOW)
    assert record.read == ["A"]
    await texts.now([stored(id=str(n)) for n in range(KEPT)], NOW)
    assert len(texts._kept) == KEPT
    await texts.now([stored()], NOW)
    assert record.read.count("A") == 2
