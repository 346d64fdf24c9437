"""Import a file of endpoints: check its rows, make them ready in the record, make endpoints of them. Ended half-way, it
goes on where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import typer

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import Actor
from dispatcher.access.sealing import Sealing
from dispatcher.commands.bulk.checker import BESIDE_FROM_BYTES, CheckOrders, checked
from dispatcher.commands.bulk.error_file import write_errors
from dispatcher.commands.bulk.records import FileFormat, FileLayout, FileRefused, layout_of, records
from dispatcher.commands.bulk.whole_file import require_new, written_whole
from dispatcher.model.sentences.count import how_many
from dispatcher.model.subscriptions import PutSubscriptions
from dispatcher.runtime.secrets.ring import agreed_ring
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.imports.endpoint_import import (
    DoubtfulRow,
    EndpointImport,
    ImportRunning,
    Refusal,
    Staged,
    group_bounds,
    importing,
)
from dispatcher.store.parties import Parties
from dispatcher.store.sealed.addresses import Addresses

Told: TypeAlias = Callable[[str, int], object]
"""Hears what is done by now, and of how many lines or rows."""
VERSION: Final = 2
"""Of what stands in the record half-way: what an older version left is not gone on with."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which file is imported, and how. `legal_basis`: of rows that state none. `errors`: where rows go that cannot be
    used.
    """

    file: Path
    legal_basis: str = ""
    errors: Path | None = None
    dry_run: bool = False
    beside_from: int = BESIDE_FROM_BYTES


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, and the rows that could not be used. `resumed`: after so many lines of an earlier attempt;
    `doubted`: what is said of rows that were imported all the same.
    """

    put: PutSubscriptions
    refused: list[Refusal]
    resumed: int = 0
    doubted: list[DoubtfulRow] = field(default_factory=list)


async def import_file(
    pool: record.Pool, settings: Settings, wanted: Wanted, by: Actor, told: Told
) -> ImportResult:
    """Import it; `told` hears how far it is. Raises `FileRefused`, and OSError, which says what to do, where the record
    is gone meanwhile, or somebody else imports.
    """
    layout = layout_of(wanted.file)
    if wanted.errors is not None:
        require_new(wanted.errors)
    ring, noted = await agreed_ring(pool, settings)
    instances = frozenset(one.id for one in await Parties(pool).listed(PrincipalKind.INSTANCE))
    orders = CheckOrders(layout, ring, max(noted), instances, wanted.legal_basis)
    if wanted.dry_run:
        return await _tried(wanted, orders, told)
    addresses = Addresses(Sealing(ring, max(noted)))
    try:
        async with importing(pool, addresses, _digest(wanted), by) as one:
            resumed = one.state.line
            put, refused = await _imported(one, wanted, orders, told)
            doubted = await one.doubted()
            _write(wanted, layout, refused)
            await one.end()
            return ImportResult(put, refused, resumed, doubted)
    except ImportRunning:
        raise OSError("another import is under way: try again when it has ended") from None


async def _tried(wanted: Wanted, orders: CheckOrders, told: Told) -> ImportResult:
    rows = 0
    refused: list[Refusal] = []
    doubted: list[DoubtfulRow] = []
    async with aclosing(_checked(wanted, orders)) as found:
        async for staged in found:
            rows += len(staged.rows)
            refused += staged.refused
            doubted += staged.doubted
            told("checked", staged.line)
    _require_rows(rows + len(refused))
    _write(wanted, orders.layout, refused)
    return ImportResult(PutSubscriptions(rows), refused, doubted=doubted)


async def _imported(
    one: EndpointImport, wanted: Wanted, orders: CheckOrders, told: Told
) -> tuple[PutSubscriptions, list[Refusal]]:
    try:
        if not one.state.checked:
            async with aclosing(_checked(wanted, orders, one.state.position, one.state.line)) as found:
                async for staged in found:
                    await one.stage(staged)
                    told("checked", staged.line)
            await one.all_checked()
        refused = await one.refused()
        _require_rows(one.state.rows + len(refused))
        put = await one.take(lambda done, of: told("imported", one.state.rows * done // of))
    except asyncio.CancelledError:
        typer.echo(f"interrupted: {_so_far(one)}", err=True)
        raise
    except record.UNAVAILABLE as error:
        raise OSError(f"the record is gone ({error}): {_so_far(one)}") from error
    return put, refused


def _checked(
    wanted: Wanted, orders: CheckOrders, position: int = 0, line: int = 0
) -> AsyncGenerator[Staged, None]:
    beside = wanted.file.stat().st_size >= wanted.beside_from
    return checked(records(wanted.file, orders.layout, position, line), orders, beside=beside)


def _so_far(one: EndpointImport) -> str:
    state = one.state
    if not state.checked:
        far = f"{how_many(state.line, 'line is', 'lines are')} checked, and none imported yet"
    else:
        parts = how_many(len(group_bounds(state.rows)), "part is", "parts are")
        far = f"{len(state.groups_done)} of {parts} imported, each wholly or not at all"
    return f"{far}; import the same file again: it goes on there"


def _require_rows(count: int) -> None:
    if not count:
        raise FileRefused("there is no row in the file")


def _write(wanted: Wanted, layout: FileLayout, refused: list[Refusal]) -> None:
    if wanted.errors is not None and refused:
        with written_whole(wanted.errors) as opened:
            write_errors(wanted.file, layout, refused, opened)


def _digest(wanted: Wanted) -> bytes:
    """Return what says which import it is: the file, and how it is read."""
    with wanted.file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256")
    found.update(f"\n{VERSION} {FileFormat.of(wanted.file)} {wanted.legal_basis}".encode())
    return found.digest()
