"""What may be decided about a version, and which one is used."""

from dataclasses import replace

import pytest

from dispatcher.model.templates.version import (
    TemplateRefusal,
    TemplateState,
    TemplateStep,
    TemplateVersion,
    live_version,
    refusal_of,
    rehearsed_version,
    stated_version,
)
from tests.support.messages import NOW

DRAFT = TemplateVersion("hochwasser", 1, "Hochwasser", b"{}", b"h", ("m.keller",), "source:leitstelle", NOW)
APPROVED = replace(DRAFT, decision=TemplateStep.APPROVE, decided_at=NOW)
REJECTED = replace(DRAFT, decision=TemplateStep.REJECT, decided_at=NOW)
RETIRED = replace(APPROVED, retired_at=NOW)
APPROVE, REJECT, RETIRE = TemplateStep.APPROVE, TemplateStep.REJECT, TemplateStep.RETIRE


@pytest.mark.parametrize(
    ("version", "state", "rehearsed"),
    [
        (DRAFT, TemplateState.DRAFT, True),
        (APPROVED, TemplateState.APPROVED, True),
        (REJECTED, TemplateState.REJECTED, False),
        (RETIRED, TemplateState.RETIRED, False),
        (replace(DRAFT, retired_at=NOW), TemplateState.RETIRED, False),
    ],
)
def test_a_version_is_in_one_state(version: TemplateVersion, state: TemplateState, rehearsed: bool) -> None:
    assert (version.state, version.may_be_rehearsed) == (state, rehearsed)


@pytest.mark.parametrize(
    ("version", "step", "person", "seen", "refusal"),
    [
        (DRAFT, APPROVE, "b.lang", b"h", None),
        (DRAFT, APPROVE, "m.keller", b"h", TemplateRefusal.OWN),
        (DRAFT, APPROVE, "", b"h", TemplateRefusal.OWN),
        (DRAFT, APPROVE, "b.lang", b"x", TemplateRefusal.NOT_SEEN),
        (DRAFT, APPROVE, "m.keller", b"x", TemplateRefusal.NOT_SEEN),
        (DRAFT, REJECT, "m.keller", b"", None),
        (DRAFT, RETIRE, "", b"", None),
        (None, RETIRE, "b.lang", b"", TemplateRefusal.NONE_THERE),
        (APPROVED, APPROVE, "b.lang", b"h", TemplateRefusal.DECIDED),
        (APPROVED, REJECT, "b.lang", b"", TemplateRefusal.DECIDED),
        (APPROVED, RETIRE, "b.lang", b"", None),
        (REJECTED, APPROVE, "b.lang", b"h", TemplateRefusal.DECIDED),
        (RETIRED, RETIRE, "b.lang", b"", TemplateRefusal.DECIDED),
        (RETIRED, APPROVE, "b.lang", b"h", TemplateRefusal.DECIDED),
    ],
)
def test_a_step_is_taken_once_and_approved_by_another_person_who_has_seen_it(
    version: TemplateVersion | None,
    step: TemplateStep,
    person: str,
    seen: bytes,
    refusal: TemplateRefusal | None,
) -> None:
    assert refusal_of(version, step, person, seen) == refusal


@pytest.mark.parametrize(
    ("codes", "stated"),
    [
        (["nina", "template:hochwasser/3"], ("hochwasser", 3)),
        (["template:hochwasser"], None),
        (["template:Hoch wasser/3", "x template:a-b/1"], None),
        (["template:hochwasser/99999999"], None),
        ([], None),
    ],
)
def test_a_message_states_by_a_code_which_version_it_is_of(
    codes: list[str], stated: tuple[str, int] | None
) -> None:
    assert stated_version(codes) == stated


def test_people_are_warned_with_what_was_approved_last_and_with_nothing_where_that_is_retired() -> None:
    second, third = replace(APPROVED, version=2), replace(DRAFT, version=3)
    assert live_version([]) is live_version([DRAFT, replace(REJECTED, version=2)]) is None
    assert live_version([APPROVED, second, third]) == second
    assert live_version([APPROVED, replace(RETIRED, version=2)]) is None


def test_an_exercise_uses_the_same_or_else_the_newest_draft() -> None:
    third, fourth = replace(DRAFT, version=3), replace(REJECTED, version=4)
    assert rehearsed_version([APPROVED, third]) == APPROVED
    assert rehearsed_version([DRAFT, third, fourth]) == third
    assert rehearsed_version([fourth]) is None
