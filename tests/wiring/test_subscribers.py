"""What enrols subscribers and sends them codes, as it is wired."""

from dispatcher.access.management_tokens import MANAGEMENT_TOKEN
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.wiring.subscribers import OFFERED, management_tokens
from tests.support.sealed import RING


def test_two_processes_of_one_service_know_each_other_s_tokens() -> None:
    rings = (RING, RING, KeyRing.new())
    one, other, stranger = (management_tokens(Sealing(ring).keyed_hash) for ring in rings)
    token = one.new()
    assert MANAGEMENT_TOKEN.fullmatch(token)
    assert one.digest(token) == other.digest(token) != stranger.digest(token)
    assert one.new() != token


def test_nobody_may_subscribe_what_costs_money_or_is_no_person() -> None:
    assert not {"app", "sms"}.intersection(OFFERED)
