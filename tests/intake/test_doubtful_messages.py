"""What a signature proves; and that a message whose author or time is in doubt has no power, in either order of
arrival, whatever it says.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cap
from cap.signatures.signing import sign
from dispatcher.feeds.configuration import Feed
from dispatcher.model.vocabulary import DISPATCHED, Reason
from tests.api.conftest import Service
from tests.support.feed_messages import DUEREN, HOUR, NOW, SENDER, cancel, update, warning
from tests.support.feed_world import World
from tests.support.messages import SENDER as CENTRE_SENDER

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def signed_feed(world: World, pair: tuple[bytes, bytes], tmp_path: Path) -> Feed:
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    return await world.feed(signature="required", certificates={"opendata@dwd.de": [str(pin)]})


async def test_what_a_pinned_certificate_proves_goes_out(
    world: World, signed_feed: Feed, pair: tuple[bytes, bytes]
) -> None:
    raw = sign(warning(1), *pair)
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.FIRST_NOTICE


async def test_what_was_changed_after_signing_waits(
    world: World, signed_feed: Feed, pair: tuple[bytes, bytes]
) -> None:
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    taken = await world.take(signed_feed, cap.parse(raw).alerts[0], raw)
    assert taken.reason is Reason.HELD


async def test_a_proof_that_was_not_demanded_may_still_fail(
    world: World, pair: tuple[bytes, bytes], tmp_path: Path
) -> None:
    pin = tmp_path / "pin.pem"
    pin.write_bytes(pair[1])
    feed = await world.feed(certificates={"opendata@dwd.de": [str(pin)]})
    raw = sign(warning(1), *pair).replace(b"Starkregen", b"Sonnenschein")
    assert (await world.take(feed, cap.parse(raw).alerts[0], raw)).reason is Reason.HELD
    assert (await world.take(feed, warning(2, event="STURM"))).reason is Reason.FIRST_NOTICE


async def test_what_is_no_document_of_its_own_proves_nothing(world: World, signed_feed: Feed) -> None:
    assert (await world.take(signed_feed, warning(1), b"{}")).reason is Reason.HELD


async def test_a_doubtful_message_again_is_held_once(world: World) -> None:
    feed = await world.feed(senders=["other@x.example"])
    first = await world.take(feed, warning(1))
    again = await world.take(feed, warning(1))
    assert (again.reason, again.alert_id) == (Reason.DUPLICATE, first.alert_id)
    await world.take(feed, warning(1, headline="Anders"))
    assert (await world.take(feed, warning(1))).alert_id == first.alert_id
    assert await world.reasons() == ["held", "held"]
    world.clock.forward(minutes=1)
    await world.release.discard(first.alert_id or "", "operator:a", "gefälscht")
    assert (await world.take(feed, warning(1))).reason is Reason.DUPLICATE, "nobody is asked again"


async def test_what_a_clock_ahead_held_is_decided_again_once_its_time_has_come(world: World) -> None:
    feed = await world.feed()
    early = warning(1, sent=world.clock.now + 10 * MINUTE)
    assert (await world.take(feed, early)).reason is Reason.HELD
    world.clock.forward(minutes=5)
    assert (await world.take(feed, early)).reason is Reason.FIRST_NOTICE
    assert (await world.take(feed, early)).reason is Reason.DUPLICATE


async def test_a_doubtful_content_under_the_same_name_hides_no_genuine_one(
    world: World, signed_feed: Feed, pair: tuple[bytes, bytes]
) -> None:
    """The same feed brings both: what comes again was told, and what is new changes that."""
    first, second = (sign(warning(1, headline=headline), *pair) for headline in ("Erst", "Dann"))
    forged = first.replace(b"Starkregen", b"Sonnenschein")

    async def take(raw: bytes) -> Reason:
        return (await world.take(signed_feed, cap.parse(raw).alerts[0], raw)).reason

    assert [await take(raw) for raw in (first, forged, first)] == [
        Reason.FIRST_NOTICE,
        Reason.HELD,
        Reason.DUPLICATE,
    ]
    assert await take(second) is Reason.UPDATE


# the table: every doubt, every kind of message, both orders, both doors


@dataclass(frozen=True)
class Plot:
    """The genuine warning of one event, its next revision, and what a doubtful hand makes of them."""

    number: int
    at: datetime
    sender: str = SENDER

    def make(
        self, kind: Callable[..., cap.Alert], step: int, *earlier: cap.Alert, **changes: Any
    ) -> cap.Alert:
        values: dict[str, Any] = {
            "identifier": f"plot-{self.number}-{step}",
            "sender": self.sender,
            "event": f"ART {self.number}",
            "event_codes": (),
            "sent": self.at + step * timedelta(seconds=10),
            "areas": (cap.Area("Düren", geocodes=(cap.NamedValue("AGS", DUEREN),)),),
        }
        return kind(step, *earlier, **values | changes)

    @property
    def genuine(self) -> cap.Alert:
        return self.make(warning, 1)

    @property
    def revision(self) -> cap.Alert:
        return self.make(update, 2, self.genuine, headline="Jetzt schlimmer")


FORGERIES: dict[str, Callable[[Plot], cap.Alert]] = {
    "an alert with its identity": lambda plot: plot.make(warning, 1, headline="Gefälscht"),
    "an update": lambda plot: plot.make(update, 3, plot.genuine, headline="Gefälscht"),
    "a cancel": lambda plot: plot.make(cancel, 3, plot.genuine),
    "a cancel without a text": lambda plot: plot.make(cancel, 3, plot.genuine, infos=()),
    "an update without a text": lambda plot: plot.make(update, 3, plot.genuine, infos=()),
    "an update that is over": lambda plot: plot.make(update, 3, plot.genuine, lasts=-HOUR),
    "an all-clear": lambda plot: plot.make(
        update, 3, plot.genuine, response_types=(cap.ResponseType.ALL_CLEAR,)
    ),
    "a test": lambda plot: plot.make(update, 3, plot.genuine, status=cap.Status.TEST),
    "a restricted one": lambda plot: plot.make(cancel, 3, plot.genuine, scope=cap.Scope.RESTRICTED),
    "a cancel dated ahead": lambda plot: plot.make(cancel, 3, plot.genuine, sent=plot.at + 2 * HOUR),
    "an alert dated ahead with its identifier": lambda plot: plot.make(warning, 1, sent=plot.at + 2 * HOUR),
    "an update under the next revision's name": lambda plot: plot.make(update, 2, plot.genuine),
    "a cancel under the next revision's name": lambda plot: plot.make(cancel, 2, plot.genuine),
    "a cancel of the next revision": lambda plot: plot.make(cancel, 3, plot.revision),
    "an update of both": lambda plot: replace(
        plot.make(update, 3, plot.revision), references=(named(plot.genuine), named(plot.revision))
    ),
}


def named(alert: cap.Alert) -> cap.Reference:
    return cap.Reference(alert.sender, alert.identifier, alert.sent)


DOUBTS: dict[str, dict[str, Any]] = {
    "signature": {"signature": "required", "senders": [SENDER, CENTRE_SENDER]},
    "sender": {"senders": ["other@x.example"]},
    "clock": {"senders": [SENDER, CENTRE_SENDER]},
    "nobody's author": {},
}
"""The settings of the feed by which doubtful messages come. The last may warn, and never act on another source's."""
AHEAD = 10 * MINUTE
Tell = Callable[[cap.Alert], Awaitable[Reason]]


