"""Check rows and seal their addresses: here, or of a large file in processes beside this one."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeAlias

from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.audience.phone_numbers import NumberRules
from dispatcher.commands.bulk.line import Known, doubt, subscription
from dispatcher.commands.bulk.records import FileLayout, Record, members
from dispatcher.readers.process import end_with_parent
from dispatcher.runtime import gc_tuning
from dispatcher.settings import Settings
from dispatcher.store.imports.endpoint_import import DoubtfulRow, Refusal, Staged
from dispatcher.store.imports.incoming import row_of
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.sms.gateways import sms_gateway_names
from dispatcher.wiring.webpush import checking_keys

CHUNK_ROWS: Final = 5_000
CHUNK_BYTES: Final = 4 << 20
"""Rows that are checked together, and become ready in one transaction: whoever is killed loses so much work."""
BESIDE_FROM_BYTES: Final = 4 << 20
"""From this size on a file is worth the second in which processes start."""
PROCESSES_MAX: Final = 8

Columns: TypeAlias = tuple[tuple[Any, ...], ...]
"""Rows as columns: all their lines, all their positions, and so on."""


@dataclass(frozen=True, slots=True)
class CheckOrders:
    """What rows are checked by; it goes to other processes of this machine through a pipe."""

    layout: FileLayout
    ring: KeyRing = field(repr=False)
    current: int
    """The number of the key to seal with."""
    instances: frozenset[str]
    legal_basis: str


class Checker:
    """Checks rows by the settings of the service."""

    def __init__(self, orders: CheckOrders) -> None:
        settings = Settings()
        self._layout = orders.layout
        self._addresses = Addresses(Sealing(orders.ring, orders.current))
        self._numbers = NumberRules(settings.sms_regions)
        self._known = Known(
            channel_registry(settings, http_client(settings), checking_keys(settings)),
            load_boundaries(settings),
            orders.instances,
            frozenset(sms_gateway_names(settings)),
            orders.legal_basis,
        )

    def check(self, chunk: Sequence[Record]) -> Staged:
        """Return what of these rows can be used, sealed, and what cannot."""
        rows, refused, doubted = [], [], []
        for record in chunk:
            try:
                one = subscription(members(record, self._layout), self._known)
                doubtful = doubt(one, self._numbers)
            except ValueError as error:
                refused.append(Refusal(record.line, record.position, record.size, str(error)))
            else:
                if doubtful:
                    doubted.append(DoubtfulRow(record.line, doubtful))
                rows.append(row_of(record.line, one, self._addresses.seal(one.address, one.keys)))
        last = chunk[-1]
        return Staged(last.position + last.size, last.line + last.lines - 1, rows, refused, doubted)


_checker: Checker | None = None


def _begin(orders: CheckOrders) -> None:  # pragma: no cover - runs in processes beside
    global _checker  # noqa: PLW0603 - a process has one, made once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes: the parent decides
    threading.Thread(target=end_with_parent, daemon=True).start()
    _checker = Checker(orders)
    gc_tuning.configure()


def _check(chunk: Columns) -> Staged:  # pragma: no cover - runs in processes beside
    assert _checker is not None  # noqa: S101 - `_begin` was there before
    return _checker.check([Record(*one) for one in zip(*chunk, strict=True)])


def _columns(chunk: Sequence[Record]) -> Columns:
    """Return rows as they go through a pipe: in a third of the time that rows by themselves take."""
    return tuple(zip(*chunk, strict=True))


def chunks(found: Iterable[Record]) -> Iterator[list[Record]]:
    """Divide rows into chunks of bounded size."""
    chunk: list[Record] = []
    size = 0
    for record in found:
        chunk.append(record)
        size += len(record.data) if isinstance(record.data, bytes) else 0
        if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


async def checked(
    found: Iterable[Record], orders: CheckOrders, *, beside: bool
) -> AsyncGenerator[Staged, None]:
    """Check rows chunk by chunk, and yield the results in the order of the file. `beside`: in other processes, as many
    as there are processors. Raises OSError where one of them was killed.
    """
    if not beside:
        checker = Checker(orders)
        for chunk in chunks(found):
            yield checker.check(chunk)
        return
    count = min(PROCESSES_MAX, os.cpu_count() or 1)
    # Never forked: threads run here.
    context = multiprocessing.get_context("spawn")
    loop, source = asyncio.get_running_loop(), chunks(found)
    with ProcessPoolExecutor(count, context, _begin, (orders,)) as pool:
        ahead = [loop.run_in_executor(pool, _check, _columns(chunk)) for chunk in islice(source, 2 * count)]
        try:
            while ahead:
                staged = await ahead.pop(0)
                ahead += [loop.run_in_executor(pool, _check, _columns(chunk)) for chunk in islice(source, 1)]
                yield staged
        except BrokenProcessPool as error:
            raise OSError("a process that checks rows was killed: is there memory for it?") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
