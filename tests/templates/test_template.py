"""What a template is."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.templates.reading import template_of
from dispatcher.templates.template import read_duration
from tests.support.templates import MEMBERS, members, template


def test_its_hash_is_of_all_that_it_says_and_of_nothing_else() -> None:
    other_way_round = dict(reversed(MEMBERS.items()))
    assert template().digest() == template_of(other_way_round).digest()
    changed: list[dict[str, Any]] = [
        {"texts__de__headline": "Hochwasser in {ort}"},
        {"severity": ["Extreme", "Severe"]},
        {"lasts": "7h"},
        {"fields__pegel__most": 2001},
        {"municipalities": ["05358008"]},
    ]
    assert len({template(**change).digest() for change in ({}, *changed)}) == len(changed) + 1


def test_what_it_is_written_as_is_read_as_the_same() -> None:
    found = template()
    assert type(found).model_validate_json(found.content()) == found


def test_its_languages_have_an_order_that_does_not_depend_on_the_file() -> None:
    texts = MEMBERS["texts"]
    mixed = {"fr": texts["en"], "en": texts["en"], "de-simple": texts["de-simple"], "de": texts["de"]}
    assert template_of(members(texts=mixed)).languages() == ["de", "de-simple", "en", "fr"]


def test_a_duration_has_a_unit() -> None:
    assert [read_duration(one) for one in ("90m", "6h", "2d")] == [
        timedelta(minutes=90),
        timedelta(hours=6),
        timedelta(days=2),
    ]
    for wrong in ("6", "6 h", "-6h", "6w", 6, None):
        with pytest.raises(ValueError, match="90m"):
            read_duration(wrong)
