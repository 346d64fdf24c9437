"""Messages that change or end an earlier one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from cap import follow_up
from cap.follow_up import Changes, Header
from cap.formats.rendering import reference_text
from tests.support.messages import DUEREN, JUELICH, InfoPart, message

CET = timezone(timedelta(hours=1))
SENT = datetime(2026, 11, 22, 14, 0, 1, tzinfo=CET)


def read(made: Any) -> cap.Alert:
    return cap.parse(made.xml()).alerts[0]


FLOOD = read(message(DUEREN, response="Prepare"))
TWO_LANGUAGES = read(
    message(infos=(InfoPart(language="de-DE"), InfoPart(language="en-GB", headline="Flood at the Rur")))
)


def header(*named: cap.Alert) -> Header:
    return Header("neu-1", SENT, tuple(map(follow_up.own_reference, named)))


def built(alert: cap.Alert) -> cap.Alert:
    """The message as a receiver reads it, valid and the same."""
    (found,) = cap.parse(cap.render(alert)).alerts
    assert found == alert
    assert [one for one in cap.check(found, cap.STRICT) if one.severity is cap.Level.ERROR] == []
    return found


def test_an_update_is_the_earlier_message_with_its_changes() -> None:
    until = SENT + timedelta(hours=3)
    made = built(follow_up.update(FLOOD, header(FLOOD), Changes(headline="Keller räumen", expires=until)))
    assert (made.msg_type, made.identifier, made.sent) == (cap.MsgType.UPDATE, "neu-1", SENT)
    (info,), (before,) = made.infos, FLOOD.infos
    assert info == replace(before, headline="Keller räumen", expires=until)
    assert made.references == (cap.Reference(FLOOD.sender, FLOOD.identifier, FLOOD.sent),)


def test_a_text_can_be_taken_away_and_changes_in_the_first_language_only() -> None:
    changes = Changes(headline="Neu", instruction="", severity=cap.Severity.EXTREME)
    made = built(follow_up.update(TWO_LANGUAGES, header(TWO_LANGUAGES), changes))
    german, english = made.infos
    assert (german.headline, german.instruction, german.severity) == ("Neu", None, cap.Severity.EXTREME)
    assert (english.headline, english.severity) == ("Flood at the Rur", cap.Severity.EXTREME)
    assert english.instruction == TWO_LANGUAGES.infos[1].instruction
    assert follow_up.untouched_languages(TWO_LANGUAGES) == ("en-GB",)
    assert follow_up.untouched_languages(FLOOD) == ()


@pytest.mark.parametrize("end", [follow_up.cancel, follow_up.all_clear])
def test_an_end_keeps_the_place_and_the_name_and_no_advice(end: Any) -> None:
    made = built(end(TWO_LANGUAGES, header(TWO_LANGUAGES), "Es war ein Fehlalarm."))
    german, english = made.infos
    assert (german.headline, german.description) == ("Hochwasser an der Rur", "Es war ein Fehlalarm.")
    assert english.description is None
    for info, before in zip(made.infos, TWO_LANGUAGES.infos, strict=True):
        assert info.instruction is None
        assert info.urgency is cap.Urgency.PAST
        assert info.areas == before.areas


def test_a_cancel_is_one_and_an_all_clear_says_so_in_every_language() -> None:
    assert built(follow_up.cancel(FLOOD, header(FLOOD))).msg_type is cap.MsgType.CANCEL
    made = built(follow_up.all_clear(TWO_LANGUAGES, header(TWO_LANGUAGES)))
    assert made.msg_type is cap.MsgType.UPDATE
    assert all(info.response_types == (cap.ResponseType.ALL_CLEAR,) for info in made.infos)


def test_what_ends_several_parts_names_all_and_covers_all_places() -> None:
    parts = [read(message(DUEREN)), read(message(JUELICH, identifier="zweig"))]
    made = built(follow_up.cancel(follow_up.covering(parts), header(*parts, parts[0])))
    assert [one.identifier for one in made.references] == ["hochwasser-1", "zweig"]
    codes = {pair.value for area in made.areas() for pair in area.geocodes}
    assert codes == {DUEREN, JUELICH}
    assert follow_up.covering(parts[:1]) == parts[0]


def test_an_edited_copy_gets_its_own_head() -> None:
    edited = replace(FLOOD, signatures=1, infos=(replace(FLOOD.infos[0], event="Sturzflut"),))
    made = built(follow_up.revised(edited, header(FLOOD)))
    assert (made.msg_type, made.identifier, made.signatures) == (cap.MsgType.UPDATE, "neu-1", 0)
    assert made.infos[0].event == "Sturzflut"


def test_a_reference_has_the_time_as_it_was_written_and_never_z() -> None:
    assert reference_text(follow_up.own_reference(replace(FLOOD, sent=SENT))).endswith(
        ",hochwasser-1,2026-11-22T14:00:01+01:00"
    )
    assert reference_text(follow_up.own_reference(FLOOD)).endswith("2026-11-22T12:00:00-00:00")


@pytest.mark.parametrize(("seconds", "later"), [(5, 5), (0, 1), (-60, 1)])
def test_a_follow_up_is_sent_later_than_what_it_follows(seconds: int, later: int) -> None:
    now = (FLOOD.sent + timedelta(seconds=seconds, microseconds=7)).astimezone(CET)
    moment = follow_up.next_moment(FLOOD, now)
    assert (moment - FLOOD.sent, moment.tzinfo) == (timedelta(seconds=later), CET)
    assert follow_up.next_moment(replace(FLOOD, sent=None), now) == now.replace(microsecond=0)


texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40).filter(
    lambda text: cap.plain(text) == text
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=CET)
)


@given(headline=texts, description=texts, until=moments, sent=moments, severity=st.sampled_from(cap.Severity))
def test_whatever_is_changed_what_comes_out_is_valid_and_says_it(
    headline: str, description: str, until: datetime, sent: datetime, severity: cap.Severity
) -> None:
    changes = Changes(headline, description, severity=severity, expires=until)
    head = Header("neu-1", sent, (follow_up.own_reference(FLOOD),))
    (found,) = cap.parse(cap.render(follow_up.update(FLOOD, head, changes))).alerts
    (info,) = found.infos
    assert (info.headline, info.description, info.severity, info.expires) == (
        headline,
        description,
        severity,
        until,
    )
    assert found.sent == sent
    assert found.sent.utcoffset() == timedelta(hours=1)
    assert found.references[0].sent == FLOOD.sent.astimezone(UTC)
