"""Changing and ending what one has sent, against a live API."""

import asyncio
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cap
from cap.__main__ import main as cap_command
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.commands.desk.follow_ups import is_confirmed
from dispatcher.store.alerts.approvals import Approvals
from tests.api.conftest import EXERCISE_KEY, KEY
from tests.support.approval_world import GRAVE
from tests.support.messages import DUEREN, JUELICH, InfoPart
from tests.support.submissions import stored, warning


@pytest.fixture(autouse=True)
def here(surroundings: Any, tmp_path: Path) -> Path:
    """The folder in which the commands are typed."""
    place = tmp_path / "here"
    place.mkdir()
    surroundings.chdir(place)
    return place


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def submitted(run: Any, file: Any, message: Any) -> str:
    done = await run("submit", file(message))
    assert done.exit_code == 0, done.output
    return str(done.output[:26])


def answer(done: Any) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def test_a_warning_is_prolonged_changed_and_taken_back(
    service: Any, run: Any, file: Any, here: Path
) -> None:
    """Each names what holds by then, although the number is the first one's."""
    first = await submitted(run, file, warning(DUEREN, JUELICH))
    done = await run("update", first, "--expires", "+3h", "--yes")
    assert done.exit_code == 0, done.output
    assert "Aktualisierung zu „Hochwasser an der Rur“, nennt: " in done.output
    assert "Vorschau, nichts ist gesendet: Aktualisierung" in done.output
    changed = answer(await run("update", first, "--headline", "Keller räumen", "--yes", "--json"))
    assert (changed["alert"]["reason"], changed["alert"]["headline"]) == ("update", "Keller räumen")
    ended = answer(await run("cancel", first, "--text", "Fehlalarm", "--yes", "--json"))
    assert ended["alert"]["reason"] == "cancel"
    assert {place["ags"] for place in ended["municipalities"]} == {DUEREN, JUELICH}
    status = (await run("status", changed["alert"]["id"])).output
    assert "Sie ist aufgehoben (" in status
    assert ended["alert"]["id"] in status
    again = await run("all-clear", first, "--yes")
    assert (again.exit_code, ended["alert"]["id"] in again.output) == (1, True)
    assert again.output.startswith(
        "Es gibt nichts zu ändern: Die Warnung gilt nicht mehr: Sie ist aufgehoben ("
    )
    assert files_in(here) == [], "what is known to have arrived is not kept"


async def test_what_waits_is_changed_and_withdrawn_by_its_number(
    service: Any, run: Any, file: Any, pool: Any
) -> None:
    await Approvals(pool).put_rule(GRAVE, UNNAMED_OPERATOR)
    first = await submitted(run, file, warning(DUEREN))
    changed = await run("update", first, "--headline", "Keller räumen", "--yes")
    assert changed.exit_code == 0, changed.output
    assert f"Ersetzt: „Hochwasser an der Rur“ ({first}) wartete noch" in changed.output
    ended = await run("cancel", first, "--yes")
    assert ended.exit_code == 0, ended.output
    assert "NIEMAND WIRD DADURCH GEWARNT: zurückgezogen, bevor jemand gewarnt war" in ended.output
    assert "Zurückgezogen: „Keller räumen“ (" in ended.output
    assert await Approvals(pool).waiting() == []
    again = await run("cancel", first, "--yes")
    assert (again.exit_code, "Sie ist ersetzt" in again.output or "aufgehoben" in again.output) == (1, True)


async def test_an_all_clear_ends_and_says_so(service: Any, run: Any, file: Any) -> None:
    first = await submitted(run, file, warning())
    cleared = answer(await run("all-clear", first, "--yes", "--json"))
    assert (cleared["alert"]["reason"], cleared["alert"]["msg_type"]) == ("all_clear", "Update")


async def test_what_is_printed_is_valid_and_can_be_sent(
    service: Any, run: Any, file: Any, here: Path, capsys: Any
) -> None:
    first = await submitted(run, file, warning())
    for command in (("update", first, "--severity", "Extreme"), ("cancel", first), ("all-clear", first)):
        printed = await run(*command, "--print")
        assert printed.exit_code == 0, printed.output
        path = here / "gedruckt.xml"
        path.write_text(printed.stdout)
        assert cap_command(["check", str(path)]) == 0, capsys.readouterr().out
        assert (await run("preview", path)).exit_code == 0
    assert (await run("submit", path)).exit_code == 0


