"""`dispatcher instance add | show | change | list | disable | enable`: municipalities' apps."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.boundaries.territories import wrong_municipality
from dispatcher.commands.access import parties
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.access.parties import AsJson, PartyId
from dispatcher.commands.operator import acts, requires
from dispatcher.model.principals import Instance
from dispatcher.settings import Settings
from dispatcher.store.parties import Parties
from dispatcher.wiring.boundaries import load_boundaries

app = typer.Typer(help="Municipalities' apps.", no_args_is_help=True)


@app.command("add")
@acts(Permission.MANAGE_INSTANCES)
def add(
    instance_id: Annotated[str, typer.Argument(help="e.g. the municipality's AGS")],
    place: Annotated[list[str], typer.Option(help="AGS it shows; repeatable")],
    name: Annotated[str, typer.Option(help="as people know it")] = "",
) -> None:
    """Create an app instance and print its key for pulling, once. One that is there already is left as it is."""
    parties.require_key_name(instance_id)
    require_places(place)
    parties.add(PrincipalKind.INSTANCE, Instance(instance_id, name or instance_id, tuple(place)))


@app.command("change")
@acts(Permission.MANAGE_INSTANCES)
def change(
    instance_id: PartyId,
    place: Annotated[
        list[str] | None, typer.Option(help="AGS it shows, instead of those before; repeatable")
    ] = None,
    name: Annotated[str | None, typer.Option(help="as people know it")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Change what is named, and nothing else; print it before and after."""
    before = after = _of_record(instance_id)
    if place:
        require_places(place)
        after = replace(after, places=tuple(place))
    if name is not None:
        after = replace(after, name=name)
    if after == before:
        refuse(f"{instance_id} is so already, nothing was changed")
    parties.change(before, after)
    parties.say_change(_values(before), _values(after), instance_id, as_json=as_json)


@app.command("show")
@requires(Permission.READ_KEYS)
def show(instance_id: PartyId, *, as_json: AsJson = False) -> None:
    """Show an instance, with its keys."""
    parties.show(PrincipalKind.INSTANCE, instance_id, _values(_of_record(instance_id)), as_json=as_json)


@app.command("list")
@requires(Permission.READ_KEYS)
def list_instances(*, as_json: AsJson = False) -> None:
    """List all instances, with the number of their valid keys."""
    parties.list_parties(PrincipalKind.INSTANCE, as_json=as_json)


@app.command("disable")
@acts(Permission.MANAGE_INSTANCES)
def disable(instance_id: PartyId) -> None:
    """Refuse all its keys from now on: it can read nothing more. Subscriptions stay."""
    parties.switch(PrincipalKind.INSTANCE, instance_id, disable=True)
    typer.echo(f"{instance_id} is disabled: its keys are refused; its subscriptions still get warnings")


@app.command("enable")
@acts(Permission.MANAGE_INSTANCES)
def enable(instance_id: PartyId) -> None:
    """Let its keys be good again."""
    parties.switch(PrincipalKind.INSTANCE, instance_id, disable=False)
    typer.echo(f"{instance_id} is enabled")


def _of_record(instance_id: str) -> Instance:
    return parties.of_record(Parties.instance, PrincipalKind.INSTANCE, instance_id)


def require_places(places: list[str]) -> None:
    if wrong := wrong_municipality(places, load_boundaries(Settings())):
        raise typer.BadParameter(wrong)


def _values(instance: Instance) -> dict[str, Any]:
    """Return what people and programs read of an instance."""
    return {"name": instance.name, "places": list(instance.places)}
