"""Of two warnings that differ by one sign outside of the alphabet of SMS, people read the same, in as few parts."""

import json
from typing import Any

from channels.sms.gsm7 import Encoding, encoding_of, split
from tests.cases.town import CENTRE, JUELICH, LINNICH, Town
from tests.support.submissions import warning

WATER = (
    "Kochen Sie Trinkwasser mindestens 10 Minuten bei 100 {} ab, auch zum Zähneputzen, für Säuglingsnahrung und zum "
    "Waschen von Obst. Das gilt für alle Ortsteile. Halten Sie Vorräte bereit und helfen Sie Nachbarn, die das nicht "
    "selbst können. Ausgabe von Flaschenwasser ab 14 Uhr an der Schule und am Feuerwehrhaus. Ende wird bekannt gegeben. "
    "Auskunft unter 02421 123456 rund um die Uhr. Bitte rufen Sie nicht die 112 an, wenn kein Notfall vorliegt. "
    "Wasserwerk und Gesundheitsamt arbeiten an der Behebung der Störung."
)


def boil(sign: str, *areas: str) -> Any:
    return warning(
        *areas,
        sender=CENTRE,
        event="Trinkwasser",
        headline="Trinkwasser abkochen",
        instruction=WATER.format(sign),
    )


def text_for(town: Town, name: str) -> str:
    [text] = [
        json.loads(one.body)["text"]
        for one in town.gateways.seen
        if json.loads(one.body)["to"] == town.people[name].address
    ]
    return str(text)


async def test_one_degree_costs_neither_parts_nor_words(town: Town) -> None:
    await town.follow("anna", JUELICH, channel="sms")
    await town.follow("bernd", LINNICH, channel="sms")
    assert await town.accepted(boil("°C", JUELICH)) == "first_notice"
    assert await town.accepted(boil("Grad", LINNICH)) == "first_notice"
    await town.work()
    with_sign, without = text_for(town, "anna"), text_for(town, "bernd")
    assert with_sign == without.replace("Linnich", "Jülich")
    assert encoding_of(with_sign) is Encoding.GSM7
    assert len(split(with_sign, Encoding.GSM7)) == 2
    for needed in (
        "Trinkwasser abkochen",
        WATER.partition(". ")[0].format("Grad"),
        "Jülich",
        "02421 123456",
        "bis ",
    ):
        assert needed in with_sign
    rows = await town.pool.fetch("SELECT text_parts, parts_sent FROM batch")
    assert [tuple(row) for row in rows] == [(2, 2), (2, 2)], (
        "the plan counts what is sent, and the record what went"
    )