async def test_parts_are_ended_together_and_changed_one_by_one(service: Any, run: Any, file: Any) -> None:
    """References are a graph: two Updates of one warning hold side by side."""
    one = warning(DUEREN, JUELICH)
    first = await submitted(run, file, one)
    here = await submitted(run, file, one.later("hier", infos=(InfoPart(areas=(DUEREN,)),)))
    there = await submitted(run, file, one.later("dort", minutes=2, infos=(InfoPart(areas=(JUELICH,)),)))
    refused = await run("update", first, "--expires", "+3h", "--yes")
    assert refused.exit_code == 1
    assert "Die Meldung gilt in mehreren Teilen weiter" in refused.output
    assert f"  {here}  " in refused.output
    assert f"  {there}  " in refused.output
    assert (await run("update", there, "--expires", "+3h", "--yes")).exit_code == 0
    printed = (await run("cancel", first, "--print")).stdout.encode()
    (end,) = cap.parse(printed).alerts
    assert sorted(one.identifier[:6] for one in end.references) == ["aktual", "hier"]
    ended = answer(await run("cancel", first, "--yes", "--json"))
    assert {place["ags"] for place in ended["municipalities"]} == {DUEREN, JUELICH}
    assert json.loads((await run("alerts", "list", "--in-force", "--json")).stdout)["alerts"] == []


async def test_one_part_is_ended_alone(service: Any, run: Any, file: Any) -> None:
    one = warning(DUEREN, JUELICH)
    await submitted(run, file, one)
    here = await submitted(run, file, one.later("hier", infos=(InfoPart(areas=(DUEREN,)),)))
    there = await submitted(run, file, one.later("dort", minutes=2, infos=(InfoPart(areas=(JUELICH,)),)))
    answer(await run("cancel", here, "--yes", "--json"))
    left = json.loads((await run("alerts", "list", "--in-force", "--json")).stdout)["alerts"]
    assert [alert["id"] for alert in left] == [there]


