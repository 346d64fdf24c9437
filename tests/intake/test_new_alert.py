"""What is written to the record of a feed's message, and of its source's silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.decide import Decision
from dispatcher.intake.new_alert import delisting_notice, graph_of, new_alert
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, OnDoubt, feed_rules, prepare
from dispatcher.intake.related import RelatedState
from dispatcher.model.alerts import NewAlert, StoredAlert
from dispatcher.model.vocabulary import Doubt, Lane, Reason
from dispatcher.texts.words.catalogues import words_for
from tests.support.feed_messages import HOUR, NOW, SENDER, cancel, dwd_id, update, warning
from tests.support.messages import stored as untyped_stored

RULES = feed_rules("dwd", attribution="Kreis Düren")
RECEIVED = NOW + timedelta(minutes=3)
RECORDED = RECEIVED + timedelta(seconds=2, microseconds=345)
ENDS = NOW + 6 * HOUR
FIRST_NOTICE = Decision(Reason.FIRST_NOTICE, ENDS)


def on_record(**changes: Any) -> StoredAlert:
    values = {"sender": SENDER, "identifier": dwd_id(1), "expires": NOW + 6 * HOUR}
    made: StoredAlert = untyped_stored(**values | changes)
    return made


def ready(alert: cap.Alert, boundaries: Boundaries, rules: IntakeRules = RULES) -> Message:
    return prepare(Incoming(alert, b"as it came", b"its geometry"), rules, boundaries, RECEIVED)


def written(
    message: Message, decision: Decision = FIRST_NOTICE, rules: IntakeRules = RULES, **known: Any
) -> NewAlert:
    values: dict[str, Any] = {"now": RECEIVED, "source_id": rules.source_id, "digest": b"digest"}
    state = RelatedState(**values | known)
    return new_alert(RECORDED, rules, message, state, decision, b"<alert/>")


def test_all_of_a_message_is_recorded(boundaries: Boundaries) -> None:
    new = written(ready(warning(), boundaries))
    assert (new.source_id, new.sender, new.identifier, new.sent) == ("feed-dwd", SENDER, dwd_id(1), NOW)
    assert (new.msg_type, new.status, new.scope) == ("Alert", "Actual", "Public")
    assert (new.event, new.severity) == ("STARKREGEN", "Severe")
    assert new.headline == "Amtliche WARNUNG vor STARKREGEN 1"
    assert (new.raw, new.sha256) == (b"<alert/>", b"digest")
    assert (new.received_at, new.expires, new.begins) == (RECORDED, NOW + 6 * HOUR, NOW)
    assert (new.lane, new.reason, new.held_for) == (Lane.FLASH, Reason.FIRST_NOTICE, "")
    assert (new.event_key, new.hazards) == (dwd_id(1, ""), ("DWD-II:61",))
    assert [place.ags for place in new.affected] == ["05358008"]
    assert new.attribution.endswith("; Kreis Düren")
    assert new.original == (b"as it came", b"its geometry")
    assert (new.references, new.reference_keys) == ((), ())
    assert (new.proved, new.merged_into, new.stopped_by, new.target) == (False, None, None, b"")


def test_a_control_centres_message_is_built_by_the_same_hand(boundaries: Boundaries) -> None:
    """Its bytes are its own, and it has no credit to give, nor editions."""
    rules = IntakeRules("leitstelle", on_doubt=OnDoubt.REFUSE, senders=frozenset({SENDER}))
    new = written(ready(warning(), boundaries, rules), rules=rules)
    assert (new.source_id, new.sender, new.identifier) == ("leitstelle", SENDER, dwd_id(1))
    assert (new.raw, new.original, new.attribution, new.event_key) == (b"<alert/>", None, "", "")
    assert (new.proved, new.lane, new.begins) == (True, Lane.FLASH, NOW)


def test_a_first_notice_begins_a_graph_and_others_join_the_oldest(boundaries: Boundaries) -> None:
    alone = written(ready(warning(), boundaries))
    assert alone.chain_id == alone.id
    old, young = on_record(id="O", chain_id="A"), on_record(id="Y", chain_id="B")
    for known in ({"named": [young, old]}, {"named": [young], "later": [old]}, {"same": old}):
        assert written(ready(warning(), boundaries), graph=[old, young], **known).chain_id == "A"
    beside = {"copies": [old], "graph": [old, young]}
    assert written(ready(warning(), boundaries), named=[young], **beside).chain_id == "B", "not replaced"


def test_what_waits_is_a_graph_of_its_own_until_it_goes_out(boundaries: Boundaries) -> None:
    old = on_record(id="O", chain_id="A")
    for reason in (Reason.HELD, Reason.MERGED):
        new = written(ready(warning(), boundaries), Decision(reason, ENDS), named=[old], graph=[old])
        assert new.chain_id == new.id
    known = RelatedState(now=RECEIVED, source_id="feed-dwd", named=[old], graph=[old])
    assert graph_of(known) == "A", "which it joins then"


def test_what_makes_a_message_unnecessary_is_recorded(boundaries: Boundaries) -> None:
    merged = written(ready(warning(), boundaries), Decision(Reason.MERGED, ENDS, covered_by="A"))
    assert (merged.merged_into, merged.stopped_by) == ("A", None)
    late = written(ready(warning(), boundaries), Decision(Reason.SUPERSEDED, ENDS, covered_by="A"))
    assert (late.merged_into, late.stopped_by) == (None, "A")


def test_an_end_holds_as_long_as_was_decided(boundaries: Boundaries) -> None:
    end = written(ready(cancel(2, warning()), boundaries), Decision(Reason.CANCEL, NOW + 9 * HOUR))
    assert end.expires == NOW + 9 * HOUR


def test_an_end_without_a_text_is_named_after_what_it_ends(boundaries: Boundaries) -> None:
    """The last that people were warned of and which still holds; else the last that they were warned of."""
    bare = ready(cancel(3, warning(), infos=()), boundaries)
    held = on_record(id="H", headline="Nie gesagt", reason=Reason.HELD)
    over = on_record(id="O", headline="Vorbei", event="Regen", severity="Minor", expires=RECEIVED)
    holds = on_record(id="A", headline="Gilt", event="Sturm", severity="Extreme")
    for named, headline in ([held], ""), ([over, held], "Vorbei"), ([holds, over], "Gilt"):
        new = written(bare, Decision(Reason.CANCEL, ENDS), named=named, graph=named)
        assert new.headline == headline
    assert (new.event, new.severity) == ("Sturm", "Extreme")


def test_references_are_recorded_with_what_their_editions_share(boundaries: Boundaries) -> None:
    new = written(ready(update(2, warning()), boundaries), Decision(Reason.UPDATE, ENDS))
    assert new.references == ((SENDER, dwd_id(1), NOW),)
    assert new.reference_keys == (dwd_id(1, ""),)


def test_why_a_message_waits_is_recorded(boundaries: Boundaries) -> None:
    new = written(ready(warning(), boundaries), Decision(Reason.HELD, ENDS, (Doubt.SENDER, Doubt.AREA)))
    assert (new.reason, new.held_for) == (Reason.HELD, "sender, area")


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"onset": NOW + HOUR}, NOW + HOUR),
        ({"onset": None, "effective": NOW - HOUR}, NOW - HOUR),
        ({"onset": None, "effective": None}, NOW),
        ({"infos": ()}, NOW),
    ],
)
def test_a_warning_begins_with_its_onset_or_else_when_it_takes_effect_or_was_sent(
    boundaries: Boundaries, changes: dict[str, Any], begins: datetime
) -> None:
    assert written(ready(warning(**changes), boundaries)).begins == begins


@pytest.mark.parametrize(("changes", "headline"), [({"headline": None}, "STARKREGEN"), ({"infos": ()}, "")])
def test_the_event_stands_in_for_a_headline(
    boundaries: Boundaries, changes: dict[str, Any], headline: str
) -> None:
    assert written(ready(warning(**changes), boundaries)).headline == headline


# the source's silence


def silent(alert: cap.Alert, **changes: Any) -> tuple[NewAlert, cap.Alert]:
    """What is recorded, and the message in it."""
    stored = on_record(chain_id="C", attribution="DWD", revision=2, **changes)
    new = delisting_notice(RECORDED, RULES, stored, alert, RECEIVED + timedelta(microseconds=7))
    return new, cap.parse(new.raw).alerts[0]


def test_silence_is_told_in_our_own_name_as_the_end_of_the_chain() -> None:
    new, message = silent(warning())
    assert (new.sender, new.source_id, message.sender) == ("feed-dwd", "feed-dwd", "feed-dwd")
    assert new.identifier == message.identifier == f"{dwd_id(1)}.no-longer-listed.2"
    assert (new.reason, new.chain_id, new.msg_type) == (Reason.NO_LONGER_LISTED, "C", "Cancel")
    assert new.references == ((SENDER, dwd_id(1), NOW),)
    assert message.references == (cap.Reference(SENDER, dwd_id(1), NOW),)
    assert (new.sent, new.received_at) == (RECEIVED, RECORDED)
    assert (new.expires, new.attribution) == (NOW + 6 * HOUR, "DWD")
    assert (new.original, new.affected, new.event_key) == (None, (), "")


def test_silence_gives_no_all_clear_and_no_instruction() -> None:
    info = replace(warning().infos[0], instruction="Bleiben Sie im Haus.")
    english = replace(info, language="en-GB")
    unnamed = replace(info, language=None)
    ukrainian, french = replace(info, language="uk-UA"), replace(info, language="fr")
    _, message = silent(replace(warning(), infos=(info, english, unnamed, ukrainian, french)))
    told = [one.description for one in message.infos]
    assert told == [words_for(tag).delisted for tag in ("de", "en", "de", "uk", "en")]
    assert {one.instruction for one in message.infos} == {None}
    assert {one.response_types for one in message.infos} == {()}
    assert message.note == words_for("de").delisted
    assert [one.event for one in message.infos] == ["STARKREGEN"] * 5


def test_the_notice_is_valid_cap_and_never_below_priority() -> None:
    new, message = silent(warning(severity=cap.Severity.MINOR))
    assert [one for one in cap.check(message) if one.severity is cap.Level.ERROR] == []
    assert new.lane is Lane.PRIORITY