class Door:
    """Where the genuine messages come in."""

    def __init__(self, world: World, tell: Tell, sender: str) -> None:
        self.world, self.tell, self.sender = world, tell, sender

    def plot(self, number: int, doubt: str) -> Plot:
        """With a clock that is ahead, the genuine messages are of the time that it shows."""
        now = self.world.clock.now.replace(microsecond=0)
        return Plot(number, now + AHEAD if doubt == "clock" else now - 20 * MINUTE, self.sender)


@pytest.fixture(params=["feed", "control centre"])
async def door(request: Any, world: World, service: Service) -> Door:
    if request.param == "feed":
        proper = await world.feed("proper", "index", senders=[SENDER])

        async def deliver(alert: cap.Alert) -> Reason:
            return (await world.take(proper, alert)).reason

        return Door(world, deliver, SENDER)
    world.clock.now = datetime.now(UTC)

    async def submit(alert: cap.Alert) -> Reason:
        answer = await service.submit(cap.render(alert))
        assert answer.status == 201, answer.json
        return Reason(answer.json["alert"]["reason"])

    return Door(world, submit, CENTRE_SENDER)


async def snapshot(world: World) -> dict[str, Any]:
    """All that is on record, but for when a wake-up was last sent."""
    rows = await world.pool.fetch("SELECT * FROM alert")
    return {row["id"]: {name: value for name, value in row.items() if name != "enqueued_at"} for row in rows}