async def test_an_exercise_is_followed_up_as_one(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_API_KEY", EXERCISE_KEY)
    first = await submitted(run, file, warning(status="Exercise", more="<note>Übung</note>"))
    ended = await run("cancel", first, "--yes")
    assert ended.exit_code == 0, ended.output
    assert "Die Meldung beendet eine Übung und geht nur an die, die sie erreicht hat" in ended.output
    listed = json.loads((await run("alerts", "list", "--json")).stdout)["alerts"]
    assert [one["reason"] for one in listed] == ["drill_end", "drill"]
    again = await run("cancel", first, "--yes")
    assert (again.exit_code, "Es gibt nichts zu ändern" in again.output) == (1, True)


async def test_an_edited_copy_becomes_an_update(service: Any, run: Any, file: Any, here: Path) -> None:
    one = warning()
    first = await submitted(run, file, one)
    edited = here / "bearbeitet.xml"
    edited.write_bytes(one.xml().replace(b"Meiden Sie das Ufer.", "Räumen Sie den Keller.".encode()))
    changed = answer(await run("update", first, edited, "--yes", "--json"))
    raw = await service.get(f"/v1/alerts/{changed['alert']['id']}/cap")
    (info,) = cap.parse(raw.body).alerts[0].infos
    assert info.instruction == "Räumen Sie den Keller."
    assert changed["alert"]["reason"] == "update"


async def test_what_cannot_be_meant_is_a_wrong_call(service: Any, run: Any, file: Any, here: Path) -> None:
    first = await submitted(run, file, warning())
    other = here / "anderer.xml"
    other.write_bytes(warning(sender="b@x.example").xml())
    junk = here / "rest.txt"
    junk.write_text("kein XML")
    for arguments, said in (
        (("update", first, "--yes"), "Was soll sich ändern?"),
        (("update", first, other, "--expires", "+1h", "--yes"), "nicht beides"),
        (("update", first, other, "--yes"), "Der Absender ist b@x.example"),
        (("update", first, junk, "--yes"), "nicht als CAP-Meldung lesbar"),
        (("update", first, "--expires", "gestern", "--yes"), "keine Zeit wie"),
        (("update", first, "--expires", "2020-01-01T10:00", "--yes"), "Vergangenheit"),
        (("update", first, "--severity", "Schlimm", "--yes"), "Extreme"),
        (("cancel", first), "mit --yes wird gesendet"),
        (("cancel", first, "--json"), "mit --yes wird gesendet"),
        (("cancel", "", "--yes"), "alerts list"),
    ):
        done = await run(*arguments)
        assert (done.exit_code, said in done.output) == (2, True), (arguments, done.output)
    assert await stored(service.parts.health.pool) == 1, "nothing was sent"
    done = await run("cancel", "nope", "--yes")
    assert (done.exit_code, "nope ist keine Nummer einer Meldung" in done.output) == (2, True)
    assert (await run("cancel", "0" * 26, "--yes")).exit_code == 1
    assert (await run("cancel", first.lower(), "--print")).exit_code == 0, "capitals do not matter"


async def test_a_message_that_cannot_be_valid_is_not_sent(service: Any, run: Any, file: Any) -> None:
    first = await submitted(run, file, warning())
    done = await run("update", first, "--headline", "x", "--yes")
    assert done.exit_code == 0
    done = await run("update", first, "--expires", "+999d", "--yes")
    assert (done.exit_code, "422 Die Meldung soll zu lange gelten" in done.output) == (1, True)


async def test_a_lost_answer_leaves_the_same_bytes_to_send_again(
    service: Any, run: Any, file: Any, here: Path
) -> None:
    """The service has them, and the connection breaks before it says so."""
    first = await submitted(run, file, warning())

    async def relay(reader: Any, writer: Any) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        body = await reader.readexactly(length)
        inner, out = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
        out.write(head + body)
        told = await inner.read()
        if not head.startswith(b"POST /v1/alerts HTTP"):
            writer.write(told)
        writer.close()
        out.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lost = await run("cancel", first, "--yes", "--url", url)
    assert lost.exit_code == 3, lost.output
    assert "erneut senden" in lost.output
    [left] = files_in(here)
    assert f"dispatcher submit {left}" in lost.output
    assert await stored(service.parts.health.pool) == 2
    again = answer(await run("submit", left, "--json"))
    assert (again["repeated"], again["alert"]["reason"]) == (True, "cancel")


async def test_what_is_accepted_is_not_kept_though_nobody_reads_the_answer(
    service: Any, run: Any, file: Any, here: Path
) -> None:
    first = await submitted(run, file, warning())
    reads, writes = os.pipe()
    os.close(reads)
    try:
        command = (sys.executable, "-m", "dispatcher", "cancel", first, "--yes", "--json")
        await asyncio.to_thread(
            subprocess.run, command, stdout=writes, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    finally:
        os.close(writes)
    assert await stored(service.parts.health.pool) == 2
    assert files_in(here) == []


async def test_before_anything_is_sent_no_answer_leaves_no_doubt(
    run: Any, surroundings: Any, here: Path
) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("cancel", "0" * 26, "--yes", "--url", "http://127.0.0.1:9")
    assert done.exit_code == 6
    assert done.output.endswith("Nichts ist gesendet; bitte denselben Befehl noch einmal\n")
    assert "dispatcher submit" not in done.output
    document = await run("cancel", "0" * 26, "--yes", "--json", "--url", "http://127.0.0.1:9")
    assert (document.exit_code, document.stdout) == (6, "")
    assert "Nichts ist gesendet" in json.loads(document.stderr)["title"]
    assert files_in(here) == []


@pytest.mark.parametrize(
    ("typed", "confirmed"),
    [
        *((word, True) for word in ("j\n", "ja\n", " J\n", "y\n", "Yes\n")),
        *((word, False) for word in ("\n", "n\n", "nein\n", "jawohl?\n", "")),
    ],
)
def test_a_person_says_yes_in_either_language(typed: str, confirmed: bool) -> None:
    with CliRunner().isolation(input=typed):
        assert is_confirmed("senden? [j/N]") is confirmed


@pytest.mark.processes
@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [(b"j\n", 0, "angenommen"), (b"\x03", 1, "Nichts ist gesendet."), (b"\x04", 1, "Nichts ist gesendet.")],
    ids=["ja", "ctrl-c", "end of input"],
)
async def test_at_a_terminal_it_is_asked_and_says_what_came_of_it(
    service: Any, run: Any, file: Any, keys: bytes, code: int, said: str
) -> None:
    first = await submitted(run, file, warning())
    ended, shown = await asyncio.to_thread(at_terminal, keys, "update", first, "--expires", "+1h")
    assert re.search(r"Aktualisierung, gültig bis [0-9.]+ [0-9:]+ (MEZ|MESZ): senden\? \[j/N\] ", shown), (
        shown
    )
    assert (ended, said in shown) == (code, True), shown
    assert await stored(service.parts.health.pool) == (2 if code == 0 else 1)


PATIENCE_S = 60.0  # only a failing test waits so long
AT_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "dispatcher", *sys.argv[1:]])
"""
"""Makes its standard input the terminal that Ctrl-C comes from, and becomes the command."""


def at_terminal(keys: bytes, *arguments: str) -> tuple[int, str]:
    """Type a command at a terminal and answer its question; return its exit code and what the terminal showed."""
    ours, its = pty.openpty()
    shown = b""
    with os.fdopen(ours, "r+b", buffering=0) as screen:
        process = subprocess.Popen(
            [sys.executable, "-c", AT_TERMINAL, *arguments], stdin=its, stdout=its, stderr=its
        )
        os.close(its)
        with process, suppress(OSError):  # which says that the other side is gone
            give_up = time.monotonic() + PATIENCE_S
            while True:
                if keys and b"[j/N] " in shown and sleeps(process.pid):
                    screen.write(keys)
                    keys = b""
                if select.select([screen], [], [], 0.01)[0]:
                    if not (part := screen.read(4096)):
                        break
                    shown += part
                elif time.monotonic() > give_up:
                    process.kill()
    return process.returncode, shown.decode()


def sleeps(pid: int) -> bool:
    """Whether the process waits: one that has asked, for an answer. Before that Ctrl-C would be lost: Python looks for
    signals, and then reads, and one that comes between the two is seen only after the next line.
    """
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    return state.startswith("S")


async def test_no_key_is_shown_or_sent_where_it_may_not(run: Any, surroundings: Any) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("cancel", "0" * 26, "--yes", "--url", "http://warn.invalid")
    assert (done.exit_code, KEY in done.output) == (2, False)
