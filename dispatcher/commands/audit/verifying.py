"""`dispatcher audit verify`: is the trail as it was written?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.audit.checkpoint import Checkpoint
from dispatcher.audit.export import LONGEST_LINE, read_anchor, verify_export
from dispatcher.audit.verification import ChainVerdict, ChainVerifier
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import requires
from dispatcher.commands.terminal import json_line, shown
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings
from dispatcher.store.audit_chain.protection import Protection, protection
from dispatcher.store.audit_chain.reader import snapshot

if TYPE_CHECKING:
    from dispatcher.store.record import Pool

BROKEN: Final = 1
"""The exit status where anything was found."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is said at the end."""

    verdict: ChainVerdict
    unchained: int | None
    protection: Protection | None
    """None where there is no record to ask."""
    unreadable: tuple[str, ...]
    """Lines of anchors that are no checkpoints, as sentences."""
    compared: bool
    """Whether there was an anchor to compare with."""
    keys: tuple[str, ...]
    """The keys by which signatures counted."""
    pinned: bool
    """Whether the caller named them."""


@requires(Permission.READ_AUDIT)
def verify(
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="a file of checkpoints that was kept elsewhere; repeatable"
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="verify this export, without the record"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="a public key that checkpoints may be signed by, as `audit keys` prints it; repeatable"
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Verify the whole chain: names every entry that was changed, taken out, put in, moved, cut off or written anew,
    with its position, and exits with 1 then. Without an anchor nobody can see what was cut off at the end together with
    its checkpoints. Without --key the keys count that the record, or the export, names itself.
    """
    anchored, unreadable = _anchored(anchor or [])
    pinned = tuple(one.lower() for one in key or [])
    if export is not None:
        with export.open("rb") as file:
            found = verify_export(_lines(file), pinned, anchored)
        answer = _Answer(
            found.verdict, found.unchained, None, unreadable, bool(anchor), pinned or found.keys, bool(pinned)
        )
    else:
        answer = on_record(
            Settings(), lambda pool: _of_record(pool, pinned, anchored, unreadable, bool(anchor))
        )
    if as_json:
        typer.echo(json_line(members(answer)))
    else:
        for line in sentences(answer):
            typer.echo(line)
    if not answer.verdict.sound:
        raise typer.Exit(BROKEN)


async def _of_record(
    pool: Pool,
    pinned: tuple[str, ...],
    anchored: list[Checkpoint],
    unreadable: tuple[str, ...],
    compared: bool,  # noqa: FBT001 - passed on
) -> _Answer:
    async with snapshot(pool) as chain:
        keys = pinned or tuple(await chain.keys())
        verifier = ChainVerifier(keys, anchored, pinned=bool(pinned))
        async for chunk in chain.chunks():
            verifier.take_all(chunk)
        verifier.beside(await chain.put_beside())
        verdict = verifier.finish(await chain.anchored_number())
        unchained = await chain.unchained()
    return _Answer(verdict, unchained, await protection(pool), unreadable, compared, keys, bool(pinned))


def sentences(answer: _Answer) -> Iterator[str]:
    """Yield what is said, in lines."""
    verdict = answer.verdict
    for one in verdict.findings:
        yield shown(f"{one.fault}: {one.sentence}")
    if (more := verdict.counts.total() - len(verdict.findings)) > 0:
        yield f"and {how_many(more, 'fault')} more"
    result = "no fault" if verdict.sound else how_many(verdict.counts.total(), "fault")
    entries = how_many(verdict.entries, "entry", "entries")
    yield f"{entries} verified, the chain ends at position {verdict.position}: {result}"
    yield _vouched(verdict)
    yield from map(shown, answer.unreadable)
    if answer.compared:
        yield f"anchor: {how_many(verdict.anchored, 'checkpoint agrees', 'checkpoints agree')}"
    else:
        yield "compared with no anchor: what was cut off at the end together with its checkpoints cannot be seen"
    if answer.unchained is not None:
        yield f"not yet in the chain: {how_many(answer.unchained, 'entry', 'entries')}"
    origin = (
        "named by you" if answer.pinned else "named by what was verified itself: compare them, or give --key"
    )
    yield shown(f"keys ({origin}): {', '.join(answer.keys) or 'none'}")
    if answer.protection is not None:
        yield shown(answer.protection.sentence())


def _vouched(verdict: ChainVerdict) -> str:
    open_ = verdict.position - verdict.covered
    return (
        f"checkpoints: {how_many(verdict.checkpoints, 'agrees', 'agree')}; "
        f"{how_many(max(0, open_), 'entry', 'entries')} behind the last one"
    )


def members(answer: _Answer) -> dict[str, Any]:
    """Return the same as JSON has it."""
    verdict = answer.verdict
    return {
        "sound": verdict.sound,
        "entries": verdict.entries,
        "position": verdict.position,
        "hash": verdict.hash.hex(),
        "faults": [
            {"fault": one.fault.value, "position": one.position, "says": one.sentence}
            for one in verdict.findings
        ],
        "faults_in_all": verdict.counts.total(),
        "checkpoints": verdict.checkpoints,
        "anchored": verdict.anchored if answer.compared else None,
        "covered": verdict.covered,
        "unchained": answer.unchained,
        "keys": list(answer.keys),
        "protected": None if answer.protection is None else answer.protection.protected,
        "unprotected_because": [] if answer.protection is None else list(answer.protection.reasons),
    }


def _anchored(files: list[Path]) -> tuple[list[Checkpoint], tuple[str, ...]]:
    """Return the checkpoints of anchors, and a sentence for each line that is none."""
    found: dict[Checkpoint, None] = {}
    wrong: list[str] = []
    for path in files:
        with path.open("rb") as file:
            checkpoints, lines = read_anchor(_lines(file))
        found.update(dict.fromkeys(checkpoints))
        wrong += [
            f"line {number} of {path.name} is no checkpoint, as one that was cut off; it was left out"
            for number in lines
        ]
    return list(found), tuple(wrong)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield lines, none of them longer than is affordable."""
    while line := file.readline(LONGEST_LINE):
        yield line
