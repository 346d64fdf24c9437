"""An outage renews no certificate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.doctor.last_seen import KEPT, LastSeen
from dispatcher.doctor.peers import Obstacle, Reached, diagnose_certificates
from tests.doctor.test_peers import NOW, OURS, of_90_days

LATE, GOOD = replace(OURS, chain=of_90_days(10)), replace(OURS, chain=of_90_days(60))
ENDED = replace(OURS, obstacle=Obstacle.ENDED, detail="its certificate has ended")
AWAY = replace(OURS, obstacle=Obstacle.CONNECTION, detail="not reached")
MOMENT = timedelta(minutes=15)


@pytest.mark.parametrize("last", [LATE, ENDED], ids=["late", "ended"])
@pytest.mark.parametrize("obstacle", sorted(set(Obstacle) - {Obstacle.CERTIFICATE, Obstacle.ENDED}), ids=str)
def test_who_cannot_be_connected_to_still_has_the_certificate_that_is_to_be_renewed(
    last: Reached, obstacle: Obstacle
) -> None:
    memory, away = LastSeen(), replace(AWAY, obstacle=obstacle)
    assert memory.completed([last], NOW) == [last]
    for _ in range(2):
        assert memory.completed([away], NOW + MOMENT) == [replace(last, seen_at=NOW)]
    assert memory.completed([away], NOW + KEPT + MOMENT) == [away]


def test_one_that_was_in_time_is_unknown_until_it_would_be_late() -> None:
    memory = LastSeen()
    memory.completed([replace(OURS, chain=of_90_days(14.1))], NOW)
    assert memory.completed([AWAY], NOW + MOMENT) == [AWAY]
    assert memory.alone(NOW + MOMENT) == []
    [found] = memory.completed([AWAY], NOW + timedelta(hours=12))
    assert found.chain


@pytest.mark.parametrize(
    "now", [GOOD, replace(AWAY, obstacle=Obstacle.CERTIFICATE)], ids=["renewed", "other"]
)
def test_what_is_shown_since_counts(now: Reached) -> None:
    memory = LastSeen()
    memory.completed([LATE], NOW)
    assert memory.completed([now], NOW) == [now]
    assert memory.completed([AWAY], NOW) == [AWAY]


def test_who_is_gone_is_forgotten_and_another_is_not_taken_for_it() -> None:
    memory, other = LastSeen(), replace(AWAY, peer=replace(AWAY.peer, port=8443))
    memory.completed([LATE], NOW)
    assert memory.alone(NOW) == [replace(LATE, seen_at=NOW)]
    assert memory.completed([other], NOW) == [other]
    assert memory.completed([AWAY], NOW) == [AWAY]
    assert memory.alone(NOW) == []


def test_it_is_said_when_it_was_seen() -> None:
    memory = LastSeen()
    memory.completed([LATE], NOW)
    [found] = memory.completed([AWAY], NOW + MOMENT)
    assert diagnose_certificates(found, NOW).seen == (
        "WARN_PUBLIC_URL at warnung.example:443, last seen on 2026-11-01 00:00 UTC: "
        "its certificate ends on 2026-11-11 00:00 UTC"
    )
