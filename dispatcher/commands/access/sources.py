"""`dispatcher source add | show | change | list | disable | enable`: the parties that may submit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from dispatcher.access.keys import KeyKind
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.boundaries.territories import size, widened, wrong_territory
from dispatcher.commands.access import parties
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import AsJson, PartyId
from dispatcher.commands.operator import acts, requires
from dispatcher.model.principals import Source
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings
from dispatcher.store.parties import Parties
from dispatcher.wiring.boundaries import load_boundaries

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries

Number = TypeVar("Number", int, float)
SENDER: Final = re.compile(r"[^\s,<&]+")
DEFAULT: Final = "default"
"""The word that gives a source's number back to the settings."""
MOST_INSET_M: Final = 10_000.0
MOST_QUOTA: Final = 1_000_000

app = typer.Typer(help="Who may submit.", no_args_is_help=True)
SourceId = Annotated[str, typer.Argument(help="short name, e.g. leitstelle-dueren")]
Sender = Annotated[list[str], typer.Option(help="CAP sender it may use; repeatable")]
Territory = Annotated[list[str], typer.Option(help="AGS or prefix it may warn, e.g. 05358; repeatable")]
BySeverity = Annotated[bool, typer.Option(help="match Extreme more generously, Minor more sparingly")]
Flash = Annotated[
    bool, typer.Option(help="its gravest warnings travel in the most urgent lane; else in priority")
]


@app.command("add")
@acts(Permission.MANAGE_SOURCES)
def add(  # noqa: PLR0913 - an option for each thing that a source may be given
    source_id: SourceId,
    sender: Sender,
    territory: Territory,
    name: Annotated[str, typer.Option(help="as people know it")] = "",
    inset_m: Annotated[
        float | None,
        typer.Option(min=0, max=MOST_INSET_M, help="metres a hazard must enter a municipality; default 100"),
    ] = None,
    *,
    by_severity: BySeverity = False,
    flash: Flash = True,
    quota: Annotated[
        int | None,
        typer.Option(
            min=0, max=MOST_QUOTA, help="warnings an hour; 0 for any number; default WARN_QUOTA_PER_HOUR"
        ),
    ] = None,
    exercise: Annotated[
        bool,
        typer.Option("--exercise", help="print a key for exercises alone (wx_…): it can send no warning"),
    ] = False,
) -> None:
    """Create a source and print its API key, once. One that is there already is left as it is: `source change`."""
    parties.require_key_name(source_id)
    _require_senders(sender)
    _require_territory(territory, load_boundaries(Settings()))
    source = Source(
        source_id,
        name or source_id,
        frozenset(sender),
        tuple(territory),
        inset_m,
        by_severity=by_severity,
        may_flash=flash,
        quota=quota,
    )
    parties.add(PrincipalKind.SOURCE, source, KeyKind.EXERCISE if exercise else None)


