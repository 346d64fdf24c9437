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
async def test_a_doubtful_message_takes_nothing_from_the_genuine_one_that_comes_later(
    town: Town, name: str
) -> None:
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("office", DOUBTFUL[name](genuine))
    await town.work()
    assert town.heard("person") == []
    await town.poll("office", DOUBTFUL[name](genuine), genuine)
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.in_force(DUEREN) == [SMOKE]


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


@pytest.mark.parametrize("proof", [False, True], ids=["by its feed", "signed"])
async def test_what_is_older_than_a_feeds_patience_and_has_no_end_is_no_news(town: Town, proof: bool) -> None:
    await town.follow("person", DUEREN)
    replayed = smoke(GENUINE, sent=now() - YEAR, lifetime=None)
    if proof:
        await town.poll("signed", town.signed(replayed))
    else:
        await town.poll("office", replayed)
    await town.work()
    assert town.heard("person") == []
    assert await town.in_force(DUEREN) == []
    assert await town.reasons() == [(GENUINE, "outdated")]


@pytest.mark.parametrize("feed", ["signed", "open"])
async def test_an_unsigned_end_ends_nothing_and_waits(town: Town, feed: str) -> None:
    """`signed` takes only what is signed; `open` says of nobody whose messages it may carry."""
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("office", genuine)
    await town.work()
    end = replace(act("Cancel", genuine), sender=OFFICE)
    await town.poll(feed, end)
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.in_force(DUEREN) == [SMOKE]
    assert await town.held() == (["fremd-1"] if feed == "signed" else [])


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


@pytest.mark.parametrize("name", UNSIGNED)
@pytest.mark.parametrize("first", ["the unsigned one", "the signed one"])
async def test_what_is_not_signed_takes_nothing_from_what_is(town: Town, first: str, name: str) -> None:
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    signed, unsigned = town.signed(genuine), Entry(UNSIGNED[name](genuine))
    for one in (unsigned, signed) if first == "the unsigned one" else (signed, unsigned):
        await town.poll("signed", one)
        await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.in_force(DUEREN) == [SMOKE]


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


async def test_the_next_revision_is_not_taken_in_advance(town: Town) -> None:
    await town.follow("person", DUEREN)
    genuine = smoke(GENUINE)
    await town.poll("office", genuine)
    await town.work()
    grave = replace(genuine.infos[0], headline="Sofort das Haus verlassen")
    second = genuine.later(GENUINE.replace("-000", "-001"), minutes=8, infos=(grave,))
    await town.poll("office", genuine, act("Cancel", second))
    await town.poll("office", genuine, second)
    await town.work()
    assert town.heard("person") == [("alert", SMOKE), ("update", "Sofort das Haus verlassen")]


async def test_a_doubtful_update_takes_nothing_from_those_who_decide(town: Town) -> None:
    waiting = smoke("mow.unsigniert-1")
    await town.poll("signed", waiting)
    assert await town.held() == ["mow.unsigniert-1"]
    await town.poll("office", act("Update", waiting))
    await town.poll("open", act("Update", waiting, identifier="fremd-2"))
    assert "mow.unsigniert-1" in await town.held()


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


async def test_a_feed_without_senders_ends_nothing_that_a_centre_submitted(town: Town) -> None:
    await town.follow("person", DUEREN)
    own = smoke("brand-1", CENTRE)
    await town.accepted(own)
    await town.work()
    await town.poll("open", act("Cancel", own, sender=CENTRE))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert await town.in_force(DUEREN) == [SMOKE]


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


@pytest.mark.parametrize("feed", ["open", "office"])
async def test_a_milder_copy_takes_nothing_from_the_centres_own_words(town: Town, feed: str) -> None:
    await town.follow("person", DUEREN)
    own = smoke("brand-1", CENTRE)
    milder = replace(own.infos[0], headline="Information zum Brand", severity="Minor", instruction="Keine.")
    await town.poll(feed, replace(own, infos=(milder,)))
    await town.work()
    assert await town.accepted(own) in ("update", "first_notice")
    await town.work()
    assert town.heard("person")[-1][1] == SMOKE
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


async def test_nobody_takes_an_identity_from_another_source(town: Town) -> None:
    await town.follow("person", DUEREN)
    own = smoke("brand-1", CENTRE)
    taken = replace(own, status="Test", infos=(replace(own.infos[0], areas=("05370020",)),))
    assert await town.accepted(taken, "heinsberg") == "not_actual"
    assert await town.accepted(own) == "first_notice"
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]


async def test_a_clock_that_is_ahead_wins_nothing(town: Town) -> None:
    await town.follow("person", DUEREN)
    own = smoke("brand-1", CENTRE, sent=now() - timedelta(minutes=2))
    await town.accepted(own)
    await town.work()
    part = replace(own.infos[0], headline="Der Rauch nimmt zu")
    ahead = replace(own.later("tisch-2-1", infos=(part,)), sent=now() + timedelta(seconds=290))
    await town.accepted(ahead, "dueren-2")
    await town.work()
    # The other table's Update is in force: to end what it replaced ends nothing, and says so.
    refused = await town.submit(own.later("ende-1", "Cancel", infos=()))
    refused.problem(409, "reference-replaced")
    end = replace(ahead.later("ende-2", "Cancel", infos=()), sent=now())
    await town.accepted(end)
    await town.work()
    assert [kind for kind, _ in town.heard("person")] == ["alert", "update", "cancel"]
    assert await town.in_force(DUEREN) == []


async def test_what_is_not_listed_as_a_doubt_goes_out(town: Town) -> None:
    """The control for all of these: one feed's message for another place changes nothing for anybody here."""
    await town.follow("person", DUEREN)
    await town.follow("elsewhere", ALDENHOVEN)
    await town.poll("office", smoke(GENUINE))
    await town.poll("open", Entry(warning(ALDENHOVEN, sender=COUNTRY, headline="Glatteis", event="Glätte")))
    await town.work()
    assert town.heard("person") == [("alert", SMOKE)]
    assert town.heard("elsewhere") == [("alert", "Glatteis")]
