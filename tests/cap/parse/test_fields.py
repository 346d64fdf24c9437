"""The children of one element as values, and what is reported of them."""

import pytest

import cap
from tests.cap.reading import Message, codes, only


def test_markup_in_text_is_flattened_and_reported(message: Message) -> None:
    alert = only(message(("Rauch zieht", "&lt;p&gt;Rauch&lt;br/&gt;zieht&lt;/p&gt; &amp;amp;")))
    assert alert.infos[0].description == "Rauch\nzieht\n& nach Nordosten."
    assert codes(alert, level="warning") == ["html-in-text"]


def test_elements_inside_a_text_keep_their_words(message: Message) -> None:
    alert = only(message(("Rauch zieht", "Rauch <b>zieht</b> schnell")))
    assert alert.infos[0].description == "Rauch zieht schnell nach Nordosten."
    assert codes(alert) == ["element-unexpected"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-11-22T09:00:00Z", "time-style"),
        ("2026-11-22T10:00:00.5+01:00", "time-style"),
        ("2026-11-22T10:00+01:00", "time-format"),
        ("2026-11-22T09:00:00z", "time-zulu"),
        ("2026-11-22T09:00:00", "time-naive"),
    ],
)
def test_older_versions_spell_times_as_xml_schema_does(message: Message, text: str, code: str) -> None:
    alert = only(message(("cap:1.2", "cap:1.1"), ("2026-11-22T10:00:00+01:00</sent>", f"{text}</sent>")))
    assert [problem.code for problem in alert.problems] == [code]


def test_words_of_a_newer_version_are_understood_and_reported(message: Message) -> None:
    alert = only(message(("cap:1.2", "cap:1.1"), ("<responseType>Shelter", "<responseType>AllClear")))
    assert alert.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert codes(alert) == ["enum-version"]
