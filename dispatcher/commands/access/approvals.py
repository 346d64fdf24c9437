"""`dispatcher approval list | show`, `approval policy show | set | drop`: what waits for a second person, and why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cap import Severity
from dispatcher.access.permissions import Permission
from dispatcher.commands.admin import connected, on_record, queue_url
from dispatcher.commands.desk.session import say
from dispatcher.commands.keys import read_duration
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson, AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.intake.four_eyes.policy import ordered
from dispatcher.intake.four_eyes.states import may_go_when_counted, state_of
from dispatcher.intake.four_eyes.texts import LINES
from dispatcher.model.approval.policy import ANY_SOURCE, PolicyRule, Timers
from dispatcher.model.approval.request import ApprovalRequest, most_recipients
from dispatcher.settings import Settings
from dispatcher.store.alerts.approvals import Approvals
from dispatcher.texts.languages import DEFAULT

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.intake.four_eyes.deciding import ShownMessage
    from dispatcher.store import record

app = typer.Typer(help="Warnings that wait for a second person, and which ones do.", no_args_is_help=True)
policy = typer.Typer(help="Which warnings wait for a second person, and for how long.", no_args_is_help=True)
app.add_typer(policy, name="policy")

NEVER: Final = "never"
HEAD: Final = ("source", "severity", "people", "second person", "remind", "escalate", "release")
SourceRule = Annotated[
    str, typer.Option("--source", help="a source's or feed's id, or how ids begin with * behind it")
]
SeverityRule = Annotated[Severity, typer.Option("--severity", help="this grave, or graver; Unknown: any")]
PeopleRule = Annotated[int, typer.Option("--people", min=0, help="for so many people, or more")]
After = Annotated[str, typer.Option(help="without a decision, e.g. 10m; never", metavar="TIME")]


@app.command("list")
@requires(Permission.READ_APPROVALS)
@helped(Where.SERVER, "dispatcher approval list", "dispatcher approval list --json")
def list_approvals(*, as_json: AsJsonLines = False, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """List what waits for a second person, or for the policy's timers, the longest waiting first."""
    at = desk(language)

    async def work(pool: record.Pool) -> list[ApprovalRequest]:
        return await Approvals(pool).waiting()

    waiting = on_record(Settings(), work)
    if as_json:
        for one in waiting:
            typer.echo(json_line(_members(one)))
    elif waiting:
        head = [at.texts.columns[name] for name in ("id", "age", "expires", "recipients", "held_for")]
        rows = [
            [one.alert_id, at.time(one.requested_at), at.time(one.expires), _people(one), one.held_for]
            for one in waiting
        ]
        say(columns([head, *rows]).split("\n"))
    else:
        say([at.line("no_approvals")], err=True)


def _people(request: ApprovalRequest) -> str:
    return "–" if request.people is None else str(request.people)


def _members(request: ApprovalRequest) -> dict[str, Any]:
    times = ("requested_at", "expires", "remind_at", "escalate_at", "release_at", "decided_at")
    return {
        "id": request.alert_id,
        "is_needed": request.is_needed,
        "held_for": request.held_for,
        "people": request.people,
        "most_recipients": most_recipients(request.people),
        "authors": list(request.authors),
        "decision": request.decision,
        "decided_by": request.decided_by or None,
        **{name: moment.isoformat() if (moment := getattr(request, name)) else None for name in times},
    }


