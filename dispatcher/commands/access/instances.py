"""`dispatcher instance …`: municipalities' apps."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from dispatcher.access.credentials import Bearer
from dispatcher.access.fingerprints import short
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.apps.profile import MOST_QUOTA, NamedProfile, ProfileRefused, profile_of
from dispatcher.boundaries.territories import wrong_municipality
from dispatcher.commands import keys
from dispatcher.commands.access import parties
from dispatcher.commands.access.app_verification import verify
from dispatcher.commands.access.channel_credentials import credential
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.access.consents import consent
from dispatcher.commands.access.parties import AsJson, PartyId, cell, iso
from dispatcher.commands.access.sources import number
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, requires
from dispatcher.model.principals import ChannelCredential, Instance, Neighbour
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.instances.neighbours import Neighbours
from dispatcher.store.parties import Parties
from dispatcher.wiring.boundaries import load_boundaries

app = typer.Typer(help="Municipalities' apps.", no_args_is_help=True)
Places = Annotated[list[str] | None, typer.Option("--place", help="AGS it shows; repeatable")]
Territory = Annotated[
    list[str] | None, typer.Option(help="AGS, or a prefix of several, e.g. 05358; repeatable")
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="language of the app, e.g. de or uk; repeatable")
]
Colour = Annotated[str | None, typer.Option(help="colour behind text, e.g. #00457c")]
TextColour = Annotated[str | None, typer.Option(help="colour of text on it; its contrast is checked")]
Logo = Annotated[str | None, typer.Option(help="https URL of a picture; the service never fetches it")]
Contact = Annotated[str | None, typer.Option(help="whom to ask about it, e.g. a mail address")]
Shows = Annotated[
    list[str] | None,
    typer.Option(help="id of a neighbour whose warnings it also shows, once that consents; repeatable"),
]


@app.command("add")
@acts(Permission.MANAGE_INSTANCES)
def add(  # noqa: PLR0913 - an option for each thing that an instance may be given
    instance_id: Annotated[str, typer.Argument(help="e.g. the municipality's AGS")],
    *,
    place: Places = None,
    territory: Territory = None,
    name: Annotated[str, typer.Option(help="as people know it")] = "",
    language: Languages = None,
    colour: Colour = None,
    text_colour: TextColour = None,
    logo: Logo = None,
    contact: Contact = None,
    quota: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_QUOTA,
            help="requests a minute; 0 for any number; default WARN_INSTANCE_QUOTA_PER_MINUTE",
        ),
    ] = None,
    shows: Shows = None,
) -> None:
    """Create an app instance and print its key for pulling, once. One that is there already is left as it is."""
    parties.require_key_name(instance_id)
    if not place and not territory:
        raise typer.BadParameter("say which municipalities: --place or --territory")
    named = NamedProfile(
        place, territory, name or None, language, colour, text_colour, logo, contact, _shown(shows)
    )
    instance = _with(Instance(instance_id, instance_id, (), quota=quota), named)
    parties.add(PrincipalKind.INSTANCE, instance)


@app.command("change")
@acts(Permission.MANAGE_INSTANCES)
def change(  # noqa: PLR0913 - as above
    instance_id: PartyId,
    *,
    place: Places = None,
    territory: Territory = None,
    name: Annotated[str | None, typer.Option(help="as people know it")] = None,
    language: Languages = None,
    colour: Colour = None,
    text_colour: TextColour = None,
    logo: Logo = None,
    contact: Contact = None,
    quota: Annotated[str, typer.Option(help="requests a minute, 0 for any number, or `default`")] = "",
    shows: Shows = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named, and nothing else; print it before and after. What may be repeated takes the place of all
    that was there before; an empty text takes it away.
    """
    before = _of_record(instance_id)
    named = NamedProfile(place, territory, name, language, colour, text_colour, logo, contact, _shown(shows))
    after = _with(before, named)
    if quota:
        after = replace(after, quota=number(quota, int, MOST_QUOTA, "--quota"))
    if after == before:
        refuse(f"{instance_id} is so already, nothing was changed")
    parties.change(before, after)
    parties.say_change(_values(before), _values(after), instance_id, as_json=as_json)


