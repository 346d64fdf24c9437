"""`dispatcher template list | show | save | reject | retire`: templates on record, at the server.

Nobody approves at the machine: whoever has a shell can say any name (decision 0081).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.desk.session import REFUSED, say
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson, AsJsonLines, OutputLanguage
from dispatcher.commands.template.files import end, finding_lines, read_file
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.desk_texts.templates import TEMPLATE_TEXTS
from dispatcher.model.templates.version import (
    NewTemplateVersion,
    TemplateState,
    TemplateStep,
    TemplateVersion,
    TooManyTemplatesError,
    live_version,
)
from dispatcher.templates.checking import check
from dispatcher.templates.prepared_set import prepared_templates
from dispatcher.templates.room import no_room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from dispatcher.store import record
    from dispatcher.store.templates import SavedVersion, StepTaken, Templates
    from dispatcher.templates.template import Template

Result = TypeVar("Result")

TemplateId = Annotated[str, typer.Argument(help="the template's id", metavar="ID")]
Version = Annotated[int, typer.Argument(help="which version", min=1)]
Why = Annotated[str, typer.Option(help="for the audit trail")]
HEAD: Final = ("template", "version", "state", "live", "title")


def _on_templates(work: Callable[[Templates], Awaitable[Result]]) -> Result:
    """Do the work on the templates on record."""
    # `check` and `fill`, whose module is this one's neighbour, do without all that the record takes to be imported.
    from dispatcher.commands.admin import on_record
    from dispatcher.settings import Settings
    from dispatcher.store.templates import Templates

    async def on_pool(pool: record.Pool) -> Result:
        return await work(Templates(pool))

    return on_record(Settings(), on_pool)


@requires(Permission.READ_TEMPLATES)
@helped(Where.SERVER, "dispatcher template list", "dispatcher template list --json")
def list_templates(*, as_json: AsJsonLines = False, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """List the templates on record: the newest version of each, and the one with which people are warned."""
    words = TEMPLATE_TEXTS[language]

    async def work(templates: Templates) -> dict[str, list[TemplateVersion]]:
        return await templates.all()

    found = _on_templates(work)
    if as_json:
        for versions in found.values():
            typer.echo(json_line(_members(versions[-1]) | {"live_version": _live(versions)}))
    elif found:
        rows = [
            [
                versions[-1].template_id,
                str(versions[-1].version),
                words[versions[-1].state],
                str(_live(versions) or "-"),
                versions[-1].title,
            ]
            for versions in found.values()
        ]
        say(columns([[words[name] for name in HEAD], *rows]).split("\n"))
    else:
        say([words["none_recorded"]], err=True)


def _live(versions: Sequence[TemplateVersion]) -> int | None:
    live = live_version(versions)
    return live.version if live else None


@requires(Permission.READ_TEMPLATES)
@helped(Where.SERVER, "dispatcher template show hochwasser", "dispatcher template show hochwasser 2 --json")
def show_template(
    template_id: TemplateId,
    version: Annotated[int | None, typer.Argument(help="which version; default: the newest", min=1)] = None,
    *,
    as_json: AsJson = False,
    content: Annotated[
        bool, typer.Option("--content", help="only the template itself, as JSON, for `check` and `fill`")
    ] = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Show a version: what it says, who may have written it, and what was decided about it."""
    at, words = desk(language), TEMPLATE_TEXTS[language]

    async def work(templates: Templates) -> list[TemplateVersion]:
        return await templates.versions(template_id)

    versions = _on_templates(work)
    found = [one for one in versions if version is None or one.version == version]
    if not found:
        end([words["not_recorded"]], REFUSED)
    one = found[-1]
    members = json.loads(one.content)
    if content:
        typer.echo(json_line(members, indent=2))
    elif as_json:
        typer.echo(json_line(_members(one) | {"template": members}))
    else:
        say(_lines(one, members, at, words))


def _members(one: TemplateVersion) -> dict[str, Any]:
    moments = ("saved_at", "decided_at", "retired_at")
    texts = ("decided_by", "why", "retired_by", "retired_why")
    return {
        "id": one.template_id,
        "version": one.version,
        "state": one.state,
        "title": one.title,
        "sha256": one.sha256.hex(),
        "authors": list(one.authors),
        "saved_by": one.saved_by,
        **{name: getattr(one, name) or None for name in texts},
        **{name: moment.isoformat() if (moment := getattr(one, name)) else None for name in moments},
    }


