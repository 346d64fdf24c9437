"""What enrols subscribers and sends them codes, as it is wired."""

import re

from dispatcher.access.management_tokens import MANAGEMENT_TOKEN
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.wiring.subscribers import OFFERED, _new_code, management_tokens
from tests.support.sealed import RING


def test_two_processes_of_one_service_know_each_other_s_tokens() -> None:
    rings = (RING, RING, KeyRing.new())
    one, other, stranger = (management_tokens(Sealing(ring).keyed_hash) for ring in rings)
    token = one.new()
    assert MANAGEMENT_TOKEN.fullmatch(token)
    assert one.digest(token) == other.digest(token) != stranger.digest(token)
    assert one.new() != token


def test_nobody_may_subscribe_what_is_no_person() -> None:
    assert set(OFFERED) == {"webpush", "fcm", "apns", "sms"}


def test_the_code_of_an_sms_can_be_typed_and_any_other_cannot_be_guessed() -> None:
    assert {re.fullmatch(r"[0-9]{6}", _new_code("sms")) is not None for _ in range(20)} == {True}
    assert len({_new_code("sms") for _ in range(20)}) > 1
    assert len(_new_code("webpush")) >= 22
