"""Policies: the same problems, weighed differently."""

import cap
from tests.cap.reading import Message
from tests.cap.rules.breaches import SENT


def test_an_operator_may_weigh_single_rules_otherwise(message: Message) -> None:
    policy = cap.Policy("ours", strict=True, overrides={"time-zulu": cap.Level.INFO})
    (alert,) = cap.parse(message((SENT, "2026-11-22T09:00:00Z</sent>"))).alerts
    assert cap.is_valid(cap.check(alert, policy))
    assert not cap.is_valid(cap.check(alert))
