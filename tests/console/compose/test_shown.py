"""What a preview shows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.audience.estimate import AudienceEstimate
from dispatcher.console.compose.shown import People, goes_out, people, reach_shown, waits, written
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.intake.submission import Dropped, Preview
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.model.vocabulary import Lane, Reason
from dispatcher.targeting.outcome import Match
from tests.console.compose.test_message import made
from tests.support.messages import DUEREN

PLACE = AffectedMunicipality(DUEREN, "Düren", "geometry", 0.25)


def estimate(count: int, others: int | None = None, **by_place: dict[str, int]) -> AudienceEstimate:
    """So many people, of whom so many are reached without regard to a shape."""
    without = None if others is None else SubscriberCounts({"sms": others}, {})
    return AudienceEstimate(SubscriberCounts({"sms": count}, by_place), None, (), without, ("sms",))


def preview(reason: Reason = Reason.FIRST_NOTICE, **changes: Any) -> Preview:
    found = Preview(
        reason,
        Lane.FLASH,
        datetime(2026, 11, 28, 17, tzinfo=UTC),
        (PLACE,),
        (),
        estimate(12),
        repeated=False,
        matched=Match((PLACE,)),
    )
    return replace(found, **changes)


@pytest.mark.parametrize(
    ("found", "out"),
    [
        (preview(), True),
        (preview(Reason.DRILL), True),
        (preview(Reason.HELD), True),
        (preview(quota_reached=True), False),
        (preview(repeated=True), False),
        (preview(Reason.EXPIRED), False),
    ],
)
def test_whether_people_get_it(found: Preview, out: bool) -> None:
    assert goes_out(found) is out
    assert waits(found) is (found.reason is Reason.HELD)


def test_people_are_counted_with_those_who_are_told_that_they_are_left() -> None:
    assert people(preview()) == People(12, is_exact=True)
    assert people(preview(dropped=Dropped((), estimate(3)))) == People(15, is_exact=True)
    assert people(preview(estimate=estimate(3, 0))) == People(0, is_exact=False)


def test_each_municipality_has_its_row() -> None:
    shown = reach_shown(preview(estimate=estimate(12, **{DUEREN: {"sms": 12}})))
    assert (shown.channels, shown.total) == (("sms",), (12,))
    assert shown.rows == [(PLACE, (12,))]
    assert reach_shown(preview()).rows[0].counts == (0,)


def test_the_texts_are_those_of_the_message() -> None:
    alert = made().alert
    assert alert is not None
    found = written(alert, preview(), [PLACE], HeldTexts(UTC))
    assert "Meiden Sie das Ufer." in str(found.texts["text/de"])
    assert any("Hochwasser" in line.text for line in found.sms["de"].lines)
