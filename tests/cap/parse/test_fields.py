"""The children of one element as values, and what is reported of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import cap
from cap.errors import LimitExceeded
from cap.limits import Limits
from cap.parse.fields import Fields
from cap.vocabulary import Certainty, Urgency, Version
from tests.cap.reading import Message, codes, fields, noticed, only


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


@pytest.mark.parametrize(
    ("markup", "codes"),
    [
        ("<event>a</event><web>b</web>", []),
        ("<web>b</web><event>a</event>", ["element-order"]),
        ("<event>a</event><event>b</event><event>c</event>", ["element-repeated"]),
        ("<urgency>Past</urgency><urgency>Past</urgency>", ["decisive-repeated"]),
        ("<category>Fire</category><category>Met</category>", []),
        ("<event>a</event><priority>1</priority>", ["element-unexpected"]),
        ('<event xmlns="urn:other">a</event>', ["element-unexpected"]),
        ("Achtung<event>a</event>", ["text-unexpected"]),
    ],
)
def test_structure_is_checked_at_once(markup: str, codes: list[str]) -> None:
    assert noticed(fields(markup)) == codes


def test_what_is_required_and_missing_is_named() -> None:
    missing = [
        (problem.path, problem.detail)
        for problem in fields("<category>Fire</category><event>a</event>").problems.all()
        if problem.code == "element-missing"
    ]
    assert missing == [("/x", "urgency"), ("/x", "severity"), ("/x", "certainty")]


def test_attributes_are_reported_but_for_hints_to_a_schema() -> None:
    hint = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a b"'
    found = fields(f'<event {hint}>a</event><web id="1">b</web>')
    assert (found.token("event"), found.token("web")) == ("a", "b")
    assert noticed(found) == ["attribute-unexpected"]


def test_children_are_found_by_name_with_path_and_line() -> None:
    found = fields("<category>Fire</category>\n<category>Met</category><event>a</event>")
    first, second = found.all("category")
    assert (found.first("category"), found.first("web"), found.all("web")) == (first, None, [])
    assert [found.path_of(child) for child in (first, second)] == ["/x/category[1]", "/x/category[2]"]
    assert found.lines == {"category": 1, "event": 2}


@pytest.mark.parametrize(
    ("read", "content", "value", "codes"),
    [
        (Fields.token, " a b ", "a b", []),
        (Fields.token, " ", None, ["element-empty"]),
        (Fields.prose, " a&lt;br/&gt;b ", "a\nb", ["html-in-text"]),
        (Fields.prose, " ", None, ["element-empty"]),
        (Fields.required_prose, "a", "a", []),
        (Fields.required_prose, " ", "", ["text-empty"]),
        (Fields.time, "2026-11-22T09:00:00-00:00", datetime(2026, 11, 22, 9, tzinfo=UTC), []),
        (Fields.time, "2026-11-22T09:00:00Z", datetime(2026, 11, 22, 9, tzinfo=UTC), ["time-zulu"]),
        (Fields.time, "heute", None, ["time-unreadable"]),
        (Fields.number, "-0.5", -0.5, []),
        (Fields.number, "1e3", None, ["number-invalid"]),
        (Fields.integer, "12", 12, []),
        (Fields.integer, "1.5", None, ["number-invalid"]),
        (Fields.uri, "https://kreis.example/a?b=c#d", "https://kreis.example/a?b=c#d", []),
        (Fields.uri, "tel:+49241", "tel:+49241", []),
        (Fields.uri, "lage.html", "lage.html", []),
        (Fields.uri, "https://[2001:db8::1]/", "https://[2001:db8::1]/", []),
        (Fields.uri, "https://kreis.example/ü", "https://kreis.example/ü", []),
        (Fields.uri, "https://kreis example", None, ["uri-invalid"]),
        (Fields.uri, "%zz", None, ["uri-invalid"]),
        (Fields.uri, "JavaScript:alert(1)", None, ["uri-scheme"]),
        (Fields.uri, "data:text/html,x", None, ["uri-scheme"]),
        (Fields.uri, "", None, ["element-empty"]),
    ],
)
def test_one_kind_of_content(
    read: Callable[[Fields, str], Any], content: str, value: object, codes: list[str]
) -> None:
    found = fields(f"<web>{content}</web>")
    assert read(found, "web") == value
    assert noticed(found) == codes


@pytest.mark.parametrize(
    "read", [Fields.token, Fields.prose, Fields.time, Fields.number, Fields.integer, Fields.uri]
)
def test_what_is_absent_is_none_and_no_problem(read: Callable[[Fields, str], Any]) -> None:
    found = fields("")
    assert (read(found, "web"), found.required_prose("web"), found.tokens("web")) == (None, "", ())
    assert noticed(found) == []


def test_tokens_leave_out_empty_ones() -> None:
    assert fields("<category> a </category><category/><category>b</category>").tokens("category") == (
        "a",
        "b",
    )


def test_the_end_of_something_is_read_as_late_as_it_can_be() -> None:
    found = fields("<expires>2026-11-22T12:00:00</expires>")
    assert found.time("expires", ends=True) == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "name", "text", "word", "codes"),
    [
        (Version.V1_2, "urgency", "Past", Urgency.PAST, []),
        (Version.V1_2, "urgency", " p A s t", Urgency.PAST, ["enum-spelling"]),
        (Version.V1_2, "urgency", "Sofort", None, []),
        (Version.V1_2, "certainty", "Observed", Certainty.OBSERVED, []),
        (Version.V1_0, "certainty", "Observed", Certainty.OBSERVED, ["enum-version"]),
    ],
)
def test_words_of_a_vocabulary(
    version: Version, name: str, text: str, word: object, codes: list[str]
) -> None:
    found = fields(f"<{name}>{text}</{name}>", version)
    words = {value.value: value for value in (*Urgency, *Certainty)}
    child = found.first(name)
    assert child is not None
    assert found.word(child, words) is word
    assert noticed(found) == codes


def test_markup_in_a_leaf_keeps_its_words_in_reading_order() -> None:
    found = fields("<event>a<b>c<i>d</i>e</b>f</event>")
    assert found.token("event") == "acdef"
    (problem,) = [one for one in found.problems.all() if one.code == "element-unexpected"]
    assert (problem.path, problem.detail) == ("/x/event/b", "b")


def test_a_problem_may_concern_a_child_that_is_not_there() -> None:
    found = fields("\n<event>a</event>")
    found.report_missing("identity-missing", "event", "x")
    found.report_missing("identity-missing", "web", "y")
    assert [(one.path, one.line, one.detail) for one in found.problems.all()[-2:]] == [
        ("/x/event", 2, "x"),
        ("/x/web", 1, "y"),
    ]


def test_bounds_are_kept() -> None:
    found = fields("", limits=Limits(max_text=3))
    found.bound("characters", 3, 3, found.element)
    with pytest.raises(LimitExceeded, match="3 characters in one info"):
        found.bound("characters", 4, 3, found.element)
    for read in (Fields.prose, Fields.required_prose):
        with pytest.raises(LimitExceeded):
            read(fields("<event>abcd</event>", limits=Limits(max_text=3)), "event")
