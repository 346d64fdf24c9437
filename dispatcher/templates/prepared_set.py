"""Give the templates that come with the service, for the hazards of a district. Nobody has approved them: they are
drafts to begin with.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from dispatcher.templates.reading import parse

if TYPE_CHECKING:
    from dispatcher.templates.template import Template


def prepared_templates() -> list[Template]:
    """Return them, by id. Raises `TemplateError` where one is none, which a test excludes."""
    folder = resources.files("dispatcher") / "templates" / "prepared"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return [parse(file.read_bytes()) for file in files]
