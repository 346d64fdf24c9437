"""`dispatcher subscriptions import | count`: the endpoints that warnings go to."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.base import Channel, Endpoint, Permanent
from dispatcher import wiring
from dispatcher.access.permissions import Permission
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import operator, requires
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions

CHUNK = 5000
OPTIONAL_TEXTS = ("language", "instance", "ref")

app = typer.Typer(help="Endpoints.", no_args_is_help=True)


@app.command("import")
@requires(Permission.IMPORT_SUBSCRIPTIONS)
def import_subscriptions(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="one JSON object per line")],
) -> None:
    """Add endpoints from a file: {"channel", "address", "keys", "places", "language"?, "instance"?, "ref"?}.

    A place is an AGS ("05358008"; "05358" for the whole district), a point {"lat", "lon", "radius_m"?} or
    {"polygon": [[lat, lon], …]}. Points and polygons are rounded to three decimals (about 100 m) before
    they are stored.

    Lines that cannot be used are named by number and reason, the others are added; then the exit code is 1.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[int, int]:
        registry = wiring.channels(settings, wiring.http_client(settings))
        boundaries = wiring.load_boundaries(settings)
        store, by, added, refused = Subscriptions(pool), operator().actor, 0, 0
        with file.open("rb") as lines:
            numbered = enumerate(lines, 1)
            while chunk := list(islice(numbered, CHUNK)):
                good = []
                for number, line in chunk:
                    try:
                        good.append(_subscription(line, registry, boundaries))
                    except ValueError as error:
                        refused += 1
                        typer.echo(f"line {number}: {error}", err=True)
                added += await store.add_many(good, by)
        return added, refused

    added, refused = on_record(settings, work)
    typer.echo(f"{added} added or renewed, {refused} refused")
    if refused:
        raise typer.Exit(1)


def _subscription(line: bytes, registry: dict[str, Channel], boundaries: Boundaries) -> NewSubscription:
    try:
        item: dict[str, Any] = json.loads(line)
        channel = registry.get(item["channel"])
        keys, followed = dict(item.get("keys") or {}), item["places"]
        endpoint = Endpoint(0, str(item["address"]), keys)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a subscription: {type(error).__name__}") from error
    if b"\\u0000" in line:
        raise ValueError("a text holds the character NUL")
    if bad := [name for name in OPTIONAL_TEXTS if not isinstance(item.get(name) or "", str)]:
        raise ValueError(f"not a text: {', '.join(bad)}")
    if channel is None:
        raise ValueError("unknown or unconfigured channel")
    places, watched_areas = read_places(followed, boundaries)
    try:
        channel.check(endpoint)
        gateway = channel.gateway(endpoint)
    except Permanent as error:
        raise ValueError(error.code) from error
    return NewSubscription(
        channel=channel.name,
        gateway=gateway,
        address=endpoint.address,
        keys=keys,
        places=places,
        language=item.get("language") or "de",
        instance=item.get("instance"),
        ref=item.get("ref"),
        watched_areas=watched_areas,
    )


@app.command("count")
@requires(Permission.COUNT_SUBSCRIPTIONS)
def count_subscriptions() -> None:
    """Count active subscriptions by channel."""

    async def work(pool: record.Pool) -> dict[str, int]:
        return await Subscriptions(pool).counts()

    for channel, count in sorted(on_record(Settings(), work).items()):
        typer.echo(f"{channel}\t{count}")
