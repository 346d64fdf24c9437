"""A trail with a chain, and what somebody does to it who may do anything in the database."""

from typing import Any

from dispatcher.access.principals import WORKER
from dispatcher.audit.verification import ChainVerdict, ChainVerifier
from dispatcher.store import audit
from dispatcher.store.audit_chain.anchors import AnchorState
from dispatcher.store.audit_chain.reader import snapshot
from dispatcher.store.audit_chain.writer import ChainWriter

GUARDED = ("audit", "audit_chain", "audit_checkpoint")


async def noted(pool: Any, *actions: str) -> None:
    """Lines, each in a transaction of its own."""
    for action in actions:
        await audit.note(pool, WORKER, action, None, n=action)


async def chained(pool: Any, *actions: str) -> ChainWriter:
    """Lines that are in the chain, and its writer."""
    await noted(pool, *actions)
    writer = ChainWriter(pool)
    while await writer.write():
        pass
    return writer


async def keys(pool: Any) -> list[str]:
    """The public keys that checkpoints were signed by, the oldest first."""
    async with snapshot(pool) as chain:
        return await chain.keys()


async def anchor_states(pool: Any) -> list[AnchorState]:
    """How every anchor stands that there ever was."""
    rows = await pool.fetch(
        "SELECT kind, checkpoint, anchored_at, failing_since, error FROM audit_anchor ORDER BY kind"
    )
    return [AnchorState(*row) for row in rows]


async def verdict(pool: Any, **options: Any) -> ChainVerdict:
    """What a verification of the record finds."""
    verifier = ChainVerifier(**options)
    async with snapshot(pool) as chain:
        async for chunk in chain.chunks():
            verifier.take_all(chunk)
        verifier.beside(await chain.put_beside())
        return verifier.finish(await chain.anchored_number())


async def found(pool: Any, **options: Any) -> list[tuple[str, int]]:
    return [(one.fault.value, one.position) for one in (await verdict(pool, **options)).findings]


async def tamper(pool: Any, *statements: str) -> None:
    """Do it as a superuser who leaves everything as it was but for that."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table in GUARDED:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            await connection.execute(statement)
        for table in GUARDED:
            await connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_append_only")
