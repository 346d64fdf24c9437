"""`dispatcher held list | show | release | discard | sms`: messages, and SMS, that wait for a person."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from channels.clock import utc_now
from dispatcher.access.permissions import Permission
from dispatcher.commands.admin import on_record
from dispatcher.commands.desk.session import say
from dispatcher.commands.feeds import Session, run
from dispatcher.commands.operator import operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson, AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line, shown
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.desk_texts.sms import sms_budget_lines, sms_preview_lines, sms_status_lines
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.sms import BudgetLeft, HeldSms, Quote
from dispatcher.model.vocabulary import AlertState, reasons_held
from dispatcher.settings import Settings
from dispatcher.sms.budget import HELD_FOR_BUDGET
from dispatcher.store.alerts.held import Held
from dispatcher.wiring.sms.charges import sms_charges

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cap
    from dispatcher.store import record
    from dispatcher.store.alerts.alerts import Alerts

app = typer.Typer(
    help="Messages that wait for a person: of feeds, and of control centres that may not go out by themselves.",
    no_args_is_help=True,
)
Id = Annotated[str, typer.Argument(help="the alert's id")]
Why = Annotated[str, typer.Option(help="for the audit trail")]
Who = Annotated[str, typer.Option(help="for the audit trail; default: the account")]

TARGET_DIGITS: Final = 12
WAIT_S: Final = 2.0
"""How long `release` waits for the plan, which says how many people it goes to."""
LOOK_S: Final = 0.1


def why_held(held_for: str, at: Desk) -> str:
    """Return why a message is held: each reason as `held_for` has it, and what it means."""
    return "; ".join(
        at.line("explained", word=reason, meaning=meaning)
        if (meaning := at.texts.doubts.get(reason.partition(":")[0]))
        else reason
        for reason in reasons_held(held_for)
    )


def _line(alert: StoredAlert) -> str:
    return json_line(_members(alert))


def _members(alert: StoredAlert) -> dict[str, Any]:
    """Return the message as JSON has it, with what it waits for only while it does."""
    waits = {"held_for": alert.held_for} if alert.state is AlertState.HELD else {}
    return {
        "id": alert.id,
        "source": alert.source_id,
        "state": alert.state,
        "reason": alert.reason,
        **waits,
        "headline": alert.headline,
        "severity": alert.severity,
        "sent": alert.sent.isoformat(),
        "expires": alert.expires.isoformat(),
    }


@app.command("list")
@requires(Permission.READ_HELD)
@helped(Where.SERVER, "dispatcher held list", "dispatcher held list --json")
def list_held(*, as_json: AsJsonLines = False, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """List the messages that wait for a person, of feeds and of control centres, the longest waiting first; and the
    warnings of which SMS wait because no gateway's budget holds them.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[list[StoredAlert], list[HeldSms]]:
        waiting = await sms_charges(settings).held_alerts(pool)
        return await Held(pool).listed(), waiting

    at, (alerts, waiting) = desk(language), on_record(settings, work)
    if as_json:
        for alert in alerts:
            typer.echo(_line(alert))
        for one in waiting:
            typer.echo(json_line(_sms_members(one)))
        return
    if alerts:
        say(columns([_head(at), *(_row(alert, at) for alert in alerts)]).split("\n"))
    if waiting:
        say(([""] if alerts else []) + _sms_lines(waiting, at))
    if not alerts and not waiting:
        say([at.line("no_held")], err=True)


def _sms_members(one: HeldSms) -> dict[str, Any]:
    return {
        "id": one.alert_id,
        "source": one.source_id,
        "held_for": HELD_FOR_BUDGET,
        "headline": one.headline,
        "severity": one.severity,
        "expires": one.expires.isoformat(),
        "sms_recipients": sum(one.recipients.values()),
        "sms_by_gateway": one.recipients,
        "command": _sms_command(one.alert_id),
    }


def _sms_lines(waiting: Sequence[HeldSms], at: Desk) -> list[str]:
    """Say of which warnings how many SMS wait, at which gateways, and what sends them."""
    names = ("id", "source", "expires", "severity", "recipients", "gateway", "headline")
    table = [[at.texts.columns[name] for name in names]]
    for one in waiting:
        gateways = ", ".join(f"{name}: {count}" for name, count in one.recipients.items())
        numbers = (one.severity, str(sum(one.recipients.values())), gateways)
        table.append([one.alert_id, one.source_id, at.time(one.expires), *numbers, one.headline or one.event])
    commands = [at.line("sms_send", command=_sms_command(one.alert_id)) for one in waiting]
    return [at.line("sms_held"), *columns(table).split("\n"), *commands]


