"""What people read, from the message to the gateway; the details of texts are tried where they are rendered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cases.town import DUEREN, OFFICE, Entry, Town
from tests.support.messages import InfoPart, Message
from tests.support.submissions import now, warning

CHANNELS = ("app", "webpush", "sms")


async def everybody(town: Town) -> None:
    for channel in CHANNELS:
        await town.follow(channel, DUEREN, channel=channel)


@pytest.mark.parametrize(
    "headline", ["Über 30 °C im Schatten", "½ Meter Schnee → Straße gesperrt", "Straße gesperrt"]
)
async def test_a_headline_with_any_sign_arrives_on_every_channel(town: Town, headline: str) -> None:
    await everybody(town)
    await town.accepted(warning(DUEREN, headline=headline))
    await town.work()
    assert town.heard("app") == town.heard("webpush") == [("alert", headline)]
    assert [kind for kind, _ in town.heard("sms")] == ["alert"]


async def test_a_warning_that_begins_tomorrow_is_told_today(town: Town) -> None:
    await everybody(town)
    begins = (now() + timedelta(hours=26)).isoformat()
    message = warning(DUEREN, headline="Orkan zieht auf", lifetime=timedelta(hours=34)).xml()
    await town.accepted(message.replace(b"<expires>", f"<onset>{begins}</onset><expires>".encode()))
    await town.work()
    assert {tuple(town.heard(name)) for name in CHANNELS} == {(("alert", "Orkan zieht auf"),)}


async def test_of_two_infos_with_two_ends_one_message_is_made(town: Town) -> None:
    await everybody(town)
    parts = (
        InfoPart(severity="Extreme", event="Gewitter", headline="Gewitter", lifetime=timedelta(hours=1)),
        InfoPart(severity="Minor", event="Regen", headline="Dauerregen", lifetime=timedelta(hours=20)),
    )
    await town.accepted(Message("zwei-enden", now(), infos=parts))
    await town.work()
    assert {tuple(town.heard(name)) for name in CHANNELS} == {(("alert", "Gewitter"),)}


async def test_of_one_message_per_language_the_one_in_the_feeds_language_is_told(town: Town) -> None:
    await everybody(town)
    code = b"<eventCode><valueName>profile</valueName><value>FR-7</value></eventCode><expires>"
    german = warning(DUEREN, identifier="frost-de", sender=OFFICE, headline="Frost", event="Frost")
    polish = replace(
        german,
        identifier="frost-pl",
        infos=(replace(german.infos[0], language="pl", headline="Mróz", event="Mróz"),),
    )
    listed = [Entry(one, body=one.xml().replace(b"<expires>", code)) for one in (polish, german)]
    await town.poll("office", *listed)
    await town.work()
    assert {tuple(town.heard(name)) for name in CHANNELS} == {(("alert", "Frost"),)}
    assert await town.in_force(DUEREN) == ["Frost"]


async def test_an_all_clear_that_says_only_that_names_what_is_over_where_and_since_when(town: Town) -> None:
    """In an SMS, which is all that some people get."""
    await everybody(town)
    first = warning(DUEREN, headline="Hochwasser an der Rur", event="Hochwasser")
    await town.accepted(first)
    await town.work()
    bare = replace(first.infos[0], headline="Entwarnung", event="Entwarnung")
    await town.accepted(first.later("ende", "Cancel", infos=(bare,)))
    await town.work()
    assert ("cancel", "Hochwasser an der Rur") in town.heard("app")


async def test_a_phone_that_got_all_of_them_shows_what_is_in_force_and_no_false_all_clear(town: Town) -> None:
    """Each push counts what the pull lists at that moment; an all-clear names what goes on, in an SMS too."""
    await everybody(town)
    flood, storm = warning(DUEREN, headline="Hochwasser"), warning(DUEREN, headline="Sturm")
    more = flood.later("mehr")
    await town.accepted(flood)
    await town.work()
    in_force = [len(await town.in_force(DUEREN))]
    for message in (storm, more, more.later("ende", "Cancel", infos=())):
        await town.accepted(message)
        await town.work()
        in_force.append(len(await town.in_force(DUEREN)))
    pushes = town.pushed("webpush")
    assert [one["in_force"]["active"] for one in pushes] == in_force == [1, 2, 2, 1]
    assert [one["sequence"] for one in pushes] == [one["sequence"] for one in town.read("app")]
    of_flood = [one["sequence"] for one in pushes if one["chain"] == pushes[0]["chain"]]
    assert (of_flood, len(of_flood)) == (sorted(set(of_flood)), 3)
    line = "Für Ihren Ort gilt weiterhin: Sturm"
    assert line in pushes[-1]["notification"]["body"].splitlines()
    assert line in town.texts("sms")[-1].splitlines()
    assert line not in town.texts("sms")[1]
    await town.accepted(storm.later("auch", "Cancel", infos=()))
    await town.work()
    assert town.pushed("webpush")[-1]["in_force"]["active"] == len(await town.in_force(DUEREN)) == 0
    assert "weiter" not in town.texts("sms")[-1]