@app.command("show")
@requires(Permission.READ_INSTANCES)
def show(instance_id: PartyId, *, as_json: AsJson = False) -> None:
    """Show an instance, with its keys, the neighbours that it shows with who let it and when, and what its credentials
    with channels are known by.
    """

    async def work(pool: record.Pool) -> tuple[Instance, list[Neighbour], list[ChannelCredential]]:
        instance = await parties.found(pool, Parties.instance, PrincipalKind.INSTANCE, instance_id)
        credentials = await InstanceCredentials(pool).listed(instance_id)
        return instance, await Neighbours(pool).of(instance_id), credentials

    instance, neighbours, credentials = on_record(Settings(), work)
    values = {
        **_values(instance),
        "shows": [_neighbour(one, as_json=as_json) for one in neighbours],
        "credentials": [_credential(one, as_json=as_json) for one in credentials],
    }
    parties.show(PrincipalKind.INSTANCE, instance_id, values, as_json=as_json)


@app.command("list")
@requires(Permission.READ_INSTANCES)
def list_instances(*, as_json: AsJson = False) -> None:
    """List all instances, with the number of their valid keys."""
    parties.list_parties(PrincipalKind.INSTANCE, as_json=as_json)


@app.command("rotate")
@acts(Permission.MANAGE_INSTANCES)
def rotate(
    instance_id: PartyId,
    overlap: Annotated[str, typer.Option(help="how long the old keys stay good, e.g. 24h")] = "24h",
) -> None:
    """Print a new key of the instance, once; the old ones end after the overlap."""
    keys.rotate_keys(Bearer(PrincipalKind.INSTANCE, instance_id), overlap)


@app.command("disable")
@acts(Permission.MANAGE_INSTANCES)
def disable(instance_id: PartyId) -> None:
    """Refuse all its keys from now on: it can read nothing more. Subscriptions stay."""
    parties.disable(PrincipalKind.INSTANCE, instance_id, "; its subscriptions still get warnings")


@app.command("enable")
@acts(Permission.MANAGE_INSTANCES)
def enable(instance_id: PartyId) -> None:
    """Let its keys be good again."""
    parties.enable(PrincipalKind.INSTANCE, instance_id)


app.command("consent")(consent)
app.command("credential")(credential)
app.command("verify")(verify)


def _shown(shows: list[str] | None) -> list[str] | None:
    """Return the neighbours that are named: an empty text stands for none at all."""
    return [one for one in shows if one] if shows else None


def _with(instance: Instance, named: NamedProfile) -> Instance:
    """Return the instance with what is named. Refuses what an instance cannot be."""
    try:
        found = profile_of(instance, named, lambda: load_boundaries(Settings()))
    except ProfileRefused as error:
        raise typer.BadParameter(str(error)) from None
    parties.require_instances(found.shows)
    return found


def _neighbour(one: Neighbour, *, as_json: bool) -> Any:
    """Return what is read of a neighbour that an instance wants to show."""
    given = one.consent
    if as_json:
        return {
            "id": one.id,
            "given_by": given and given.given_by,
            "given_at": given and given.given_at.isoformat(),
        }
    return (
        f"{one.id} (consent of {given.given_by}, {cell(given.given_at)})"
        if given
        else f"{one.id} (no consent)"
    )


def _credential(one: ChannelCredential, *, as_json: bool) -> Any:
    """Return what is read of a credential that an instance has of its own."""
    if as_json:
        return {
            "channel": one.channel,
            "fingerprint": one.fingerprint,
            "subject": one.subject,
            "created": iso(one.created_at),
            "replaced": iso(one.replaced_at),
        }
    until = f", replaced {cell(one.replaced_at)}" if one.replaced_at else ""
    return f"{one.channel} {short(one.fingerprint)} ({cell(one.created_at)}{until})"


def _of_record(instance_id: str) -> Instance:
    return parties.of_record(Parties.instance, PrincipalKind.INSTANCE, instance_id)


def require_places(places: list[str]) -> None:
    if wrong := wrong_municipality(places, load_boundaries(Settings())):
        raise typer.BadParameter(wrong)


def _values(instance: Instance) -> dict[str, Any]:
    """Return what people and programs read of an instance."""
    return {
        "name": instance.name,
        "places": list(instance.places),
        "territory": list(instance.territory),
        "languages": list(instance.languages),
        "colour": instance.branding.colour,
        "text_colour": instance.branding.text_colour,
        "logo": instance.branding.logo,
        "contact": instance.contact,
        "quota": instance.quota,
        "shows": list(instance.shows),
    }
