"""`dispatcher audit export`: the trail with its chain and its checkpoints, for whoever verifies it elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.access.permissions import Permission
from dispatcher.audit.entry import GENESIS, ChainLink
from dispatcher.audit.export import End, end_line, head_line, item_line
from dispatcher.commands.admin import on_record
from dispatcher.commands.bulk.whole_file import require_new, written_whole
from dispatcher.commands.operator import acts, operator
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings
from dispatcher.store import audit
from dispatcher.store.audit_chain.reader import snapshot

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool


@acts(Permission.READ_AUDIT)
def export(file: Annotated[Path, typer.Argument(help="a new file, as lines of JSON")]) -> None:
    """Write the trail, its chain and its checkpoints to a new file, which `audit verify --export` verifies anywhere.
    The trail has who exported it.
    """
    require_new(file)
    end = on_record(Settings(), lambda pool: write(pool, file, operator().actor))
    typer.echo(
        f"{how_many(end.entries, 'entry', 'entries')} to position {end.position}, "
        f"{how_many(end.unchained, 'entry', 'entries')} not yet in the chain and left out"
    )


async def write(pool: Pool, file: Path, by: Actor) -> End:
    """Write it, whole or not at all. Returns its last line. Raises FileExistsError, OSError."""
    entries, position, hash_ = 0, 0, GENESIS
    async with snapshot(pool) as chain:
        with written_whole(file) as opened:
            opened.write(head_line(await chain.keys(), datetime.now(UTC)))
            async for chunk in chain.chunks():
                opened.writelines(map(item_line, chunk))
                for one in chunk:
                    if isinstance(one, ChainLink):
                        entries, position, hash_ = entries + 1, one.position, one.hash
            end = End(entries, position, hash_, await chain.unchained())
            opened.write(end_line(end))
            await audit.note(pool, by, "audit.export", position=position)
    return end
