"""What stands in the form."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.console.compose.draft import Draft, DraftKind, DraftText, read_draft

FIELDS = {
    "draft": "lagetisch-20261128120000-0a1b2c3d",
    "kind": "update",
    "of": "01JDQ3Z6W8R5K2M4N7P9S1T3V5",
    "template": "hochwasser",
    "version": "3",
    "value-ort": "Jülich",
    "severity": "Severe",
    "expires": "2026-11-28T18:00",
    "headline-de": "Hochwasser",
    "instruction-uk": "Тікайте",
    "place-05358008": "on",
    "places": "Düren\nJülich",
    "shapes": "Kreis 50.8,6.48 2 km",
    "imported": "{}",
    "area": "Rurtal",
}


def test_all_that_was_typed_is_in_the_fields_of_the_next_page() -> None:
    draft = read_draft(FIELDS)
    assert dict(draft.fields()) == FIELDS
    assert draft.kind is DraftKind.UPDATE
    assert draft.texts == {"de": DraftText(headline="Hochwasser"), "uk": DraftText(instruction="Тікайте")}


@given(st.dictionaries(st.sampled_from([*FIELDS, "value-x", "event-de-simple", "x", "place-1"]), st.text()))
def test_whatever_is_posted_is_a_draft_that_stays_the_same(fields: dict[str, str]) -> None:
    draft = read_draft(fields)
    assert read_draft(dict(draft.fields())) == draft


def test_what_nobody_sees_is_taken_out_and_what_is_no_name_is_left_out() -> None:
    draft = read_draft(
        {
            "headline-de": " Hoch\u00adwasser\u202e\r\n an der\tRur ",
            "description-de": "eins\r\nzwei\uffff",
            "draft": "a b,c",
            "version": "٣",
            "kind": "cancel",
            "event-<b>": "x",
        }
    )
    assert draft == Draft(texts={"de": DraftText(headline="Hochwasser an der Rur", description="eins\nzwei")})


def test_what_the_record_could_not_be_asked_for_is_no_id() -> None:
    draft = read_draft({"of": "\0" + "9" * 50, "template": "\ud800a\0\n"})
    assert (draft.of, draft.template) == ("9" * 39, "a")
