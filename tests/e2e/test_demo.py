"""The demo from end to end, in a small district, and the proof that its verdict can be lost.

It runs once, as `make demo KEEP=1` does, and is stopped by Ctrl-C; then falsified copies of what it left are
counted again.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ops.lab.demo.__main__ import main
from ops.lab.demo.authority.desk import SignedInPerson
from ops.lab.demo.evidence import CASE, CLAIMS, SUMMARY
from ops.lab.demo.progress import CHANNELS
from ops.lab.town.persons import CONSOLE_URL
from ops.lab.world import people
from ops.lab.world.messages import CONCERNED
from ops.lab.world.population import INHABITANTS
from ops.lab.world.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SUBSCRIPTIONS, SEED = 600, 3
PATIENCE_S = 240.0
PROMISED = {
    "expected",
    "accepted",
    "lost",
    "doubled",
    "doubled_bound",
    "phantom",
    "late",
    "unknown",
    "time_to_first_ms",
    "time_to_last_ms",
}


class Demo:
    """One run that was left running, looked at, and stopped by Ctrl-C."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.said = ""
        command = [sys.executable, "-m", "ops.lab.demo", "--keep", "--out", out]
        # How fast it is on a machine that does other things besides is no promise of these tests.
        command += ["--first-accept-within", "60"]
        command += ["--subscriptions", str(SUBSCRIPTIONS), "--seed", str(SEED)]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0
        ) as process:
            try:
                self._listen(process.stdout)
                # what is submitted by hand from here on is in no expectation
                self.ledgers = shutil.copytree(out / "ledgers", out.with_name("ledgers"))
                self.pids = json.loads((out / "service" / "state.json").read_text())
                self.ready = self._get("readyz")
                self.tried = self._try_next()
                self.desks = {one: self._desk(one) for one in ("live", "exercise")}
                process.send_signal(signal.SIGINT)
                self.status = process.wait(PATIENCE_S)
            finally:
                process.kill()
        self.summary = json.loads((out / SUMMARY).read_text())

    def _listen(self, stream: Any) -> None:
        """Until everything is said; the test's own time limit ends a demo that falls silent."""
        for line in stream:
            self.said += line
            if "Ctrl-C stops everything" in line:
                return
        pytest.fail(self.said)

    @property
    def url(self) -> Any:
        return re.search(r"^API\s+(\S+)", self.said, re.MULTILINE)[1]

    def _get(self, path: Any) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=10) as answer:
            return answer.status

    def _desk(self, environment: Any) -> Any:
        """What the desk says to somebody who signs in by the printed link, and the alert that is said to be on it."""
        found = re.search(
            rf"^ +(http://localhost:\d+)(/console/{environment}/invitation/\S+)\n"
            rf" +then \1(/console/{environment}/desk)\n +and its alert \1(\S+)$",
            self.said,
            re.MULTILINE,
        )
        assert found, self.said
        origin, link, desk, alert = found.groups()
        person = SignedInPerson(Service(self.out / "service", {CONSOLE_URL: origin}), link)
        return person.get(desk).body.decode(), alert, person.get(alert).body.decode()

    def _try_next(self) -> Any:
        """All commands that it prints at its end, as they stand there."""
        after = self.said[self.said.index("Try next") :].splitlines()[1:]
        commands = takewhile(lambda line: line.startswith("  "), after)
        script = "\n".join(["set -e", f"cd {ROOT}", *commands])
        return subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )


@pytest.fixture(scope="module")
def demo(servers_dir: Path) -> Demo:
    return Demo(servers_dir / "demo" / "out")


def test_every_promise_is_kept_although_a_worker_is_killed(demo: Demo) -> None:
    assert (demo.status, demo.summary["ok"], demo.summary["failures"]) == (0, True, [])
    total = demo.summary["total"]
    assert [total[name] for name in ("lost", "phantom", "late", "unknown")] == [0, 0, 0, 0]
    assert total["accepted"] == total["expected"] > SUBSCRIPTIONS
    assert total["doubled"] <= total["doubled_bound"]
    [death] = demo.summary["deaths"]
    assert (death["kind"], death["process"][:7]) == ("alert", "worker-")
    assert death["successor"] != death["pid"]


