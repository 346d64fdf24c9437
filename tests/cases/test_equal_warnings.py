"""Equal warnings of several centres are told once, and none is lost when the one that was told says less."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app
from tests.api.conftest import CAP, SECRET
from tests.cases.town import CENTRE, COUNTRY, DUEREN, LINNICH, OFFICE, Town
from tests.support.messages import Message
from tests.support.submissions import warning

WATER, CALM = "Trinkwasser abkochen", "Keine Gefahr mehr"


def water(sender: str, identifier: str, **changes: Any) -> Message:
    values = {"headline": WATER, "event": "Trinkwasser", "identifier": identifier, "sender": sender}
    areas = changes.pop("areas", (DUEREN,))
    return warning(*areas, **values | changes)


async def both(town: Town) -> tuple[Message, Message]:
    """The country's goes out, and the centre's is merged into it."""
    await town.follow("person", DUEREN)
    first, second = water(COUNTRY, "land-1"), water(CENTRE, "kreis-1")
    second = replace(second, sent=first.sent)
    assert await town.accepted(first, "land") == "first_notice"
    await town.work()
    assert await town.accepted(second) == "merged"
    await town.work()
    assert town.heard("person") == [("alert", WATER)]
    return first, second


async def test_equal_warnings_are_found_and_kept_without_reading_any_message_again(town: Town) -> None:
    """Another centre's may be many, and of megabytes each: nobody's submission waits for reading them."""
    await town.follow("person", DUEREN)
    first, second = water(COUNTRY, "land-1"), water(CENTRE, "kreis-1")
    second = replace(second, sent=first.sent)
    assert await town.accepted(first, "land") == "first_notice"
    await town.work()
    message = await town.pool.fetchval("UPDATE alert SET raw = 'unreadable' RETURNING id")
    assert await town.accepted(second) == "merged"
    await town.pool.execute("UPDATE alert SET raw = 'unreadable' WHERE id <> $1", message)
    await town.accepted(first.later("land-2"), "land")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


async def test_the_second_speaks_when_the_first_is_ended(town: Town) -> None:
    """In place of an all-clear, while the warning goes on; that comes with the second's end."""
    first, second = await both(town)
    await town.accepted(first.later("land-2", "Cancel", infos=()), "land")
    await town.work()
    assert [kind for kind, _ in town.heard("person")] == ["alert", "alert"]
    assert await town.in_force(DUEREN) == [WATER]
    await town.accepted(second.later("kreis-2", "Cancel", infos=()))
    await town.work()
    assert [kind for kind, _ in town.heard("person")] == ["alert", "alert", "cancel"]
    assert await town.in_force(DUEREN) == []
    shown, *instead = town.read("person")
    first_ended = {shown["chain"]: shown["sequence"]}
    assert [one["also_replaces"] for one in instead] == [first_ended] * 2, (
        "no phone goes on showing the first"
    )


@pytest.mark.parametrize(
    "less",
    [
        {"severity": "Minor", "urgency": "Future", "headline": CALM},
        {"severity": "Moderate"},
        {"instruction": "Nichts ist zu tun."},
        {"lifetime": timedelta(hours=1)},
    ],
    ids=["all is well", "milder", "other words", "shorter"],
)
async def test_the_second_speaks_when_the_first_says_less(town: Town, less: dict[str, Any]) -> None:
    first, _ = await both(town)
    part = replace(first.infos[0], **less)
    await town.accepted(first.later("land-2", infos=(part,)), "land")
    await town.work()
    assert len(town.heard("person")) == 3
    assert ("alert", WATER) in town.heard("person")[1:]
    assert len(await town.in_force(DUEREN)) == 2


async def test_the_second_speaks_when_the_first_runs_out(town: Town) -> None:
    await both(town)
    await town.run_out("land-1")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]
    assert await town.in_force(DUEREN) == [WATER]


