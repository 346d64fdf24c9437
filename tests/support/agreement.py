"""Holds a gateway's own log against our ledger, message by message."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from channels.base import Notice
from channels.sms.fitting import compose
from dispatcher.delivery.notices import Notices
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import State
from tests.delivery.conftest import House
from tests.support.histories import submit
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, message
from tests.support.sealed import endpoints

PARTS_MAX = 6
EACH = 5
"""Recipients of each warning."""
WARNINGS = {
    "SHORT1": (DUEREN, "de", "Hochwasser", "Meiden Sie das Ufer."),
    "LONG2": (
        JUELICH,
        "de",
        "Gefährlicher Stoff",
        "Schließen Sie Türen & Fenster; Schäden über 5 € melden. " * 6,
    ),
    "UCS3": (HEIMBACH, "uk", "Повінь", "Підніміться на верхні поверхи. " * 4),
}
"""Warnings by their id: municipality, language, event, instruction. One part, parts, and parts in UCS-2."""


class Sent(NamedTuple):
    """A message, as one side knows it: who got what."""

    number: str
    text: str


def disagreements(ledger: Iterable[Sent], log: Iterable[Sent]) -> list[str]:
    """What one side has and the other has not, or not as often."""
    ours, theirs = Counter(ledger), Counter(log)
    missing = (f"not in the log: {one}" for one in (ours - theirs).elements())
    unknown = (f"not in the ledger: {one}" for one in (theirs - ours).elements())
    return [*missing, *unknown]


def distorted(log: list[Sent]) -> Iterator[list[Sent]]:
    """Logs that do not agree with what agrees with this one: a line is missing, doubled, somebody else's, or says
    something else.
    """
    first, *others = log
    yield others
    yield [first, *log]
    yield [first._replace(number=first.number[:-1] + "x"), *others]
    yield [first._replace(text=first.text[:-1]), *others]


class KeptNotices(Notices):
    """Keeps the notices that were given out, by alert."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.given: dict[str, Notice] = {}

    async def notice(self, *arguments: Any) -> Notice | None:
        found = await super().notice(*arguments)
        if found is not None:
            self.given[found.alert_id] = found
        return found


async def warn(house: House, channel: Any, gateway: str, numbers: Iterator[str]) -> list[Sent]:
    """Send every warning to some people over this channel, and return what our ledger says was accepted."""
    notices = KeptNotices(house.alerts, ZoneInfo("Europe/Berlin"))
    deliverer = house.another(channels={channel.name: channel}, notices=notices)
    for alert_id, (place, language, event, instruction) in WARNINGS.items():
        await house.subscriptions.add_many(
            [
                NewSubscription(channel.name, gateway, next(numbers), {}, (place,), language=language)
                for _ in range(EACH)
            ]
        )
        text = message(
            place,
            identifier=alert_id,
            sent=datetime.now(UTC),
            language=language,
            event=event,
            headline=event,
            instruction=instruction,
        )
        await submit(house.alerts, alert_id, place, raw=text.xml())
        await house.planner.plan(alert_id)
    for row in await house.pool.fetch("SELECT id FROM batch ORDER BY id"):
        await deliverer.deliver(row["id"])
    return [
        Sent(number, compose(notice.lines or notice.text, PARTS_MAX, notice.language).text)
        for alert_id, number in await _accepted(house.pool)
        for notice in (notices.given[alert_id],)
    ]


async def _accepted(pool: Any) -> list[tuple[str, str]]:
    """Whom the ledger calls accepted, as (alert, number)."""
    numbers = {one.id: one.address for one in await endpoints(pool)}
    batches = await pool.fetch("SELECT alert_id, recipients, outcomes FROM batch")
    return [
        (row["alert_id"], numbers[recipient])
        for row in batches
        for recipient, outcome in zip(row["recipients"], row["outcomes"], strict=True)
        if outcome == State.ACCEPTED
    ]


def synthetic(first: int = 1) -> Iterator[str]:
    """Numbers that are nobody's: a German national number never begins with 0."""
    while True:
        yield f"+4900{first:09}"
        first += 1
