"""Which recipients of an alert could not be served, in words."""

from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.api.console.alert.letters import letter_values
from dispatcher.api.console.visits import Visit
from dispatcher.console.words import WORDS
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.ledger import DeadLetterGroup
from dispatcher.model.vocabulary import Environment
from tests.support.messages import DUEREN, stored

PLACES = [AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)]


class Letters:
    """The dead letters of one alert."""

    def __init__(self, *groups: DeadLetterGroup) -> None:
        self._groups = groups

    async def count(self, alert: str) -> int:
        if alert == "away":
            raise TimeoutError
        return sum(one.recipients for one in self._groups)

    async def by_reason(self, _alert: str, most: int) -> list[DeadLetterGroup]:
        return [*self._groups[:most]]


def visit(*groups: DeadLetterGroup) -> Visit:
    state = SimpleNamespace(dependencies=SimpleNamespace(dead_letters=Letters(*groups)))
    request: Any = SimpleNamespace(headers={}, app=SimpleNamespace(state=state))
    parts: Any = SimpleNamespace(zone=ZoneInfo("Europe/Berlin"))
    nobody: Any = None
    return Visit(request, parts, Environment.LIVE, nobody)


@pytest.mark.anyio
async def test_each_group_is_said_in_words() -> None:
    groups = (
        DeadLetterGroup("sms", "permanent", "413", DUEREN, 3),
        DeadLetterGroup("webpush", "crash", "worker_died", None, 1),
        DeadLetterGroup("pigeon", "lost", "", "99999999", 1),
    )
    found = await letter_values(visit(*groups), stored(), PLACES, is_over=False)
    assert [tuple(one) for one in found["letters"]] == [
        ("Düren", "SMS", "abgelehnt (413)", 3),
        ("keiner mehr", "Web-Push", "nach einem Absturz (Absturz während des Sendens, worker_died)", 1),
        ("keiner mehr", "pigeon", "lost", 1),
    ]
    assert (found["letter_count"], found["may_replay"], found["letters_said"]) == (5, False, "")
    nothing = await letter_values(visit(), stored(), PLACES, is_over=True)
    assert (nothing["letters"], nothing["letter_count"]) == ([], 0)
    away = await letter_values(visit(*groups), stored(id="away"), PLACES, is_over=False)
    assert (away["letters"], away["may_replay"], away["letters_said"]) == (
        [],
        False,
        WORDS["letters_uncounted"].de,
    )
