"""The form prefilled with what was sent, and the messages that change or end it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.console.compose.draft import Draft, DraftKind, DraftText, read_draft
from dispatcher.console.compose.following import RESPONSES, form_language, is_placed_as_sent, prefilled
from dispatcher.console.compose.message import ComposeContext, composed
from tests.console.compose.test_message import AROUND, DRAFT, SENT, TEXT, ZONE, faults, made
from tests.support.messages import DUEREN, JUELICH

AREA = cap.Area(
    "Rurtal",
    polygons=(cap.Polygon(((50.8, 6.4), (50.9, 6.4), (50.9, 6.5), (50.8, 6.4))),),
    circles=(cap.Circle(50.8, 6.48, 2.0),),
    geocodes=(cap.NamedValue("AGS", DUEREN), cap.NamedValue("WARNCELLID", "805358008")),
)


def sent(**changes: Any) -> cap.Alert:
    """A message that was sent, in the languages that another program names."""
    alert = made(texts={"de": TEXT, "en": TEXT}, response="Avoid").alert
    assert alert is not None
    infos = tuple(
        replace(info, language=tag, areas=(AREA,), web="https://warnung.example", **changes)
        for info, tag in zip(alert.infos, ("de-DE", "en-GB"), strict=True)
    )
    return replace(alert, identifier="vorher", infos=infos, codes=("template:hochwasser/4", "x"))


def around(*earlier: cap.Alert) -> ComposeContext:
    references = tuple(cap.Reference(one.sender, one.identifier, one.sent) for one in earlier)
    later = SENT + timedelta(minutes=5)
    return replace(AROUND, sent=later, earlier=earlier, references=references)


def form(earlier: cap.Alert, kind: DraftKind = DraftKind.UPDATE) -> Draft:
    empty = Draft(identifier="lagetisch-2", kind=kind, of="A")
    return prefilled(earlier, empty, AROUND.boundaries, ZONE)


def test_an_update_that_changes_nothing_says_the_same_and_keeps_what_the_form_does_not_have() -> None:
    earlier = sent()
    draft = form(earlier)
    assert draft.texts == {"de": TEXT, "en": TEXT}
    assert (draft.picked, draft.expires) == ((DUEREN,), "2026-11-28T18:00")
    found = composed(draft, around(earlier)).alert
    assert found is not None
    assert found.infos == earlier.infos
    assert (found.msg_type, found.identifier, found.codes) == (cap.MsgType.UPDATE, "lagetisch-2", ("x",))
    assert [one.identifier for one in found.references] == ["vorher"]
    assert cap.check(found) == ()
    assert read_draft(dict(draft.fields())) == draft, "no page on the way changes the form"


@pytest.mark.parametrize(
    ("sent_as", "chosen", "becomes"),
    [
        (("Execute", "Shelter"), "", ("Execute", "Shelter")),
        (("Execute",), "Shelter", ("Shelter",)),
        (("Shelter", "Execute"), "Shelter", ("Shelter", "Execute")),
        (("Shelter",), "", ()),
        ((), "", ()),
    ],
)
def test_advice_that_the_form_does_not_offer_stays_until_another_is_chosen(
    sent_as: tuple[str, ...], chosen: str, becomes: tuple[str, ...]
) -> None:
    earlier = sent(response_types=tuple(map(cap.ResponseType, sent_as)))
    assert form(earlier).response in {"", *RESPONSES}
    found = composed(replace(form(earlier), response=chosen), around(earlier)).alert
    assert found is not None
    assert found.infos[0].response_types == becomes


def test_what_is_changed_is_changed_and_a_language_may_be_added() -> None:
    earlier = sent()
    worse = replace(TEXT, headline="Hochwasser steigt")
    draft = replace(
        form(earlier), texts={"de": worse, "en": TEXT, "tr": TEXT}, severity="Extreme", places="Jülich"
    )
    found = composed(draft, around(earlier)).alert
    assert found is not None
    assert [info.language for info in found.infos] == ["de-DE", "en-GB", "tr"]
    german = found.infos[0]
    assert (german.headline, german.severity, german.web) == (
        "Hochwasser steigt",
        cap.Severity.EXTREME,
        "https://warnung.example",
    )
    codes = {code.value for area in german.areas for code in area.geocodes}
    assert codes == {DUEREN, JUELICH}
    assert sum(len(area.polygons) + len(area.circles) for area in german.areas) == 2


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({}, True),
        ({"picked": ()}, False),
        ({"places": "Jülich"}, False),
        ({"shapes": ""}, False),
        ({"imported": "{}"}, False),
    ],
)
def test_areas_stay_as_they_were_sent_until_somebody_changes_where(changes: Any, is_kept: bool) -> None:
    earlier = sent()
    assert is_placed_as_sent(replace(form(earlier), **changes), earlier, AROUND.boundaries) is is_kept


def test_an_update_is_judged_like_a_warning() -> None:
    earlier = sent()
    draft = replace(form(earlier), severity="", expires="2026-11-28T12:01")
    assert faults(composed(draft, around(earlier))) == {"severity", "expires"}
    english = replace(earlier, infos=earlier.infos[1:])
    assert composed(form(english), around(english)).alert is not None, "nobody has to translate it first"


def test_the_all_clear_ends_all_parts_and_says_what_was_written_to_it() -> None:
    first = sent()
    other = made(picked=(JUELICH,)).alert
    assert other is not None
    second = replace(first, identifier="teil-2", infos=other.infos)
    draft = replace(form(first, DraftKind.ALL_CLEAR), texts={"en": DraftText(description="The water falls.")})
    found = composed(draft, around(first, second)).alert
    assert found is not None
    assert found.msg_type is cap.MsgType.UPDATE
    assert [one.identifier for one in found.references] == ["vorher", "teil-2"]
    assert [info.description for info in found.infos] == [None, "The water falls."]
    assert {info.response_types for info in found.infos} == {(cap.ResponseType.ALL_CLEAR,)}
    assert {info.instruction for info in found.infos} == {None}
    assert len(found.infos[0].areas) == 2
    assert cap.check(found) == ()
    wrong = replace(draft, texts={"en": DraftText(description="<b>x</b>")})
    assert faults(composed(wrong, around(first))) == {"description-en"}


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (("de-DE", "en-US"), ["de", "en"]),
        (("de", "de-simple"), ["de", "de-simple"]),
        (("de-DE-simple", "de-AT"), ["de-simple", "de"]),
        (("de-DE", "de-AT"), ["de", "de-AT"]),
        (("fr", "uk-UA"), ["fr", "uk"]),
        ((None,), ["en"]),
    ],
)
def test_each_info_has_one_place_in_the_form(tags: tuple[str | None, ...], names: list[str]) -> None:
    alert = replace(sent(), infos=tuple(cap.Info(language=tag, event=str(tag)) for tag in tags))
    assert [form_language(info, alert) for info in alert.infos] == names


def test_a_message_without_texts_prefills_nothing() -> None:
    bare = replace(sent(), infos=())
    assert form(bare).texts == {}
    assert DRAFT.kind is DraftKind.ALERT
