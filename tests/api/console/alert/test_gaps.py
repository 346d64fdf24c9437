"""Where an alert reaches nobody, in the language of the page."""

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.api.console.alert.gaps import gap_values
from dispatcher.api.console.visits import Visit
from dispatcher.api.situation.coverage import PlaceCounts
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.status import AlertStatus, RecipientProgress
from dispatcher.model.vocabulary import Environment, Reason
from tests.support.messages import DUEREN, NOW, stored

PLACES = [AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)]
STATUS = AlertStatus(stored(planned_at=NOW), RecipientProgress())


def visit(language: str = "de", environment: Environment = Environment.LIVE) -> Visit:
    dependencies = SimpleNamespace(statuses=SimpleNamespace(has_sms_gateway=False))
    app = SimpleNamespace(state=SimpleNamespace(dependencies=dependencies))
    request: Any = SimpleNamespace(headers={"accept-language": language}, app=app)
    parts: Any = SimpleNamespace(zone=ZoneInfo("Europe/Berlin"))
    nobody: Any = None
    return Visit(request, parts, environment, nobody)


@pytest.mark.parametrize(
    ("language", "nobody_there", "no_gateway"),
    [
        ("de", "Niemand angemeldet, also niemand gewarnt: Düren.", "SMS:"),
        ("en", "Nobody subscribed, so nobody is warned: Düren.", "SMS:"),
    ],
)
def test_a_gap_is_said_in_the_language_of_the_page(language: str, nobody_there: str, no_gateway: str) -> None:
    lines = gap_values(visit(language), STATUS, PLACES, PlaceCounts({}, {}))["gaps"]
    assert lines[0] == nobody_there
    assert any(one.startswith(no_gateway) for one in lines), lines


def test_what_nobody_knows_is_not_said() -> None:
    for status in (
        AlertStatus(stored(), RecipientProgress()),
        AlertStatus(stored(planned_at=NOW, reason=Reason.CANCEL), RecipientProgress()),
    ):
        assert gap_values(visit(), status, PLACES, None)["gaps"] is None
    uncounted = gap_values(visit(), STATUS, PLACES, None)["gaps"]
    assert "Düren" not in " ".join(uncounted)