def _lines(one: TemplateVersion, members: Mapping[str, Any], at: Desk, words: Mapping[str, str]) -> list[str]:
    lines = [
        f"{one.template_id} {one.version}: {words[one.state]}",
        words["saved"].format(by=one.saved_by, at=at.time(one.saved_at)),
    ]
    if one.authors:
        lines.append(words["authors"].format(names=", ".join(one.authors)))
    if one.decided_at is not None and one.decision is not None:
        decided = TemplateState.APPROVED if one.decision is TemplateStep.APPROVE else TemplateState.REJECTED
        lines.append(_decided(words, words[decided], one.decided_by, at.time(one.decided_at), one.why))
    if one.retired_at is not None:
        state = words[TemplateState.RETIRED]
        lines.append(_decided(words, state, one.retired_by, at.time(one.retired_at), one.retired_why))
    lines.append(words["hash"].format(sha256=one.sha256.hex()))
    for language, texts in members["texts"].items():
        lines += ["", f"[{language}] {texts['headline']}"]
        lines += [line for name in ("description", "instruction") for line in texts[name].split("\n") if line]
    return lines


def _decided(words: Mapping[str, str], state: str, by: str, at: str, why: str) -> str:
    return words["decided"].format(state=state, by=by, at=at) + (f": {why}" if why else "")


@acts(Permission.SAVE_TEMPLATES)
@helped(Where.SERVER, "dispatcher template save hochwasser.toml", "dispatcher template save --prepared")
def save_templates(
    files: Annotated[
        list[Path] | None, typer.Argument(help="templates (TOML, JSON)", metavar="[FILE]...")
    ] = None,
    *,
    prepared_set: Annotated[
        bool, typer.Option("--prepared", help="those that come with the service, instead of files")
    ] = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Record a further version of each template, as a draft: nobody is warned with it before a person has approved it.

    All of them are checked first. What is on record already stays as it is.
    """
    words = TEMPLATE_TEXTS[language]
    if bool(files) == prepared_set:
        end([words["nothing"]])
    found = prepared_templates() if prepared_set else [read_file(one, words, language) for one in files or ()]
    wrong = False
    for template in found:
        result = check(template)
        if not result.is_valid:
            wrong = True
            say([words["invalid"].format(id=template.id, title=template.title)], err=True)
            say(finding_lines(result.findings, language), err=True)
    if wrong:
        raise typer.Exit(REFUSED)
    by = operator().actor

    async def work(templates: Templates) -> list[SavedVersion]:
        return [await templates.save(new_version(one), by) for one in found]

    try:
        saved = _on_templates(work)
    except TooManyTemplatesError as error:
        end([no_room(error).in_language(language)], REFUSED)
    for one in saved:
        key = "was_saved" if one.repeated else "is_saved"
        say([words[key].format(id=one.version.template_id, version=one.version.version)])


def new_version(template: Template) -> NewTemplateVersion:
    """Return what is recorded of a template that nobody is named the author of."""
    content = template.content()
    return NewTemplateVersion(template.id, template.title, content, bytes.fromhex(template.digest()))


@acts(Permission.WITHDRAW_TEMPLATES)
@helped(Where.SERVER, 'dispatcher template reject hochwasser 2 --why "falscher Pegel"')
def reject(
    template_id: TemplateId, version: Version, *, why: Why, language: OutputLanguage = DeskLanguage.GERMAN
) -> None:
    """Say that a draft is wrong: it is never used."""
    _take(TemplateStep.REJECT, template_id, version, why, language)


@acts(Permission.WITHDRAW_TEMPLATES)
@helped(Where.SERVER, 'dispatcher template retire hochwasser 1 --why "Deich ist erhöht"')
def retire(
    template_id: TemplateId, version: Version, *, why: Why, language: OutputLanguage = DeskLanguage.GERMAN
) -> None:
    """Take a version out of use; no older one takes its place."""
    _take(TemplateStep.RETIRE, template_id, version, why, language)


def _take(step: TemplateStep, template_id: str, version: int, why: str, language: DeskLanguage) -> None:
    words, by = TEMPLATE_TEXTS[language], operator().actor

    async def work(templates: Templates) -> StepTaken:
        return await templates.take(step, template_id, version, by, why=why)

    taken = _on_templates(work)
    if taken.refusal is not None or taken.version is None:
        end([words["not_recorded" if taken.version is None else "decided_before"]], REFUSED)
    say([f"{template_id} {version}: {words[taken.version.state]}"])