async def test_the_second_stays_silent_while_the_first_says_as_much(town: Town) -> None:
    """The control: an update that is as grave, in the same words, and lasts longer."""
    first, _ = await both(town)
    part = replace(first.infos[0], lifetime=timedelta(hours=9), severity="Extreme")
    await town.accepted(first.later("land-2", infos=(part,)), "land")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


async def own_copy(town: Town, *places: str) -> Message:
    """The centre's warning goes out, and the same under another identifier is merged into it, which lasts longer."""
    first = water(CENTRE, "kreis-1", areas=places)
    second = replace(
        water(CENTRE, "kreis-2", areas=places, lifetime=timedelta(hours=6, minutes=20)), sent=first.sent
    )
    assert await town.accepted(first) == "first_notice"
    await town.work()
    assert await town.accepted(second) == "merged"
    await town.work()
    return first


@pytest.mark.parametrize(
    "change",
    [
        {"severity": "Extreme"},
        {"severity": "Moderate"},
        {"instruction": "Nur noch abkochen, wo es trüb ist."},
        {"lifetime": timedelta(hours=1)},
    ],
    ids=["graver", "milder", "other words", "shorter"],
)
async def test_a_copy_of_ones_own_is_silent_while_its_centre_says_something_newer(
    town: Town, change: dict[str, Any]
) -> None:
    await town.follow("person", DUEREN)
    first = await own_copy(town, DUEREN)
    part = replace(first.infos[0], **change)
    await town.accepted(first.later("kreis-3", infos=(part,)))
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


async def test_a_copy_of_ones_own_is_told_only_where_its_update_leaves_a_place(town: Town) -> None:
    """Nobody whom the Update concerns reads the old text after it; where it is given up, the copy holds."""
    await town.follow("stays", DUEREN)
    await town.follow("leaves", LINNICH)
    await town.follow("both", DUEREN, LINNICH)
    first = await own_copy(town, DUEREN, LINNICH)
    part = replace(first.infos[0], severity="Extreme", areas=(DUEREN,))
    update = first.later("kreis-3", infos=(part,))
    await town.accepted(update)
    await town.work()
    assert town.heard("stays") == town.heard("both") == [("alert", WATER), ("update", WATER)]
    assert town.heard("leaves") == [("alert", WATER), ("alert", WATER)]
    shown, copy = town.read("leaves")
    assert copy["also_replaces"] == {shown["chain"]: shown["sequence"]}, (
        "what stays warned keeps the newer one"
    )
    # All of it over, each hears so once.
    copy = await town.pool.fetchval("SELECT sent FROM alert WHERE identifier = 'kreis-2'")
    named = replace(water(CENTRE, "kreis-2"), sent=copy)
    end = replace(update.later("kreis-4", "Cancel", infos=()), references=(update, named))
    await town.accepted(end)
    await town.work()
    assert [town.heard(name)[-1][0] for name in ("stays", "both", "leaves")] == 3 * ["cancel"]
    assert [len(town.heard(name)) for name in ("stays", "both", "leaves")] == 3 * [3]


async def typed(town: Town, env: pytest.MonkeyPatch, *arguments: str) -> Any:
    """What a command of the centre's desk prints, as its JSON where it is asked for."""
    env.setenv("WARN_URL", town.service.url)
    env.setenv("WARN_API_KEY", f"wk_dueren_{SECRET}")
    done = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert done.exit_code == 0, done.output
    return done


async def number_of(town: Town, identifier: str) -> str:
    found: str = await town.pool.fetchval("SELECT id FROM alert WHERE identifier = $1", identifier)
    return found


