"""Which messages a message replaces or ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

import cap
from cap.supersession import Caveat, Effect, MatchedBy, Node, Resolution, Superseded, node_of, resolve

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
SENDER = "leitstelle@kreis.example"


def at(hour: Any) -> Any:
    return START + timedelta(hours=hour)


def alert(
    name: Any,
    hour: Any,
    *references: Any,
    msg_type: Any = cap.MsgType.UPDATE,
    sender: Any = SENDER,
    clear: Any = (),
    note: Any = None,
) -> Any:
    infos = tuple(cap.Info(response_types=(cap.ResponseType.ALL_CLEAR,) if done else ()) for done in clear)
    return cap.Alert(
        sender,
        name,
        at(hour),
        cap.Status.ACTUAL,
        msg_type,
        cap.Scope.PUBLIC,
        references=references,
        infos=infos,
        note=note,
    )


def ref(message: Any, **changes: Any) -> Any:
    values = {"sender": message.sender, "identifier": message.identifier, "sent": message.sent, **changes}
    return cap.Reference(**values)


FIRST = alert("A", 0, msg_type=cap.MsgType.ALERT)
SECOND = alert("B", 1, ref(FIRST))
THIRD = alert("C", 2, ref(SECOND))
END = alert("D", 3, ref(THIRD), msg_type=cap.MsgType.CANCEL)


def known(*alerts: Any) -> list[Any]:
    return [node_of(message) for message in alerts]


def names(resolution: Any) -> list[Any]:
    return [(found.identity.identifier, found.matched_by) for found in resolution.superseded]


def test_a_first_alert_supersedes_nothing() -> None:
    assert resolve(FIRST, []) == Resolution(Effect.FIRST)


def test_the_last_link_brings_the_whole_chain() -> None:
    resolution = resolve(END, known(FIRST, SECOND, THIRD))
    assert resolution.effect is Effect.ENDS
    assert names(resolution) == [("C", MatchedBy.NAMED), ("B", MatchedBy.CHAIN), ("A", MatchedBy.CHAIN)]
    assert resolution.caveats == ()


def test_a_full_chain_of_references_is_not_ambiguous() -> None:
    end = alert("D", 3, ref(FIRST), ref(SECOND), ref(THIRD), msg_type=cap.MsgType.CANCEL)
    resolution = resolve(end, known(FIRST, SECOND, THIRD))
    assert [name for name, _ in names(resolution)] == ["A", "B", "C"]
    assert resolution.caveats == ()


def test_a_cancel_of_several_chains_ends_all_and_says_so() -> None:
    other = alert("X", 0, msg_type=cap.MsgType.ALERT)
    end = alert("D", 3, ref(FIRST), ref(other), msg_type=cap.MsgType.CANCEL)
    resolution = resolve(end, known(FIRST, other))
    assert [name for name, _ in names(resolution)] == ["A", "X"]
    assert resolution.caveats == (Caveat.AMBIGUOUS,)


def test_instants_match_whatever_their_zone() -> None:
    zone = timezone(timedelta(hours=1))
    update = alert("B", 1, ref(FIRST, sent=FIRST.sent.astimezone(zone)))
    assert names(resolve(update, known(FIRST))) == [("A", MatchedBy.NAMED)]


def test_a_wrong_instant_falls_back_to_the_identifier() -> None:
    update = alert("B", 1, ref(FIRST, sent=at(-1)))
    assert names(resolve(update, known(FIRST))) == [("A", MatchedBy.IDENTIFIER)]


def test_a_reference_without_sender_means_the_same_sender() -> None:
    foreign = alert("A", 0, msg_type=cap.MsgType.ALERT, sender="other@x.example")
    update = alert("B", 1, cap.Reference("", "A", None))
    resolution = resolve(update, known(foreign, FIRST))
    assert [found.identity for found in resolution.superseded] == [FIRST.identity]


def test_a_later_revision_under_the_same_identifier_is_not_meant() -> None:
    later = alert("A", 5, msg_type=cap.MsgType.ALERT)
    update = alert("B", 1, ref(FIRST, sent=at(-1)))
    resolution = resolve(update, known(later))
    assert resolution.superseded == ()
    assert resolution.pending == update.references


def test_another_sender_s_message_is_named_but_flagged() -> None:
    foreign = alert("A", 0, msg_type=cap.MsgType.ALERT, sender="other@x.example")
    resolution = resolve(alert("B", 1, ref(foreign)), known(foreign))
    assert names(resolution) == [("A", MatchedBy.NAMED)]
    assert resolution.caveats == (Caveat.FOREIGN,)


def test_editions_of_one_warning_match_by_their_key() -> None:
    base = "2.49.0.0.276.0.DWD.PVW.1687511640000.0d1a4fb5"
    first = alert(f"{base}.DEU", 0, msg_type=cap.MsgType.ALERT)
    update = alert("next.MUL", 1, cap.Reference(SENDER, f"{base}.MUL", at(0)))
    assert names(resolve(update, known(first))) == [(f"{base}.DEU", MatchedBy.KEY)]


def test_what_is_not_known_yet_is_pending() -> None:
    resolution = resolve(END, [])
    assert resolution.effect is Effect.ENDS
    assert resolution.pending == END.references
    assert resolution.caveats == ()


@pytest.mark.parametrize("order", [*permutations([FIRST, SECOND, THIRD, END])])
def test_in_any_order_of_arrival_the_first_three_end(order: Any) -> None:
    seen, ended = [], set()
    for message in order:
        resolution = resolve(message, seen)
        ended |= {found.identity for found in resolution.superseded}
        if resolution.superseded_by:
            ended.add(message.identity)
        seen.append(node_of(message))
    # What stood between two gaps is found when the gap closes, so ask once more with everything known.
    for message in order:
        others = [node for node in seen if node.identity != message.identity]
        if resolve(message, others).superseded_by:
            ended.add(message.identity)
    assert ended == {FIRST.identity, SECOND.identity, THIRD.identity}


def test_a_late_message_learns_who_ended_it() -> None:
    resolution = resolve(FIRST, known(SECOND, THIRD, END))
    assert [identity.identifier for identity in resolution.superseded_by] == ["B", "C", "D"]


def test_a_reference_to_itself_is_left_out() -> None:
    for sent in (at(1), None):
        update = alert("B", 1, cap.Reference(SENDER, "B", sent), ref(FIRST))
        resolution = resolve(update, known(FIRST))
        assert names(resolution) == [("A", MatchedBy.NAMED)]
        assert resolution.caveats == (Caveat.SELF,)
    only = resolve(alert("B", 1, cap.Reference(SENDER, "B", None)), [])
    assert only.caveats == (Caveat.SELF, Caveat.NAMES_NOTHING)


def test_circles_of_references_end() -> None:
    one = alert("A", 0, cap.Reference(SENDER, "B", at(1)))
    two = alert("B", 1, cap.Reference(SENDER, "A", at(0)))
    resolution = resolve(alert("C", 2, ref(two)), known(one, two))
    assert names(resolution) == [("B", MatchedBy.NAMED), ("A", MatchedBy.CHAIN)]
    assert resolve(one, known(two)).superseded_by == (two.identity,)


def test_the_same_message_again_is_a_repeat_and_other_content_a_conflict() -> None:
    assert resolve(FIRST, known(FIRST)).effect is Effect.REPEAT
    changed = alert("A", 0, msg_type=cap.MsgType.ALERT, note="anders")
    assert resolve(changed, known(FIRST)).effect is Effect.CONFLICT


@pytest.mark.parametrize(
    ("message", "effect", "caveats"),
    [
        (alert("X", 1, ref(FIRST), clear=(True, True)), Effect.ENDS, ()),
        (alert("X", 1, ref(FIRST), clear=(True, False)), Effect.REPLACES, ()),
        (alert("X", 1, ref(FIRST)), Effect.REPLACES, ()),
        (alert("X", 1), Effect.FIRST, (Caveat.NAMES_NOTHING,)),
        (alert("X", 1, clear=(True,)), Effect.ENDS, (Caveat.NAMES_NOTHING,)),
        (alert("X", 1, msg_type=cap.MsgType.CANCEL), Effect.NONE, (Caveat.NAMES_NOTHING,)),
        (alert("X", 1, ref(FIRST), msg_type=cap.MsgType.ACK), Effect.NONE, ()),
        (alert("X", 1, ref(FIRST), msg_type=cap.MsgType.ERROR), Effect.NONE, ()),
    ],
)
def test_what_a_message_does(message: Any, effect: Any, caveats: tuple[Any, ...]) -> None:
    resolution = resolve(message, known(FIRST))
    assert (resolution.effect, resolution.caveats) == (effect, caveats)
    assert bool(resolution.superseded) == (
        effect in (Effect.ENDS, Effect.REPLACES) and bool(message.references)
    )


def test_an_acknowledgement_passes_nothing_on() -> None:
    ack = alert("K", 1, ref(FIRST), msg_type=cap.MsgType.ACK)
    assert resolve(FIRST, known(ack)).superseded_by == ()
    resolution = resolve(alert("B", 2, ref(ack)), known(FIRST, ack))
    assert names(resolution) == [("K", MatchedBy.NAMED)]


def test_messages_without_a_readable_time_can_still_be_related() -> None:
    timeless = cap.Alert(SENDER, "A", None, cap.Status.ACTUAL, cap.MsgType.ALERT, cap.Scope.PUBLIC)
    resolution = resolve(alert("B", 1, cap.Reference(SENDER, "A", at(0))), known(timeless))
    assert resolution.superseded == (Superseded(timeless.identity, MatchedBy.IDENTIFIER),)


def test_a_damaged_list_of_references_is_salvaged(message: Callable[..., bytes]) -> None:
    text = "S1 S2,mow.A mow.B,2020-04-03T10:00:00-00:00 2020-04-03T11:00:00-00:00"
    references = f"<scope>Public</scope><references>{text}</references>"
    (found,) = cap.parse(message(("<scope>Public</scope>", references))).alerts
    assert [(one.sender, one.identifier) for one in found.references] == [("S1", "mow.A"), ("S2", "mow.B")]
    text = "S1 S2 S3,mow.A mow.B,2020-04-03T10:00:00-00:00"
    references = f"<scope>Public</scope><references>{text}</references>"
    (found,) = cap.parse(message(("<scope>Public</scope>", references))).alerts
    assert found.references == (cap.Reference("", "mow.A", None), cap.Reference("", "mow.B", None))
    assert [problem.code for problem in found.problems] == ["reference-syntax"]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("a,b,2020-04-03T10:00:00Z", cap.Reference("a", "b", datetime(2020, 4, 3, 10, tzinfo=UTC))),
        ("a,b,yesterday", cap.Reference("a", "b", None)),
        ("a,b", cap.Reference("", "b", None)),
        ("b", cap.Reference("", "b", None)),
        ("b,", cap.Reference("", "b", None)),
        (",b,2020-04-03T10:00:00-00:00", cap.Reference("", "b", datetime(2020, 4, 3, 10, tzinfo=UTC))),
    ],
)
def test_single_damaged_references_are_salvaged(
    message: Callable[..., bytes], text: str, reference: Any
) -> None:
    references = f"<scope>Public</scope><references>{text}</references>"
    (found,) = cap.parse(message(("<scope>Public</scope>", references))).alerts
    assert found.references == (reference,)
    assert [problem.code for problem in found.problems] == ["reference-syntax"]


def test_a_node_is_small_and_says_nothing_but_what_relates() -> None:
    assert node_of(SECOND) == Node(
        SECOND.identity, SECOND.references, Effect.REPLACES, node_of(SECOND).fingerprint
    )
    assert len(node_of(SECOND).fingerprint) == 64
