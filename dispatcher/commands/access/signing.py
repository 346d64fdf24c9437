"""`dispatcher signing show | rotate | revoke`: the keys by which the service signs the alerts that it passes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import typer

from dispatcher.access.permissions import Permission
from dispatcher.access.signing_plan import SigningKey, SigningState, state
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import AsJson, cell, iso
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.signing_keys import SigningKeys

Result = TypeVar("Result")
HEAD = ("key", "state", "signs_from", "ends_at", "revoked_at")
SHORTEST = 8
"""Digits by which a key is named at least."""

app = typer.Typer(help="Keys that sign the alerts which the service passes on.", no_args_is_help=True)


@app.command("show")
@requires(Permission.READ_KEYS)
def show(*, as_json: AsJson = False) -> None:
    """List the keys by the SHA-256 of their certificates: which one signs, from when, until when.

    The first is made when a signed message is first asked for, the next one by itself before its certificate ends.
    """
    keys, now = _on_keys(lambda keys: keys.listed())
    lines = [
        {
            "key": one.fingerprint,
            "state": str(state(one, keys, now)),
            "signs_from": iso(one.signs_from),
            "ends_at": iso(one.ends_at),
            "revoked_at": iso(one.revoked_at),
        }
        for one in keys
    ]
    if as_json:
        for line in lines:
            typer.echo(json_line(line))
    else:
        typer.echo(columns([HEAD, *([cell(line[name]) for name in HEAD] for line in lines)]))


@app.command("rotate")
@acts(Permission.MANAGE_SECRETS)
def rotate(
    days: Annotated[
        float, typer.Option("--ahead-days", min=0, max=365, help="how long it is published before it signs")
    ] = 7,
) -> None:
    """Make a new key, and print the SHA-256 of its certificate. Its certificate is published at once; it signs after
    the days given, when whoever verifies has fetched it. What was signed before stays good.
    """

    def when(_keys: Sequence[SigningKey], now: datetime) -> datetime:
        return now + timedelta(days=days)

    made = _on_keys(lambda keys: keys.make(when, operator().actor))
    if made is None:  # pragma: no cover - `when` always wants one
        refuse("no key was made")
    typer.echo(made.fingerprint)
    typer.echo(f"it signs from {iso(made.signs_from)}", err=True)


@app.command("revoke")
@acts(Permission.MANAGE_SECRETS)
def revoke(
    key: Annotated[str, typer.Argument(help="as `signing show` names it, or the first 8 digits or more")],
    *,
    yes: Yes = False,
) -> None:
    """Let a key sign nothing any more, after it was stolen or may have been, and publish its certificate no more.

    If it is the one that signs, another takes its place within ten seconds. Whoever pinned its certificate must drop
    it: tell them, nothing else does.
    """
    keys, now = _on_keys(lambda keys: keys.listed())
    found = [one for one in keys if len(key) >= SHORTEST and one.fingerprint.startswith(key.lower())]
    if len(found) != 1:
        refuse(f"{how_many(len(found), 'key is', 'keys are')} called so; `dispatcher signing show` lists all")
    (one,) = found
    if state(one, keys, now) is SigningState.REVOKED:
        refuse("it is revoked already, nothing was changed")
    require_confirmation("what it signed is to be believed no more then, by whoever hears of it", yes=yes)
    _on_keys(lambda keys: keys.revoke(one.fingerprint, operator().actor))
    typer.echo(f"{one.fingerprint} is revoked")


def _on_keys(work: Callable[[SigningKeys], Awaitable[Result]]) -> Result:
    settings = Settings()

    async def main(pool: record.Pool) -> Result:
        return await work(SigningKeys(pool, await agreed_addresses(pool, settings)))

    return on_record(settings, main)
