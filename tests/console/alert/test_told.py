"""What people read of an alert."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

import cap
from dispatcher.console.alert.told import told_kind, told_texts
from dispatcher.console.approvals import texts_shown
from dispatcher.intake.four_eyes.texts import HeldTexts
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.desk_time import DEFAULT_ZONE
from dispatcher.model.vocabulary import Kind, Reason
from tests.support.messages import DUEREN, HOUR, NOW, message, stored

PLACES = [AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)]


@pytest.mark.parametrize(
    ("reason", "msg_type", "kind"),
    [
        (Reason.FIRST_NOTICE, "Alert", Kind.ALERT),
        (Reason.FIRST_NOTICE, "Update", Kind.ALERT),
        (Reason.UPDATE, "Update", Kind.UPDATE),
        (Reason.CANCEL, "Cancel", Kind.CANCEL),
        (Reason.ALL_CLEAR, "Update", Kind.CANCEL),
        (Reason.LAPSED, "Update", Kind.NO_LONGER_AFFECTED),
        (Reason.NO_LONGER_LISTED, "Cancel", Kind.DELISTED),
        (Reason.DRILL_END, "Cancel", Kind.CANCEL),
        (Reason.HELD, "Alert", Kind.ALERT),
        (Reason.HELD, "Update", Kind.UPDATE),
        (Reason.NOTHING_TO_END, "Cancel", Kind.CANCEL),
    ],
)
def test_the_kind_is_that_of_what_it_does(reason: Reason, msg_type: str, kind: Kind) -> None:
    assert told_kind(stored(reason=reason, msg_type=msg_type)) is kind


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({}, "WARNUNG: "),
        ({"reason": Reason.UPDATE, "msg_type": "Update"}, "AKTUALISIERUNG: "),
        ({"reason": Reason.CANCEL, "msg_type": "Cancel"}, "WARNUNG AUFGEHOBEN: "),
    ],
)
def test_texts_are_of_that_kind(changes: Any, begins: str) -> None:
    alert = cap.parse(message(DUEREN).xml()).alerts[0]
    held = HeldTexts(ZoneInfo(DEFAULT_ZONE))
    german = texts_shown(told_texts(held, alert, stored(**changes), PLACES, NOW), 6)[0]
    assert german.sms.startswith(begins)
    assert german.push_title.startswith(begins)
    late = told_texts(held, alert, stored(**changes), PLACES, NOW + 7 * HOUR)
    assert texts_shown(late, 6) == []
