"""What carries out the decision of a second person, and what shows messages that wait, write the same texts."""

from typing import Any

from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.settings import Settings
from dispatcher.wiring.approvals import four_eyes, held_parts, held_texts


async def test_texts_are_for_the_desks_zone_and_the_same_wherever_they_are_written() -> None:
    texts = held_texts(Settings(time_zone="Europe/Paris"), frozenset({"düren"}))
    wake_ups = WakeUpQueue(open_queue(parse("redis://127.0.0.1:1")))
    nothing: Any = None
    decides = four_eyes(nothing, wake_ups, texts)
    shows = held_parts(nothing, wake_ups, nothing, nothing, texts)
    assert decides._texts is shows.texts
    assert (str(texts.zone), texts.known) == ("Europe/Paris", frozenset({"düren"}))
    await wake_ups.aclose()
