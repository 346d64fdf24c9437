"""`dispatcher audit checkpoint | keys`: signed words about how far the chain is, and the keys to verify them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.audit.checkpoint import public_pem
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import audit
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.audit_chain.reader import snapshot
from dispatcher.store.audit_chain.writer import ChainWriter

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.audit.checkpoint import Checkpoint
    from dispatcher.store.record import Pool


@acts(Permission.SIGN_AUDIT)
def checkpoint(
    *,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="sign with a new key from now on, as after the old one was stolen"),
    ] = False,
) -> None:
    """Chain what is on the trail, sign how far it is, and print that as a line of JSON: keep it where the service does
    not reach, on paper if need be. Workers do the same by themselves every few minutes.
    """
    settings, by = Settings(), operator().actor

    async def work(pool: Pool) -> Checkpoint | None:
        return await make(
            pool, Checkpoints(pool, await agreed_addresses(pool, settings)), by, new_key=new_key
        )

    made = on_record(settings, work)
    if made is None:
        refuse("there is nothing in the chain yet: entries of transactions that are still open wait for them")
    typer.echo(made.line().decode().rstrip("\n"))


async def make(pool: Pool, checkpoints: Checkpoints, by: Actor, *, new_key: bool) -> Checkpoint | None:
    """Note on the trail who asks, chain all that can be, and return a checkpoint at the end of the chain; None where it
    is empty.
    """
    if new_key:
        await checkpoints.rotate(by)
    await audit.note(pool, by, "audit.checkpoint")
    writer = ChainWriter(pool)
    while await writer.write():
        pass
    return await checkpoints.make() or await checkpoints.last()


@requires(Permission.READ_AUDIT)
def keys() -> None:
    """Print the public keys (Ed25519) that checkpoints are signed by, the one that signs last, each with its PEM. Give
    them to whoever verifies on another way than the trail itself.
    """

    async def work(pool: Pool) -> list[str]:
        async with snapshot(pool) as chain:
            return await chain.keys()

    for key in on_record(Settings(), work):
        typer.echo(f"{key}\n{public_pem(key).decode()}", nl=False)
