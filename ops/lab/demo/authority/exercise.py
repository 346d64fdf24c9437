"""An exercise by `dispatcher drill run`: alarm, correction and all-clear, to those who take part and to nobody else.

Who takes part follows from what people want. Whom it reached, and that every text has the mark of an exercise at both
ends, is read from the gateways' ledgers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from ops.lab.demo import counting
from ops.lab.demo.authority import approval, false_alarm
from ops.lab.demo.authority.account import account
from ops.lab.demo.counting import ToldCounts  # noqa: TC001 - msgspec reads the annotations
from ops.lab.world.district import SENDER
from ops.lab.world.people import GERMAN
from ops.lab.world.service import ROOT, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from ops.lab.demo.authority.texts import KeptText
    from ops.lab.world.district import District
    from ops.lab.world.people import Person
    from ops.lab.world.records import GatewayRecord, ServiceRecord

PLACES: Final = (false_alarm.PLACE, approval.PLACE)
CONCERNED: Final = frozenset(ags for ags, _ in PLACES)
STEPS: Final = ("alarm", "correction", "all_clear")
FOLDER: Final = "drills"
ENDS_WITHIN_S: Final = 300.0
MARKS: Final = {"de": "ÜBUNG/TEST", "en": "EXERCISE/TEST"}
"""The mark of an exercise in the languages of those who take part."""
PLAN: Final = """\
name = "Probealarm Vettweiß und Titz"
sender = "{sender}"
sender_name = "Leitstelle Kreis Düren"
municipalities = [{places}]
receipts = "0s"

[alarm]
event = "Gefahr durch Brandgase"
headline = "Brandgase in Vettweiß und Titz"
description = "Nach einem Brand zieht Rauch über beide Gemeinden."
instruction = "Gehen Sie ins Haus. Schließen Sie Fenster und Türen."

[correction]
after = "1s"
headline = "Brandgase: nur Vettweiß ist betroffen"
instruction = "In Vettweiß: Schließen Sie Fenster und Türen."

[all_clear]
after = "1s"
text = "Die Übung ist beendet. Danke fürs Mitmachen."
"""


class ExerciseStep(msgspec.Struct, frozen=True):
    """A message of the exercise, by the service's id, and when it was accepted (aware)."""

    kind: str
    id: str
    accepted_at: datetime


class ExerciseRecord(msgspec.Struct, frozen=True):
    """What the run knows of the exercise."""

    steps: tuple[ExerciseStep, ...]
    report: str
    """The page that says what came of it, as a path within the directory of the run."""


class ReadTexts(NamedTuple):
    """How many texts of the exercise the ledgers have, and how many of them lack its mark at an end of a part."""

    texts: int
    unmarked: int


class ExerciseCounts(msgspec.Struct, frozen=True):
    """What the ledgers say of it."""

    steps: tuple[ToldCounts, ...]
    """Times count from the acceptance of each."""
    claimed: tuple[int, ...]
    others: int
    """How many follow these places and do not take part."""
    texts: int
    unmarked: int
    report: str


def run(district: District, key: str) -> tuple[ExerciseRecord, tuple[ServiceRecord, ...]]:
    """Have the drill run with a key for exercises. Returns what is known of it, and the service's account. Raises
    ServiceError.
    """
    found = _drilled(district, key)
    steps = tuple(
        ExerciseStep(one["step"], one["alert"], datetime.fromisoformat(one["received_at"]))
        for one in found["steps"]
    )
    get = partial(district.service.request, "GET", key=key)
    claims = [claim for step in steps for claim in account(get, f"/exercise/v1/alerts/{step.id}")]
    return ExerciseRecord(steps, f"{FOLDER}/{found['id']}.html"), tuple(claims)


