"""How far an alert has come, in numbers."""

from typing import Any

import pytest

from dispatcher.console.alert.progress import FIGURES, Figures, channels_progress, figures, places_progress
from dispatcher.console.words import WORDS
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.ledger import ChannelSummary
from dispatcher.model.vocabulary import State
from tests.support.messages import NOW

STATES = {state.name.lower(): 1 for state in State}


def place(ags: str, name: str) -> AffectedMunicipality:
    return AffectedMunicipality(ags, name, "geocode", 1.0)


@pytest.mark.parametrize(
    ("states", "receipts", "reports"),
    [
        ({}, {}, {}),
        (STATES, {}, {}),
        (STATES, {"delivered": 2, "displayed": 1}, {"failed": 1}),
        ({"accepted": 3}, {"delivered": 9, "displayed": 9}, {"failed": 9}),
        ({"accepted": 3, "dead": 1}, {"delivered": 1}, {"failed": 9, "partial": 1}),
    ],
)
def test_each_recipient_is_in_one_place(states: Any, receipts: Any, reports: Any) -> None:
    found = figures(states, receipts, reports)
    assert found.recipients == sum(states.values())
    assert found.delivered + found.unknown + found.failed + found.waiting == found.recipients
    assert 0 <= found.displayed <= found.delivered <= found.accepted
    assert min(getattr(found, name) for name in FIGURES) >= 0
    assert {f"figure_{name}" for name in FIGURES} <= set(WORDS)


def test_what_a_gateway_could_not_deliver_has_failed_although_it_accepted_it() -> None:
    found = figures({"accepted": 10, "rejected": 1, "pending": 2}, {"delivered": 6}, {"failed": 3})
    assert found == Figures(13, accepted=10, delivered=6, displayed=0, unknown=1, failed=4, waiting=2)


@pytest.mark.parametrize(
    ("recipients", "waiting", "percent"), [(0, 0, 0), (1000, 1, 99), (1000, 0, 100), (3, 3, 0)]
)
def test_only_when_nobody_waits_all_is_done(recipients: int, waiting: int, percent: int) -> None:
    assert Figures(recipients, waiting=waiting).percent == percent


def test_a_channel_keeps_its_times() -> None:
    [found] = channels_progress([ChannelSummary("sms", "alert", {"accepted": 1}, NOW, NOW)])
    assert (found.channel, found.kind, found.figures.unknown, found.first_at) == ("sms", "alert", 1, NOW)


def test_of_many_municipalities_nobody_is_left_out_of_the_count() -> None:
    places = [
        place(f"0{number}", name) for number, name in enumerate(("Zülpich", "Aachen", "Merzenich", "Düren"))
    ]
    found = places_progress(
        places, {"00": {"accepted": 5}, "01": {"pending": 2}, "03": {"dead": 9}}, {"00": {"delivered": 1}}, 2
    )
    assert [one.place.name for one in found.lines] == ["Düren", "Zülpich"]
    assert (found.others, found.of_others) == (2, Figures(2, waiting=2))
    assert [one.figures.failed for one in found.lines] == [9, 0]
    assert places_progress(places, {}, {}).others == 0
