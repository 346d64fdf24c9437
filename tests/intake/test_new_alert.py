"""What is written to the record of a feed's message, and of its source's silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.feed_decision import FeedDecision, RelatedState
from dispatcher.intake.new_alert import DELISTING_TEXT, delisting_notice, new_alert_from_feed
from dispatcher.intake.prepare import IntakeRules, Incoming, Message, prepare
from dispatcher.model.alerts import NewAlert, StoredAlert
from dispatcher.model.vocabulary import Lane, Reason
from tests.support.feed_messages import HOUR, NOW, SENDER, dwd_id, update, warning
from tests.support.messages import stored as untyped_stored

RULES = feed_rules("dwd", attribution="Kreis Düren")
RECEIVED = NOW + timedelta(minutes=3)
RECORDED = RECEIVED + timedelta(seconds=2, microseconds=345)
FIRST_NOTICE = FeedDecision(Reason.FIRST_NOTICE)


def on_record(**changes: Any) -> StoredAlert:
    values = {"sender": SENDER, "identifier": dwd_id(1), "expires": NOW + 6 * HOUR}
    made: StoredAlert = untyped_stored(**values | changes)
    return made


def ready(alert: cap.Alert, boundaries: Boundaries) -> Message:
    return prepare(Incoming(alert, b"as it came", b"its geometry"), RULES, boundaries, RECEIVED)


def written(
    message: Message, decision: FeedDecision = FIRST_NOTICE, chains: tuple[str, ...] = (), **known: Any
) -> NewAlert:
    values: dict[str, Any] = {"now": RECEIVED, "source_id": "feed-dwd", "digest": b"digest"}
    return new_alert_from_feed(
        RECORDED, RULES, message, RelatedState(**values | known), decision, (list(chains), b"<alert/>")
    )


def test_all_of_a_message_is_recorded(boundaries: Boundaries) -> None:
    new = written(ready(warning(), boundaries))
    assert (new.source_id, new.sender, new.identifier, new.sent) == ("feed-dwd", SENDER, dwd_id(1), NOW)
    assert (new.msg_type, new.status, new.scope) == ("Alert", "Actual", "Public")
    assert (new.event, new.severity) == ("STARKREGEN", "Severe")
    assert new.headline == "Amtliche WARNUNG vor STARKREGEN 1"
    assert (new.raw, new.sha256) == (b"<alert/>", b"digest")
    assert (new.received_at, new.expires, new.begins) == (RECORDED, NOW + 6 * HOUR, NOW)
    assert (new.lane, new.reason, new.held_for) == (Lane.FLASH, Reason.FIRST_NOTICE, "")
    assert (new.revision, new.event_key, new.hazards) == (0, dwd_id(1, ""), ("DWD-II:61",))
    assert [place.ags for place in new.affected] == ["05358008"]
    assert new.attribution.endswith("; Kreis Düren")
    assert new.original == (b"as it came", b"its geometry")
    assert (new.references, new.reference_keys) == ((), ())


def test_a_first_notice_begins_a_chain_and_others_continue_the_oldest(boundaries: Boundaries) -> None:
    alone = written(ready(warning(), boundaries))
    assert alone.chain_id == alone.id
    assert written(ready(warning(), boundaries), chains=("A", "B")).chain_id == "A"


def test_contents_under_one_identity_are_counted(boundaries: Boundaries) -> None:
    assert written(ready(warning(), boundaries), same=on_record(revision=4)).revision == 5


def test_references_are_recorded_with_what_their_editions_share(boundaries: Boundaries) -> None:
    new = written(ready(update(2, warning()), boundaries), FeedDecision(Reason.UPDATE))
    assert new.references == ((SENDER, dwd_id(1), NOW),)
    assert new.reference_keys == (dwd_id(1, ""),)


def test_why_a_message_waits_is_recorded(boundaries: Boundaries) -> None:
    new = written(ready(warning(), boundaries), FeedDecision(Reason.HELD, "sender, area"))
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
    assert (new.original, new.affected, new.event_key, new.revision) == (None, (), "", 0)


def test_silence_gives_no_all_clear_and_no_instruction() -> None:
    info = replace(warning().infos[0], instruction="Bleiben Sie im Haus.")
    english = replace(info, language="en-GB")
    unnamed = replace(info, language=None)
    _, message = silent(replace(warning(), infos=(info, english, unnamed)))
    assert [one.description for one in message.infos] == [
        DELISTING_TEXT["de"],
        DELISTING_TEXT["en"],
        DELISTING_TEXT["de"],
    ]
    assert {one.instruction for one in message.infos} == {None}
    assert {one.response_types for one in message.infos} == {()}
    assert message.note == DELISTING_TEXT["de"]
    assert [one.event for one in message.infos] == ["STARKREGEN"] * 3


def test_the_notice_is_valid_cap_and_never_below_priority() -> None:
    new, message = silent(warning(severity=cap.Severity.MINOR))
    assert [one for one in cap.check(message) if one.severity is cap.Level.ERROR] == []
    assert new.lane is Lane.PRIORITY
