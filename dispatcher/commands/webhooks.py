"""`dispatcher webhook set | show | rotate | test | remove | sandbox`: where an app's server gets its notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer

from channels.clock import utc_now
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.apps.registration import Registered, Registration, WebhookRequest
from dispatcher.apps.webhook_refusal import WebhookRefused
from dispatcher.commands.access import parties
from dispatcher.commands.access.instances import require_places
from dispatcher.commands.access.parties import AsJson, PartyId
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.model.desk_time import desk_time
from dispatcher.model.principals import Instance
from dispatcher.model.webhooks import CallbackForm, WebhookTaken
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.parties import Parties
from dispatcher.store.signing_keys import SigningKeys
from dispatcher.store.webhooks import Webhooks
from dispatcher.texts.words.catalogues import CATALOGUES
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.http_client import http_client

Result = TypeVar("Result")
app = typer.Typer(help="Webhooks of municipalities' apps.", no_args_is_help=True)
NONE_HERE = "there is no webhook, or its receiver ended it; `dispatcher webhook set {} URL` registers one"


@app.command("set")
@acts(Permission.MANAGE_WEBHOOK)
def set_webhook(
    instance_id: PartyId,
    url: Annotated[str, typer.Argument(help="https URL of the app's server, on port 443")],
    place: Annotated[
        list[str] | None, typer.Option(help="AGS it is told of; repeatable; default all of the instance")
    ] = None,
    secret_stdin: Annotated[
        bool,
        typer.Option("--secret-stdin", help="read the whsec_ secret from the input, instead of making one"),
    ] = False,
    language: Annotated[str, typer.Option(help=" or ".join(CATALOGUES))] = "de",
    form: Annotated[
        CallbackForm,
        typer.Option(help="notice: JSON for an app; cap: the signed CAP message, for sirens and displays"),
    ] = CallbackForm.NOTICE,
) -> None:
    """Register or replace the webhook of an instance, and print its secret where one was made, once.

    The same command once more changes nothing. Send a test notice with `dispatcher webhook test`.
    """
    if language not in CATALOGUES:
        raise typer.BadParameter(f"not a language of notices: {language}; there are {', '.join(CATALOGUES)}")
    secret = typer.get_text_stream("stdin").readline().strip() if secret_stdin else None
    request = WebhookRequest(url, secret, tuple(place) if place else None, language, form)

    async def work(pool: record.Pool, registration: Registration) -> Registered:
        own = await _places(pool, instance_id)
        return await registration.put(instance_id, own, request, operator().actor)

    _say(_registering(work))


@app.command("show")
@requires(Permission.MANAGE_WEBHOOK)
def show_webhook(instance_id: PartyId, *, as_json: AsJson = False) -> None:
    """Show the webhook of an instance, without its secret."""

    async def work(pool: record.Pool, registration: Registration) -> dict[str, Any] | None:
        await _places(pool, instance_id)
        webhook = await registration.shown(instance_id)
        if webhook is None:
            return None
        ends = [until.isoformat() for until in registration.ends_of_secrets(webhook)]
        return {
            "url": webhook.url,
            "places": list(webhook.places),
            "all_places": webhook.follows_all,
            "language": webhook.language,
            "form": str(webhook.form),
            "environment": webhook.environment,
            "state": "ended" if webhook.ended_at else "active",
            "previous_secrets_end": ends,
        }

    found = _registering(work)
    if found is None:
        _end(NONE_HERE.format(instance_id))
    if as_json:
        typer.echo(json_line(found))
        return
    for name, value in found.items():
        text = " ".join(value) if isinstance(value, list) else str(value)
        typer.echo(f"{name:<21}{shown(text) or '-'}")


@app.command("rotate")
@acts(Permission.MANAGE_WEBHOOK)
def rotate_webhook(
    instance_id: PartyId,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=168, help="how long the secrets so far sign beside the new one")
    ] = 24,
    secret_stdin: Annotated[
        bool,
        typer.Option("--secret-stdin", help="read the whsec_ secret from the input, instead of making one"),
    ] = False,
) -> None:
    """Let a new secret sign, and print it, once; the ones so far sign beside it for a time."""
    secret = typer.get_text_stream("stdin").readline().strip() if secret_stdin else None

    async def work(pool: record.Pool, registration: Registration) -> tuple[Registered, list[datetime]] | None:
        await _places(pool, instance_id)
        done = await registration.rotate(
            instance_id, secret, timedelta(hours=overlap_hours), operator().actor
        )
        return None if done is None else (done, list(registration.ends_of_secrets(done.webhook)))

    found = _registering(work)
    if found is None:
        _end(NONE_HERE.format(instance_id))
    registered, ends = found
    _say(registered)
    zone = ZoneInfo(Settings().time_zone)
    for until in ends:
        typer.echo(f"a secret before it signs until {desk_time(until, zone, 'en')}", err=True)


@app.command("test")
@acts(Permission.MANAGE_WEBHOOK)
def try_webhook(instance_id: PartyId, *, as_json: AsJson = False) -> None:
    """Send one test notice to the webhook now, to nobody else, and say how it was answered.

    The exit code is 0 if it was accepted.
    """
    from dispatcher.apps.trial import Trials, TriedTooSoon
    from dispatcher.signing.message_signer import MessageSigner
    from dispatcher.wiring.channels import callbacks

    settings = Settings()

    async def work(pool: record.Pool) -> Any:
        own = await _places(pool, instance_id)
        http = http_client(settings)
        try:
            channel = callbacks(settings, http)
            addresses = await agreed_addresses(pool, settings)
            webhooks, signer = Webhooks(pool, addresses), MessageSigner(SigningKeys(pool, addresses))
            trials = Trials(
                webhooks, channel, load_boundaries(settings), utc_now, settings.public_url, signer
            )
            return await trials.run(instance_id, own)
        finally:
            await http.aclose()

    try:
        found = on_record(settings, work)
    except TriedTooSoon as error:
        _end(f"tested a moment ago; again in {error.seconds:.0f} s")
    if found is None:
        _end(NONE_HERE.format(instance_id))
    if as_json:
        names = ("webhook_id", "status", "error", "meaning", "seconds", "notice")
        typer.echo(json_line({name: getattr(found, name) for name in names}))
    else:
        answer = found.status or found.error
        typer.echo(f"{found.meaning}: {answer} after {found.seconds:.3f} s; webhook-id {found.webhook_id}")
    if found.meaning != "accepted":
        raise typer.Exit(1)


@app.command("remove")
@acts(Permission.MANAGE_WEBHOOK)
def remove_webhook(instance_id: PartyId) -> None:
    """End the webhook of an instance: nothing more is sent to it."""

    async def work(pool: record.Pool, registration: Registration) -> bool:
        await _places(pool, instance_id)
        return await registration.remove(instance_id, operator().actor)

    if not _registering(work):
        _end(NONE_HERE.format(instance_id))
    typer.echo(f"{instance_id} has no webhook any more")


@app.command("sandbox")
@acts(Permission.MANAGE_INSTANCES)
def add_sandbox(
    instance_id: Annotated[str, typer.Argument(help="a name of its own, e.g. probe-dueren")],
    place: Annotated[list[str], typer.Option(help="AGS of its samples; repeatable")],
) -> None:
    """Create an instance for the makers of an app, and print its key, once.

    It pulls samples, and its webhook gets test notices: never a warning, whatever happens.
    """
    parties.require_key_name(instance_id)
    require_places(place)
    parties.add(
        PrincipalKind.INSTANCE, Instance(instance_id, f"{instance_id} (sandbox)", tuple(place), sandbox=True)
    )


async def _places(pool: record.Pool, instance_id: str) -> tuple[str, ...]:
    """Return the places (AGS) that an instance shows, its neighbours' among them."""
    return (await parties.found(pool, Parties.instance, PrincipalKind.INSTANCE, instance_id)).shown


def _registering(work: Callable[[record.Pool, Registration], Awaitable[Result]]) -> Result:
    """Do it on the record. What cannot be is said, and ends the command."""
    from dispatcher.wiring.channels import callbacks

    settings = Settings()

    async def main(pool: record.Pool) -> Result:
        http = http_client(settings)
        try:
            webhooks = Webhooks(pool, await agreed_addresses(pool, settings))
            registration = Registration(webhooks, callbacks(settings, http), utc_now)
            return await work(pool, registration)
        finally:
            await http.aclose()

    try:
        return on_record(settings, main)
    except WebhookRefused as refused:
        for error in refused.errors:
            typer.echo(f"{error.path.removeprefix('/')}: {error.message_de}", err=True)
        raise typer.Exit(1) from None
    except WebhookTaken:
        _end("this URL is registered for somebody else")


def _say(found: Registered) -> None:
    """Print the secret that was made, and on the other stream what is to be known beside it."""
    webhook = found.webhook
    others = "all its places" if webhook.follows_all else f"{len(webhook.places)} of its places"
    typer.echo(f"told of {others}, environment {webhook.environment}", err=True)
    if found.new_secret:
        typer.echo(found.new_secret)


def _end(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