@pytest.mark.parametrize("command", ["cancel", "all-clear"])
async def test_the_desks_end_names_copies_of_its_own_and_all_get_the_all_clear_once(
    town: Town, env: pytest.MonkeyPatch, command: str
) -> None:
    people = [f"person{number}" for number in range(5)]
    for name in people:
        await town.follow(name, DUEREN)
    first = await own_copy(town, DUEREN)
    assert await town.accepted(replace(water(CENTRE, "kreis-3"), sent=first.sent)) == "merged"
    done = await typed(town, env, command, await number_of(town, "kreis-1"), "--text", "Fehlalarm", "--yes")
    assert "mit genannt: leitstelle@dueren.example,kreis-2," in done.output
    assert "mit genannt: leitstelle@dueren.example,kreis-3," in done.output
    assert "insgesamt" in done.output
    assert "5" in next(line for line in done.output.splitlines() if line.startswith("insgesamt"))
    await town.work()
    assert {tuple(town.heard(name)) for name in people} == {(("alert", WATER), ("cancel", WATER))}
    assert await town.in_force(DUEREN) == []


async def test_the_desks_update_names_copies_of_its_own(town: Town, env: pytest.MonkeyPatch) -> None:
    await town.follow("person", DUEREN)
    await own_copy(town, DUEREN)
    first = await number_of(town, "kreis-1")
    await typed(town, env, "update", first, "--severity", "Extreme", "--yes")
    await town.work()
    await typed(town, env, "cancel", first, "--yes")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER), ("cancel", WATER)]
    assert await town.in_force(DUEREN) == []


async def previewed(town: Town, message: Message, source: str) -> Any:
    """What the service answers to a preview."""
    key = f"wk_{source}_{SECRET}"
    answer = await town.service.request(
        "POST", "/v1/alerts/preview", message.xml(), key=key, Content_Type=CAP
    )
    assert answer.status == 200, answer.body
    return answer.json


async def test_who_ends_one_of_equal_warnings_is_told_which_is_sent_in_its_place(town: Town) -> None:
    """CAP's rule stays: a message ends what its references name. That is said before and after."""
    await town.follow("person", DUEREN)
    first = await own_copy(town, DUEREN)
    end = first.later("kreis-3", "Cancel", infos=())
    preview = await previewed(town, end, "dueren")
    accepted = (await town.submit(end)).json
    for answer in (preview, accepted):
        (sent,) = answer["sent_instead"]
        assert (sent["identifier"], sent["sender"], sent["elsewhere"]) == ("kreis-2", CENTRE, False)
        (found,) = [one for one in answer["findings"] if one["code"] == "sent-instead"]
        assert found["message_de"].startswith(f"kreis-2 ({WATER}) sagt dasselbe")
    told = preview["told"]
    assert (told["alarmed"], told["hear"]) == (1, 0)
    assert [one["identifier"] for one in told["still_warned_by"]] == ["kreis-2"]
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]


async def test_who_is_still_warned_by_another_part_is_not_called_unwarned(town: Town) -> None:
    await town.follow("person", DUEREN)
    first = water(CENTRE, "kreis-1")
    await town.accepted(first)
    await town.work()
    apart = replace(first.infos[0], instruction="Nehmen Sie Wasser aus Flaschen.")
    one, other = first.later("kreis-2", minutes=1), first.later("kreis-3", minutes=2, infos=(apart,))
    for part in (one, other):
        await town.accepted(part)
        await town.work()
    end = one.later("kreis-4", "Cancel", infos=())
    preview = await previewed(town, end, "dueren")
    assert (preview["told"]["alarmed"], preview["told"]["hear"]) == (1, 0)
    assert [still["identifier"] for still in preview["told"]["still_warned_by"]] == ["kreis-3"]
    assert preview["sent_instead"] == []


async def test_of_another_centres_copy_only_its_existence_is_said(town: Town) -> None:
    first, _ = await both(town)
    end = first.later("land-2", "Cancel", infos=())
    preview = await previewed(town, end, "land")
    (sent,) = preview["sent_instead"]
    assert (sent["id"], sent["identifier"], sent["headline"]) == (None, None, None)
    assert preview["told"]["still_warned_by"] == [
        dict.fromkeys(("id", "sender", "identifier", "sent", "headline"))
    ]
    (found,) = preview["findings"]
    assert found["message_de"].startswith("Eine andere Stelle warnt vor demselben")
    assert "kreis" not in str(preview)


