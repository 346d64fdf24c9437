"""`dispatcher subscriptions import | count`: the endpoints that warnings go to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.base import Channel, Endpoint, Permanent
from channels.sms.http import SmsHttp
from dispatcher import wiring
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.parties import Parties

CHUNK = 5000
MEMBERS = ("channel", "address", "keys", "places", "language", "instance", "ref")
OPTIONAL_TEXTS = ("language", "instance", "ref")
REASONS = {
    "number_invalid": "no number in E.164, which is + and the country's code without zeros or blanks: +4915100000001",
    "key_missing": "keys needs p256dh and auth, as the browser gives them",
    "key_invalid": "keys.p256dh or keys.auth is not what a browser gives",
    "secret_invalid": "keys.secret is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in Base64",
    "url_not_https": "an address of another kind than https://",
    "private_address": "an address in a private net, which WARN_ALLOWED_ORIGINS does not exempt",
    "url_purpose": "an address that WARN_ALLOWED_ORIGINS exempts for something else",
}
"""What the codes of channels mean to whoever writes the file."""

app = typer.Typer(help="Endpoints.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """What lines may name."""

    channels: Mapping[str, Channel]
    boundaries: Boundaries
    instances: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Refused:
    line: int
    reason: str


@app.command("import")
@acts(Permission.IMPORT_SUBSCRIPTIONS)
def import_subscriptions(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="one JSON object per line")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Add endpoints from a file: {"channel", "address", "keys", "places", "language"?, "instance"?, "ref"?}.

    A place is an AGS ("05358008"; "05358" for the whole district), a point {"lat", "lon", "radius_m"?} or
    {"polygon": [[lat, lon], …]}. Points and polygons are rounded to three decimals (about 100 m) before
    they are stored.

    Lines that cannot be used are named by number and reason, the others are added; then the exit code is 1. To import
    a file again does no harm: who is there already is renewed.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[int, list[_Refused]]:
        known = _Known(
            wiring.channels(settings, wiring.http_client(settings), wiring.checking_signer(settings)),
            wiring.load_boundaries(settings),
            frozenset(one.id for one in await Parties(pool).listed(PrincipalKind.INSTANCE)),
        )
        return await _import(pool, file, known)

    added, refused = on_record(settings, work)
    if as_json:
        lines = [{"line": one.line, "reason": one.reason} for one in refused]
        typer.echo(json_line({"added": added, "refused": lines}))
    else:
        for one in refused:
            typer.echo(f"line {one.line}: {one.reason}", err=True)
        typer.echo(f"{added} added or renewed, {len(refused)} refused")
    if refused:
        if not as_json:
            numbers = ranges([one.line for one in refused])
            typer.echo(
                f"not imported: {numbers}; mend them and import the file again, which does no harm", err=True
            )
        raise typer.Exit(1)


async def _import(pool: record.Pool, file: Path, known: _Known) -> tuple[int, list[_Refused]]:
    """Add what can be used, chunk by chunk. Returns how many, and what could not. Raises OSError, with how far it got,
    when the record is gone meanwhile.
    """
    store, by, added = Subscriptions(pool), operator().actor, 0
    refused: list[_Refused] = []
    with file.open("rb") as lines:
        numbered = enumerate(lines, 1)
        while chunk := list(islice(numbered, CHUNK)):
            good = []
            for number, line in chunk:
                try:
                    good.append(_subscription(line, known))
                except ValueError as error:
                    refused.append(_Refused(number, str(error)))
            try:
                added += await store.add_many(good, by)
            except record.UNAVAILABLE as error:
                raise OSError(
                    f"the record is gone ({error}): lines before {chunk[0][0]} are imported, none from there on; "
                    "import the file again, which does no harm"
                ) from error
    return added, refused


def ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers of lines as people say them: `lines 2, 5-7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(said)}"


def _subscription(line: bytes, known: _Known) -> NewSubscription:
    item = _members(line)
    channel = _channel(item["channel"], known.channels)
    endpoint = Endpoint(0, str(item["address"]), _keys(item.get("keys")))
    if b"\\u0000" in line:
        raise ValueError("a text holds the character NUL")
    if bad := [name for name in OPTIONAL_TEXTS if not isinstance(item.get(name) or "", str)]:
        raise ValueError(f"not a text: {', '.join(bad)}")
    _require_instance(item.get("instance"), known.instances)
    places, watched_areas = read_places(item["places"], known.boundaries)
    try:
        channel.check(endpoint)
        gateway = channel.gateway(endpoint)
    except Permanent as error:
        raise ValueError(
            f"{error.code}: {REASONS[error.code]}" if error.code in REASONS else error.code
        ) from error
    return NewSubscription(
        channel=channel.name,
        gateway=gateway,
        address=endpoint.address,
        keys=endpoint.keys,
        places=places,
        language=item.get("language") or "de",
        instance=item.get("instance") or None,
        ref=item.get("ref"),
        watched_areas=watched_areas,
    )


def _members(line: bytes) -> dict[str, Any]:
    """Return a line's members: those that there are, and at least those that there must be."""
    try:
        item = json.loads(line)
    except ValueError as error:
        raise ValueError("not a subscription: no JSON") from error
    if not isinstance(item, dict):
        raise ValueError("not a subscription: no JSON object")  # noqa: TRY004 - every refusal is a ValueError
    for name in item:
        if name not in MEMBERS:
            (nearest,) = get_close_matches(name, MEMBERS, n=1, cutoff=0.0)
            raise ValueError(f"there is no member {shown(name)[:40]}; the nearest is {nearest}")
    if missing := [name for name in ("channel", "address", "places") if name not in item]:
        raise ValueError(f"not a subscription: {', '.join(missing)} missing")
    return item


def _channel(name: object, channels: Mapping[str, Channel]) -> Channel:
    if not isinstance(name, str) or name not in channels:
        unset = "; sms_http needs WARN_SMS_GATEWAYS" if SmsHttp.name not in channels else ""
        raise ValueError(
            f"unknown or unconfigured channel; configured are {', '.join(sorted(channels))}{unset}"
        )
    return channels[name]


def _keys(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("keys must be an object")  # noqa: TRY004 - as above
    return {str(name): value for name, value in given.items()}


def _require_instance(name: str | None, instances: frozenset[str]) -> None:
    if name and name not in instances:
        nearest = get_close_matches(name, sorted(instances), n=1)
        hint = f"the nearest is {nearest[0]}" if nearest else "`dispatcher instance list` shows all"
        raise ValueError(f"there is no instance {shown(name)[:40]}; {hint}")


@app.command("count")
@requires(Permission.COUNT_SUBSCRIPTIONS)
def count_subscriptions() -> None:
    """Count active subscriptions by channel."""

    async def work(pool: record.Pool) -> dict[str, int]:
        return await Subscriptions(pool).counts()

    for channel, count in sorted(on_record(Settings(), work).items()):
        typer.echo(f"{channel}\t{count}")