def _drilled(district: District, key: str) -> dict[str, Any]:
    """Run the command as a desk does, on any machine: it has an address and a key. Returns its document."""
    plan = district.home / "probealarm.toml"
    places = ", ".join(f'"{ags}"' for ags in sorted(CONCERNED))
    plan.write_text(PLAN.format(sender=SENDER, places=places), "utf-8")
    folder = district.home / FOLDER
    done = subprocess.run(
        [sys.executable, "-m", "dispatcher", "drill", "run", plan, "--yes", "--json", "--folder", folder],
        cwd=ROOT,
        env={**os.environ, "WARN_URL": district.service.url, "WARN_API_KEY": key},
        capture_output=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"dispatcher drill run: {done.returncode} {done.stderr.decode()[-2000:]}")
    document: dict[str, Any] = msgspec.json.decode(done.stdout)
    return document


def taking_part(people: Iterable[Person]) -> frozenset[str]:
    """Return by which references those who take part in exercises must hear of one in these places."""
    return counting.concerned((), [one for one in people if one.exercises], CONCERNED)


def count(
    record: ExerciseRecord | None,
    owed: Collection[str],
    others: Collection[str],
    gateway: Collection[GatewayRecord],
    claimed: Mapping[str, int],
    read: ReadTexts,
) -> ExerciseCounts | None:
    """Count by what gateways accepted; None where there was no exercise. It is `owed` to these, `others` follow its
    places too. `claimed` is by alert what the service says.
    """
    if record is None:
        return None
    return ExerciseCounts(
        tuple(counting.count(step.kind, step.id, owed, gateway, step.accepted_at) for step in record.steps),
        tuple(claimed.get(step.id, 0) for step in record.steps),
        others=len(set(others) - set(owed)),
        texts=read.texts,
        unmarked=read.unmarked,
        report=record.report,
    )


def read_texts(
    record: ExerciseRecord | None, texts: Iterable[KeptText], languages: Mapping[str, str]
) -> ReadTexts:
    """Count the texts of the exercise. `languages` are those that are read, by reference."""
    messages = {step.id for step in record.steps} if record else ()
    found = [one for one in texts if one.alert in messages]
    unmarked = sum(not is_marked(one, languages.get(one.recipient, GERMAN)) for one in found)
    return ReadTexts(len(found), unmarked)


def is_marked(text: KeptText, language: str) -> bool:
    """Whether each part of a text says at both ends, in this language, that it is an exercise."""
    mark = MARKS[language]
    return bool(text.parts) and all(
        part.startswith(mark) and part.endswith(mark) for part in text.parts.values()
    )


def faults(found: ExerciseCounts | None) -> Iterator[str]:
    """Yield what is wrong: a step is missing, reached others than those who take part, or could be taken for real."""
    if found is None:
        yield "there was no exercise"
        return
    if (kinds := tuple(one.kind for one in found.steps)) != STEPS:
        yield f"the exercise had the steps {', '.join(kinds)}"
    for one, claimed in zip(found.steps, found.claimed, strict=True):
        name = f"the exercise's {one.kind}"
        yield from counting.faults(name, one)
        yield from counting.unclaimed(name, one, claimed)
    if not found.others:
        yield "everybody there takes part in exercises"
    if found.unmarked:
        yield f"the exercise: unmarked={found.unmarked}"
    if found.texts < (told := sum(one.reached for one in found.steps)):
        yield f"the exercise: the texts of {told - found.texts} sends are not in the ledgers"


def unreported(record: ExerciseRecord | None, home: Path) -> Iterator[str]:
    """Yield where the directory of the run lacks the report."""
    if record and not (home / record.report).is_file():
        yield "the exercise left no report"


def lines(found: ExerciseCounts | None) -> Iterator[str]:
    """Yield what is said of it, a line for each message."""
    if found is None:
        return
    told = sum(one.astray for one in found.steps)
    yield f"An exercise in {' and '.join(name for _, name in PLACES)}, by `dispatcher drill run`:"
    for one in found.steps:
        yield f"  {one.kind.replace('_', '-')}: {counting.said(one)}; the last after {counting.seconds(one.last_s, 2)}"
    yield (
        f"  of {found.others} others there {told} were told; of {found.texts} texts {found.unmarked} lack a mark at an "
        f"end; its report: {found.report}"
    )