@app.command("show")
@requires(Permission.READ_APPROVALS)
@helped(Where.SERVER, "dispatcher approval show 01K…")
def show(
    alert_id: Annotated[str, typer.Argument(help="the alert's id")],
    *,
    as_json: AsJson = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Show what a second person is shown: texts, municipalities, the number of people, and the hash over all of it."""
    at, settings = desk(language), Settings()
    found = asyncio.run(_shown(settings, alert_id))
    if found is None:
        say([at.line("nothing_there")], err=True)
        raise typer.Exit(1)
    if as_json:
        rest = {
            "state": state_of(found.request, found.now),
            "binding": found.binding,
            "is_as_held": found.is_as_held,
            "municipalities": [place.ags for place in found.places],
            "texts": {name: text for name, text in found.texts.items() if isinstance(text, str)},
        }
        typer.echo(json_line(_members(found.request) | rest))
    else:
        say(_lines(found, at))


async def _shown(settings: Settings, alert_id: str) -> ShownMessage | None:
    from dispatcher.queue.wakeups import WakeUpQueue, open_queue
    from dispatcher.wiring.approvals import four_eyes, held_texts
    from dispatcher.wiring.boundaries import municipality_names
    from dispatcher.wiring.connections import queue_address

    texts = held_texts(settings, municipality_names(settings))
    wake_ups = WakeUpQueue(open_queue(queue_address(queue_url(settings))))
    async with connected(settings) as pool:
        try:
            return await four_eyes(pool, wake_ups, texts).shown(alert_id)
        finally:
            await wake_ups.aclose()


def _read_texts(found: ShownMessage) -> dict[str, list[str]]:
    """Return each text as it is read, an SMS, with the languages in which it is that: German first, then by tag."""
    texts = {
        name.removeprefix(f"{LINES}/"): text
        for name, text in found.texts.items()
        if isinstance(text, str) and name.startswith(f"{LINES}/")
    }
    languages: dict[str, list[str]] = {}
    for language in sorted(texts, key=lambda one: (one != DEFAULT, one)):
        languages.setdefault(texts[language], []).append(language)
    return languages


def _lines(found: ShownMessage, at: Desk) -> list[str]:
    request = found.request
    state = at.texts.approval_states[state_of(request, found.now)]
    lines = [f"{request.alert_id} {state}"]
    for text, languages in _read_texts(found).items():
        lines += ["", at.line("approval_text", language=", ".join(languages)), *text.split("\n")]
    lines += ["", at.line("places", places=", ".join(f"{place.ags} {place.name}" for place in found.places))]
    if request.people is None:
        lines.append(at.line("approval_uncounted"))
        if may_go_when_counted(request):
            lines.append(at.line("approval_goes_counted"))
    else:
        most = most_recipients(request.people)
        lines.append(at.line("approval_people", people=request.people, most=most))
    if request.authors:
        lines.append(at.line("approval_authors", names=", ".join(request.authors)))
    lines.append(at.line("approval_binding", binding=found.binding))
    if not found.is_as_held and not request.decision:
        lines.append(at.line("approval_changed"))
    return lines


@policy.command("show")
@requires(Permission.READ_APPROVALS)
@helped(Where.SERVER, "dispatcher approval policy show")
def show_policy(*, as_json: AsJsonLines = False) -> None:
    """Show the policy, in the order in which its rules are asked: the first that applies decides."""

    async def work(pool: record.Pool) -> list[PolicyRule]:
        return await Approvals(pool).rules()

    rules = ordered(on_record(Settings(), work))
    if as_json:
        for rule in rules:
            typer.echo(json_line(_rule_members(rule)))
    elif rules:
        typer.echo(columns([HEAD, *(_rule_row(rule) for rule in rules)]))
    else:
        typer.echo("no rule: nothing waits for a second person", err=True)


def _rule_members(rule: PolicyRule) -> dict[str, Any]:
    times = {name: getattr(rule.timers, name) for name in ("remind", "escalate", "release")}
    return {
        "source": rule.source,
        "severity": rule.severity,
        "people": rule.people,
        "is_needed": rule.is_needed,
        **{f"{name}_s": after and int(after.total_seconds()) for name, after in times.items()},
    }


def _rule_row(rule: PolicyRule) -> list[str]:
    times = [str(one or NEVER) for one in (rule.timers.remind, rule.timers.escalate, rule.timers.release)]
    return [rule.source, rule.severity, str(rule.people), "yes" if rule.is_needed else "no", *times]


@policy.command("set")
@acts(Permission.MANAGE_APPROVAL_POLICY)
@helped(
    Where.SERVER,
    "dispatcher approval policy set --severity Severe",
    "dispatcher approval policy set --severity Extreme --people 10000 --remind 2m --escalate 5m",
    "dispatcher approval policy set --source 'feed-*' --severity Extreme --exempt --remind 5m --release 15m",
)
def set_rule(  # noqa: PLR0913 - the options of a command
    *,
    source: SourceRule = ANY_SOURCE,
    severity: SeverityRule = Severity.SEVERE,
    people: PeopleRule = 0,
    exempt: Annotated[
        bool, typer.Option("--exempt", help="no second person: an exception, or for timers alone")
    ] = False,
    remind: After = NEVER,
    escalate: After = NEVER,
    release: After = NEVER,
) -> None:
    """Add a rule, or replace the one for the same source, severity and number of people. It holds for what comes from
    now on.
    """
    timers = Timers(_after(remind), _after(escalate), _after(release))
    rule = PolicyRule(source, severity, people, not exempt, timers)

    async def work(pool: record.Pool) -> None:
        await Approvals(pool).put_rule(rule, operator().actor)

    on_record(Settings(), work)
    typer.echo(columns([HEAD, _rule_row(rule)]))


@policy.command("drop")
@acts(Permission.MANAGE_APPROVAL_POLICY)
@helped(Where.SERVER, "dispatcher approval policy drop --source 'feed-*' --severity Extreme")
def drop_rule(
    *, source: SourceRule = ANY_SOURCE, severity: SeverityRule = Severity.SEVERE, people: PeopleRule = 0
) -> None:
    """Take a rule away. What waits because of it goes on waiting."""

    async def work(pool: record.Pool) -> bool:
        return await Approvals(pool).drop_rule(source, severity, people, operator().actor)

    if not on_record(Settings(), work):
        typer.echo("there is no such rule", err=True)
        raise typer.Exit(1)
    typer.echo("the rule is gone")


def _after(text: str) -> timedelta | None:
    """Return the time, None for never."""
    if text == NEVER:
        return None
    if not (found := read_duration(text)):
        raise typer.BadParameter("nothing happens at once: say how long to wait, or never")
    return found
