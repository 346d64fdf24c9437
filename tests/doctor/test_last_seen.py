"""An outage renews no certificate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.last_seen import KEPT, LastSeen
from dispatcher.doctor.peers import Obstacle, Reached, diagnose_certificates
from tests.doctor.test_peers import NOW, OURS, of_90_days

LATE, GOOD = replace(OURS, chain=of_90_days(10)), replace(OURS, chain=of_90_days(60))
ENDED = replace(OURS, obstacle=Obstacle.ENDED, detail="its certificate has ended")
AWAY = replace(OURS, obstacle=Obstacle.CONNECTION, detail="not reached")
SELF_MADE = replace(OURS, obstacle=Obstacle.CERTIFICATE, detail="its certificate is not to be believed")
MOMENT = timedelta(minutes=15)


def of(part: Part, found: Reached) -> Reached:
    return replace(found, peer=replace(found.peer, part=part))


@pytest.mark.parametrize("part", [Part.PUBLIC, Part.CONSOLE, Part.GATEWAY])
@pytest.mark.parametrize("last", [LATE, ENDED], ids=["late", "ended"])
@pytest.mark.parametrize("obstacle", sorted(set(Obstacle) - {Obstacle.CERTIFICATE, Obstacle.ENDED}), ids=str)
def test_who_cannot_be_connected_to_still_has_the_certificate_that_is_to_be_renewed(
    last: Reached, obstacle: Obstacle, part: Part
) -> None:
    memory, last, away = LastSeen(), of(part, last), of(part, replace(AWAY, obstacle=obstacle))
    assert memory.completed([last], NOW) == [last]
    for _ in range(2):
        assert memory.completed([away], NOW + MOMENT) == [replace(last, seen_at=NOW)]
    after = replace(last, seen_at=NOW) if part is not Part.GATEWAY else away
    assert memory.completed([away], NOW + KEPT + MOMENT) == [after]
    assert memory.completed([away], NOW + 30 * KEPT) == [after]


def test_one_that_was_in_time_is_unknown_until_it_would_be_late() -> None:
    memory = LastSeen()
    memory.completed([replace(OURS, chain=of_90_days(14.1))], NOW)
    assert memory.completed([AWAY], NOW + MOMENT) == [AWAY]
    assert memory.alone(NOW + MOMENT) == []
    [found] = memory.completed([AWAY], NOW + timedelta(hours=12))
    assert found.chain


def test_one_of_ours_that_was_in_time_for_a_day_is_unknown_for_good() -> None:
    memory = LastSeen()
    memory.completed([replace(OURS, chain=of_90_days(16))], NOW)
    for days in (1, 3, 17):
        assert memory.completed([AWAY], NOW + days * KEPT) == [AWAY]


@pytest.mark.parametrize("part", [Part.PUBLIC, Part.CONSOLE])
@pytest.mark.parametrize("last", [LATE, ENDED], ids=["late", "ended"])
def test_a_proxy_of_ours_that_falls_back_to_one_it_made_itself_renews_nothing(
    last: Reached, part: Part
) -> None:
    memory, last, self_made = LastSeen(), of(part, last), of(part, SELF_MADE)
    memory.completed([last], NOW)
    for passed in (MOMENT, 30 * KEPT):
        assert memory.completed([self_made], NOW + passed) == [replace(last, seen_at=NOW)]
        assert memory.alone(NOW + passed) == [replace(last, seen_at=NOW)]
    [found] = memory.completed([self_made], NOW + 30 * KEPT)
    assert diagnose_certificates(found, NOW + 30 * KEPT).grade is Grade.WRONG  # it has ended meanwhile
    renewed = of(part, GOOD)
    assert memory.completed([renewed], NOW) == [renewed]
    assert memory.completed([self_made], NOW) == [self_made]


@pytest.mark.parametrize(
    "now", [of(Part.GATEWAY, GOOD), of(Part.GATEWAY, SELF_MADE)], ids=["renewed", "other"]
)
def test_what_is_shown_since_counts(now: Reached) -> None:
    memory, away = LastSeen(), of(Part.GATEWAY, AWAY)
    memory.completed([of(Part.GATEWAY, LATE)], NOW)
    assert memory.completed([now], NOW) == [now]
    assert memory.completed([away], NOW) == [away]


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
