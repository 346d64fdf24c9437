"""What asks for a second person, and what carries out the decision, write the same texts."""

from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.settings import Settings
from dispatcher.wiring.approvals import approval_asking, four_eyes


async def test_both_sides_write_texts_for_the_desks_zone_with_the_same_names() -> None:
    settings, known = Settings(time_zone="Europe/Paris"), frozenset({"düren"})
    wake_ups = WakeUpQueue(open_queue(parse("redis://127.0.0.1:1")))
    asks = approval_asking(settings, None, None, known)
    decides = four_eyes(settings, None, wake_ups, known)
    assert asks._texts == decides._texts
    assert str(asks._texts.zone) == "Europe/Paris"
    await wake_ups.aclose()