def _sms_command(alert_id: str) -> str:
    return f"dispatcher held sms {alert_id} --why …"


def _head(at: Desk) -> list[str]:
    names = ("id", "source", "received", "expires", "severity", "held_for", "headline")
    return [at.texts.columns[name] for name in names]


def _row(alert: StoredAlert, at: Desk) -> list[str]:
    times = (at.time(alert.received_at), at.time(alert.expires))
    return [alert.id, alert.source_id, *times, alert.severity, alert.held_for, alert.headline or alert.event]


class _LookedAt(NamedTuple):
    """A message as a person looks at it, and what its SMS cost where they wait, or would be sent."""

    alert: StoredAlert
    message: cap.Alert
    places: list[str]
    target: str
    quote: Quote | None
    budgets: list[BudgetLeft]

    @property
    def waits(self) -> bool:
        """Whether the message itself waits, and not its SMS alone."""
        return self.alert.state is AlertState.HELD


async def _looked_at(alert_id: str, session: Session) -> _LookedAt | None:
    import cap
    from dispatcher.wiring.sms.charges import sms_preview

    alerts, settings, pool = session.services.alerts, session.settings, session.pool
    alert, raw = await alerts.get(alert_id), await alerts.raw(alert_id)
    if alert is None or raw is None:
        return None
    message, affected = cap.parse(raw).alerts[0], await alerts.affected(alert_id)
    charges = sms_charges(settings)
    if alert.state is AlertState.HELD:
        preview = sms_preview(settings, pool, charges, session.base.boundaries)
        quote = await preview.quote_held(message, alert, affected, utc_now())
    else:
        standing = await charges.standing(pool, alert_id)
        quote = standing if standing is not None and standing.held else None
    budgets = await charges.budgets(pool, alert_id) if quote is not None else []
    places = [f"{place.ags} {place.name}" for place in affected]
    return _LookedAt(alert, message, places, await alerts.target_sha256(alert_id), quote, budgets)


def _cost_members(found: _LookedAt) -> dict[str, Any]:
    from dispatcher.api.schemas.sms import sms_body

    body = sms_body(found.quote)
    if body is None:
        return {}
    return {"sms": body.model_dump(mode="json"), "sms_budgets": [asdict(one) for one in found.budgets]}


def _cost_lines(found: _LookedAt, at: Desk) -> list[str]:
    from dispatcher.api.schemas.sms import sms_body

    body = sms_body(found.quote)
    if body is None:
        return []
    sms = body.model_dump(mode="json")
    budgets = sms_budget_lines(found.budgets, at)
    if found.waits:
        return [at.line("sms_at_most"), *sms_preview_lines(sms, at), *budgets]
    send = at.line("sms_send", command=_sms_command(found.alert.id))
    return [*sms_status_lines(sms, at), *budgets, send]


