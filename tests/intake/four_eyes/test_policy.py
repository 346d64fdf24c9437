"""What the policy asks of a warning."""

from datetime import timedelta

from dispatcher.intake.four_eyes.policy import may_concern, ordered, rule_for, rule_uncounted
from dispatcher.model.approval.policy import PolicyRule, Timers


def rule(
    source: str = "*", severity: str = "Severe", people: int = 0, *, is_needed: bool = True
) -> PolicyRule:
    return PolicyRule(source, severity, people, is_needed)


def test_without_a_rule_nothing_is_asked() -> None:
    assert rule_for([], "leitstelle", "Extreme", 10**6) is None
    assert not may_concern([], "leitstelle", "Extreme")


def test_a_rule_is_for_what_is_at_least_as_grave_and_for_as_many() -> None:
    rules = [rule(people=1_000)]
    assert rule_for(rules, "leitstelle", "Severe", 1_000) is rules[0]
    assert rule_for(rules, "leitstelle", "Extreme", 5_000) is rules[0]
    assert rule_for(rules, "leitstelle", "Severe", 999) is None
    assert rule_for(rules, "leitstelle", "Moderate", 10**6) is None
    assert rule_for([rule(severity="Unknown")], "leitstelle", "Unknown", 0) is not None


def test_of_a_warning_that_nobody_could_count_a_second_person_decides_if_one_might() -> None:
    many, few = rule(people=10**6, is_needed=False), rule(people=1_000)
    assert rule_uncounted([many, few], "leitstelle", "Severe") is few
    assert rule_uncounted([many], "leitstelle", "Severe") is many
    assert rule_uncounted([many, few], "leitstelle", "Minor") is None
    assert rule_uncounted([rule("nachbar")], "leitstelle", "Severe") is None


def test_whether_a_rule_may_concern_it_is_known_before_anybody_is_counted() -> None:
    assert may_concern([rule(people=10**6)], "leitstelle", "Extreme")
    assert not may_concern([rule(people=0)], "leitstelle", "Minor")
    assert not may_concern([rule("nachbar")], "leitstelle", "Extreme")


def test_the_rule_that_is_said_most_exactly_decides_wherever_it_stands() -> None:
    everybody, feeds, dwd = rule(), rule("feed-*"), rule("feed-dwd", "Minor", is_needed=False)
    for rules in ([everybody, feeds, dwd], [dwd, feeds, everybody]):
        assert rule_for(rules, "feed-dwd", "Extreme", 0) is dwd
        assert rule_for(rules, "feed-nina", "Extreme", 0) is feeds
        assert rule_for(rules, "leitstelle", "Extreme", 0) is everybody


def test_of_one_source_the_gravest_then_the_largest_decides() -> None:
    grave, many, few = rule(severity="Extreme"), rule(people=10_000), rule(people=10)
    assert list(ordered([few, grave, many])) == [grave, many, few]
    assert rule_for([few, many, grave], "leitstelle", "Severe", 20_000) is many
    assert rule_for([few, many, grave], "leitstelle", "Extreme", 20_000) is grave


def test_where_the_most_exact_rule_does_not_apply_the_next_one_does() -> None:
    small, timed = rule("leitstelle", people=10_000), rule(severity="Minor", is_needed=False)
    timed = PolicyRule(timed.source, timed.severity, 0, timed.is_needed, Timers(timedelta(minutes=5)))
    assert rule_for([small, timed], "leitstelle", "Severe", 10) is timed
