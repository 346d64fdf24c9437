"""Say why there is no room for a further template or version. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.templates.version import TemplateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.model.sentences.sentence import Said
    from dispatcher.model.templates.version import TooManyTemplatesError

_PHRASES: Final[Mapping[TemplateLimit, Phrase]] = MappingProxyType(
    {
        TemplateLimit.OWN_VERSIONS: Phrase.TEMPLATE_VERSIONS_OWN_FULL,
        TemplateLimit.OWN_TEMPLATES: Phrase.TEMPLATES_OWN_FULL,
        TemplateLimit.TEMPLATES: Phrase.TEMPLATES_FULL,
    }
)


def no_room(error: TooManyTemplatesError) -> Said:
    """Return what whoever wanted to save is told, and what helps."""
    return said(_PHRASES[error.limit], most=error.most, days=error.days)
