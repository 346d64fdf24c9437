"""`dispatcher subscriptions import | count`: the endpoints that warnings go to."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.base import Channel, Endpoint, Permanent
from channels.sms.channel import Sms
from channels.webpush.channel import VAPID_KEY
from channels.webpush.vapid import named_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.model.subscriptions import NewSubscription, PutSubscriptions
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions, counts
from dispatcher.store.parties import Parties
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.sms.gateways import sms_gateway_names
from dispatcher.wiring.webpush import checking_keys

CHUNK = 5000
MEMBERS = ("channel", "address", "keys", "places", "language", "instance", "ref")
MAX_REF = 256
"""Characters that a reference may have: it stands in every line of every ledger."""
LANGUAGE = re.compile(r"[a-z]{2,3}")
OPTIONAL_TEXTS = ("language", "instance", "ref")
REASONS = {
    "number_invalid": "no number in E.164, which is + and the country's code without zeros or blanks: +4915100000001",
    "key_missing": "keys needs p256dh and auth, as the browser gives them",
    "key_invalid": "keys.p256dh or keys.auth is not what a browser gives",
    "secret_invalid": "keys.secret is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in Base64",
    "unknown_push_service": "an address at none of the browsers' push services (Mozilla, Google, Apple, Microsoft), "
    "nor at a host in WARN_PUSH_HOSTS",
    "url_malformed": "no address such as https://host.example/path, in printable ASCII",
    "url_too_long": "an address that is too long",
    "url_not_https": "an address of another kind than https://, which WARN_ALLOWED_ORIGINS does not exempt (a push "
    "server: push=http://10.0.0.5:8080)",
    "private_address": "an address in a private net, which WARN_ALLOWED_ORIGINS does not exempt (a push server: "
    "push=https://10.0.0.5)",
    "url_purpose": "an address that WARN_ALLOWED_ORIGINS exempts for something else (a push server needs push= before "
    "it)",
}
"""What the codes of channels mean to whoever writes the file."""

FORMER_CHANNELS = {"sms_http": Sms.name}
"""Names that channels had before: files that say so are understood."""

app = typer.Typer(help="Endpoints.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """What lines may name."""

    channels: Mapping[str, Channel]
    boundaries: Boundaries
    instances: frozenset[str]
    gateways: frozenset[str]


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

    `keys` are the browser's `p256dh` and `auth`, and `vapid`, the applicationServerKey that it subscribed with; without
    that it is the service's current one. Of an SMS, `gateway` is the name of the gateway that sends it, over HTTP or
    SMPP; without it the gateways share by weight.

    A place is an AGS ("05358008"; "05358" for the whole district), a point {"lat", "lon", "radius_m"?} or
    {"polygon": [[lat, lon], …]}. Points and polygons are rounded to three decimals (about 100 m) before
    they are stored.

    Lines that cannot be used are named by number and reason, the others are added; then the exit code is 1. To import
    a file again does no harm. An endpoint that is there already follows the places of the file from then on, of all its
    lines there, and no others; only where lines of several instances name it, places are added and none taken away.
    """
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[PutSubscriptions, list[_Refused]]:
        known = _Known(
            channel_registry(settings, http_client(settings), checking_keys(settings)),
            load_boundaries(settings),
            frozenset(one.id for one in await Parties(pool).listed(PrincipalKind.INSTANCE)),
            frozenset(sms_gateway_names(settings)),
        )
        return await _import(Subscriptions(pool, await agreed_addresses(pool, settings)), file, known)

    put, refused = on_record(settings, work)
    if as_json:
        lines = [{"line": one.line, "reason": one.reason} for one in refused]
        typer.echo(json_line(_summary(put) | {"refused": lines}))
    else:
        for one in refused:
            typer.echo(f"line {one.line}: {one.reason}", err=True)
        typer.echo(f"{put.lines} added or renewed, {len(refused)} refused")
        if put.renewed:
            typer.echo(f"known before: {put.renewed}, of them follow other places now: {put.places_changed}")
        if put.shared:
            typer.echo(f"named by several instances, so that no place was taken away: {put.shared}")
    if refused:
        if not as_json:
            numbers = ranges([one.line for one in refused])
            typer.echo(
                f"not imported: {numbers}; mend them and import the file again, which does no harm", err=True
            )
        raise typer.Exit(1)


def _summary(put: PutSubscriptions) -> dict[str, int]:
    return {
        "added": put.lines,
        "renewed": put.renewed,
        "places_changed": put.places_changed,
        "shared": put.shared,
    }


