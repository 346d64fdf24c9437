"""Whom the service has to reach, and what stands between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.peers import Obstacle, Peer, Reached, diagnose_peer

NOW = datetime(2026, 11, 1, tzinfo=UTC)
REACHED = Reached(Peer(Part.GATEWAY, "kannel", "sms.example", 443), took_s=0.012)
PARTS = (Part.GATEWAY, Part.FEED, Part.PUSH_SERVICE, Part.MAIL, Part.ANCHOR, Part.PROVIDER)


def test_who_is_reached_is_sound() -> None:
    found = diagnose_peer(REACHED, NOW)
    assert (found.grade, found.seen) == (Grade.SOUND, "kannel at sms.example:443: reached in 12 ms")


@pytest.mark.parametrize("obstacle", list(Obstacle))
@pytest.mark.parametrize("part", PARTS)
def test_an_obstacle_says_why_it_matters_and_what_to_do(obstacle: Obstacle, part: Part) -> None:
    reached = replace(REACHED, peer=replace(REACHED.peer, part=part), obstacle=obstacle, detail="not there")
    found = diagnose_peer(reached, NOW)
    assert (found.part, found.grade) == (part, Grade.WRONG)
    assert found.seen == "kannel at sms.example:443: not there"
    assert found.why
    assert found.mend


@pytest.mark.parametrize(("days", "grade"), [(13, Grade.WARNING), (15, Grade.SOUND)])
def test_a_certificate_that_ends_soon_is_said(days: int, grade: Grade) -> None:
    found = diagnose_peer(replace(REACHED, certificate_ends=NOW + timedelta(days=days)), NOW)
    assert found.grade is grade
