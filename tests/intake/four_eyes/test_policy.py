"""What the policy asks of a warning."""

from dataclasses import replace
from datetime import timedelta

from dispatcher.intake.four_eyes.policy import (
    may_concern,
    open_rules,
    ordered,
    rule_counted,
    rule_for,
    rule_uncounted,
)
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
    assert rule_uncounted([many, few]) == few
    assert rule_uncounted([many]) == many


def test_which_rules_may_decide_is_known_before_anybody_is_counted() -> None:
    many, few, all_, others = rule(people=10**6), rule(people=10), rule(), rule(severity="Minor")
    assert open_rules([others, all_, few, many], "leitstelle", "Severe") == [many, few, all_]
    assert open_rules([many, few], "leitstelle", "Minor") == []
    assert open_rules([rule("nachbar")], "leitstelle", "Severe") == []


def test_behind_an_exception_for_any_number_no_rule_is_asked() -> None:
    """It depends on no number: so far such a warning was refused where nobody could count."""
    exempt = rule("leitstelle", is_needed=False)
    found = open_rules([rule(), exempt, rule(people=10)], "leitstelle", "Extreme")
    assert (found, rule_uncounted(found)) == ([exempt], exempt)


def test_the_number_decides_as_it_would_have_at_first() -> None:
    rules = [rule("leitstelle", people=100), rule(people=1_000, is_needed=False), rule(people=10)]
    found = open_rules(rules, "leitstelle", "Severe")
    for people in (0, 9, 10, 99, 100, 10_000):
        assert rule_counted(found, people) is rule_for(rules, "leitstelle", "Severe", people), people


def test_without_a_number_nothing_goes_out_before_the_last_rule_that_asks_would_release_it() -> None:
    five, ten = (Timers(release=timedelta(minutes=minutes)) for minutes in (5, 10))
    soon, late = (PolicyRule("*", "Severe", people, True, timers) for people, timers in ((9, five), (1, ten)))
    assert rule_uncounted([soon, late]).timers == ten
    assert rule_uncounted([soon, rule()]).timers.release is None
    assert rule_uncounted([soon, rule(is_needed=False)]).timers == five


def test_without_a_number_people_hear_of_it_as_soon_as_any_rule_that_asks_would_have_them() -> None:
    first, second = Timers(remind=timedelta(minutes=9)), Timers(timedelta(minutes=5), timedelta(minutes=15))
    other = Timers(remind=timedelta(minutes=1))
    rules = [
        PolicyRule("*", "Severe", 1_000, is_needed=True, timers=first),
        PolicyRule("*", "Severe", 100, is_needed=True, timers=second),
        PolicyRule("*", "Severe", 10, is_needed=False, timers=other),
    ]
    assert rule_uncounted(rules).timers == second
    assert rule_uncounted(rules).people == 1_000


def test_what_is_in_another_doubt_is_released_no_sooner_than_by_any_rule_that_may_decide() -> None:
    """Without a number it went out by the time of a rule that does not concern it."""
    soon, late = (Timers(release=timedelta(minutes=minutes)) for minutes in (5, 60))
    asking = PolicyRule("*", "Severe", 1_000, is_needed=True, timers=soon)
    rest = PolicyRule("*", "Severe", 0, is_needed=False, timers=late)
    assert rule_uncounted([asking, rest], in_doubt=True).timers.release == late.release
    assert rule_uncounted([asking, rest]).timers.release == soon.release, (
        "by the other one it goes out at once"
    )
    never = replace(rest, timers=Timers())
    assert rule_uncounted([asking, never], in_doubt=True).timers.release is None
    assert rule_uncounted([asking], in_doubt=True).timers.release is None, "to fewer it would never go out"
    assert rule_uncounted([replace(asking, is_needed=False), rest]).timers.release == late.release


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
