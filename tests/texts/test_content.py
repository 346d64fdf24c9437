"""What a notice says, in clean texts."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import cap
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import Chosen
from dispatcher.texts.content import HEADLINE_BYTES, Content, RecordedMessage, content
from dispatcher.texts.words.german import GERMAN
from tests.support.messages import HOUR, NOW, Message, stored

ENDS = (cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00"),)
INFO = cap.Info(
    event="Hochwasser", headline="Rur\u202e\n steigt", instruction=" Weg\u200b vom Ufer.\r\nSofort. "
)


def said(
    info: Any = INFO, kind: Any = Kind.ALERT, places: Any = (), on_record: Any = None, **changes: Any
) -> Content:
    info = info and replace(info, **changes)
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], on_record or stored(), tuple(places))
    return content(message, Chosen(info, NOW + HOUR), kind, GERMAN, NOW)


def test_texts_are_cleaned_and_names_are_one_line() -> None:
    found = said(places=("Dü\u00adren", " \u200b"), sender_name="Kreis\nDüren\x9b")
    assert found.what == "Rur steigt"
    assert found.instruction == "Weg vom Ufer.\nSofort."
    assert found.places == ("Düren",)
    assert found.sender == "Kreis Düren"


def test_a_headline_is_bounded() -> None:
    assert len(said(headline="ä " * 999).what.encode()) <= HEADLINE_BYTES


def test_without_an_info_the_record_says_what_it_is_about() -> None:
    found = said(None, on_record=stored(headline="", event="Amoklage"))
    assert (found.what, found.event, found.sender, found.instruction) == ("Amoklage", "Amoklage", "", "")
    named = said(INFO, headline=None, event="", on_record=stored(headline="Gefahr auf dem Campus"))
    assert named.what == "Gefahr auf dem Campus"


def test_an_all_clear_that_says_no_more_is_of_what_it_ends() -> None:
    """Not so any other notice, and not where the headline says for what itself."""
    message = RecordedMessage(
        cap.parse(Message().xml()).alerts[0], stored(), (), ended="Hochwasser an der Rur"
    )
    bare = cap.Info(event="Entwarnung", headline="Entwarnung")
    chosen = Chosen(bare, NOW + HOUR)
    assert content(message, chosen, Kind.CANCEL, GERMAN, NOW).what == "Hochwasser an der Rur"
    assert content(message, chosen, Kind.CANCEL, GERMAN, NOW).since == NOW
    named = Chosen(replace(bare, headline="Entwarnung: Brand"), NOW + HOUR)
    assert content(message, named, Kind.CANCEL, GERMAN, NOW).what == "Brand"
    assert content(message, named, Kind.ALERT, GERMAN, NOW).since is None


@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.DELISTED, Kind.NO_LONGER_AFFECTED])
def test_an_end_announces_nothing(kind: Any) -> None:
    found = said(kind=kind, onset=NOW + HOUR, parameters=ENDS)
    assert (found.begins, found.lasts) == (None, None)


def test_times_are_told_where_they_are_ahead() -> None:
    found = said(onset=NOW + HOUR, parameters=ENDS)
    assert (found.begins, found.lasts) == (NOW + HOUR, datetime(2026, 11, 23, 7, tzinfo=UTC))
    past = (cap.NamedValue("eventEndingTime", "2026-11-22T12:00:00+00:00"),)
    same = (cap.NamedValue("eventEndingTime", "2026-11-22T13:00:00+00:00"),)
    for parameters in (past, same):
        assert said(onset=NOW, parameters=parameters).lasts is None


def test_a_credit_is_not_said_twice() -> None:
    credit = stored(attribution="Deutscher Wetterdienst")
    assert said(sender_name="Deutscher Wetterdienst", on_record=credit).credit == ""
    assert said(sender_name="Kreis Düren", on_record=credit).credit == "Deutscher Wetterdienst"
