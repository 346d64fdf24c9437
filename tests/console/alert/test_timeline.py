"""What happened to the messages of a graph, in order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatcher.console.alert.timeline import Happening, timeline
from dispatcher.console.words import WORDS
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.status import Deed, DeedKind, MessageHistory
from dispatcher.model.vocabulary import Reason
from tests.api.approvals.test_bodies import REQUEST
from tests.support.messages import HOUR, NOW, stored

MINUTE = timedelta(minutes=1)
NOTHING = MessageHistory()


def told(chain: list[Any], histories: dict[str, MessageHistory], now: Any = NOW, most: int = 50) -> list[str]:
    found = timeline(chain, {one.id: histories.get(one.id, NOTHING) for one in chain}, now, most)
    return [f"{one.alert.id} {one.happening} {one.who}".strip() for one in found.events]


def test_all_that_happened_is_in_order() -> None:
    first = stored(planned_at=NOW + MINUTE, stopped_by="B", stopped_at=NOW + 4 * MINUTE)
    second = stored(id="B", received_at=NOW + 4 * MINUTE, reason=Reason.CANCEL, planned_at=NOW + 5 * MINUTE)
    decided = replace(
        REQUEST,
        requested_at=NOW,
        decision=ApprovalDecision.APPROVE,
        decided_at=NOW + MINUTE,
        decided_by="person:b.lang",
    )
    histories = {
        "A": MessageHistory(NOW + 2 * MINUTE, NOW + 3 * MINUTE, decided),
        "B": MessageHistory(deeds=(Deed(NOW + 4 * MINUTE, "person:b.lang", DeedKind.CORRECTED),)),
    }
    assert told([first, second], histories, NOW + 9 * HOUR) == [
        "A received " + ", ".join(REQUEST.authors),
        "A asked",
        "A approved person:b.lang",
        "A planned",
        "A first_told",
        "A last_told",
        "A stopped",
        "B correction person:b.lang",
        "B planned",
    ]
    [stopped] = [one for one in timeline([first, second], histories | {}, NOW).events if one.by]
    assert stopped.by == second


def test_a_time_of_planning_that_was_written_over_is_left_out() -> None:
    told_first = {"A": MessageHistory(NOW + MINUTE, NOW + MINUTE)}
    assert "A planned" not in told([stored(planned_at=NOW + 3 * MINUTE)], told_first)
    replaced = stored(planned_at=NOW + 3 * MINUTE, stopped_by="B", stopped_at=NOW + 2 * MINUTE)
    assert told([replaced], {}) == ["A received leitstelle", "A stopped"]
    assert "A planned" in told([stored(planned_at=NOW + MINUTE)], told_first)


def test_what_operators_did_is_told() -> None:
    deeds = (
        Deed(NOW + MINUTE, "operator:k", DeedKind.CONCLUDED, reason=Reason.FIRST_NOTICE),
        Deed(NOW + 2 * MINUTE, "operator:k", DeedKind.REPLAYED, 3),
    )
    assert told([stored()], {"A": MessageHistory(deeds=deeds)}) == [
        "A received leitstelle",
        "A let_go operator:k",
        "A replayed operator:k",
    ]
    discarded = (replace(deeds[0], reason=Reason.DISCARDED),)
    held = stored(reason=Reason.DISCARDED, expires=NOW)
    assert told([held], {"A": MessageHistory(deeds=discarded)})[1:] == ["A discarded operator:k"]


def test_whoever_submitted_it_is_named_where_that_is_known() -> None:
    for actor, who in (("person:m.keller", "person:m.keller"), ("source:leitstelle", "leitstelle")):
        course = MessageHistory(deeds=(Deed(NOW, actor, DeedKind.ACCEPTED),))
        assert told([stored()], {"A": course}) == [f"A received {who}"]
    by_key = MessageHistory(
        request=replace(REQUEST, is_needed=False), deeds=(Deed(NOW, "source:x", DeedKind.ACCEPTED),)
    )
    assert told([stored()], {"A": by_key}) == ["A received " + ", ".join(REQUEST.authors)]


def test_what_was_withdrawn_names_who_did_it_and_by_which_message() -> None:
    held = stored(reason=Reason.SUPERSEDED, stopped_by="B", stopped_at=NOW + MINUTE)
    end = stored(id="B", received_at=NOW + MINUTE, reason=Reason.NOTHING_TO_END)
    asked = replace(REQUEST, requested_at=NOW, decided_at=NOW + MINUTE, decided_by="person:b.lang")
    deed = Deed(NOW + MINUTE, "person:b.lang", DeedKind.WITHDRAWN)
    course = {"A": MessageHistory(request=asked, deeds=(deed,))}
    assert told([held, end], course)[1:] == ["A asked", "A withdrawn person:b.lang", "B received leitstelle"]
    [event] = [one for one in timeline([held, end], course | {"B": NOTHING}, NOW).events if one.by]
    assert (event.happening, event.by) == (Happening.WITHDRAWN, end)


def test_a_warning_that_nothing_ended_expires_and_an_end_does_not() -> None:
    assert told([stored(expires=NOW)], {})[-1] == "A expired"
    assert told([stored(expires=NOW + MINUTE)], {}) == ["A received leitstelle"]
    assert told([stored(expires=NOW, reason=Reason.CANCEL)], {}) == ["A received leitstelle"]


def test_of_a_long_graph_the_newest_are_shown() -> None:
    chain = [stored(id=f"{number:03}", received_at=NOW + number * MINUTE) for number in range(7)]
    found = timeline(chain, dict.fromkeys((one.id for one in chain), NOTHING), NOW, 2)
    assert ([one.alert.id for one in found.events], found.left_out) == (["005", "006"], 5)


def test_everything_that_happens_has_words() -> None:
    assert {f"timeline_{one}" for one in Happening} <= set(WORDS)
