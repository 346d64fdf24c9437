"""`dispatcher person endpoint add | confirm | list | remove | test`: where a person is told when on duty.

An address and a code are asked for, and never arguments: a command line is kept in histories and lists of processes.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.access.parties import AsJson, cell, iso
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.terminal import columns, json_line
from dispatcher.on_duty.endpoints import Confirmation, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store.on_duty.endpoints import DutyEndpoints, TooManyEndpoints

if TYPE_CHECKING:
    from dispatcher.on_duty.endpoints import DutyEndpoint
    from dispatcher.store import record

ANSWER_WITHIN_S: Final = 40.0
"""How long is waited for what a worker is answered: longer than an attempt may take."""
LOOK_EVERY_S: Final = 0.25
LONGEST: Final = 300
_ASKED: Final = {DutyChannel.SMS: "Telephone number", DutyChannel.EMAIL: "Mailbox"}
_CONFIRMED: Final = {
    Confirmation.WRONG: "this is not the code; nothing was changed",
    Confirmation.OVER: "no code of this endpoint is good now: `dispatcher person endpoint test` sends another",
}

app = typer.Typer(help="Where a person is told when on duty.", no_args_is_help=True)
PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="short name, e.g. m.keller")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="the endpoint's, as `list` shows it", min=1)]


@app.command("add")
@acts(Permission.MANAGE_PERSONS)
def add(
    person_id: PersonId,
    channel: Annotated[DutyChannel, typer.Argument(help="sms or email; a browser is added in the console")],
    label: Annotated[str, typer.Option(help="what it is called, e.g. 'work phone'; no address")] = "",
) -> None:
    """Add a telephone number or a mailbox, which is asked for, and send a code to it. It counts once `person endpoint
    confirm` has got that code.
    """
    try:
        new = typed_endpoint(channel, _typed(_ASKED.get(channel, "Address")), label)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None

    async def work(stores: DutyEndpoints) -> tuple[int | None, str | None]:
        number = await stores.add(person_id, new, operator().actor)
        return number, None if number is None else await _tested(stores, number)

    try:
        number, answer = _on_endpoints(work)
    except TooManyEndpoints:
        refuse(f"{person_id} has as many endpoints as a person may have; nothing was changed")
    if number is None:
        refuse(f"there is no person {person_id} who is enabled; `dispatcher person list` shows all")
    typer.echo(f"endpoint {number} of {person_id}")
    _say(number, answer)


@app.command("confirm")
@acts(Permission.MANAGE_PERSONS)
def confirm(number: Number) -> None:
    """Take the code that came to an endpoint, which is asked for. From then on the person is told there."""
    code = _typed("Code")

    async def work(stores: DutyEndpoints) -> Confirmation:
        return await stores.confirm(number, code, operator().actor)

    done = _on_endpoints(work)
    if done is not Confirmation.PROVEN:
        refuse(_CONFIRMED[done])
    typer.echo(f"endpoint {number} works")


@app.command("list")
@requires(Permission.READ_PERSONS)
def list_endpoints(
    person_id: Annotated[str, typer.Argument(metavar="[PERSON]", help="of this person only")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List endpoints: whether they work, when a message was accepted last, and what was answered. No addresses."""

    async def work(stores: DutyEndpoints) -> list[DutyEndpoint]:
        return await stores.listed(person_id)

    lines = [_line(one) for one in _on_endpoints(work)]
    for line in lines if as_json else ():
        typer.echo(json_line({name: iso(value) for name, value in line.items()}))
    if not as_json:
        head = ["number", "person", "channel", "label", "state", "last_accepted", "last_answer"]
        typer.echo(columns([head, *([cell(line[name]) for name in head] for line in lines)]))


@app.command("remove")
@acts(Permission.MANAGE_PERSONS)
def remove(number: Number) -> None:
    """Erase an endpoint and what is on its way to it."""

    async def work(stores: DutyEndpoints) -> bool:
        return await stores.remove(number, operator().actor)

    if not _on_endpoints(work):
        refuse(f"there is no endpoint {number}: `dispatcher person endpoint list` shows all")
    typer.echo(f"endpoint {number} is erased")


@app.command("test")
@acts(Permission.MANAGE_PERSONS)
def test(number: Number) -> None:
    """Send a code to an endpoint and say what came back. `person endpoint confirm` takes the code; a browser brings it
    back by itself. Ends with 1 where it was not accepted.
    """

    async def work(stores: DutyEndpoints) -> tuple[DutyEndpoint | None, str | None]:
        known = await stores.numbered(number)
        return known, None if known is None else await _tested(stores, number)

    known, answer = _on_endpoints(work)
    if known is None:
        refuse(f"there is no endpoint {number}: `dispatcher person endpoint list` shows all")
    _say(number, answer)


def _on_endpoints(work: Any) -> Any:
    settings = Settings()

    async def on_stores(pool: record.Pool) -> Any:
        return await work(DutyEndpoints(pool, await agreed_addresses(pool, settings)))

    return on_record(settings, on_stores)


async def _tested(stores: DutyEndpoints, number: int) -> str | None:
    """Have a code sent. Returns what was answered; None: nothing within the time; empty: nothing was sent."""
    message = await stores.ask_code(number, operator().actor)
    if message is None:
        return ""
    give_up = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
    while (answer := await stores.answer_of(message)) is None:
        if asyncio.get_running_loop().time() >= give_up:
            return None
        await asyncio.sleep(LOOK_EVERY_S)
    return answer


def _say(number: int, answer: str | None) -> None:
    if answer == "":
        refuse("a code was sent a moment ago; wait half a minute (or until tomorrow, after twenty)")
    if answer is None:
        refuse("no worker has sent the code yet; does one run?")
    if answer != "accepted":
        refuse(f"the code was not accepted: {answer}; it is tried again for two minutes")
    typer.echo(f"a code was accepted for it: `dispatcher person endpoint confirm {number}` takes it")


def _typed(what: str) -> str:
    typed = typer.prompt(what, err=True) if sys.stdin.isatty() else sys.stdin.readline(LONGEST + 2)
    typed = typed.strip()
    if not typed or len(typed) > LONGEST:
        raise typer.BadParameter(f"the input has 1 to {LONGEST} characters")
    return str(typed)


def _line(one: DutyEndpoint) -> dict[str, Any]:
    state = "works" if one.works else "gone" if one.gone_at else "not proven"
    return {
        "number": one.id,
        "person": one.person_id,
        "channel": one.channel.value,
        "label": one.label,
        "state": state,
        "last_accepted": one.last_accepted_at,
        "last_confirmed": one.last_confirmed_at,
        "last_answer": one.last_answer,
        "created": one.created_at,
    }
