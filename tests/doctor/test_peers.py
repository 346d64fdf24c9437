"""Whom the service has to reach, and what stands between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.doctor.certificates import Certificate
from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.peers import Obstacle, Peer, Reached, diagnose_certificates, diagnose_peer

NOW = datetime(2026, 11, 1, tzinfo=UTC)
REACHED = Reached(Peer(Part.GATEWAY, "kannel", "sms.example", 443), took_s=0.012)
PARTS = (
    Part.GATEWAY,
    Part.FEED,
    Part.PUSH_SERVICE,
    Part.MAIL,
    Part.ANCHOR,
    Part.PROVIDER,
    Part.CALLBACK,
)
OURS = replace(REACHED, peer=Peer(Part.PUBLIC, "WARN_PUBLIC_URL", "warnung.example", 443))


def of_90_days(days: float, authority: str = "") -> tuple[Certificate, ...]:
    ends = NOW + timedelta(days=days)
    return (Certificate(ends - timedelta(days=90), ends, authority),)


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


@pytest.mark.parametrize(
    ("days", "grade"), [(15, Grade.SOUND), (13, Grade.WARNING), (0.9, Grade.WRONG), (-1, Grade.WRONG)]
)
def test_a_certificate_that_ends_soon_is_said(days: float, grade: Grade) -> None:
    reached = replace(REACHED, chain=of_90_days(days))
    found = diagnose_peer(reached, NOW)
    assert found.grade is diagnose_certificates(reached, NOW).grade is grade
    assert (bool(found.why), bool(found.mend)) == (grade is not Grade.SOUND, grade is not Grade.SOUND)


def test_an_authority_that_ends_before_is_said_by_its_name() -> None:
    found = diagnose_peer(replace(REACHED, chain=of_90_days(60) + of_90_days(5, "R11")), NOW)
    assert found.seen.startswith("kannel at sms.example:443: the certificate of its authority R11 ends on ")
    assert found.why == "from then on no SMS leaves by it"


@pytest.mark.parametrize("obstacle", list(Obstacle))
@pytest.mark.parametrize("reached", [REACHED, OURS], ids=["gateway", "public"])
def test_who_is_not_reached_has_no_certificate_that_has_ended(reached: Reached, obstacle: Obstacle) -> None:
    found = diagnose_certificates(replace(reached, obstacle=obstacle, detail="not there"), NOW)
    assert found.grade is (Grade.WRONG if obstacle is Obstacle.ENDED else Grade.UNKNOWN)


def test_our_own_address_may_be_reached_by_others_though_not_from_here() -> None:
    away = diagnose_peer(replace(OURS, obstacle=Obstacle.TIME, detail="no answer in 5 s"), NOW)
    assert away.grade is Grade.WARNING
    assert away.seen == "WARN_PUBLIC_URL at warnung.example:443: no answer in 5 s, from here"
    for obstacle in (Obstacle.CERTIFICATE, Obstacle.ENDED):
        assert diagnose_peer(replace(OURS, obstacle=obstacle, detail="no"), NOW).grade is Grade.WRONG


@pytest.mark.parametrize(
    ("part", "who"), [(Part.PUBLIC, "phones"), (Part.CONSOLE, "browsers")], ids=["public", "console"]
)
def test_each_of_our_addresses_says_who_may_reach_it_all_the_same(part: Part, who: str) -> None:
    ours = replace(OURS, peer=replace(OURS.peer, part=part), obstacle=Obstacle.NAME, detail="no name")
    found = diagnose_peer(ours, NOW)
    assert (found.part, found.grade) == (part, Grade.WARNING)
    assert f"; {who} may reach it" in found.why


@pytest.mark.parametrize("part", [Part.PUBLIC, Part.CONSOLE], ids=["public", "console"])
def test_our_own_certificate_is_ours_to_renew(part: Part) -> None:
    ours = replace(OURS, peer=replace(OURS.peer, part=part))
    for reached in (replace(ours, chain=of_90_days(3)), replace(ours, obstacle=Obstacle.ENDED)):
        assert "certbot renew" in diagnose_peer(reached, NOW).mend
