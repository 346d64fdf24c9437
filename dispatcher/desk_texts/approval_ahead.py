"""Say in words for whom a message would wait, and why: pure, from the service's JSON to lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.desk_texts.sms import duration, number
from dispatcher.model.sentences.count import Count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.desk_texts.desk import Desk

_ANY_SOURCE: Final = "*"
"""What the service says where a rule is for every source."""
_TIMERS: Final = ("remind", "escalate", "release")


def approval_lines(approval: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say that nobody is warned before a second person approves, who that may be, why, and what happens without a
    decision.
    """
    who = "approval_by_colleague" if approval["is_author_known"] else "approval_by_others"
    return [
        desk.line("approval_ahead"),
        desk.line(who),
        desk.line("approval_why", rule=_rule(approval, desk)),
        desk.line("approval_undecided", steps="; ".join(_steps(approval, desk))),
    ]


def second_person_lines(asked: Mapping[str, Any] | None, desk: Desk) -> list[str]:
    """Say of a message that waits how many further persons it needs, and who is told, or that nobody is."""
    if asked is None:
        return []
    key, told = "waits_nobody", 0
    if told := asked["on_duty"]:
        key = "waits_on_duty"
    elif told := asked["instead"]:
        key = "waits_instead"
    needed = asked["needed"]
    return [
        desk.line("waits_needed", people=Count(needed, number(needed, desk))),
        desk.line(key, people=Count(told, number(told, desk))),
    ]


def _rule(approval: Mapping[str, Any], desk: Desk) -> str:
    source, severity, people = approval["source"], approval["severity"], approval["people"]
    said = [
        desk.line("rule_any_source") if source == _ANY_SOURCE else desk.line("rule_source", source=source)
    ]
    said.append(desk.line(f"rule_{severity}"))
    if people:
        said.append(desk.line("rule_people", people=Count(people, number(people, desk))))
    return ", ".join(said)


def _steps(approval: Mapping[str, Any], desk: Desk) -> list[str]:
    after = {step: approval[f"{step}_after_s"] for step in _TIMERS}
    said = [
        desk.line(f"after_{step}", duration=duration(seconds, desk))
        for step, seconds in after.items()
        if seconds is not None
    ]
    return said if after["release"] is not None else [*said, desk.line("after_nothing")]
