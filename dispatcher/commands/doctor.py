"""`dispatcher doctor`: what the service stands on, what is wrong with it, why that matters, and how it is mended."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.operator import requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson
from dispatcher.commands.terminal import json_line, shown
from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, overall, wrong
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.doctor.own_thread import FILES_S, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WRONG: Final = 1
EXITS: Final = {
    0: "nothing is wrong; there may be warnings",
    WRONG: "something is wrong: it says what, why it matters, and how it is mended",
    2: "wrong call",
}


@requires(Permission.RUN_SERVICE)
@helped(
    Where.SERVER,
    "dispatcher doctor",
    "dispatcher doctor --here",
    "dispatcher doctor --json",
    exits=EXITS,
)
def doctor(
    *,
    here: Annotated[
        bool, typer.Option("--here", help="connect to nobody but the record and the queue")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everything the service stands on: settings, data directory, disk, clock, ports, record, queue, secrets,
    boundaries, and whom it has to reach.

    Nothing is changed, but that secrets which others may read are closed to them. To its own address, gateways, feeds,
    apps' servers and push services it connects, and sends nothing; a mail server it asks for TLS.
    """
    found = _found(outside=not here)
    if as_json:
        typer.echo(json_line(_document(found), indent=2))
    else:
        for line in _lines(found):
            typer.echo(line)
    if overall(found) is Grade.WRONG:
        raise typer.Exit(WRONG)


def _found(*, outside: bool) -> Sequence[Diagnosis]:
    import pydantic_settings
    from pydantic import ValidationError

    from dispatcher.commands.mistakes import sentence_of

    try:
        return asyncio.run(examined(outside=outside))
    except (ValidationError, pydantic_settings.SettingsError, SettingsError) as error:
        said = sentence_of(error)
        why, mend = (
            "no process starts with these settings",
            "correct them, and ask again: ops/docs/settings.md has all",
        )
        return [wrong(Part.SETTINGS, line, why, mend) for line in (said[0] if said else [str(error)])]


async def examined(*, outside: bool, files_s: float = FILES_S) -> Sequence[Diagnosis]:
    """Return how everything was found. What hangs on a drive that is away, for `files_s`, is said, and holds a thread
    of its own and nothing else. Raises as the settings do.
    """
    from dispatcher.wiring.doctor.examination import examine

    try:
        settings = await within(files_s, Settings)
    except TimeoutError:
        seen = f"no answer in {files_s:g} s of a file that a variable of the environment names (…_FILE)"
        why = "no process starts with these settings"
        return [wrong(Part.SETTINGS, seen, why, "look at the drive that this file lies on")]
    try:
        urls = await within(files_s, partial(_urls, settings))
    except TimeoutError:  # said of the data directory
        urls = settings.database_url, settings.redis_url
    return await examine(settings, *urls, outside=outside, files_s=files_s)


def _urls(settings: Settings) -> tuple[str | None, str | None]:
    return _database_url(settings), _redis_url(settings)


def _database_url(settings: Settings) -> str | None:
    home = settings.data_dir / "postgres"
    return settings.database_url or (EmbeddedPostgres(home).service_url if _is_there(home) else None)


def _redis_url(settings: Settings) -> str | None:
    home = settings.data_dir / "valkey"
    return settings.redis_url or (EmbeddedValkey(home).url if _is_there(home) else None)


def _is_there(home: Path) -> bool:
    return os.path.exists(home)  # noqa: PTH110 - of what this account may not see it is said that it is not there


def _document(found: Sequence[Diagnosis]) -> dict[str, object]:
    return {
        "version": version("cap-dispatcher"),
        "grade": overall(found),
        "parts": [asdict(one) for one in found],
    }


def _lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    """Yield one line for each part in the order in which they were looked at, and two more for what is not sound; at
    the end how many there are.
    """
    width = max(len(one.part) for one in found)
    for one in found:
        yield f"{one.grade:<8} {one.part:<{width}}  {shown(one.seen)}"
        if one.why:
            yield f"{'':<8} {'':<{width}}  why: {shown(one.why)}"
            yield f"{'':<8} {'':<{width}}  mend: {shown(one.mend)}"
    counts = {grade: sum(one.grade is grade for one in found) for grade in Grade}
    yield (
        f"{counts[Grade.SOUND]} sound, {how_many(counts[Grade.WARNING], 'warning')}, "
        f"{counts[Grade.WRONG]} wrong, {counts[Grade.UNKNOWN]} unknown"
    )
