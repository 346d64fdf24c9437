"""Read a template from TOML or JSON, within limits, and say at once where all it is wrong. Pure."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from cap import Finding, Level
from dispatcher.templates.faults import fault
from dispatcher.templates.template import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST: Final = 96 * 1024
"""Bytes of a template: twelve languages of three long texts, which no warning comes near."""
POINTS_MAX: Final = 150
"""Points in a line of TOML: more than 1500 characters of sentences have. What a key of some thousand parts costs grows
with their square, and 96 KiB of them would hold a core for more than a minute.
"""
FAULTS_MAX: Final = 50
"""Faults that are listed at most."""
_KINDS: Final[Mapping[str, str]] = {
    "missing": "member-missing",
    "extra_forbidden": "member-unknown",
    "enum": "member-value",
    "string_too_short": "member-length",
    "string_too_long": "member-length",
    "too_short": "member-length",
    "too_long": "member-length",
}


class TemplateError(ValueError):
    """This is no template; `faults` say where and why."""

    def __init__(self, faults: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{one.path or 'template'}: {one.message}" for one in faults))
        self.faults = faults


def parse(raw: bytes) -> Template:
    """Read a template: JSON where it begins with a brace, TOML else. Raises `TemplateError`."""
    if len(raw) > LARGEST:
        raise TemplateError((fault("too-large", "", most=LARGEST),))
    try:
        text = raw.decode("utf-8-sig")
        members = json.loads(text) if text.lstrip().startswith("{") else _toml(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise TemplateError((fault("unreadable", "", why=str(error)[:200]),)) from error
    return template_of(members)


def _toml(text: str) -> dict[str, Any]:
    if any(line.count(".") > POINTS_MAX for line in text.split("\n")):
        raise ValueError(f"a line has more than {POINTS_MAX} points")
    return tomllib.loads(text)


def template_of(members: Any) -> Template:
    """Return the template that has these members. Raises `TemplateError`."""
    try:
        return Template.model_validate(members)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=True)
        raise TemplateError(tuple(_found(one) for one in found[:FAULTS_MAX])) from error


def _found(error: Any) -> Finding:
    code = _KINDS.get(error["type"], "member-form")
    path = "/".join(str(one) for one in error["loc"])
    expected = error.get("ctx", {}).get("expected", "")
    why = error["msg"].removeprefix("Value error, ")
    finding = fault(code, path[:200], expected=expected, why=why)
    assert finding.severity is Level.ERROR  # noqa: S101 - all of these are
    return finding
