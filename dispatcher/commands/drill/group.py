"""`dispatcher drill run | list | show | compare`: exercises from the alarm to the all-clear, and what came of them."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dispatcher.commands.desk.follow_ups import is_confirmed
from dispatcher.commands.desk.kept_file import kept as kept_file
from dispatcher.commands.desk.service import Service
from dispatcher.commands.desk.session import OVER_QUOTA, AsJson, InsecureHttp, Language, Url, explained, say
from dispatcher.commands.drill import kept, messages
from dispatcher.commands.drill.comparison import compared
from dispatcher.commands.drill.measurement import last_accepted, people_owed
from dispatcher.commands.drill.plan import DrillPlan, PlanError, read_plan
from dispatcher.commands.drill.report import report, seconds, share, weak_line
from dispatcher.commands.drill.run import (
    DrillRun,
    NobodyTakesPart,
    NotAnExercise,
    NotCounted,
    QuotaReached,
    Surroundings,
)
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk, desk_zone
from dispatcher.desk_texts.drills import DRILL_TEXTS
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(help="Übungen: vom Alarm bis zur Entwarnung, mit Auswertung.", no_args_is_help=True)

INCOMPLETE, WRONG_PLAN, NOBODY, OPEN = 1, 2, 5, 7
"""Exit codes: the drill was refused or interrupted, or its report was not kept, and is over; the plan or the folder is
wrong, or nobody takes part, and nothing was sent; the exercise is open still, its all-clear is to be sent by hand."""
RAN = {
    0: "gelaufen, Bericht geschrieben",
    1: "abgelehnt, abgebrochen oder ohne Bericht; es ist keine Übung offen",
    2: "falscher Aufruf, Plan oder Ordner, nichts ist gesendet",
    3: "keine Antwort, bevor etwas gesendet war",
    4: "Grenze je Stunde erreicht, nichts ist gesendet",
    5: "niemand nimmt teil, nichts ist gesendet",
    7: "die Entwarnung ist nicht gesendet: von Hand senden",
}
READ = {0: "gezeigt", 1: "gibt es nicht", 2: "falscher Aufruf"}

Folder = Annotated[Path, typer.Option(help="wo die Berichte liegen", metavar="ORDNER")]
DrillId = Annotated[str, typer.Argument(help="Nummer der Übung, wie `list` sie nennt", metavar="ÜBUNG")]


@app.command("run")
@helped(
    Where.ANYWHERE,
    "dispatcher drill run warntag.toml",
    "dispatcher drill run warntag.toml --yes --folder /srv/uebungen --language en",
    exits=RAN,
)
def run(  # noqa: PLR0913 - the options of a command
    plan: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Plan der Übung (TOML)", metavar="PLAN")
    ],
    url: Url = "",
    *,
    folder: Folder = kept.FOLDER,
    yes: Annotated[bool, typer.Option("--yes", help="ohne Rückfrage senden")] = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
    insecure_http: InsecureHttp = False,
) -> None:
    """Alarm, Korrektur und Entwarnung an alle senden, die an Übungen teilnehmen, und auswerten.

    Wird die Übung abgebrochen, geht sofort die Entwarnung
    hinaus. Der Bericht steht als Seite und als JSON im Ordner.
    """
    at, words = desk(language), DRILL_TEXTS[language]
    found = _plan(plan, words)
    if not yes and (as_json or not sys.stdin.isatty()):
        _end(words["confirm"], WRONG_PLAN)
    with explained(at, as_json=as_json):
        service = Service.at(url, insecure_http=insecure_http)
        if service.environment is Environment.LIVE:
            _end(words["live_key"], WRONG_PLAN)
        drill_id = kept.new_id(datetime.now(desk_zone()))
        around = Surroundings(_teller(words, quiet=as_json), now=lambda: datetime.now(desk_zone()))
        drill = DrillRun(found, drill_id, service, around)
        _confirm(drill, found, folder, at, words, yes=yes)
    result = drill.run()
    _conclude(drill, result, folder, words, as_json=as_json)


def _conclude(
    drill: DrillRun, result: dict[str, Any], folder: Path, words: Mapping[str, str], *, as_json: bool
) -> None:
    """Keep and show what came of a drill, and end the command. The all-clear that could not be sent is kept first: what
    fails after it loses neither it nor its exit code. Nor does a terminal that was closed.
    """
    left_open = ""
    if drill.unsent:
        file = kept_file(f"{result['id']}-all-clear.xml", drill.unsent)
        left_open = words["left_open"].format(file=file)
    try:
        said, is_kept = words["kept"].format(file=kept.keep(folder, result, report(result, words))), True
    except OSError as error:
        said, is_kept = words["not_kept"].format(folder=folder, why=error.strerror), False
    with suppress(OSError):
        if as_json or not is_kept:
            typer.echo(json_line(result))
        else:
            say(_lines(result, words))
        say([said], err=as_json or not is_kept)
        say([left_open] if left_open else [], err=True)
    if left_open:
        raise typer.Exit(OPEN)
    if drill.unexpected is not None:
        raise drill.unexpected
    if result["interrupted"] or not is_kept:
        raise typer.Exit(INCOMPLETE)


def _plan(file: Path, words: Mapping[str, str]) -> DrillPlan:
    """Return the plan; ends the command where it is none, or where its messages would break rules of CAP."""
    try:
        plan = read_plan(file)
    except (PlanError, OSError) as error:
        _end(words["plan_wrong"].format(file=file, why=error), WRONG_PLAN)
    now = datetime.now(UTC).replace(microsecond=0)
    if wrong := messages.faults(messages.alarm(plan, "drill", now)):
        why = "; ".join(one.message_de if words["lang"] == "de" else one.message for one in wrong)
        _end(words["plan_wrong"].format(file=file, why=why), WRONG_PLAN)
    return plan


def _confirm(
    drill: DrillRun, plan: DrillPlan, folder: Path, at: Desk, words: Mapping[str, str], *, yes: bool
) -> None:
    """Say who takes part, and ask. Ends the command where nobody does, where the service takes no more within this
    hour, where the report could not be kept, or where the answer is no.
    """
    try:
        reach = drill.preview()
    except NotCounted:
        _end(words["not_counted"], INCOMPLETE)
    except NobodyTakesPart:
        _end(words["nobody"], NOBODY)
    except QuotaReached:
        _end(words["quota"], OVER_QUOTA)
    except NotAnExercise as error:
        _end(words["not_a_drill"].format(reason=at.texts.reasons.get(str(error), error)), INCOMPLETE)  # type: ignore[call-overload]
    try:
        kept.prepare(folder)
    except OSError as error:
        _end(words["no_folder"].format(folder=folder, why=error.strerror), WRONG_PLAN)
    counts = ", ".join(f"{at.texts.channels.get(name, name)} {count}" for name, count in reach.items())
    say([words["takes_part"].format(counts=counts)], err=True)
    if not yes and not is_confirmed(words["asked"].format(name=plan.name)):
        _end(words["not_sent"], INCOMPLETE)


def _teller(words: Mapping[str, str], *, quiet: bool) -> Any:
    """Return what says each thing that happens, once."""
    last = ""

    def tell(name: str, values: dict[str, object]) -> None:
        nonlocal last
        shown = {
            key: words.get(str(value), value) if key == "step" else value for key, value in values.items()
        }
        line = words[name].format(**shown)
        if line != last and not quiet:
            say([line], err=True)
        last = line

    return tell


def _lines(drill: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    """Return what came of a drill, in short."""
    lines = [f"{drill['name']} ({drill['id']})"]
    for step in drill["steps"]:
        people, last = step["people"], last_accepted(step["channels"].values())
        if not people["recipients"]:
            lines.append(words["nobody_gets_it"].format(step=words[step["step"]]))
            continue
        reached = share(people["accepted"], people_owed(people))
        lines.append(
            f"{words[step['step']]}: {people['accepted']}/{people['recipients']} {words['reached']} ({reached}), "
            f"{words['last']} {seconds(last)}"
        )
    lines += [f"! {weak_line(one, words)}" for one in drill["weak"]] or [words["no_weak"]]
    if drill["interrupted"]:
        lines.append(words["was_interrupted"].format(why=drill["interrupted"]))
    return [*lines, *([words["is_open"]] if drill["left_open"] else [])]


@app.command("list")
@helped(Where.ALONE, "dispatcher drill list", exits=READ)
def list_drills(
    *, folder: Folder = kept.FOLDER, as_json: AsJson = False, language: Language = DeskLanguage.GERMAN
) -> None:
    """Die abgelegten Übungen auflisten, die älteste zuerst."""
    words = DRILL_TEXTS[language]
    found = kept.listed(folder)
    if as_json:
        for one in found:
            typer.echo(json_line({name: one[name] for name in ("id", "name", "began_at", "interrupted")}))
        return
    if not found:
        _end(words["no_drills"].format(folder=folder), 1)
    rows = [[words["drill"], words["began"], words["name"], words["reached"], words["weak"]]]
    for one in found:
        people = one["steps"][0]["people"] if one["steps"] else {"accepted": 0, "recipients": 0}
        reached = f"{people['accepted']}/{people['recipients']}" if people["recipients"] else "–"
        rows.append([one["id"], one["began_at"], one["name"], reached, str(len(one["weak"]))])
    say(columns(rows).split("\n"))


@app.command("show")
@helped(Where.ALONE, "dispatcher drill show drill-20261129-140000-0a1b", exits=READ)
def show(
    drill_id: DrillId,
    *,
    folder: Folder = kept.FOLDER,
    html: Annotated[bool, typer.Option("--html", help="den Bericht als Seite ausgeben")] = False,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
) -> None:
    """Zeigen, was bei einer Übung herauskam."""
    words = DRILL_TEXTS[language]
    drill = _kept(folder, drill_id, words)
    if as_json:
        typer.echo(json_line(drill))
    elif html:
        typer.echo(report(drill, words), nl=False)
    else:
        say(_lines(drill, words))


@app.command("compare")
@helped(Where.ALONE, "dispatcher drill compare drill-20261029-… drill-20261129-…", exits=READ)
def compare(
    before: DrillId,
    after: DrillId,
    *,
    folder: Folder = kept.FOLDER,
    as_json: AsJson = False,
    language: Language = DeskLanguage.GERMAN,
) -> None:
    """Zwei Übungen vergleichen, Messwert für Messwert."""
    words = DRILL_TEXTS[language]
    rows = compared(_kept(folder, before, words), _kept(folder, after, words))
    if as_json:
        for row in rows:
            typer.echo(json_line({**row._asdict(), "difference": row.difference}))
        return
    shown = [["", words["channel"], words["measure"], before, after, words["difference"]]]
    shown += [
        [
            words[row.step],
            row.channel or "-",
            words.get(row.measure, row.measure),
            *map(_cell, row[3:]),
            _cell(row.difference),
        ]
        for row in rows
    ]
    say(columns(shown).split("\n"))


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _kept(folder: Path, drill_id: str, words: Mapping[str, str]) -> dict[str, Any]:
    try:
        return kept.read(folder, drill_id)
    except kept.NoDrillError:
        _end(words["no_drill"].format(id=drill_id, folder=folder), 1)


def _end(line: str, code: int) -> NoReturn:
    say([line], err=True)
    raise typer.Exit(code)