async def doubtful(world: World, doubt: str) -> Feed:
    return await world.feed("doubtful", "index", **DOUBTS[doubt])


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [alert_id for alert_id, row in before.items() if after[alert_id] != row]


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_the_genuine_message_is_told_after_any_doubtful_one(door: Door, doubt: str) -> None:
    """The clock that is ahead is caught up before the genuine one comes."""
    world, feed = door.world, await doubtful(door.world, doubt)
    plots = [(door.plot(number, doubt), kind) for number, kind in enumerate(FORGERIES)]
    if doubt == "clock" and door.sender == CENTRE_SENDER:
        world.clock.forward(minutes=-30)  # a centre's messages are judged by the record's own clock
        plots = [(replace(plot, at=plot.at - 30 * MINUTE), kind) for plot, kind in plots]
    for plot, kind in plots:
        taken = await world.take(feed, FORGERIES[kind](plot))
        assert doubt == "nobody's author" or taken.reason is Reason.HELD, kind
    world.clock.forward(minutes=30)
    for plot, kind in plots:
        before = await snapshot(world)
        assert await door.tell(plot.genuine) in {Reason.FIRST_NOTICE, Reason.UPDATE}, kind
        assert await door.tell(plot.revision) is Reason.UPDATE, kind
        if doubt != "nobody's author":
            assert changed(before, await snapshot(world)) == [], kind


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_no_doubtful_message_takes_anything_from_a_genuine_one(door: Door, doubt: str) -> None:
    world, feed = door.world, await doubtful(door.world, doubt)
    plots = [(door.plot(number, "none"), kind) for number, kind in enumerate(FORGERIES)]
    for plot, _ in plots:
        assert await door.tell(plot.genuine) is Reason.FIRST_NOTICE
    before = await snapshot(world)
    ahead = (await snapshot(world)).keys()
    for plot, kind in plots:
        forged = FORGERIES[kind](plot)
        if doubt == "clock":
            forged = replace(forged, sent=world.clock.now + AHEAD)
        taken = await world.take(feed, forged)
        assert doubt == "nobody's author" or taken.reason is Reason.HELD, kind
        assert changed(before, await snapshot(world)) == [], kind
    assert ahead == before.keys()
    for plot, kind in plots:
        assert await door.tell(plot.revision) is Reason.UPDATE, kind
        assert await door.tell(plot.make(cancel, 5, plot.revision)) is Reason.CANCEL, kind


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_no_doubtful_message_ends_the_waiting_of_a_genuine_one(world: World, doubt: str) -> None:
    careful = await world.feed("proper", "index", senders=[SENDER], severities=["Minor"])
    feed = await doubtful(world, doubt)
    now = world.clock.now
    plots = [(Plot(number, now - 20 * MINUTE), kind) for number, kind in enumerate(FORGERIES)]
    held = [await world.take(careful, plot.genuine) for plot, _ in plots]
    before = await snapshot(world)
    for plot, kind in plots:
        forged = FORGERIES[kind](plot)
        if doubt == "clock":
            forged = replace(forged, sent=now + AHEAD)
        await world.take(feed, forged)
        assert changed(before, await snapshot(world)) == [], kind
    world.clock.forward(minutes=1)
    for one, (_, kind) in zip(held, plots, strict=True):
        assert one.alert_id is not None
        released = await world.release.release(one.alert_id, "operator:a", "geprüft")
        assert released.reason in DISPATCHED, kind


