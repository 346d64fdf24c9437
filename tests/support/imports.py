"""Imports without a file."""

from collections.abc import Sequence
from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.subscriptions import NewSubscription, PutSubscriptions
from dispatcher.store.imports.endpoint_import import EndpointImport, Refusal, Staged, importing
from dispatcher.store.imports.incoming import row_of
from tests.support.sealed import ADDRESSES


def staged(
    subscriptions: Sequence[NewSubscription], first: int = 1, refused: Sequence[Refusal] = ()
) -> Staged:
    """Rows from a line on, each of one byte."""
    rows = [
        row_of(line, one, ADDRESSES.seal(one.address, one.keys))
        for line, one in enumerate(subscriptions, first)
    ]
    last = first + len(rows) - 1
    return Staged(last, last, rows, refused)


async def bring_in(pool: Any, *subscriptions: NewSubscription) -> PutSubscriptions:
    """Import them as one file."""
    async with importing(pool, ADDRESSES, b"a file", UNNAMED_OPERATOR) as one:
        await one.stage(staged(subscriptions))
        return await finish(one)


async def finish(one: EndpointImport) -> PutSubscriptions:
    """Make endpoints of all that is ready."""
    await one.all_checked()
    put = await one.take()
    await one.end()
    return put