def test_the_account_names_every_message_and_channel(demo: Demo) -> None:
    assert [one["kind"] for one in demo.summary["messages"]] == ["alert", "update", "cancel"]
    for message in demo.summary["messages"]:
        assert message["channels"].keys() == {"webpush", "unifiedpush", "fcm", "apns", "sms", "app"}
        for counts in (message["total"], *message["channels"].values()):
            assert counts.keys() >= PROMISED
            assert 0 < counts["time_to_first_ms"] <= counts["time_to_last_ms"]
    alert, update, cancel = (one["total"]["expected"] for one in demo.summary["messages"])
    assert alert < update == cancel + demo.summary["messages"][2]["gone"]


def test_only_those_concerned_got_anything(demo: Demo) -> None:
    assert (demo.summary["outside"], demo.summary["outside_reached"]) == (SUBSCRIPTIONS // 20, 0)
    spared = INHABITANTS.keys() - CONCERNED["update"]
    home = {}
    for line in (demo.out / "population" / "population.ndjson").read_text().splitlines():
        one = json.loads(line)
        home[one["ref"]] = set(one["places"])
    of_the_flood = {one["id"] for one in demo.summary["messages"]}
    # Of people who subscribed themselves the account counts each.
    reached = {
        entry["recipient"] for _, entry in accepted(demo.out) if entry.get("alert") in of_the_flood
    } & home.keys()
    assert reached
    assert not [ref for ref in reached if home[ref] <= spared]


def test_a_neighbours_warning_reaches_those_who_follow_its_city(demo: Demo) -> None:
    """Its own dispatcher publishes it, and the district's takes it in by its feed: the warning, and its end."""
    warned, ended = demo.summary["neighbour"]
    assert (warned["kind"], ended["kind"]) == ("alert", "cancel")
    for one in (warned, ended):
        assert one["owed"] == one["once"] > 24  # of three habits and more, eight people each
        assert (one["doubled"], one["missed"], one["astray"]) == (0, 0, 0)


def test_a_second_person_approved_before_anybody_was_told(demo: Demo) -> None:
    found = demo.summary["approval"]
    assert (found["held"], found["own"], found["early"]) == (True, 409, 0)
    assert found["people"] == found["told"]["once"] == found["claimed"] > 0


def test_a_false_alarm_is_corrected_to_those_alarmed_in_their_languages(demo: Demo) -> None:
    found = demo.summary["correction"]
    alarm, correction = found["alarm"], found["correction"]
    assert alarm["once"] == correction["owed"] == correction["once"] == found["understood"] > 24
    assert 0 < correction["first_s"] <= correction["last_s"]


def test_an_exercise_reaches_those_who_take_part_and_leaves_its_report(demo: Demo) -> None:
    found = demo.summary["exercise"]
    assert [one["kind"] for one in found["steps"]] == ["alarm", "correction", "all_clear"]
    assert [(one["owed"], one["once"], one["astray"]) for one in found["steps"]] == [(16, 16, 0)] * 3
    assert found["others"] > 24
    assert (found["texts"], found["unmarked"]) == (3 * 16, 0)
    assert "ÜBUNG/TEST" in (demo.out / found["report"]).read_text("utf-8")


def test_the_gateways_failed_and_were_asked_again(demo: Demo) -> None:
    faults = {
        json.loads(line).get("fault")
        for file in (demo.out / "ledgers").iterdir()
        for line in file.read_bytes().splitlines()
    }
    assert faults >= {"dead", "crowded", "busy"}


STEPS = (
    "starting the neighbour's dispatcher",
    "making 600 subscriptions",
    "starting stand-ins",
    "starting the service",
    "importing 630 subscriptions",
    "1/3 Alert: submitting",
    "SIGKILL",
    "Warned:",
    "2/3 Update: submitting",
    "3/3 Cancel: submitting",
    "a fire in Stolberg",
    "get roles, enrol, and sign in",
    "an approval: m.keller warns Titz",
    "a false alarm in Vettweiß, and its correction",
    "an exercise: alarm",
    "reading the service's ledgers",
    "comparing them",
    "Nothing lost",
    "Try next",
)


def test_it_says_what_it_does_all_the_time(demo: Demo) -> None:
    """That no step is silent for long, `tests/lab/demo/test_heartbeat.py` shows with a clock of its own."""
    places = [demo.said.find(step) for step in STEPS]
    assert -1 not in places, dict(zip(STEPS, places, strict=True))
    assert places == sorted(places)


def test_it_shows_the_warning_as_people_read_it(demo: Demo) -> None:
    for text in (
        "Push notification",
        "SMS (",
        "WARNUNG: Hochwasser an der Rur",
        "A Düren   B Heimbach",
    ):
        assert text in demo.said


def test_everybody_reached_is_a_hundred_percent(demo: Demo) -> None:
    """At the end of each message: who is gone is not owed anything."""
    last = re.findall(r"^(\d/3 \w+) +[\d.]+ s +(\d+) %(?:  |\n    )(.*)$", demo.said, re.MULTILINE)
    ends = {title: (percent, counts) for title, percent, counts in last}
    assert all("apns" in counts for _, counts in ends.values())
    assert [percent for percent, _ in ends.values()] == ["100"] * 3
    for _, counts in ends.values():
        assert all(accepted == owed for accepted, owed in re.findall(r"(\d+)/(\d+)", counts))


def test_the_links_lead_to_desks_with_the_alerts_of_the_demo(demo: Demo) -> None:
    for (listed, alert, page), headline in zip(
        (demo.desks["live"], demo.desks["exercise"]),
        ("Hochwasser an der Rur", "Brandgase in Vettweiß und Titz"),
        strict=True,
    ):
        assert f'href="{alert}"' in listed
        assert headline in page
    assert demo.desks["live"][1].endswith(demo.summary["messages"][0]["id"])


def test_left_running_it_says_where_and_ctrl_c_ends_it_all(demo: Demo) -> None:
    assert demo.ready == 200
    assert demo.tried.returncode == 0, demo.tried.stderr
    assert demo.tried.stdout.count("Hochwasser an der Rur") > 1
    assert {"supervisor", "api", "worker-1", "worker-2"} <= demo.pids.keys()
    assert not [
        pid for pid in demo.pids.values() if Path(f"/proc/{pid}/cmdline").exists() and _ours(pid, demo)
    ]


def _ours(pid: Any, demo: Any) -> bool:
    """Whether the process is still the one that was started here: numbers come round again."""
    try:
        return str(demo.out).encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def accepted(out: Any) -> Iterator[tuple[Any, ...]]:
    """(file, entry) of everything that a gateway took."""
    for file in sorted((out / "ledgers").glob("*.ndjson")):
        for line in file.read_bytes().splitlines():
            entry = json.loads(line)
            if entry["accepted"]:
                yield file, entry


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Any:
    """What the run left, without the service's data."""
    out = tmp_path / "copy"
    out.mkdir()
    shutil.copytree(demo.ledgers, out / "ledgers")
    shutil.copytree(demo.out / "population", out / "population")
    shutil.copytree(demo.out / "drills", out / "drills")
    for name in (CASE, CLAIMS):
        shutil.copy(demo.out / name, out)
    return out


@pytest.fixture
def verdict(copy: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    def count() -> tuple[Any, ...]:
        code = main(["--recount", "--out", str(copy)])
        assert "Promises broken" in capsys.readouterr().out or code == 0
        return code, json.loads((copy / SUMMARY).read_text())

    return count


@pytest.fixture
def alert_id(demo: Demo) -> Any:
    return demo.summary["messages"][0]["id"]


def append(file: Any, *entries: Any) -> None:
    with file.open("ab") as ledger:
        ledger.writelines(msgspec.json.encode(entry) + b"\n" for entry in entries)


def once(out: Any, message: Any, channels: tuple[str, ...] = ("webpush",)) -> Any:
    """A recipient of one of these channels that got `message` once: the ledger and its line. Who has several endpoints,
    of which one is enough, is counted apart.
    """
    own = {one.ref for person in people.read(out / "population") for one in person.endpoints}
    found = {}
    for file, entry in accepted(out):
        if entry.get("alert") == message and entry["channel"] in channels and entry["recipient"] not in own:
            found.setdefault(entry["recipient"], []).append((file, entry))
    return next(entries[0] for entries in found.values() if len(entries) == 1)


def test_counting_again_gives_the_same_account(demo: Demo, verdict: Any) -> None:
    code, summary = verdict()
    assert code == 0
    assert summary["messages"] == demo.summary["messages"]


def test_a_missing_line_is_a_loss(copy: Any, verdict: Any, alert_id: Any) -> None:
    file, entry = once(copy, alert_id)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if json.loads(line) != entry))
    code, summary = verdict()
    assert code == 1
    assert summary["messages"][0]["channels"]["webpush"]["lost"] == 1
    assert "false_delivered=1" in summary["failures"]


