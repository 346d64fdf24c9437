"""`dispatcher subscribers …`: what is kept of a person who asks at the town hall, and its end (GDPR, Art. 15 and 17).

Who it is about is asked for, and never an argument: a command line is kept in histories and lists of processes.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import Yes, refuse, require_confirmation
from dispatcher.commands.access.parties import cell
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store.audience.data_subjects import DataSubjects, PersonalData
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.subscribers import Installation, Subscribers

if TYPE_CHECKING:
    from dispatcher.model.subscribers import Subscriber
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

LONGEST: Final = 2048
_NUMBER: Final = re.compile(r"(\+|00?)[1-9][\d ()/.-]{4,30}")

app = typer.Typer(help="People who subscribed, or were imported: show, export, erase.", no_args_is_help=True)
Instance = Annotated[
    str, typer.Option(help="id of the app: then its installation's id is asked for, else an address")
]
Number = Annotated[int | None, typer.Option(min=1, help="the subscriber's number, as `show` prints it")]


@dataclass(frozen=True, slots=True)
class _Stores:
    """What a command reads and writes, once the record is reached."""

    subjects: DataSubjects
    subscribers: Subscribers
    ends: SubscriberEnds
    addresses: Addresses

    @classmethod
    async def on(cls, pool: Pool, settings: Settings) -> _Stores:
        addresses = await agreed_addresses(pool, settings)
        return cls(
            DataSubjects(pool, addresses),
            Subscribers(pool, addresses),
            SubscriberEnds(pool, addresses),
            addresses,
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked about: the number of a subscriber, an app and the id of its installation, or an address."""

    number: int | None
    instance: str
    typed: str

    async def kept(self, stores: _Stores) -> PersonalData:
        if self.number is not None:
            known = await stores.subscribers.numbered(self.number)
            return PersonalData() if known is None else PersonalData((self.number,))
        if not self.instance:
            return await stores.subjects.at(self.typed)
        from dispatcher.wiring.subscribers import management_tokens

        tokens = management_tokens(stores.addresses.sealing.keyed_hash)
        found = await stores.subscribers.of(
            Installation(self.instance, tokens.installation(self.instance, self.typed))
        )
        return PersonalData() if found is None else PersonalData((found.number,))


@app.command("show")
@requires(Permission.READ_SUBSCRIBERS)
def show(instance: Instance = "", number: Number = None) -> None:
    """Show whom there is: subscribers by number, with their apps, endpoints and places, and whether the address was
    imported. Without addresses. The audit trail has who looked.

    Asks for a telephone number, a push address, or with --instance for the id of an installation.
    """
    asked = _asked(instance, number)

    async def work(pool: Pool) -> tuple[PersonalData, list[Subscriber]]:
        stores = await _Stores.on(pool, Settings())
        kept = await asked.kept(stores)
        found = [await stores.subscribers.numbered(one) for one in kept.subscribers]
        await stores.subjects.note_look(kept, operator().actor)
        return kept, [one for one in found if one is not None]

    kept, subscribers = on_record(Settings(), work)
    _require_some(kept)
    for line in lines(kept, subscribers):
        typer.echo(line)


@app.command("export")
@requires(Permission.READ_SUBSCRIBERS)
def export(instance: Instance = "", number: Number = None) -> None:
    """Print all that is kept of a person, as JSON, with addresses: for that person alone. The audit trail has who
    exported.
    """
    asked = _asked(instance, number)

    async def work(pool: Pool) -> tuple[PersonalData, dict[str, Any]]:
        stores, by = await _Stores.on(pool, Settings()), operator().actor
        kept = await asked.kept(stores)
        return kept, {
            "subscribers": [await stores.subscribers.export(one, by) for one in kept.subscribers],
            "imported": [await stores.subjects.imported(one, by) for one in kept.imported],
        }

    kept, found = on_record(Settings(), work)
    _require_some(kept)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))


@app.command("leave")
@acts(Permission.ERASE_SUBSCRIBERS)
def leave(
    instance: Instance = "",
    number: Number = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="where several are found, all of them: a number may be a family's")
    ] = False,
    yes: Yes = False,
) -> None:
    """Erase a person: what was wanted, endpoints, and what was imported with the address. What ledgers keep is a
    number. Nothing brings it back; a file that is imported again does.
    """
    asked = _asked(instance, number)

    async def find(pool: Pool) -> PersonalData:
        return await asked.kept(await _Stores.on(pool, Settings()))

    kept = on_record(Settings(), find)
    _require_some(kept)
    if len(kept.subscribers) > 1 and not everything:
        numbers = ", ".join(map(str, kept.subscribers))
        refuse(f"several have this address: {numbers}; say --number for one, or --all; nothing was changed")
    require_confirmation(f"this erases {counted(kept)}, for good", yes=yes)

    async def work(pool: Pool) -> None:
        stores, by = await _Stores.on(pool, Settings()), operator().actor
        for one in kept.subscribers:
            await stores.ends.leave(one, by)
        for one in kept.imported:
            await stores.subjects.take_out(one, by)

    on_record(Settings(), work)
    typer.echo(f"erased: {counted(kept)}")


def lines(kept: PersonalData, subscribers: list[Subscriber]) -> list[str]:
    """Return what is said of whom there is."""
    found = []
    for one in subscribers:
        until = f", ended {cell(one.ended_at)}" if one.ended_at else ""
        found.append(
            f"subscriber {one.number} of {one.instance}: since {cell(one.created_at)}, "
            f"last seen {cell(one.seen_at)}{until}"
        )
        found += [
            f"  {end.channel}: {end.state}, last accepted {cell(end.last_accepted)}, "
            f"last confirmed {cell(end.last_confirmed)}"
            for end in one.endpoints
        ]
        found.append(
            f"  follows {', '.join(one.places) or 'no place'}; "
            f"{how_many(len(one.watched_areas), 'point or area', 'points and areas')}"
        )
    return found + [f"imported: endpoint {one}" for one in kept.imported]


def counted(kept: PersonalData) -> str:
    """Return how many there are, in words."""
    parts = [(len(kept.subscribers), "subscriber"), (len(kept.imported), "imported endpoint")]
    return " and ".join(how_many(n, what) for n, what in parts if n)


def typed_address(text: str) -> str:
    """Return an address as the record has it: of a telephone number as people write it, that after E.164; a German one
    where no country is named.
    """
    text = text.strip().replace("(0)", "")
    if not _NUMBER.fullmatch(text):
        return text
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else f"+49{digits[1:]}"


def _asked(instance: str, number: int | None) -> _Asked:
    if number is not None:
        if instance:
            raise typer.BadParameter("give one of --instance and --number")
        return _Asked(number, "", "")
    what = "Id of the installation" if instance else "Telephone number or push address"
    typed = typer.prompt(what, err=True) if sys.stdin.isatty() else sys.stdin.readline(LONGEST + 2)
    typed = typed.strip()
    if not typed or len(typed) > LONGEST:
        raise typer.BadParameter(f"the input has 1 to {LONGEST} characters")
    return _Asked(None, instance, typed if instance else typed_address(typed))


def _require_some(kept: PersonalData) -> None:
    if not kept:
        refuse("nothing is kept of it")
