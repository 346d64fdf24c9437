"""`dispatcher held list | show | release | discard`: messages that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.feeds import Session, run
from dispatcher.commands.operator import operator, requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.intake.approval import NotApprovedError, Terms
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import AlertState, Doubt

app = typer.Typer(help="Messages of feeds that wait for a person.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="the alert's id")]
Why = Annotated[str, typer.Option(help="for the audit trail")]
Who = Annotated[str, typer.Option(help="for the audit trail; default: the account")]

WHY = {
    Doubt.SIGNATURE: "die Unterschrift fehlt oder stimmt nicht",
    Doubt.SENDER: "dieser Absender ist für die Quelle nicht zugelassen",
    Doubt.CLOCK: "sie ist in der Zukunft gesendet",
    Doubt.LIFETIME: "sie soll länger gelten, als die Quelle darf",
    Doubt.AREA: "welche Gemeinde sie betrifft, ist nicht erkennbar",
    Doubt.SEVERAL_TEXTS: "sie sagt verschiedenen Orten Verschiedenes",
    Doubt.STATUS: "dieser Status geht nicht von selbst hinaus",
    Doubt.SEVERITY: "diese Schwere geht nicht von selbst hinaus",
    Doubt.TERRITORY: "sie beendet, was eine andere Quelle außerhalb ihres Gebiets gemeldet hat",
    Doubt.IDENTITY: "unter dieser Kennung kam schon anderer Inhalt",
    Doubt.FOREIGN_REFERENCE: "sie ändert die Meldung eines anderen Absenders",
    Doubt.UNKNOWN_REFERENCE: "sie ändert nur Meldungen, die hier niemand kennt",
    Doubt.REFERENCE_REPLACED: "was sie beendet, ist schon durch eine Meldung ersetzt, die weiter gilt",
    "target_changed": "ihr Zielgebiet ist nicht mehr das freigegebene",
    "audience": "sie ginge an ungewöhnlich oder unerlaubt viele",
}
"""What `held_for` can say, in the words of whoever is to decide."""


def _why(held_for: str) -> str:
    """Return why a message is held: each reason as `held_for` has it, and what it means."""
    # What follows the colon of `audience: …` is a text.
    reasons = [held_for] if ":" in held_for else held_for.split(", ")
    return "; ".join(
        f"{reason} ({meaning})" if (meaning := WHY.get(reason.partition(":")[0])) else reason
        for reason in reasons
    )


def _line(alert: StoredAlert) -> str:
    """Return the message as a JSON line, with what it waits for only while it does."""
    waits = {"held_for": alert.held_for} if alert.state is AlertState.HELD else {}
    return json_line(
        {
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
    )


@app.command("list")
@requires(Permission.READ_HELD)
def list_held() -> None:
    """Print one JSON line for each held message, the longest waiting first."""

    async def work(session: Session) -> list[StoredAlert]:
        return await session.services.held.listed()

    for alert in run(work):
        typer.echo(_line(alert))


@app.command("show")
@requires(Permission.READ_HELD)
def show(alert_id: Id) -> None:
    """Show everything that the message says, why it is held, and the municipalities it would reach."""
    import cap
    from cap.formats.view import view

    async def work(session: Session) -> tuple[StoredAlert | None, bytes | None, list[str], str]:
        alerts = session.services.alerts
        places = [f"{place.ags} {place.name}" for place in await alerts.affected(alert_id)]
        target = await alerts.target_sha256(alert_id)
        return await alerts.get(alert_id), await alerts.raw(alert_id), places, target

    alert, raw, places, target = run(work)
    if alert is None or raw is None:
        typer.echo("Unter dieser Nummer gibt es keine Meldung.", err=True)
        raise typer.Exit(1)
    typer.echo(view(cap.parse(raw).alerts[0]))
    if alert.state is AlertState.HELD:
        typer.echo(shown(f"Wartet wegen (held_for): {_why(alert.held_for)}"))
    typer.echo(shown("Gemeinden: " + (", ".join(places) or "keine erkannt")))
    typer.echo(f"Zielgebiet (SHA-256): {target}")


@app.command("release")
@requires(Permission.DECIDE_HELD)
def release(
    alert_id: Id,
    why: Why,
    place: Annotated[list[str] | None, typer.Option(help="AGS to add; repeatable")] = None,
    who: Who = "",
    target: Annotated[str, typer.Option(help="the target's hash, or how it begins, as `show` said it")] = "",
    at_most: Annotated[int | None, typer.Option(min=0, help="recipients; with more it waits again")] = None,
) -> None:
    """Send it now: to the target as it stands, which is checked again when it goes out."""

    async def work(session: Session) -> StoredAlert:
        terms = Terms(target, at_most)
        return await session.services.release.release(alert_id, operator(who).actor, why, place or [], terms)

    try:
        typer.echo(_line(run(work)))
    except NotApprovedError as error:
        typer.echo(shown(error), err=True)
        raise typer.Exit(1) from error


@app.command("discard")
@requires(Permission.DECIDE_HELD)
def discard(alert_id: Id, why: Why, who: Who = "") -> None:
    """Never send it."""

    async def work(session: Session) -> None:
        await session.services.release.discard(alert_id, operator(who).actor, why)

    try:
        run(work)
    except NotApprovedError as error:
        typer.echo(shown(error), err=True)
        raise typer.Exit(1) from error