async def _import(store: Subscriptions, file: Path, known: _Known) -> tuple[PutSubscriptions, list[_Refused]]:
    """Add what can be used, chunk by chunk. Returns what that did, and what could not. Raises OSError, with how far it
    got, when the record is gone meanwhile; says how far when it is interrupted.
    """
    by, put = operator().actor, PutSubscriptions()
    refused: list[_Refused] = []
    named: set[tuple[str, bytes]] = set()
    with file.open("rb") as lines:
        numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        while chunk := list(islice(numbered, CHUNK)):
            good = []
            for number, line in chunk:
                try:
                    good.append(_subscription(line, known))
                except ValueError as error:
                    refused.append(_Refused(number, str(error)))
            try:
                put += await store.put_many(good, by, named)
            except asyncio.CancelledError:
                typer.echo(
                    f"interrupted: lines before {chunk[0][0]} are imported, and none or all to {chunk[-1][0]}; import "
                    "the file again, which does no harm",
                    err=True,
                )
                raise
            except record.UNAVAILABLE as error:
                raise OSError(
                    f"the record is gone ({error}): lines before {chunk[0][0]} are imported, none from there on; "
                    "import the file again, which does no harm"
                ) from error
    return put, refused


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
    endpoint = Endpoint(0, _text(item, "address"), _keys(item.get("keys"), known.gateways))
    if bad := [name for name in OPTIONAL_TEXTS if not isinstance(item.get(name) or "", str)]:
        raise ValueError(f"not a text: {', '.join(bad)}")
    language, ref = item.get("language") or "de", item.get("ref") or None
    if not LANGUAGE.fullmatch(language):
        raise ValueError(f"language is a code of ISO 639 such as de, en or tr, not {shown(language)[:40]}")
    if ref and len(ref) > MAX_REF:
        raise ValueError(f"ref is longer than {MAX_REF} characters")
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
        language=language,
        instance=item.get("instance") or None,
        ref=ref,
        watched_areas=watched_areas,
    )


def _members(line: bytes) -> dict[str, Any]:
    """Return a line's members: those that there are, and at least those that there must be."""
    item = _object(line)
    for name in item:
        if name not in MEMBERS:
            (nearest,) = get_close_matches(name, MEMBERS, n=1, cutoff=0.0)
            raise ValueError(f"there is no member {shown(name)[:40]}; the nearest is {nearest}")
    if missing := [name for name in ("channel", "address", "places") if name not in item]:
        raise ValueError(f"not a subscription: {', '.join(missing)} missing")
    return item


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; every text of it can be kept by the record."""
    try:
        item = json.loads(line)
        json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # an escape that is half of a pair
        raise ValueError("a text holds half a character") from error
    except ValueError as error:
        raise ValueError("not a subscription: no JSON") from error
    except RecursionError as error:
        raise ValueError("not a subscription: nested too deep") from error
    if b"\\u0000" in line:
        raise ValueError("a text holds the character NUL")
    if not isinstance(item, dict):
        raise ValueError("not a subscription: no JSON object")  # noqa: TRY004 - every refusal is a ValueError
    return item


def _channel(name: object, channels: Mapping[str, Channel]) -> Channel:
    name = FORMER_CHANNELS.get(name, name) if isinstance(name, str) else name
    if not isinstance(name, str) or name not in channels:
        unset = "; sms needs WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS" if Sms.name not in channels else ""
        raise ValueError(
            f"unknown or unconfigured channel; configured are {', '.join(sorted(channels))}{unset}"
        )
    return channels[name]


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item[name]
    if not isinstance(value, str):
        raise ValueError(f"not a text: {name}")  # noqa: TRY004 - as above
    return value


def _keys(given: object, gateways: frozenset[str]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("keys must be an object")  # noqa: TRY004 - as above
    keys = {name: _text(given, name) for name in given}
    if VAPID_KEY in keys:
        try:
            keys[VAPID_KEY] = named_key(keys[VAPID_KEY])
        except ValueError:
            raise ValueError("keys.vapid is no applicationServerKey that a browser subscribed with") from None
    if (gateway := keys.get("gateway")) and gateway not in gateways:
        raise ValueError(
            f"there is no gateway {shown(gateway)[:40]} in WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS"
            + (f"; there are {', '.join(sorted(gateways))}" if gateways else "")
        )
    return keys


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
        return await counts(pool)

    for channel, count in sorted(on_record(Settings(), work).items()):
        typer.echo(f"{channel}\t{count}")