@app.command("show")
@requires(Permission.READ_HELD)
@helped(Where.SERVER, "dispatcher held show 01K…")
def show(alert_id: Id, *, as_json: AsJson = False, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """Show everything that the message says, why it is held, the municipalities it would reach, and what its SMS cost:
    at most, or those that wait for a budget.
    """
    from cap.formats.view import view

    at = desk(language)
    found = run(partial(_looked_at, alert_id))
    if found is None:
        say([at.line("nothing_there")], err=True)
        raise typer.Exit(1)
    alert, places, target = found.alert, found.places, found.target
    if as_json:
        rest = {"municipalities": places, "target_sha256": target, **_cost_members(found)}
        typer.echo(json_line(_members(alert) | rest))
        return
    typer.echo(view(found.message))
    say([at.line("places", places=", ".join(places) or at.line("places_none"))])
    say([at.line("target", target=target)])
    say(_cost_lines(found, at))
    if alert.state is AlertState.HELD:
        say([at.line("held", why=why_held(alert.held_for, at))])
        say(at.line("decide", **_commands(alert, target)).split("\n"))


def _commands(alert: StoredAlert, target: str) -> dict[str, str]:
    """Return the commands to go on with, bound to the target that is shown."""
    bound = f" --target {target[:TARGET_DIGITS]}" if target else ""
    return {
        "release": f"dispatcher held release {alert.id} --why …{bound}",
        "discard": f"dispatcher held discard {alert.id} --why …",
    }


@app.command("release")
@requires(Permission.DECIDE_HELD)
@helped(
    Where.SERVER,
    "dispatcher held release 01K… --why 'rang the weather service'",
    "dispatcher held release 01K… --why checked --target 1a2b3c4d --at-most 5000",
)
def release(  # noqa: PLR0913 - the options of a command
    alert_id: Id,
    why: Why,
    *,
    place: Annotated[list[str] | None, typer.Option(help="AGS to add; repeatable")] = None,
    who: Who = "",
    target: Annotated[str, typer.Option(help="the target's hash, or how it begins, as `show` said it")] = "",
    at_most: Annotated[int | None, typer.Option(min=0, help="recipients; with more it waits again")] = None,
    as_json: AsJson = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Send it now: to the target as it stands, which is checked again when it goes out."""
    from dispatcher.intake.approval import NotApprovedError, Terms

    async def work(session: Session) -> StoredAlert:
        terms, actor = Terms(target, at_most, as_held=True), operator(who).actor
        released = await session.services.release.release(alert_id, actor, why, place or [], terms)
        return await _planned(session.services.alerts, released)

    try:
        released = run(work)
        if as_json:
            typer.echo(_line(released))
        else:
            say([release_line(released, desk(language))])
    except NotApprovedError as error:
        typer.echo(shown(error.said.in_language(language)), err=True)
        raise typer.Exit(1) from error


async def _planned(alerts: Alerts, released: StoredAlert) -> StoredAlert:
    """Return the alert with its plan, which says how many it goes to, or as it is when none was made in a moment."""
    deadline = time.monotonic() + WAIT_S
    while released.state is AlertState.ACCEPTED and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
        released = await alerts.get(released.id) or released
    return released


def release_line(alert: StoredAlert, at: Desk) -> str:
    """Say what happens now to a message that was released."""
    reason = at.texts.reasons[alert.reason]
    if alert.state is AlertState.HELD:
        return at.line("now_held", id=alert.id, why=why_held(alert.held_for, at))
    if alert.state is AlertState.ACCEPTED:
        return at.line("now_sent_soon", id=alert.id, reason=reason)
    key = "now_sent" if alert.audience else "now_nobody"
    return at.line(key, id=alert.id, reason=reason, recipients=alert.audience)


@app.command("discard")
@requires(Permission.DECIDE_HELD)
@helped(Where.SERVER, "dispatcher held discard 01K… --why 'stray message'")
def discard(alert_id: Id, why: Why, who: Who = "", *, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """Never send it."""
    from dispatcher.intake.approval import NotApprovedError

    async def work(session: Session) -> None:
        await session.services.release.discard(alert_id, operator(who).actor, why)

    try:
        run(work)
        say([desk(language).line("discarded", id=alert_id)])
    except NotApprovedError as error:
        typer.echo(shown(error.said.in_language(language)), err=True)
        raise typer.Exit(1) from error


@app.command("sms")
@requires(Permission.DECIDE_HELD)
@helped(Where.SERVER, "dispatcher held sms 01K… --why 'the lives are worth it'")
def send_sms(
    alert_id: Id,
    why: Why,
    who: Who = "",
    *,
    as_json: AsJson = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Send the SMS of a warning that wait because no gateway's budget holds them, whatever they cost."""
    from dispatcher.queue.wakeups import batch_wake_up

    settings = Settings()

    async def work(session: Session) -> int:
        charges = sms_charges(settings)
        waiting = await charges.held(session.pool, alert_id)
        ready = await charges.allow(session.pool, alert_id, operator(who).actor, why)
        await session.base.wake_ups.enqueue([batch_wake_up(one) for one in ready])
        return waiting

    recipients = run(work)
    if as_json:
        typer.echo(json_line({"id": alert_id, "recipients": recipients}))
    else:
        key = "sms_let_go" if recipients else "sms_none"
        say([desk(language).line(key, id=alert_id, people=recipients)])
    if not recipients:
        raise typer.Exit(1)