def test_a_line_for_somebody_else_is_a_phantom(copy: Any, verdict: Any, alert_id: Any) -> None:
    file, entry = once(copy, alert_id)
    append(file, {**entry, "recipient": "somebody-else"})
    code, summary = verdict()
    assert (code, summary["total"]["phantom"]) == (1, 1)


def test_a_line_after_expiry_is_late(copy: Any, verdict: Any, alert_id: Any) -> None:
    file, entry = once(copy, alert_id)
    append(file, {**entry, "wall_ns": entry["wall_ns"] + 7 * 3600 * 10**9})
    code, summary = verdict()
    assert (code, summary["total"]["late"]) == (1, 1)


def test_an_all_clear_to_somebody_never_warned_is_found(demo: Demo, copy: Any, verdict: Any) -> None:
    file, entry = once(copy, demo.summary["messages"][2]["id"])
    append(file, {**entry, "recipient": "never-warned"})
    code, summary = verdict()
    assert (code, summary["total"]["lone_all_clear"]) == (1, 1)


def test_somebody_who_was_not_told_of_the_neighbours_warning_is_missed(copy: Any, verdict: Any) -> None:
    alert_id = json.loads((copy / CASE).read_text())["taken_in"][0]["id"]
    file, entry = once(copy, alert_id, CHANNELS)  # few of so few live there
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if json.loads(line) != entry))
    code, summary = verdict()
    assert (code, summary["failures"]) == (1, ["the neighbour's alert: missed=1"])


