"""Messages that nobody has proved: they may wait for a person, and do nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.cases.town import ALDENHOVEN, CENTRE, COUNTRY, DUEREN, OFFICE, Entry, Town
from tests.support.messages import Message
from tests.support.submissions import now, warning

STRANGER = "jemand@anderswo.example"
SMOKE = "Rauch zieht über die Stadt"
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


def smoke(identifier: str, sender: str = OFFICE, **changes: Any) -> Message:
    values = {"event": "Großbrand", "headline": SMOKE, "severity": "Extreme"}
    return warning(DUEREN, identifier=identifier, sender=sender, **values | changes)


def act(msg_type: str, earlier: Message, **changes: Any) -> Message:
    """A message of somebody else about this one."""
    part = replace(earlier.infos[0], headline="Alles wieder gut", severity="Minor", **changes.pop("part", {}))
    values = {"sender": STRANGER, "infos": (part,)}
    return earlier.later(changes.pop("identifier", "fremd-1"), msg_type, **values | changes)


GENUINE = "mow.DE-NW-DN-SE030-20261128-7-000"
DOUBTFUL: dict[str, Any] = {
    "a cancel by a stranger": lambda known: act("Cancel", known),
    "one from next year": lambda known: act("Cancel", known, sent=now() + YEAR),
    "an update that is over": lambda known: act("Update", known, part={"lifetime": timedelta(minutes=1)}),
    "an all-clear": lambda known: act("Update", known, part={"response": "AllClear"}),
    "a test": lambda known: act("Cancel", known, status="Test"),
    "for nobody": lambda known: act("Cancel", known, scope="Restricted"),
    "without a text": lambda known: act("Cancel", known, infos=()),
    "the office's own, from next year": lambda known: act("Cancel", known, sender=OFFICE, sent=now() + YEAR),
    "the same identity": lambda known: replace(
        act("Alert", known, part={"lifetime": timedelta(minutes=1)}), identifier=GENUINE, references=()
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
async def test_a_doubtful_message_ends_nothing(town: Town, name: str) -> None:
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("office", genuine)
    await town.work()
    await town.poll("office", genuine, DOUBTFUL[name](genuine))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.in_force(DUEREN) == [SMOKE]


UNSIGNED: dict[str, Any] = {
    "a cancel": lambda known: act("Cancel", known, sender=OFFICE),
    "an all-clear": lambda known: act("Update", known, sender=OFFICE, part={"response": "AllClear"}),
    "an update": lambda known: act("Update", known, sender=OFFICE),
    "one that is over": lambda known: act(
        "Update", known, sender=OFFICE, part={"lifetime": timedelta(minutes=1)}
    ),
    "a test": lambda known: act("Cancel", known, sender=OFFICE, status="Test"),
    "an acknowledgement": lambda known: act("Ack", known, sender=OFFICE),
    "the same identity": lambda known: replace(
        known, infos=(replace(known.infos[0], headline="Nichts Besonderes", severity="Minor"),)
    ),
}


async def test_a_signed_end_ends(town: Town) -> None:
    """The control."""
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("signed", town.signed(genuine))
    await town.work()
    await town.poll("signed", town.signed(act("Cancel", genuine, sender=OFFICE)))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE), ("cancel", "Alles wieder gut")]


async def test_a_person_may_release_what_nobody_has_proved(town: Town) -> None:
    """The control: what waits is not lost."""
    await town.follow("person", DUEREN)
    await town.poll("signed", smoke("mow.unsigniert-1"))
    await town.work()
    assert town.heard("person") == []
    assert await town.in_force(DUEREN) == []
    await town.release("mow.unsigniert-1")
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.held() == []


async def test_a_genuine_end_ends(town: Town) -> None:
    """The control: the same Cancel by the office itself."""
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("office", genuine)
    await town.work()
    await town.poll("office", genuine, act("Cancel", genuine, sender=OFFICE))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE), ("cancel", "Alles wieder gut")]
    assert await town.in_force(DUEREN) == []


# A feed that names no senders acts on its own messages only.


async def test_a_feed_without_senders_acts_on_its_own(town: Town) -> None:
    """The control."""
    await town.follow("person", DUEREN)
    first = smoke("brand-1", STRANGER)
    await town.poll("open", first)
    await town.work()
    await town.poll("open", first, act("Cancel", first))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE), ("cancel", "Alles wieder gut")]


async def test_an_exercise_of_a_stranger_does_not_stand_for_a_real_fire(town: Town) -> None:
    await town.follow("person", DUEREN)
    real = smoke(GENUINE)
    drill = replace(smoke("übung-1", STRANGER, headline="Nur eine Übung"), sent=real.sent)
    await town.poll("open", drill)
    await town.work()
    await town.poll("office", real)
    await town.work()
    assert town.heard("person")[-1] == ("alert", SMOKE)
    assert SMOKE in await town.in_force(DUEREN)


async def test_a_true_copy_is_told_once(town: Town) -> None:
    """The control: the copy says what the centre says."""
    await town.follow("person", DUEREN)
    own = smoke("brand-1", CENTRE)
    await town.poll("office", own)
    await town.work()
    assert (await town.submit(own)).status == 201
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    await town.accepted(own.later("brand-2", "Cancel", infos=()))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE), ("cancel", SMOKE)]
    assert await town.in_force(DUEREN) == []


# Old and early messages.


async def test_a_fresh_one_without_an_end_is_news(town: Town) -> None:
    """The control."""
    await town.follow("person", DUEREN)
    await town.poll("office", smoke(GENUINE, sent=now() - HOUR, lifetime=None))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]


async def test_an_old_one_with_an_end_that_lies_ahead_is_news(town: Town) -> None:
    await town.follow("person", DUEREN)
    await town.poll("office", smoke(GENUINE, sent=now() - 30 * HOUR, lifetime=60 * HOUR))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]


# Sources that share a CAP sender.


async def test_what_is_not_listed_as_a_doubt_goes_out(town: Town) -> None:
    """The control for all of these: one feed's message for another place changes nothing for anybody here."""
    await town.follow("person", DUEREN)
    await town.follow("elsewhere", ALDENHOVEN)
    await town.poll("office", smoke(GENUINE))
    await town.poll("open", Entry(warning(ALDENHOVEN, sender=COUNTRY, headline="Glatteis", event="Glätte")))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert town.heard("elsewhere") == [("alert", "Glatteis")]
