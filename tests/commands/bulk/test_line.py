"""What is meant by one row, and why one cannot be used."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.audience.phone_numbers import DEFAULT_RULES
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.bulk.line import Known, doubt, legal_basis, read_object, subscription
from tests.support.histories import subscription as imported
from tests.support.messages import DUEREN, JUELICH


class Anything:
    """A channel that takes every address."""

    name = "app"

    def check(self, endpoint: Any) -> None:
        pass

    def gateway(self, endpoint: Any) -> str:
        return "https://app.example"


@pytest.fixture(scope="module")
def known() -> Known:
    channels: Any = {"app": Anything()}
    return Known(channels, Boundaries.default(), frozenset({"dueren"}), frozenset(), "consent")


def row(**changes: Any) -> dict[str, Any]:
    return {"channel": "app", "address": "https://app.example/", "places": [DUEREN]} | changes


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, "de"),
        ("", "de"),
        ([], "de"),
        ("TR", "tr"),
        ("uk,ru, en", "uk,ru,en"),
        ("de-AT-u-fw-mon", "de-at"),
        (["uk-u-mu-celsius", "ru"], "uk,ru"),
        (["de-simple", "de", "de"], "de-simple,de"),
    ],
)
def test_languages_are_one_text_the_best_first(known: Known, given: Any, meant: str) -> None:
    assert subscription(row(language=given), known).language == meant


def test_a_row_states_its_legal_basis_or_has_that_of_the_file(known: Known) -> None:
    assert [subscription(row(legal_basis=one), known).legal_basis for one in (None, "", " contract ")] == [
        *("consent", "consent", "contract")
    ]
    assert legal_basis("") == ""


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (row(legal_basis="x" * 201), "legal_basis has at most 200 characters"),
        (row(legal_basis="a\tb"), "in one line"),
        (row(ref="a\0b"), "the character NUL"),
        (
            {"raw": "{", "line": 7, "reason": "…"},
            "put members such as channel, address, places in the place of raw",
        ),
        (row(language="de,,en"), "language is a tag of BCP 47"),
        (row(language="de,en,fr,it,nl,tr"), "more than 5 languages"),
        (row(language=[1]), "not a text: language"),
        (row(places=[5358008]), "a place is an AGS in quotation marks"),
    ],
)
def test_what_cannot_be_used_says_why(known: Known, item: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        subscription(item, known)


def test_what_a_file_of_errors_has_beside_is_not_read(known: Known) -> None:
    assert subscription(row(line=7, reason="x"), known) == subscription(row(), known)


def test_a_key_may_be_named_as_an_export_names_it(known: Known) -> None:
    name = "B" * 22
    assert subscription(row(keys={"vapid": name}), known).keys == {"vapid": name}


def test_equal_places_are_looked_up_once(known: Known) -> None:
    first, second = (subscription(row(places=[JUELICH, DUEREN]), known).places for _ in range(2))
    assert first is second


@pytest.mark.parametrize("text", ['{"a": 1e400}', '{"n": 1' + "0" * 400 + "}", '{"a": "\\ud83d\\ude00"}'])
def test_what_one_reader_refuses_is_read_with_care(text: str) -> None:
    assert read_object(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+4915112345678", None),
        ("+4921131234", "number_not_mobile: no mobile phone's"),
        ("+31612345678", "number_foreign: of a country that is not in WARN_SMS_REGIONS"),
        ("+4900000000001", "number_invalid: of no range of numbers"),
    ],
)
def test_a_number_that_is_dear_is_refused_and_a_doubtful_one_said(number: str, said: str | None) -> None:
    one = replace(imported("a", channel="sms"), address=number)
    assert (doubt(one, DEFAULT_RULES) or "").startswith(said or "")
    assert (doubt(one, DEFAULT_RULES) is None) == (said is None)
    assert doubt(replace(one, channel="app"), DEFAULT_RULES) is None
    with pytest.raises(ValueError, match="number_dear: a premium"):
        doubt(replace(one, address="+49900123456"), DEFAULT_RULES)
