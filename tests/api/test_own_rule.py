"""A source may want the matching rule otherwise than others: deeper, shallower, by severity."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.intake.prepare import Incoming, prepare
from dispatcher.model.principals import Source
from tests.support.feed_messages import warning as feed_warning
from tests.support.messages import SENDER, InfoPart
from tests.support.submissions import now, warning

BRUSHES = "<circle>50.869,6.420 0.6</circle>"
"""In Inden; it enters Niederzier by less than 100 m."""
ENTERS = "<circle>50.788,6.620 0.6</circle>"
"""In Nörvenich; it enters Vettweiß by more than 100 m and less than 600 m."""
INDEN, NIEDERZIER, NOERVENICH, VETTWEISS = "05358020", "05358048", "05358052", "05358060"


async def concerned(service: Any, shapes: Any, severity: str = "Severe") -> set[Any]:
    info = InfoPart(areas=(), shapes=shapes, severity=severity)
    answer = await service.submit(warning(infos=(info,)), path="/v1/alerts/preview")
    return {place["ags"] for place in answer.json["municipalities"]}


@pytest.mark.parametrize(
    ("changes", "shapes", "severity", "places"),
    [
        ({}, BRUSHES, "Extreme", {INDEN}),
        ({"inset_m": 0.0}, BRUSHES, "Severe", {INDEN, NIEDERZIER}),
        ({"by_severity": True}, BRUSHES, "Severe", {INDEN}),
        ({"by_severity": True}, BRUSHES, "Extreme", {INDEN, NIEDERZIER}),
        ({}, ENTERS, "Minor", {NOERVENICH, VETTWEISS}),
        ({"inset_m": 600.0}, ENTERS, "Severe", {NOERVENICH}),
        ({"by_severity": True}, ENTERS, "Minor", {NOERVENICH}),
    ],
)
async def test_a_control_centre_is_matched_as_it_wants(
    service: Any, changes: dict[Any, Any], shapes: Any, severity: str, places: set[Any]
) -> None:
    source = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",))
    await service.parts.sources.put(replace(source, **changes))
    assert await concerned(service, shapes, severity) == places


@pytest.mark.parametrize(
    ("changes", "severity", "places"),
    [
        ({}, "Extreme", {INDEN}),
        ({"inset_m": 0.0}, "Severe", {INDEN, NIEDERZIER}),
        ({"by_severity": True}, "Extreme", {INDEN, NIEDERZIER}),
    ],
)
def test_a_feed_is_matched_as_its_settings_say(
    changes: dict[Any, Any], severity: str, places: set[Any]
) -> None:
    import cap

    area = cap.parse(warning(infos=(InfoPart(areas=(), shapes=BRUSHES),)).xml()).alerts[0].infos[0].areas
    alert = feed_warning(1, sent=now(), areas=area, severity=cap.Severity(severity))
    settings = FeedSettings(name="dwd", adapter="dwd", urls=("https://source.example/list",), **changes)
    message = prepare(Incoming(alert, b""), feed_of(settings).rules, Boundaries.default(), now())
    assert {place.ags for place in message.places} == places
