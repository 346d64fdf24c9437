"""`dispatcher keys list | add | rotate | expire | revoke`: keys of sources, feeds, instances and operators, and
gateways' secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from channels.clock import utc_now
from channels.sms.settings import SmsGatewaySettings
from dispatcher.access.credentials import Bearer, KeyEntry, KeyTerms, judge, wrong_end
from dispatcher.access.fingerprints import SecretName, public_key_digest
from dispatcher.access.keys import KEY_ID_PATTERN, KeyKind, fresh_key, named_by, read_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.access.persons import is_person_id
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.access.parties import group_of
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.desk_time import desk_time
from dispatcher.model.principals import CredentialState
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.keys import KeyList, Keys, NoSuchBearer, NoSuchPerson, SeveralPersons

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhd])")
LONGEST = timedelta(days=3660)
"""Ten years: a key that lives longer has no end that anybody would remember."""
TIMES = ("created", "expires", "last used")
HEAD = ("key", "bearer", "state", *TIMES)

app = typer.Typer(help="Keys of sources, feeds, instances and operators.", no_args_is_help=True)


def _called(text: str) -> str:
    name = named_by(text)
    if name is None:  # and never repeat it: most of it may be a secret
        raise typer.BadParameter("that is neither what `keys list` shows of a key nor a whole key")
    return name


KeyId = Annotated[
    str,
    typer.Argument(
        callback=_called,
        help="as `keys list` shows it (what stands before the second _ of a key), or the whole key",
    ),
]
SourceId = Annotated[str, typer.Option("--source", help="the source's id")]
InstanceId = Annotated[str, typer.Option("--instance", help="the instance's id")]
FeedName = Annotated[str, typer.Option("--feed", help="the feed's name")]
Exercise = Annotated[
    bool,
    typer.Option(
        "--exercise", help="a source's key for exercises alone (wx_…), with which no warning is sent"
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(help="a client's certificate (PEM), without which the key is not good"),
]
OperatorId = Annotated[str, typer.Option("--operator", help="the id of an operator away from the machine")]


@app.command("list")
@requires(Permission.READ_KEYS)
def list_keys(
    source: SourceId = "",
    instance: InstanceId = "",
    feed: FeedName = "",
    operator_id: OperatorId = "",
    gateway: Annotated[str, typer.Option(help="the gateway's name")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line each")] = False,
) -> None:
    """List all keys, or those of one: whose they are, whether they are good, their end and last use. Of gateways that
    report, the secrets of the settings: never they themselves.
    """
    bearer, settings = _bearer(source, instance, feed, operator_id, gateway), Settings()

    async def work(pool: record.Pool) -> KeyList:
        return await Keys(pool).of(bearer) if bearer else await Keys(pool).listed()

    lines: list[dict[str, str | None]] = []
    if bearer is None or bearer.kind is not PrincipalKind.GATEWAY:
        try:
            keys = on_record(settings, work)
        except NoSuchBearer as error:
            refuse(f"there is no {error}")
        lines += [_line(str(key.name), key.bearer, key, keys.now) for key in keys.entries]
    if bearer is None or bearer.kind is PrincipalKind.GATEWAY:
        if bearer and bearer.id not in {one.name for one in settings.sms_gateways}:
            refuse(f"there is no {bearer} in WARN_SMS_GATEWAYS")
        lines += _of_gateways(settings.sms_gateways, bearer)
    if as_json:
        for line in lines:
            typer.echo(json_line(line))
    else:
        zone = ZoneInfo(settings.time_zone)
        typer.echo(columns([HEAD, *([_cell(line, name, zone) for name in HEAD] for line in lines)]))


@app.command("revoke")
@acts(Permission.MANAGE_KEYS)
def revoke(key: KeyId) -> None:
    """Make a key worthless at once and for good."""

    async def work(pool: record.Pool) -> tuple[KeyEntry, list[KeyEntry]] | None:
        store = Keys(pool)
        entry = _only(await store.named(key), key)
        if not await store.revoke(entry.name, operator().actor):
            return None
        keys = await store.listed(entry.bearer)
        valid = [one for one in keys.entries if judge(one.terms, keys.now) is CredentialState.VALID]
        return entry, valid

    done = on_record(Settings(), work)
    if done is None:
        typer.echo(f"{key} is revoked already", err=True)
        raise typer.Exit(1)
    entry, valid = done
    typer.echo(f"{entry.name} of {entry.bearer} is revoked")
    if not valid:
        typer.echo(
            f"{entry.bearer} has no valid key left and is locked out; a new one: dispatcher keys rotate "
            f"--{group_of(entry.bearer.kind)} {entry.bearer.id}",
            err=True,
        )


@app.command("expire")
@acts(Permission.MANAGE_KEYS)
def expire(
    key: KeyId,
    at: Annotated[str, typer.Option(help="a time with its zone, e.g. 2027-01-31T12:00+01:00")] = "",
    within: Annotated[str, typer.Option("--in", help="from now, e.g. 90d, 24h, 30m")] = "",
    *,
    never: Annotated[bool, typer.Option(help="take its end away")] = False,
) -> None:
    """Let a key end by itself."""
    if sum(map(bool, (at, within, never))) != 1:
        raise typer.BadParameter("give one of --at, --in and --never")
    end = None if never else _time(at) if at else utc_now() + read_duration(within)
    if end is not None and end <= utc_now():
        raise typer.BadParameter("that time is over; `keys revoke` makes a key worthless now")

    async def work(pool: record.Pool) -> KeyEntry | None:
        store = Keys(pool)
        entry = _only(await store.named(key), key)
        if wrong := wrong_end(entry.name.kind, end, utc_now()):
            refuse(f"{wrong}; nothing was changed")
        return entry if await store.expire(entry.name, end, operator().actor) else None

    entry = on_record(Settings(), work)
    if entry is None:
        typer.echo(f"{key} is revoked, which is for good", err=True)
        raise typer.Exit(1)
    typer.echo(f"{entry.name} of {entry.bearer} ends {f'at {_shown(end)}' if end else 'never'}")


@app.command("add")
@acts(Permission.MANAGE_KEYS)
def add(  # noqa: PLR0913 - the options of a command
    source: SourceId = "",
    instance: InstanceId = "",
    feed: FeedName = "",
    operator_id: OperatorId = "",
    person: Annotated[
        str, typer.Option(help="with --source: who alone has it, and may not approve what it submits")
    ] = "",
    *,
    certificate: Certificate = None,
    exercise: Exercise = False,
) -> None:
    """Print one more key, once. The others stay as good as they are."""
    settings, bearer = Settings(), _keyed_bearer(source, instance, feed, operator_id)
    _require_person_of_source(person, bearer)
    bound = _bound_to(certificate)
    key = fresh_key(_kind(bearer, exercise=exercise), bearer.id)

    async def work(pool: record.Pool) -> None:
        pepper = await agreed_secret(pool, SecretName.PEPPER, settings)
        await Keys(pool).issue(bearer, key, pepper, operator().actor, person, certificate=bound)

    try:
        on_record(settings, work)
    except (NoSuchBearer, NoSuchPerson) as error:
        refuse(f"there is no {error}")
    typer.echo(key)


@app.command("rotate")
@acts(Permission.MANAGE_KEYS)
def rotate(  # noqa: PLR0913 - the options of a command
    source: SourceId = "",
    instance: InstanceId = "",
    feed: FeedName = "",
    operator_id: OperatorId = "",
    overlap: Annotated[str, typer.Option(help="how long the old keys stay good, e.g. 24h")] = "24h",
    person: Annotated[str, typer.Option(help="with --source: whose keys, where several have their own")] = "",
    *,
    certificate: Certificate = None,
    exercise: Exercise = False,
) -> None:
    """Print a new key, once; the old ones end after the overlap: of a source those for warnings, or with --exercise
    those for exercises. The new key is whose the old ones are: keys that are nobody's, or with --person a person's, and
    all others stay as good as they are. It is bound to the certificate that the newest of them is bound to, or to
    another one.
    """
    bearer = _keyed_bearer(source, instance, feed, operator_id)
    _require_person_of_source(person, bearer)
    bound = _bound_to(certificate)
    rotate_keys(bearer, overlap, exercise=exercise, person=person, certificate=bound)


def rotate_keys(
    bearer: Bearer,
    overlap: str,
    *,
    exercise: bool = False,
    person: str = "",
    certificate: bytes | None = None,
) -> None:
    """Print a new key of the bearer, and until when the old ones of the same environment and person are good."""
    settings, meanwhile = Settings(), read_duration(overlap)
    if not KEY_ID_PATTERN.fullmatch(bearer.id):
        refuse(f"there is no {bearer}")
    key = fresh_key(_kind(bearer, exercise=exercise), bearer.id)

    async def work(pool: record.Pool) -> list[KeyEntry]:
        pepper = await agreed_secret(pool, SecretName.PEPPER, settings)
        return await Keys(pool).rotate(
            bearer, key, pepper, meanwhile, operator().actor, person, certificate=certificate
        )

    try:
        old = on_record(settings, work)
    except (NoSuchBearer, NoSuchPerson) as error:
        refuse(f"there is no {error}")
    except SeveralPersons as error:
        refuse(f"say with --person whose key: {error}")
    for entry in old:
        typer.echo(f"{entry.name} ends at {_shown(entry.terms.expires_at)}", err=True)
    typer.echo(key)


def _kind(bearer: Bearer, *, exercise: bool) -> KeyKind:
    """Return the kind of the key that is wanted. Refuses one for exercises of who submits none."""
    if not exercise:
        return bearer.key_kind
    if KeyKind.EXERCISE not in bearer.key_kinds:
        raise typer.BadParameter(f"--exercise: only a source has keys for exercises, and no {bearer.kind}")
    return KeyKind.EXERCISE


def _bound_to(certificate: Path | None) -> bytes | None:
    """Return the digest of the public key of the certificate in a file; None where none is named."""
    if certificate is None:
        return None
    try:
        bound = public_key_digest(certificate.read_bytes())
    except OSError as error:
        refuse(f"--certificate: {error}")
    if bound is None:
        refuse(f"--certificate: {certificate} holds no certificate (PEM)")
    return bound


def _require_person_of_source(person: str, bearer: Bearer) -> None:
    """Refuse a person where none can have a key."""
    if person and bearer.kind is not PrincipalKind.SOURCE:
        raise typer.BadParameter("only a source's key belongs to a person")
    if person and not is_person_id(person):
        raise typer.BadParameter("a person's id is a short name such as m.keller")


def _keyed_bearer(source: str, instance: str, feed: str, operator_id: str) -> Bearer:
    """Return the one bearer of keys that the options name."""
    bearer = _bearer(source, instance, feed, operator_id)
    if bearer is None:
        raise typer.BadParameter("say whose keys: --source, --instance, --feed or --operator")
    if not KEY_ID_PATTERN.fullmatch(bearer.id):
        refuse(f"there is no {bearer}")
    return bearer


def _bearer(source: str, instance: str, feed: str, operator_id: str = "", gateway: str = "") -> Bearer | None:
    """Return the one bearer that the options name, or None where they name none. A feed may be named as the source
    that it is in the record.
    """
    given = [
        Bearer.of(source, None) if source else None,
        Bearer(PrincipalKind.INSTANCE, instance) if instance else None,
        Bearer(PrincipalKind.FEED, feed) if feed else None,
        Bearer(PrincipalKind.REMOTE_OPERATOR, operator_id) if operator_id else None,
        Bearer(PrincipalKind.GATEWAY, gateway) if gateway else None,
    ]
    named = [bearer for bearer in given if bearer is not None]
    if len(named) > 1:
        raise typer.BadParameter("say once whose keys")
    if named and read_key(named[0].id.strip()):  # and never repeat it
        raise typer.BadParameter("that is a key; say by its id whose keys")
    return named[0] if named else None


def _only(found: list[KeyEntry], key: str) -> KeyEntry:
    if not found:
        refuse(f"there is no key {key}; `dispatcher keys list` shows all")
    if len(found) > 1:
        raise typer.BadParameter(f"say which: {' or '.join(str(one.name) for one in found)}")
    return found[0]


def read_duration(text: str) -> timedelta:
    match = DURATION.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"no duration such as 24h (s, m, h, d): {text}")
    duration = timedelta(**{UNITS[match["unit"]]: int(match["number"])})
    if duration > LONGEST:
        raise typer.BadParameter(f"longer than {LONGEST.days} days: {text}")
    return duration


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"no time such as 2027-01-31T12:00+01:00: {text}") from error
    if moment.utcoffset() is None:
        raise typer.BadParameter(
            f"a time without its zone: {text}; with it e.g. {moment:%Y-%m-%dT%H:%M}+01:00"
        )
    return moment


def _cell(line: dict[str, str | None], heading: str, zone: ZoneInfo) -> str:
    """Return what stands under a heading of the table; times are those of the desk."""
    value = line[heading.replace(" ", "_")]
    if value is None or heading not in TIMES:
        return value or "-"
    return desk_time(datetime.fromisoformat(value), zone, "en")


def _shown(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _line(name: str, bearer: Bearer, key: KeyEntry, now: datetime) -> dict[str, str | None]:
    return {
        "key": name,
        "bearer": f"{bearer} ({key.person})" if key.person else str(bearer),
        "state": judge(key.terms, now),
        "created": _shown(key.created_at),
        "expires": _shown(key.terms.expires_at),
        "last_used": _shown(key.used_at),
        "certificate": key.certificate.hex() if key.certificate else None,
    }


def _of_gateways(
    gateways: tuple[SmsGatewaySettings, ...], wanted: Bearer | None
) -> Iterator[dict[str, str | None]]:
    unknown = {"created": None, "last_used": None, "certificate": None}
    for gateway in gateways:
        bearer = Bearer(PrincipalKind.GATEWAY, gateway.name)
        if wanted not in (None, bearer):
            continue
        for name, caller in (("reports", gateway.reports), ("inbound", gateway.inbound)):
            if caller is None:
                continue
            settings = {"key": f"{name}.secret", "bearer": str(bearer), "expires": None, **unknown}
            yield {**settings, "state": CredentialState.VALID}
            if (until := caller.previous_until) is not None:
                state = judge(KeyTerms(expires_at=until), utc_now())
                yield {
                    **settings,
                    "key": f"{name}.previous_secret",
                    "state": state,
                    "expires": _shown(until),
                }