@app.command("change")
@acts(Permission.MANAGE_SOURCES)
def change(  # noqa: PLR0913 - as above
    source_id: PartyId,
    name: Annotated[str | None, typer.Option(help="as people know it")] = None,
    sender: Annotated[
        list[str] | None, typer.Option(help="CAP senders it may use, instead of those before; repeatable")
    ] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option(help="AGS or prefixes it may warn, instead of those before; repeatable"),
    ] = None,
    inset_m: Annotated[
        str, typer.Option(help="metres a hazard must enter a municipality, or `default`")
    ] = "",
    *,
    by_severity: Annotated[
        bool | None, typer.Option(help="match Extreme more generously, Minor more sparingly")
    ] = None,
    flash: Annotated[
        bool | None,
        typer.Option(help="its gravest warnings travel in the most urgent lane; else in priority"),
    ] = None,
    quota: Annotated[str, typer.Option(help="warnings an hour, 0 for any number, or `default`")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change what is named, and nothing else; print it before and after. It holds from the next message on, for all of
    the source's keys. A wider territory has to be confirmed.
    """
    parties.require_no_feed(source_id)
    boundaries = load_boundaries(Settings())
    before = _of_record(source_id)
    given = {
        "name": name,
        "sender": sender,
        "territory": territory,
        "by_severity": by_severity,
        "flash": flash,
    }
    after = replace(before, **_members(given))
    if inset_m:
        after = replace(after, inset_m=number(inset_m, float, MOST_INSET_M, "--inset-m"))
    if quota:
        after = replace(after, quota=number(quota, int, MOST_QUOTA, "--quota"))
    if after == before:
        refuse(f"{source_id} is so already, nothing was changed")
    if sender:
        _require_senders(sender)
    if territory:
        _require_territory(territory, boundaries)
        _confirm_wider(before, after, boundaries, yes=yes)
    parties.change(before, after)
    parties.say_change(_values(before), _values(after), source_id, as_json=as_json)


@app.command("show")
@requires(Permission.READ_KEYS)
def show(source_id: PartyId, *, as_json: AsJson = False) -> None:
    """Show a source, or a feed by its id as a source, with its keys and how many of its warnings are in force."""
    source, boundaries = _of_record(source_id), load_boundaries(Settings())
    values = _values(source) | {"municipalities": size(source.territory, boundaries)}
    parties.show(PrincipalKind.SOURCE, source_id, values, as_json=as_json)


@app.command("list")
@requires(Permission.READ_KEYS)
def list_sources(*, as_json: AsJson = False) -> None:
    """List all sources, feeds among them, with the number of their valid keys."""
    parties.list_parties(PrincipalKind.SOURCE, as_json=as_json)


@app.command("disable")
@acts(Permission.MANAGE_SOURCES)
def disable(source_id: PartyId) -> None:
    """Refuse all its keys from now on, on every machine. What it has in force stays in force."""
    parties.require_no_feed(source_id)
    in_force = parties.disable(PrincipalKind.SOURCE, source_id, ", it can submit, change and end nothing")
    typer.echo(f"its warnings in force stay so until they expire or another message ends them: {in_force}")


@app.command("enable")
@acts(Permission.MANAGE_SOURCES)
def enable(source_id: PartyId) -> None:
    """Let its keys be good again."""
    parties.require_no_feed(source_id)
    parties.enable(PrincipalKind.SOURCE, source_id)


def _of_record(source_id: str) -> Source:
    return parties.of_record(Parties.source, PrincipalKind.SOURCE, source_id)


def _members(given: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a source that options name; those that are left out are None, or empty where they may be
    repeated.
    """
    named = {"name": "name", "by_severity": "by_severity", "flash": "may_flash"}
    members = {member: given[option] for option, member in named.items() if given[option] is not None}
    if given["sender"]:
        members["senders"] = frozenset(given["sender"])
    if given["territory"]:
        members["territory"] = tuple(given["territory"])
    return members


def number(text: str, kind: Callable[[str], Number], most: Number, option: str) -> Number | None:
    """Return a number of an option, None for the word that stands for the settings' own."""
    if text == DEFAULT:
        return None
    try:
        number = kind(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: no number, and not `{DEFAULT}`: {text}") from error
    if not 0 <= number <= most:
        raise typer.BadParameter(f"{option}: not between 0 and {most}: {text}")
    return number


def _require_senders(senders: list[str]) -> None:
    """Refuse what no message has as its sender: CAP allows neither nothing nor blanks, commas, < and &."""
    if any(not SENDER.fullmatch(one) for one in senders):
        raise typer.BadParameter(
            "--sender: a CAP sender is a text without blanks, commas, < and &, not empty"
        )


def _require_territory(territory: list[str], boundaries: Boundaries) -> None:
    if wrong := wrong_territory(territory, boundaries):
        raise typer.BadParameter(wrong)


def _confirm_wider(before: Source, after: Source, boundaries: Boundaries, *, yes: bool) -> None:
    if new := widened(before.territory, after.territory):
        now, then = size(before.territory, boundaries), size(after.territory, boundaries)
        require_confirmation(
            f"{before.id} may then also warn {' '.join(new)}, with every key that it has: "
            f"{how_many(then, 'municipality', 'municipalities')} of the boundary data, now {now}",
            yes=yes,
        )


def _values(source: Source) -> dict[str, Any]:
    """Return what people and programs read of a source."""
    return {
        "name": source.name,
        "senders": sorted(source.senders),
        "territory": list(source.territory),
        "inset_m": source.inset_m,
        "by_severity": source.by_severity,
        "flash": source.may_flash,
        "quota": source.quota,
    }
