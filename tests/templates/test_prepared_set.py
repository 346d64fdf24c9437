"""The templates that come with the service."""

import pytest

from dispatcher.templates.checking import check
from dispatcher.templates.prepared_set import prepared_templates
from dispatcher.templates.template import FieldKind, Template
from dispatcher.texts.words.catalogues import CATALOGUES


@pytest.mark.parametrize("one", prepared_templates(), ids=lambda one: one.id)
def test_each_passes_the_check_without_a_warning(one: Template) -> None:
    result = check(one)
    assert result.findings == ()
    assert [said.language for said in result.languages] == list(CATALOGUES), "those of the citizens' page"
    assert max(said.sms_parts for said in result.languages) <= 4


def test_they_are_for_the_hazards_of_a_district() -> None:
    assert [one.id for one in prepared_templates()] == [
        *("bombenfund", "gefahrstoff", "grossbrand", "hochwasser", "notrufausfall", "starkregen"),
        *("stromausfall", "trinkwasser"),
    ]


@pytest.mark.parametrize("one", prepared_templates(), ids=lambda one: one.id)
def test_no_value_has_a_language(one: Template) -> None:
    """A sentence in German would stand in every language: of texts there are telephone numbers alone."""
    texts = {name for name, field in one.fields.items() if field.kind is FieldKind.TEXT}
    assert texts <= {"telefon", "ersatz"}
