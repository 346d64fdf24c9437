"""Which messages of record a message concerns, by values."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.intake.related import (
    POWERLESS_REASONS,
    RelatedState,
    is_newer_edition,
    is_worldwide,
    may_act,
    may_act_on,
    reachable,
    reference_keys,
    resolve,
    stands,
)
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import DISPATCHED, OPEN_DRILL, WARNING, Doubt, Reason
from tests.support.decisions import (
    AT,
    CENTRE,
    FEED,
    FIRST,
    OTHER_FEED,
    SECOND,
    known,
    message,
    on_record,
)
from tests.support.feed_messages import HOUR, NOW, SENDER, dwd_id, update, warning

SENT = on_record(id="sent")
OWN = warning(identifier="flut-1")
"""A name that is unique only together with its sender."""
OWN_SENT = on_record(OWN, id="own")
OWN_UPDATE = replace(update(2, OWN), identifier="flut-2")
OTHER_SENDER = "other@x.example"


def ids(found: Sequence[StoredAlert]) -> list[str]:
    return [stored.id for stored in found]


# the graph


def test_a_message_replaces_itself_what_it_names_and_their_ancestors_and_nothing_beside_them() -> None:
    """a <- b <- c and a <- d: two branches of one alert. What names b leaves d and c alone."""
    a, b, c, d = graph = [on_record(id=name, stopped_by="b" if name == "a" else None) for name in "abcd"]
    edges = {"b": frozenset("a"), "c": frozenset("b"), "d": frozenset("a")}
    for named, replaced, standing, survivors in (
        ([b], "ab", "b", "cd"),
        ([c], "abc", "bc", "d"),
        ([d], "ad", "d", "bc"),
        ([c, d], "abcd", "bcd", ""),
        ([a], "a", "", "bcd"),
    ):
        state = known(named=named, graph=graph, replaced=edges)
        assert "".join(ids(state.replaces)) == replaced
        assert "".join(ids(state.standing)) == standing
        assert "".join(ids(state.survivors)) == survivors


def test_a_circle_of_references_ends_somewhere() -> None:
    assert reachable("a", {"a": ["b"], "b": ["c"], "c": ["a", "d"]}) == set("abcd")
    assert reachable("x", {"a": ["b"]}) == {"x"}
    assert reachable("", {"a": ["b"]}) == set()


def test_a_message_replaces_its_other_contents_and_the_copies_and_editions_that_it_may_replace() -> None:
    same, copy, edition, named = (on_record(id=name) for name in ("same", "copy", "edition", "named"))
    values = {"same": same, "copies": [copy], "editions": [edition], "named": [named, same]}
    assert ids(known(**values).direct) == ["same", "named"]
    assert ids(known(**values, succeeds=frozenset({"copy", "edition"})).direct) == [
        "same",
        "copy",
        "edition",
        "named",
    ]
    assert known().direct == []


@pytest.mark.parametrize("reason", Reason)
def test_only_a_warning_or_what_waits_behind_an_equal_one_stands(reason: Reason) -> None:
    stored = on_record(reason=reason)
    assert stands(stored, AT) is (reason in WARNING | OPEN_DRILL or reason is Reason.MERGED)
    assert not stands(replace(stored, stopped_by="x"), AT)
    assert not stands(replace(stored, expires=AT), AT)


# names


@pytest.mark.parametrize(
    ("key", "worldwide"),
    [
        ("2.49.0.0.276.0.DWD.PVW.1", True),
        ("urn:oid:2.49.0.0.276", True),
        ("mow.DE-NW-DN-W001-20261122-1-000", True),
        ("lhp.HOCHWASSER.NW", True),
        ("2.490.1", False),
        ("1", False),
        ("", False),
        ("x.mow.1", False),
    ],
)
def test_some_identifiers_say_by_themselves_which_message_is_meant(key: str, worldwide: bool) -> None:
    assert is_worldwide(key) is worldwide


def test_references_are_found_by_what_all_editions_share() -> None:
    found = reference_keys((cap.Reference(SENDER, f"dwd.{dwd_id(7)}", NOW), cap.Reference("a", "b", None)))
    assert found == (dwd_id(7, ""), "b")


def references(*given: tuple[str, str, Any]) -> cap.Alert:
    return replace(OWN_UPDATE, references=tuple(cap.Reference(*one) for one in given))


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("reference", "exact", "leniently"),
    [
        ((SENDER, "flut-1", NOW), "A", "A"),
        ((SENDER, "flut-1", None), "ABZ", "ABZ"),
        ((SENDER, "flut-1", NOW - HOUR), "B", "B"),
        # An instant that fits none: what was sent under that name before.
        ((SENDER, "flut-1", NOW - 2 * HOUR), "", "ABZ"),
        ((OTHER_SENDER, "flut-1", NOW), "D", "D"),
        (("third@x.example", "flut-1", NOW), "", ""),
        ((SENDER, "flut-9", NOW), "", ""),
    ],
)
def test_a_reference_is_compared_by_sender_identifier_and_instant(
    lenient: bool, reference: tuple[str, str, Any], exact: str, leniently: str
) -> None:
    there = [
        on_record(OWN, id="A"),
        on_record(OWN, id="B", sent=NOW - HOUR),
        on_record(OWN, id="C", sent=NOW + HOUR),
        on_record(OWN, id="D", sender=OTHER_SENDER),
        on_record(OWN, id="E", identifier="sturm-1", event_key="sturm-1"),
        on_record(OWN, id="Z", sent=NOW - 3 * HOUR),
    ]
    found = resolve(message(references(reference)), FEED, there, lenient=lenient)
    assert "".join(ids(found)) == (leniently if lenient else exact)


def test_a_reference_in_another_time_zone_is_the_same_instant() -> None:
    text = cap.render(OWN_UPDATE)
    shifted = text.replace(b"flut-1,2026-11-22T12:00:00-00:00", b"flut-1,2026-11-22T13:00:00+01:00")
    assert shifted != text
    found = resolve(message(cap.parse(shifted).alerts[0]), FEED, [OWN_SENT], lenient=False)
    assert ids(found) == ["own"]


def test_what_is_named_twice_is_meant_once_and_one_known_reference_is_enough() -> None:
    twice = references((SENDER, "flut-1", NOW), (SENDER, "never-seen", NOW), (SENDER, "flut-1", NOW))
    assert ids(resolve(message(twice), FEED, [OWN_SENT], lenient=False)) == ["own"]


def test_only_a_feeds_reference_means_other_spellings() -> None:
    spelt = on_record(warning(1, identifier=dwd_id(1, "DEU")), id="DEU")
    for lenient, found in (True, ["DEU"]), (False, []):
        assert ids(resolve(message(SECOND), FEED, [spelt], lenient=lenient)) == found


@pytest.mark.parametrize("kind", cap.MsgType)
def test_only_what_acts_on_others_by_its_type_refers_to_anything(kind: cap.MsgType) -> None:
    """Else a source could lift what it only mentions."""
    found = resolve(message(replace(SECOND, msg_type=kind)), FEED, [SENT], lenient=True)
    assert bool(found) is (kind in {cap.MsgType.UPDATE, cap.MsgType.CANCEL})


@pytest.mark.parametrize("held_for", ["sender", "severity, clock", "signature"])
def test_what_is_held_in_doubt_of_its_author_is_not_there(held_for: str) -> None:
    held = replace(SENT, reason=Reason.HELD, held_for=held_for)
    assert resolve(message(SECOND), FEED, [held], lenient=True) == []
    assert ids(resolve(message(SECOND), FEED, [replace(held, held_for="severity")], lenient=True)) == ["sent"]
    released = replace(held, reason=Reason.FIRST_NOTICE)
    assert ids(resolve(message(SECOND), FEED, [released], lenient=True)) == ["sent"]


def test_a_centres_reference_means_first_what_it_sent_itself_and_feeds_copies_of_that() -> None:
    mine, theirs, copy = (on_record(OWN, id=one, source_id=one) for one in (CENTRE, "ort", FEED))
    for there, found in (
        ([theirs, mine, copy], [CENTRE, FEED]),
        ([theirs, copy], ["ort", FEED]),
        ([theirs], ["ort"]),
    ):
        assert ids(resolve(message(OWN_UPDATE), CENTRE, there, lenient=False)) == found
    assert ids(resolve(message(OWN_UPDATE), FEED, [theirs, copy], lenient=True)) == ["ort", FEED]


# who may act on what


@pytest.mark.parametrize(
    ("source", "stored", "carried", "proved", "unproved"),
    [
        ("its own, same sender", {}, False, True, True),
        ("another feed's, same sender", {"source_id": OTHER_FEED}, False, True, False),
        ("a centre's, same sender", {"source_id": CENTRE}, False, True, False),
        ("another feed's that it carried too", {"source_id": OTHER_FEED}, True, True, True),
        ("its own, another sender, named in full", {"sender": OTHER_SENDER}, False, True, True),
        (
            "another feed's, another sender",
            {"source_id": OTHER_FEED, "sender": OTHER_SENDER},
            False,
            False,
            False,
        ),
        ("a centre's, another sender", {"source_id": CENTRE, "sender": OTHER_SENDER}, False, False, False),
    ],
)
def test_another_sources_message_is_acted_on_only_by_a_proved_author_with_the_same_sender(
    source: str, stored: dict[str, Any], carried: bool, proved: bool, unproved: bool
) -> None:
    there = replace(OWN_SENT, **stored)
    named = references((there.sender, "flut-1", NOW))
    for certain, allowed in (True, proved), (False, unproved):
        one = message(named, proved=certain)
        told = replace(there, proved=certain and there.proved)
        assert may_act(one, FEED, told, ["own"] if carried else []) is allowed, source
    surer = message(named, proved=False)
    assert not may_act(surer, FEED, there, ["own"]), "nothing less certain acts on what is proved"


def test_another_sender_is_not_acted_on_unless_named_in_full() -> None:
    there = replace(OWN_SENT, sender=OTHER_SENDER)
    assert not may_act(message(references(("", "flut-1", NOW))), FEED, there)


@pytest.mark.parametrize(
    ("source_id", "stored_in", "allowed"),
    [(FEED, OTHER_FEED, True), (FEED, CENTRE, False), (CENTRE, OTHER_FEED, False), (FEED, FEED, True)],
)
def test_a_worldwide_name_is_acted_on_across_senders_among_feeds_only(
    source_id: str, stored_in: str, allowed: bool
) -> None:
    there = replace(SENT, source_id=stored_in, sender=OTHER_SENDER)
    bare = replace(SECOND, references=(cap.Reference("", FIRST.identifier, NOW),))
    assert may_act(message(bare), source_id, there) is allowed
    unsure = replace(there, proved=False)
    assert may_act(message(bare, proved=False), source_id, unsure) is (stored_in == source_id)


LATER = on_record(SECOND, id="later", reason=Reason.UPDATE)


@pytest.mark.parametrize(
    ("changes", "acts"),
    [
        ({}, True),
        ({"reason": Reason.NOTHING_TO_END, "msg_type": "Cancel"}, True),
        ({"msg_type": "Ack"}, False),
        ({"msg_type": "Alert"}, False),
        *(({"reason": reason}, False) for reason in POWERLESS_REASONS),
        ({"reason": Reason.EXPIRED, "held_for": "sender"}, False),
        ({"reason": Reason.SUPERSEDED, "held_for": "clock"}, False),
        ({"source_id": OTHER_FEED}, True),
        ({"source_id": OTHER_FEED, "proved": False}, False),
        ({"source_id": CENTRE}, True),
    ],
)
def test_a_recorded_message_acts_on_one_that_comes_later_by_the_same_rules(
    changes: dict[str, Any], acts: bool
) -> None:
    assert may_act_on(replace(LATER, **changes), message(), FEED, []) is acts


def test_every_reason_that_takes_nothing_away_is_no_dispatch_but_the_sources_silence() -> None:
    assert {Reason.NO_LONGER_LISTED} == POWERLESS_REASONS & DISPATCHED


def test_another_sources_reference_means_first_what_that_source_sent_under_the_name() -> None:
    elsewhere = replace(LATER, source_id=OTHER_FEED)
    copy = replace(SENT, source_id=OTHER_FEED)
    assert may_act_on(elsewhere, message(), FEED, [])
    assert not may_act_on(elsewhere, message(), FEED, [copy])


def test_across_senders_only_feeds_act_on_a_worldwide_name() -> None:
    foreign = replace(LATER, source_id=OTHER_FEED, sender=OTHER_SENDER)
    assert may_act_on(foreign, message(), FEED, [])
    assert not may_act_on(foreign, message(), CENTRE, [])
    assert not may_act_on(replace(foreign, source_id=CENTRE), message(), FEED, [])
    assert not may_act_on(foreign, message(OWN), FEED, [])


@pytest.mark.parametrize("reason", Reason)
def test_a_newer_edition_is_one_that_goes_out_or_went_out(reason: Reason) -> None:
    newer = replace(SENT, reason=reason, sent=NOW + timedelta(seconds=1))
    told = reason in DISPATCHED and reason is not Reason.NO_LONGER_LISTED
    assert is_newer_edition(newer, message(), OTHER_FEED) is told
    assert not is_newer_edition(replace(newer, sent=NOW), message(), OTHER_FEED)
    assert not is_newer_edition(replace(newer, proved=False), message(), OTHER_FEED), "a stranger's is none"
    less = replace(newer, proved=False)
    assert not is_newer_edition(less, message(), newer.source_id), "nor one of its own that is less certain"
    assert is_newer_edition(less, message(proved=False), newer.source_id) is told


def test_doubts_of_other_kinds_take_no_power_away() -> None:
    kinds = set(Doubt) - {Doubt.SIGNATURE, Doubt.SENDER, Doubt.CLOCK}
    assert replace(SENT, reason=Reason.HELD, held_for=", ".join(sorted(kinds))).has_power


def test_everything_above_is_found_through_those_in_between() -> None:
    """A walk from a one-off iterator goes as far as one from a set."""
    edges = {
        "third": frozenset({"second"}),
        "second": frozenset({"first"}),
        "other": frozenset({"elsewhere"}),
    }
    state = RelatedState(now=NOW, source_id="feed-dwd", replaced=edges)
    assert state.above({"first"}) == {"first", "second", "third"}
    assert state.above(iter(["first"])) == {"first", "second", "third"}
    assert state.above({"third"}) == {"third"}
