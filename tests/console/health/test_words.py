"""The sentences about the service's health."""

from dispatcher.console.health.picture import panels
from dispatcher.console.health.words import HEALTH_WORDS
from dispatcher.console.words import WORDS
from dispatcher.metrics import CHANNELS
from dispatcher.model.vocabulary import Lane


def test_they_are_a_part_of_all_and_replace_none() -> None:
    assert {name: WORDS[name] for name in HEALTH_WORDS} == dict(HEALTH_WORDS)


def test_every_panel_lane_and_channel_has_its_name() -> None:
    wanted = {name for one in panels([]) for name in (one.title, one.unit)}
    wanted |= {f"health_label_{one}" for one in (*CHANNELS, *Lane, "held", "sms_held")}
    assert wanted <= set(HEALTH_WORDS)