@pytest.mark.parametrize("kind", [update, cancel])
async def test_to_have_carried_a_genuine_message_word_for_word_gives_no_power_over_it(
    door: Door, kind: Callable[..., cap.Alert]
) -> None:
    """Anybody can repeat what is public; only among feeds that prove nothing, one is as good as the other."""
    world, feed = door.world, await doubtful(door.world, "nobody's author")
    plot = door.plot(1, "none")
    assert await door.tell(plot.genuine) is Reason.FIRST_NOTICE
    before = await snapshot(world)
    assert (await world.take(feed, plot.genuine)).reason is Reason.DUPLICATE
    await world.take(feed, plot.make(kind, 3, plot.genuine))
    await world.take(feed, plot.make(warning, 1, headline="Gefälscht"))
    assert changed(before, await snapshot(world)) == []


async def test_among_feeds_that_prove_nothing_who_carried_a_message_may_end_it(world: World) -> None:
    one, other = await world.feed("one", "index"), await world.feed("other", "index")
    plot = Plot(1, world.clock.now - 20 * MINUTE)
    assert (await world.take(one, plot.genuine)).reason is Reason.FIRST_NOTICE
    end = plot.make(cancel, 3, plot.genuine)
    assert (await world.take(other, replace(end, identifier="x"))).reason is Reason.NOTHING_TO_END
    assert (await world.take(other, plot.genuine)).reason is Reason.DUPLICATE
    assert (await world.take(other, end)).reason is Reason.CANCEL


@pytest.mark.parametrize("senders", [[], [SENDER, CENTRE_SENDER]])
async def test_only_a_feed_that_is_trusted_as_much_ends_another_feeds_warning_by_its_silence(
    door: Door, senders: list[str]
) -> None:
    """And none ends what a control centre submitted."""
    world, lister = door.world, await door.world.feed("lister", "nina", senders=senders)
    assert await door.tell(door.plot(1, "none").genuine) is Reason.FIRST_NOTICE
    copy = await world.take(lister, door.plot(1, "none").genuine)
    assert copy.reason is Reason.DUPLICATE
    assert copy.alert_id is not None
    before = await snapshot(world)
    ended = await world.ingest.no_longer_listed(lister.rules, copy.alert_id)
    assert (ended is not None) is (door.sender == SENDER and bool(senders))
    assert bool(changed(before, await snapshot(world))) is (ended is not None)


async def test_a_strangers_newer_edition_takes_no_warning_away(world: World) -> None:
    """Its name is unique worldwide, and anybody can write it."""
    trusted, stranger = await world.feed("mowas", "push", senders=[SENDER]), await world.feed("open", "push")
    name = "mow.DE-NW-BN-SE030-20261122-30-000"
    forged = warning(
        identifier=name, sender="evil@x.example", sent=NOW + timedelta(minutes=2), headline="Nichts"
    )
    await world.take(stranger, forged)
    taken = await world.take(trusted, warning(identifier=name))
    assert taken.reason is Reason.FIRST_NOTICE
    stored = await world.alerts.get(taken.alert_id or "")
    assert stored is not None
    assert stored.stopped_by is None
