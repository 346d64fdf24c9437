"""Writes the page of the SMS providers that come with the program from their profiles."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from channels.sms.http.profiles import names, profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from channels.sms.http.profiles import GatewayProfile

HEAD = """# SMS providers

Made from `channels/sms/http/providers/` by `python -m ops.reference`. How a profile is used and changed is said in
[SMS gateways](sms-gateways.md). A row is *unverified* where nothing about it could be read. Rows are tried from above,
an operator's own before them. An answer that none fits goes by [its status](sms-gateways.md#what-answers-mean), and
with 2xx is uncertain, never accepted.
"""


def sms_profiles_page() -> str:
    """Write every profile with its secrets, its table of answers and its sources."""
    return "\n".join([HEAD, *("\n".join(_section(profile(name))) for name in names())])


def _section(one: GatewayProfile) -> Iterator[str]:
    yield f"## `{one.name}`: {one.title}\n"
    yield one.notes.strip() + "\n"
    if one.secrets:
        yield "| `secrets.` | |\n|---|---|"
        yield from (f"| `{name}` | {what} |" for name, what in one.secrets.items())
        yield ""
    yield "| answer | means | | source |\n|---|---|---|---|"
    yield from (_row(rule) for rule in one.gateway["answer"]["rules"])
    yield ""
    for key, source in one.sources.items():
        where = f" <{source.url}>" if source.url else ""
        said = f"- *{key}*: {source.what}{where}, read {source.read}"
        yield textwrap.fill(said, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    yield ""


def _row(rule: Mapping[str, Any]) -> str:
    return f"| {_answer(rule)} | `{rule['means']}` | {rule['about']} | {rule.get('source') or 'unverified'} |"


def _answer(rule: Mapping[str, Any]) -> str:
    parts = [", ".join(_several(rule["status"]))] if "status" in rule else []
    if "path" in rule:
        values = ", ".join(f"`{value}`" for value in _several(rule.get("is", [])))
        parts.append(f"`{rule['path']}` " + (f"is {values}" if values else "is there"))
    if "text" in rule:
        parts.append(" or ".join(f"`{text}`" for text in _several(rule["text"])))
    return "; ".join(parts)


def _several(value: Any) -> list[str]:
    many = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in many]