def test_an_exercise_that_reaches_somebody_else_is_a_leak(copy: Any, verdict: Any) -> None:
    [alarm, *_] = json.loads((copy / CASE).read_text())["exercise"]["steps"]
    file, entry = next((file, one) for file, one in accepted(copy) if one.get("alert") == alarm["id"])
    append(file, {**entry, "recipient": "somebody-else"})
    code, summary = verdict()
    assert code == 1
    assert summary["failures"][0] == "the exercise's alarm: astray=1"


def test_more_doubles_than_one_death_explains_are_too_many(copy: Any, verdict: Any, alert_id: Any) -> None:
    file, entry = once(copy, alert_id)
    allowed = json.loads((copy / CASE).read_text())["in_flight_max"]
    append(file, *([entry] * (allowed + 1)))
    code, summary = verdict()
    assert code == 1
    assert summary["total"]["doubled"] > summary["total"]["doubled_bound"] == allowed


def test_a_recipient_left_open_is_unknown(copy: Any, verdict: Any, alert_id: Any) -> None:
    claims = (copy / CLAIMS).read_text()
    (copy / CLAIMS).write_text(claims.replace('"state":"accepted"', '"state":"retry"', 1))
    code, summary = verdict()
    assert (code, summary["total"]["unknown"]) == (1, 1)


def test_something_else_in_the_way_is_not_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    assert main(["--out", str(tmp_path)]) == 2
    assert "not removed" in capsys.readouterr().out
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
