"""`dispatcher person add | list | show | change | grant | withdraw | disable | enable | invite | recover | link |
unlink`, `person on-duty` and `person endpoint …`: who signs in, and who is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Final, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer

from dispatcher.access.permissions import Permission
from dispatcher.access.persons import LONGEST_PERSON_ID, Person, entitlement, is_person_id, withheld
from dispatcher.access.principals import Actor
from dispatcher.access.roles import EXERCISE_ROLES, OnCallWindow, Role, RoleGrant
from dispatcher.access.secret_tokens import new_token, token_digest
from dispatcher.boundaries.territories import wrong_territory
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import AsJson, cell, iso
from dispatcher.commands.admin import on_record
from dispatcher.commands.on_duty import endpoints, roster
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.clock import record_time
from dispatcher.store.parties import Parties
from dispatcher.store.persons.identities import LONGEST_SUBJECT, Identities, IdentityKey, Linking
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import PersonEntry, Persons
from dispatcher.wiring.boundaries import load_boundaries

Result = TypeVar("Result")
INVITED_HOURS: Final = 24
"""How many hours a link to enrol is good: whoever is invited in the evening comes in the morning."""
MOST_HOURS: Final = 168
NOBODY: Final = "none"

app = typer.Typer(help="Who signs in: persons and their roles.", no_args_is_help=True)
app.add_typer(endpoints.app, name="endpoint")
app.command("on-duty")(roster.on_duty)
PersonId = Annotated[str, typer.Argument(help="short name, e.g. m.keller")]
RoleName = Annotated[Role, typer.Argument(help="author, approver, operator, auditor or admin")]
Hours = Annotated[int, typer.Option("--hours", min=1, max=MOST_HOURS, help="how long the link is good")]


@app.command("add")
@acts(Permission.MANAGE_PERSONS)
def add(
    person_id: PersonId,
    *,
    environment: Annotated[Environment, typer.Option(help="where the person signs in, for good")],
    source: Annotated[str, typer.Option(help="control centre that the person writes warnings for")] = "",
) -> None:
    """Create a person without roles, of the live service or of the exercise. Whoever does both is two persons, such as
    m.keller and m.keller-uebung. Then `person grant` gives roles, and `person invite` lets the person enrol.
    """
    if not is_person_id(person_id):
        raise typer.BadParameter(
            f"a person is called by at most {LONGEST_PERSON_ID} of a-z and 0-9, with dots and hyphens between: m.keller"
        )
    person = Person(person_id, environment, source_id=source or None)

    async def work(pool: record.Pool) -> bool:
        await _require_source(pool, source)
        return await Persons(pool).add(person, operator().actor)

    if not on_record(Settings(), work):
        refuse(
            f"there is a person {person_id} already, nothing was changed: `dispatcher person show {person_id}`"
        )
    typer.echo(f"{person_id} is of the {_name(environment)}; without a role it may do nothing")


@app.command("list")
@requires(Permission.READ_PERSONS)
def list_persons(*, as_json: AsJson = False) -> None:
    """List all persons with the roles that hold now."""

    async def work(pool: record.Pool) -> tuple[list[PersonEntry], datetime]:
        return await Persons(pool).listed(), await record_time(pool)

    entries, now = on_record(Settings(), work)
    lines = [_line(entry, now) for entry in entries]
    if as_json:
        for line in lines:
            typer.echo(json_line({name: iso(value) for name, value in line.items()}))
        return
    head = ["id", "environment", "state", "roles", "shows", "seen"]
    typer.echo(columns([head, *([cell(line[name]) for name in head] for line in lines)]))


@app.command("show")
@requires(Permission.READ_PERSONS)
def show(person_id: PersonId, *, as_json: AsJson = False) -> None:
    """Show a person: each role with where and when it holds, and why it does not now."""

    async def work(pool: record.Pool) -> tuple[PersonEntry, datetime]:
        return await _found(pool, person_id), await record_time(pool)

    entry, now = on_record(Settings(), work)
    line = _line(entry, now)
    granted = [_granted(entry.person, grant, now) for grant in entry.person.grants]
    if as_json:
        whole = {**line, "granted": [{name: iso(value) for name, value in one.items()} for one in granted]}
        typer.echo(json_line({name: iso(value) for name, value in whole.items()}))
        return
    typer.echo(columns([[name, cell(value)] for name, value in line.items()]))
    if granted:
        head = list(granted[0])
        typer.echo(columns([head, *([cell(one[name]) for name in head] for one in granted)]))


@app.command("change")
@acts(Permission.MANAGE_PERSONS)
def change(
    person_id: PersonId,
    source: Annotated[str, typer.Option(help="control centre that the person writes for, or `none`")],
) -> None:
    """Change for which control centre a person writes warnings. It holds from the next request on."""

    async def work(pool: record.Pool) -> None:
        wanted = None if source == NOBODY else source
        await _require_source(pool, wanted or "")
        if (await _found(pool, person_id)).person.source_id == wanted:
            refuse(f"{person_id} is so already, nothing was changed")
        await Persons(pool).write_for(person_id, wanted, operator().actor)

    on_record(Settings(), work)
    typer.echo(f"{person_id} writes for {'nobody' if source == NOBODY else source}")


@app.command("grant")
@acts(Permission.MANAGE_PERSONS)
def grant(
    person_id: PersonId,
    role: RoleName,
    territory: Annotated[
        list[str] | None, typer.Option(help="AGS or prefix where it holds; repeatable; default: everywhere")
    ] = None,
    since: Annotated[str, typer.Option(help="from when, e.g. 2026-12-01T08:00; default: now")] = "",
    until: Annotated[str, typer.Option(help="until when, e.g. 2026-12-31T18:00; default: without end")] = "",
    on_call: Annotated[
        list[str] | None,
        typer.Option(help="part of the week, e.g. 'fri 17:00-mon 07:00'; repeatable; default: always"),
    ] = None,
) -> None:
    """Give a person a role, in place of what it had of this role. It holds from the next request on."""
    settings = Settings()
    zone = ZoneInfo(settings.time_zone)
    given = RoleGrant(
        role,
        tuple(territory or ()),
        _moment(since, zone, "--since"),
        _moment(until, zone, "--until"),
        tuple(_window(text) for text in on_call or ()),
    )
    if given.since and given.until and given.until <= given.since:
        raise typer.BadParameter("--until is not after --since")
    if territory and (wrong := wrong_territory(territory, load_boundaries(settings))):
        raise typer.BadParameter(wrong)

    async def work(pool: record.Pool) -> None:
        person = (await _found(pool, person_id)).person
        if person.environment is Environment.EXERCISE and role not in EXERCISE_ROLES:
            refuse(f"the exercise has no {role}: what there is to do is always live; nothing was changed")
        await Persons(pool).grant(person_id, given, operator().actor)

    on_record(settings, work)
    typer.echo(f"{person_id} is {role}")


@app.command("withdraw")
@acts(Permission.MANAGE_PERSONS)
def withdraw(person_id: PersonId, role: RoleName) -> None:
    """Take a role from a person, at once, also while it is signed in."""

    async def work(pool: record.Pool) -> bool:
        await _found(pool, person_id)
        return await Persons(pool).withdraw(person_id, role, operator().actor)

    if not on_record(Settings(), work):
        refuse(f"{person_id} is no {role}, nothing was changed")
    typer.echo(f"{person_id} is no {role} any more")


@app.command("disable")
@acts(Permission.MANAGE_PERSONS)
def disable(person_id: PersonId) -> None:
    """Keep a person out from now on, also by keys of its own, and end its sessions. What it has done stays."""
    _switch(person_id, Persons.disable, "disabled")
    typer.echo(
        f"{person_id} is disabled: its sessions have ended, it cannot sign in, and its keys open nothing"
    )


@app.command("enable")
@acts(Permission.MANAGE_PERSONS)
def enable(person_id: PersonId) -> None:
    """Let a person sign in again, with the credentials and keys that it had."""
    _switch(person_id, Persons.enable, "enabled")
    typer.echo(f"{person_id} is enabled")


@app.command("invite")
@acts(Permission.MANAGE_PERSONS)
def invite(person_id: PersonId, hours: Hours = INVITED_HOURS) -> None:
    """Print the link by which a person enrols, once: it works once, and not for long. Hand it over so that you know who
    gets it. An earlier link is good no more, nor what it has opened. Credentials that the person has stay as they are:
    who has some already, and lost them or fears that somebody else has them, needs `person recover`.
    """
    _invite(person_id, Invitations.invite, hours)


@app.command("recover")
@acts(Permission.MANAGE_PERSONS)
def recover(person_id: PersonId, hours: Hours = INVITED_HOURS, *, yes: Yes = False) -> None:
    """Print a link by which a person enrols anew, who has lost what it showed: password, passkeys, TOTP and recovery
    codes are good no more, its account at an OpenID provider is unlinked, its sessions end, and its keys of a source
    are revoked. Make sure first that it is this person who asks.
    """
    require_confirmation(
        f"all credentials of {person_id} are deleted, its keys are revoked, and its sessions end", yes=yes
    )
    _invite(person_id, Invitations.recover, hours)


@app.command("link")
@acts(Permission.MANAGE_PERSONS)
def link(
    person_id: PersonId,
    subject: Annotated[
        str,
        typer.Option(
            help="as what the OpenID provider knows the person: the claim `sub`, not an e-mail address"
        ),
    ],
) -> None:
    """Let an account at the OpenID provider of the person's environment sign it in, in place of an earlier one. Or let
    the person do that: on the page of its link (`person invite`).
    """
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise typer.BadParameter(f"--subject: 1 to {LONGEST_SUBJECT} printable characters are expected")
    settings = Settings()

    async def work(pool: record.Pool) -> Linking:
        environment = (await _found(pool, person_id)).person.environment
        issuer = getattr(settings, f"oidc_{environment.value}_issuer")
        if not issuer:
            refuse(
                f"the {_name(environment)} has no OpenID provider: WARN_OIDC_{environment.upper()}_ISSUER is not set"
            )
        key = IdentityKey(environment, issuer, subject)
        return await Identities(pool).link(person_id, key, operator().actor)

    if on_record(settings, work) is not Linking.DONE:
        refuse(
            "this account at the provider is another person's, nothing was changed: `dispatcher person unlink` first"
        )
    typer.echo(f"{person_id} signs in at the OpenID provider")


@app.command("unlink")
@acts(Permission.MANAGE_PERSONS)
def unlink(person_id: PersonId) -> None:
    """Let no account at an OpenID provider sign a person in any more, and end the sessions that were begun so. What the
    person shows otherwise stays good.
    """

    async def work(pool: record.Pool) -> int:
        await _found(pool, person_id)
        return await Identities(pool).unlink(person_id, operator().actor)

    if not on_record(Settings(), work):
        refuse(f"{person_id} is linked to nothing, nothing was changed")
    typer.echo(f"{person_id} does not sign in at an OpenID provider any more")


def _invite(
    person_id: str,
    write: Callable[[Invitations, str, bytes, timedelta, Actor], Awaitable[bool]],
    hours: int,
) -> None:
    settings, token = Settings(), new_token()
    if not settings.console_url:
        refuse("nobody can sign in: WARN_CONSOLE_URL says at which origin the console is, and is not set")

    async def work(pool: record.Pool) -> tuple[Person, bool]:
        person = (await _found(pool, person_id)).person
        digest = token_digest(token)
        return person, await write(
            Invitations(pool), person_id, digest, timedelta(hours=hours), operator().actor
        )

    person, done = on_record(settings, work)
    if not done:
        refuse(f"{person_id} is disabled: `dispatcher person enable {person_id}` first")
    typer.echo(f"{settings.console_url}/console/{person.environment}/invitation/{token}")
    typer.echo(f"it works once, within {hours} h", err=True)


def _switch(person_id: str, act: Callable[[Persons, str, Actor], Awaitable[bool | None]], state: str) -> None:
    async def work(pool: record.Pool) -> bool | None:
        await _found(pool, person_id)
        return await act(Persons(pool), person_id, operator().actor)

    if not on_record(Settings(), work):
        refuse(f"{person_id} is {state} already")


async def _found(pool: record.Pool, person_id: str) -> PersonEntry:
    store = Persons(pool)
    entry = await store.entry(person_id)
    if entry is None:
        _refuse_unknown(person_id, [one.person.id for one in await store.listed()])
    return entry


def _refuse_unknown(person_id: str, known: list[str]) -> NoReturn:
    nearest = get_close_matches(person_id, known, n=1)
    hint = f"the nearest is {nearest[0]}; " if nearest else ""
    refuse(f"there is no person {person_id}; {hint}`dispatcher person list` shows all")


async def _require_source(pool: record.Pool, source: str) -> None:
    if source and await Parties(pool).source(source) is None:
        refuse(f"there is no source {source}: `dispatcher source list` shows all; nothing was changed")


def _line(entry: PersonEntry, now: datetime) -> dict[str, Any]:
    person = entry.person
    return {
        "id": person.id,
        "environment": person.environment.value,
        "state": "disabled" if entry.disabled_at else "enabled",
        "roles": [grant.role.value for grant in entitlement(person, now).held],
        "source": person.source_id,
        "shows": list(entry.shows),
        "seen": entry.seen_at,
        "invited_until": entry.invited_until,
        "created": entry.created_at,
        "disabled": entry.disabled_at,
    }


def _granted(person: Person, given: RoleGrant, now: datetime) -> dict[str, Any]:
    why = withheld(person, given, now)
    return {
        "role": given.role.value,
        "holds": why is None,
        "because": why and why.value,
        "territory": list(given.territory),
        "since": given.since,
        "until": given.until,
        "on_call": [str(window) for window in given.on_call],
    }


def _moment(text: str, zone: ZoneInfo, option: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option}: no date and time such as 2026-12-31T18:00: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _window(text: str) -> OnCallWindow:
    try:
        return OnCallWindow.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--on-call: {error}") from None


def _name(environment: Environment) -> str:
    return "live service" if environment is Environment.LIVE else "exercise"
