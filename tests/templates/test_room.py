"""Whoever finds no room for a template hears which limit that is, and what helps."""

import pytest

from dispatcher.model.templates.version import TemplateLimit, TooManyTemplatesError
from dispatcher.templates.room import no_room


@pytest.mark.parametrize("limit", TemplateLimit)
def test_each_limit_has_a_sentence(limit: TemplateLimit) -> None:
    found = no_room(TooManyTemplatesError(limit, 50, 7))
    own = limit is not TemplateLimit.TEMPLATES
    assert ("in 7 Tagen" in found.de and "darf: 50." in found.de, "Andere können" in found.de) == (own, own)
    assert ("7 days: 50." in found.en, "Others can" in found.en) == (own, own)
