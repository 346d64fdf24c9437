"""How a measure is written in a minute's note."""

import pytest

from dispatcher.model.health.measures import LABEL_MAX, Measure, Reading, reading_of


@pytest.mark.parametrize("measure", Measure)
def test_what_is_written_is_read_again(measure: Measure) -> None:
    for labels in ((), ("sms",), ("priority", "3")):
        assert reading_of(Reading(measure, labels).field()) == Reading(measure, labels)


def test_what_another_version_wrote_is_left_out_and_a_long_name_is_cut() -> None:
    assert reading_of("unheard|sms") is None
    assert reading_of("") is None
    assert len(Reading(Measure.HELD, ("x" * 1000,)).field()) == len("held|") + LABEL_MAX
