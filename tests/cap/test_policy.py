"""Policies: the same problems, weighed differently."""

import pytest

import cap
from cap.findings import Problem
from tests.cap.reading import Message
from tests.cap.rules.breaches import SENT


def test_an_operator_may_weigh_single_rules_otherwise(message: Message) -> None:
    policy = cap.Policy("ours", strict=True, overrides={"time-zulu": cap.Level.INFO})
    (alert,) = cap.parse(message((SENT, "2026-11-22T09:00:00Z</sent>"))).alerts
    assert cap.is_valid(cap.check(alert, policy))
    assert not cap.is_valid(cap.check(alert))


@pytest.mark.parametrize(
    ("policy", "level"), [(cap.STRICT, cap.Level.ERROR), (cap.LENIENT, cap.Level.WARNING)]
)
def test_a_policy_weighs_by_its_column_of_the_rules(policy: cap.Policy, level: cap.Level) -> None:
    assert policy.weigh("time-zulu") is level


def test_a_judged_problem_has_the_rules_sentences_with_its_detail() -> None:
    assert cap.STRICT.judge(Problem("element-missing", "/alert", 3, "{event}")) == cap.Finding(
        "element-missing",
        cap.Level.ERROR,
        "/alert",
        3,
        "The required element {event} is missing.",
        "Das Pflichtelement {event} fehlt.",
    )


def test_an_override_replaces_one_weight_alone() -> None:
    policy = cap.Policy("ours", strict=False, overrides={"time-zulu": cap.Level.ERROR})
    assert policy.weigh("time-zulu") is cap.Level.ERROR
    assert policy.weigh("time-naive") is cap.LENIENT.weigh("time-naive")


def test_a_code_without_a_rule_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        cap.STRICT.weigh("no-such-rule")