async def test_a_preview_counts_apart_whom_an_update_leaves(town: Town) -> None:
    await town.follow("stays", DUEREN)
    await town.follow("leaves", LINNICH)
    await town.follow("both", DUEREN, LINNICH)
    first = water(CENTRE, "kreis-1", areas=(DUEREN, LINNICH))
    await town.accepted(first)
    await town.work()
    part = replace(first.infos[0], areas=(DUEREN,))
    update = first.later("kreis-2", infos=(part,))
    preview = await previewed(town, update, "dueren")
    assert preview["reach"] == {"app": 2}
    dropped = preview["no_longer_affected"]
    assert [place["ags"] for place in dropped["municipalities"]] == [LINNICH]
    assert dropped["reach"] == {"app": 1}
    assert dropped["reach_by_municipality"] == {LINNICH: {"app": 1}}
    assert preview["told"] is None
    await town.accepted(update)
    await town.work()
    assert [town.heard(name)[-1][0] for name in ("stays", "both", "leaves")] == [
        "update",
        "update",
        "no_longer_affected",
    ]


async def test_another_centres_copy_is_silent_while_the_first_says_something_graver(town: Town) -> None:
    """A weaker text right after a graver one would be read as news; in whatever words."""
    first, _ = await both(town)
    part = replace(first.infos[0], severity="Extreme", instruction="Trinken Sie kein Leitungswasser.")
    await town.accepted(first.later("land-2", infos=(part,)), "land")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"</instruction>", b"</instruction><web>https://dueren.example/wasser</web>"),
        (b"<areaDesc>Gebiet</areaDesc>", "<areaDesc>Nur das Dorf Öd</areaDesc>".encode()),
        (b"Meiden Sie das Ufer.", b"Meiden Sie das Ufer!"),
    ],
    ids=["another link", "another name of the area", "another word"],
)
async def test_what_differs_in_what_people_read_is_told_beside_the_other(
    town: Town, before: bytes, after: bytes
) -> None:
    await town.follow("person", DUEREN)
    first = water(COUNTRY, "land-1")
    second = replace(water(CENTRE, "kreis-1"), sent=first.sent)
    await town.accepted(first, "land")
    assert before in second.xml()
    assert await town.accepted(second.xml().replace(before, after)) == "first_notice"
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]


async def test_a_copy_that_says_the_same_stands_for_the_centre_and_no_longer_than_it_lasts(
    town: Town,
) -> None:
    await town.follow("person", DUEREN)
    own = water(CENTRE, "kreis-1")
    await town.poll("open", own)
    await town.work()
    assert (await town.submit(own)).status == 201
    await town.work()
    assert town.heard("person") == [("alert", WATER)]
    assert WATER in await town.in_force(DUEREN)
    # The feed's copy is ended, by the feed; the centre has not ended anything.
    await town.poll("open", own, replace(own.later("kreis-2", "Cancel", infos=()), sender=CENTRE))
    await town.work()
    assert await town.in_force(DUEREN) == [WATER]
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]


async def test_a_proved_copy_of_the_centres_own_end_ends_the_centres_own(town: Town) -> None:
    await town.follow("person", DUEREN)
    own = water(CENTRE, "kreis-1")
    await town.poll("office", own)
    await town.work()
    assert (await town.submit(own)).json["alert"]["reason"] == "merged"
    await town.poll("office", own, own.later("kreis-2", "Cancel", infos=()))
    await town.work()
    assert await town.in_force(DUEREN) == []
    assert town.heard("person") == [("alert", WATER), ("cancel", WATER)]


async def test_two_offices_accounts_of_one_event_are_told_once(town: Town) -> None:
    """The control for feeds: the second is merged, and speaks when the first has ended."""
    await town.follow("person", DUEREN)
    first = water(OFFICE, "amt-1", severity="Severe")
    other = replace(water(CENTRE, "feed-1", headline="Wasser abkochen"), sent=first.sent)
    await town.poll("office", first)
    await town.work()
    await town.poll("office", first, other)
    await town.work()
    assert ("alert", WATER) in town.heard("person")
