"""The example for Alertmanager routes every alarm there is, puts together what is one call, and keeps no secret."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dispatcher.embedded.parent_death import with_parent_death_signal
from dispatcher.model.vocabulary import Lane
from tests.ops.expressions import OPS
from tests.ops.monitoring import eventually
from tests.support.programs import program, run

CONFIGURATION = OPS / "alertmanager" / "alertmanager.yml"
TEMPLATES = OPS / "alertmanager" / "templates"
ALERTS = OPS / "prometheus" / "rules" / "alerts.yml"
PACKAGE = "prometheus-alertmanager"
NOTICED = {
    "DispatcherDeliveryLossSuspected",
    "DispatcherGatewayUnreached",
    "DispatcherManyUnreached",
    "DispatcherNobodyReached",
}
"""What people notice: it calls whatever else calls."""
SECRET = re.compile(r"\b\w*(?:password|credentials|secret|token|key)(?=: *\S)")
"""A setting that holds a secret itself, and not the name of its file."""

Labels = Mapping[str, str]

pytestmark = pytest.mark.processes


def alarms() -> list[dict[str, str]]:
    """The labels of every alarm that the rules can raise: of each rule those that it sets and those that its words name,
    with every lane that it is about.
    """
    found = re.split(r"\n      - alert: ", ALERTS.read_text("utf-8"))[1:]
    words = defaultdict(set)
    for rule in found:
        words[_name(rule)] |= set(re.findall(r"\$labels\.(\w+)", rule))
    each = [labels for rule in found for labels in _variants(rule, words[_name(rule)])]
    return list({tuple(sorted(labels.items())): labels for labels in each}.values())


def _name(rule: str) -> str:
    return rule.split("\n", 1)[0]


def _variants(rule: str, named: set[str]) -> Iterator[dict[str, str]]:
    labels = {"alertname": _name(rule), "job": "dispatcher"} | dict.fromkeys(named - {"lane"}, "one")
    [said] = re.findall(r"\n        labels: \{([^}]*)\}", rule)
    labels |= dict(pair.split(": ") for pair in said.split(", "))
    if "lane" not in named or "lane" in labels:
        yield labels
        return
    about = re.search(r'lane=~"([^"]+)"', rule)
    for lane in about[1].split("|") if about else [str(lane) for lane in Lane]:
        yield {**labels, "lane": lane}


def expected(labels: Labels) -> list[str]:
    """Who is to hear of an alarm."""
    if labels.get("lane") == Lane.EXERCISE:
        return ["exercise"]
    if labels["severity"] == "critical":
        return ["on-call"]
    return ["self-test"] if "Canary" in labels["alertname"] else ["mailbox", "ticket"]


def receivers(configuration: Path, labels: Labels) -> list[str]:
    """Who hears of an alarm, as amtool says."""
    words = [f"{name}={value}" for name, value in labels.items()]
    amtool = program("amtool", PACKAGE)
    done = run([amtool, "config", "routes", "test", f"--config.file={configuration}", *words])
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip().split(",")


def misrouted(configuration: Path) -> list[tuple[Labels, list[str]]]:
    """The alarms that others hear of than should, and who does."""
    found = [(labels, receivers(configuration, labels)) for labels in alarms()]
    return [(labels, heard) for labels, heard in found if heard != expected(labels)]


def changed(tmp_path: Path, before: str, after: str) -> Path:
    """The example with something else in it."""
    text = CONFIGURATION.read_text("utf-8")
    assert before in text
    file = tmp_path / "alertmanager.yml"
    file.write_text(text.replace(before, after), "utf-8")
    return file


def test_the_example_and_its_templates_are_valid() -> None:
    done = run([program("amtool", PACKAGE), "check-config", CONFIGURATION])
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, said
    assert said.count("SUCCESS") == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("receiver: on-call", "receiver: nobody"),
        ("[working-hours]", "[weekend]"),
        ("equal: [job]", "equals: [job]"),
    ],
)
def test_an_invalid_example_is_noticed(before: str, after: str, tmp_path: Path) -> None:
    file = changed(tmp_path, before, after)
    assert run([program("amtool", PACKAGE), "check-config", file]).returncode != 0


def test_every_alarm_goes_to_whom_it_should() -> None:
    found = alarms()
    assert {labels["alertname"] for labels in found} == set(
        re.findall(r"- alert: (\w+)", ALERTS.read_text("utf-8"))
    )
    assert {labels["severity"] for labels in found} == {"critical", "warning"}
    assert misrouted(CONFIGURATION) == []


def test_an_alarm_that_nobody_has_a_route_for_calls_and_is_noticed(tmp_path: Path) -> None:
    file = changed(tmp_path, 'matchers: [severity="critical"]', 'matchers: [severity="grave"]')
    wrong = misrouted(file)
    assert {labels["severity"] for labels, _ in wrong} == {"critical"}
    assert all(heard == ["unrouted"] for _, heard in wrong)
    assert receivers(CONFIGURATION, {"alertname": "DispatcherNew", "severity": "info"}) == ["unrouted"]


def test_an_exercise_never_calls() -> None:
    for severity in ("critical", "warning", "info"):
        assert receivers(CONFIGURATION, {"severity": severity, "lane": "exercise"}) == ["exercise"]


def unknown_names(text: str) -> set[str]:
    """The alarms that a text names and no rule raises."""
    return set(re.findall(r"\bDispatcher\w+", text)) - {labels["alertname"] for labels in alarms()}


def test_every_alarm_that_the_example_names_is_one() -> None:
    assert unknown_names(CONFIGURATION.read_text("utf-8")) == set()
    assert unknown_names('alertname=~"DispatcherQueueDown|DispatcherQueueUp"') == {"DispatcherQueueUp"}


def secrets_made(text: str) -> set[str]:
    """The files of secrets that a page has made for Alertmanager."""
    found = re.findall(r"^install (?:-\w \S+ )+((?:[\w-]+ )+)(/etc/prometheus/secrets)/$", text, re.MULTILINE)
    return {f"{folder}/{name}" for names, folder in found for name in names.split()}


def test_no_secret_is_in_the_example() -> None:
    text = CONFIGURATION.read_text("utf-8")
    assert SECRET.findall(text) == []
    named = re.findall(r"_file: (/etc/prometheus/secrets/\S+?)\}?$", text, re.MULTILINE)
    assert len(named) == 3
    for page in ("for-operators.md", "for-operators.de.md"):
        assert secrets_made((OPS / "docs" / page).read_text("utf-8")) == set(named), page
    assert secrets_made("install -m 400 mail /etc/prometheus/secrets/\n") == {"/etc/prometheus/secrets/mail"}
    shown = "smtp_auth_password: hush\n- routing_key: hush\n  authorization: {credentials: hush}\n"
    assert SECRET.findall(shown) == ["smtp_auth_password", "routing_key", "credentials"]


@contextmanager
def running(home: Path, configuration: Path = CONFIGURATION) -> Iterator[str]:
    """Alertmanager with the example, alone on this machine: its API. It reaches nobody: no host of the example exists."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = [
        program("prometheus-alertmanager", PACKAGE),
        f"--config.file={configuration}",
        f"--storage.path={home / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            with_parent_death_signal(command, death_signal=signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        assert eventually(lambda: _answer(f"http://{address}/-/ready") is not None), (
            home / "log"
        ).read_text()
        yield f"http://{address}/api/v2"
    finally:
        process.kill()
        process.wait()


def _answer(url: str, body: Any = None) -> bytes | None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())
    except OSError:
        return None


LAST = [
    {"alertname": name, "job": "last", "severity": "critical"}
    for name in ("DispatcherRecordDown", "DispatcherNoReconciler")
]
"""A cause of elsewhere, and what follows from it."""


def raised(api: str, labels: list[dict[str, str]]) -> list[Any]:
    """What Alertmanager says of alarms that fire now, once it has taken all of them."""
    now = datetime.now(UTC).isoformat()
    assert _answer(f"{api}/alerts", [{"labels": one, "startsAt": now} for one in labels]) is not None
    return eventually(
        lambda: json.loads(_answer(f"{api}/alerts") or b"[]"), lambda found: len(found) == len(labels)
    )


def inhibited(api: str, labels: list[dict[str, str]]) -> set[tuple[str, str]]:
    """(alertname, severity) of those of which nobody hears beside the others.

    Alertmanager finds out after it has taken them, in their order: the last two say when it is through.
    """
    assert len(raised(api, [*labels, *LAST])) == len(labels) + len(LAST)
    quiet = eventually(lambda: _quiet(api), lambda quiet: LAST[-1] in quiet)
    return {(one["alertname"], one["severity"]) for one in quiet if one["job"] != LAST[-1]["job"]}


def _quiet(api: str) -> list[dict[str, str]]:
    found = json.loads(_answer(f"{api}/alerts") or b"[]")
    return [alert["labels"] for alert in found if alert["status"]["inhibitedBy"]]


def named(*names: str) -> list[dict[str, str]]:
    return [labels for labels in alarms() if labels["alertname"] in names]


def test_what_people_notice_calls_whatever_else_does(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        quiet = inhibited(api, alarms())
    assert {name for name, severity in quiet if severity == "critical"}.isdisjoint(NOTICED)
    assert {("DispatcherNoReconciler", "critical"), ("DispatcherFeedStale", "critical")} <= quiet
    assert {("DispatcherCanaryLate", "critical"), ("DispatcherGatewayPaused", "warning")} <= quiet
    assert ("DispatcherNobodyReached", "warning") in quiet  # a less urgent lane
    assert ("DispatcherRecordDown", "critical") not in quiet


@pytest.mark.parametrize(
    ("cause", "follows", "goes_on"),
    [
        ("DispatcherRecordDown", "DispatcherFeedStale", "DispatcherQueueDown"),
        ("DispatcherApiMissing", "DispatcherCanaryUnproven", "DispatcherConnectionsExhausted"),
        ("DispatcherGatewayMisconfigured", "DispatcherGatewayPaused", "DispatcherSmsBudgetLow"),
    ],
)
def test_only_what_follows_is_kept_from_calling(
    cause: str, follows: str, goes_on: str, tmp_path: Path
) -> None:
    with running(tmp_path) as api:
        quiet = inhibited(api, named(cause, follows, goes_on))
    assert {name for name, _ in quiet} == {follows}


def test_a_cause_elsewhere_keeps_nothing_from_calling(tmp_path: Path) -> None:
    elsewhere = [{**labels, "job": "neighbour"} for labels in named("DispatcherRecordDown")]
    other = [{**labels, "process": "worker-1"} for labels in named("DispatcherTargetDown")]
    with running(tmp_path) as api:
        assert (
            inhibited(api, [*elsewhere, *other, *named("DispatcherFeedStale", "DispatcherApiMissing")])
            == set()
        )


def calls(api: str) -> list[set[str]]:
    """Which alarms come in one call to whoever is on call."""
    groups = json.loads(_answer(f"{api}/alerts/groups") or b"[]")
    return [
        {alert["labels"]["alertname"] for alert in group["alerts"]}
        for group in groups
        if group["receiver"]["name"] == "on-call"
    ]


def test_what_one_does_one_thing_about_is_one_call(tmp_path: Path) -> None:
    names = {labels["alertname"] for labels in alarms() if labels["severity"] == "critical"}
    with running(tmp_path) as api:
        raised(api, alarms())
        found = eventually(lambda: calls(api), lambda found: sum(map(len, found)) >= len(names))
    together = [
        {"DispatcherGatewayMisconfigured", "DispatcherGatewayUnreached", "DispatcherSmppUnbound"},
        {"DispatcherMessageHeld", "DispatcherApprovalOverdue", "DispatcherDutyUntold", "DispatcherSmsHeld"},
        {"DispatcherApiMissing", "DispatcherWorkersMissing", "DispatcherRecordDown", "DispatcherQueueDown"},
    ]
    for group in together:
        assert len([call for call in found if call & group]) == 1
        assert len([call for call in found if call >= group]) == 1
    assert {"DispatcherNobodyReached"} in found  # all of its lanes, and nothing else


@contextmanager
def alarm_service() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """What rings telephones: its address, and what it was told, (authorization, body)."""
    told: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((self.headers["Authorization"], body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", told
        server.shutdown()


def test_whoever_is_on_call_is_called_at_once_with_the_secret_of_the_file_and_the_runbook(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("hush\n", "utf-8")
    link = "https://warnung.example.org/runbooks.html#dispatcherqueuedown"
    down = {"alertname": "DispatcherQueueDown", "job": "dispatcher", "severity": "critical"}
    with alarm_service() as (address, told):
        file = changed(tmp_path, "https://alarm.kreis.example", address)
        text = file.read_text("utf-8").replace("/etc/prometheus/secrets/alarm-service", f"{tmp_path}/secret")
        text = text.replace("templates/*.tmpl", f"{TEMPLATES}/*.tmpl").replace(
            "group_wait: 10s", "group_wait: 0s"
        )
        file.write_text(text, "utf-8")
        with running(tmp_path, file) as api:
            alert = {"labels": down, "annotations": {"runbook_url": link}}
            assert _answer(f"{api}/alerts", [alert]) is not None
            [(authorization, body), *_] = eventually(lambda: list(told))
    assert authorization == "Bearer hush"
    assert (body["receiver"], body["status"]) == ("on-call", "firing")
    assert [one["annotations"]["runbook_url"] for one in body["alerts"]] == [link]


NOTICE: dict[str, Any] = {
    "receiver": "on-call",
    "status": "firing",
    "commonLabels": {"severity": "critical"},
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DispatcherQueueDown", "job": "dispatcher", "severity": "critical"},
            "annotations": {
                "summary": "Warteschlange (Redis) nicht erreichbar",
                "description": "Warnungen werden nicht versandt.",
                "runbook_url": "https://warnung.example.org/runbooks.html#dispatcherqueuedown",
            },
            "startsAt": "2026-11-30T02:12:00Z",
            "endsAt": "2026-11-30T02:20:00Z",
        }
    ],
}


def rendered(template: str, tmp_path: Path, **differs: Any) -> str:
    """What a person reads of it, in UTC."""
    data = tmp_path / "data.json"
    data.write_text(json.dumps(NOTICE | differs), "utf-8")
    words = [f"--template.glob={TEMPLATES}/*.tmpl", f"--template.data={data}"]
    command = [program("amtool", PACKAGE), "template", "render", *words]
    done = run(
        [*command, f'--template.text={{{{ template "{template}" . }}}}'], env=os.environ | {"TZ": "UTC"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def test_whoever_is_called_reads_what_it_is_and_where_it_stands_what_to_do(tmp_path: Path) -> None:
    subject = rendered("dispatcher.subject", tmp_path)
    assert subject == "[SOFORT] Warteschlange (Redis) nicht erreichbar"
    assert rendered("dispatcher.text", tmp_path).splitlines() == [
        "Warteschlange (Redis) nicht erreichbar",
        "Warnungen werden nicht versandt.",
        "Was zu tun ist: https://warnung.example.org/runbooks.html#dispatcherqueuedown",
        "Seit 30.11.2026 02:12:00 UTC, job dispatcher",
        "Alarm DispatcherQueueDown",
    ]


@pytest.mark.parametrize(
    ("differs", "begins"),
    [
        ({"receiver": "exercise", "commonLabels": {"severity": "warning"}}, "[ÜBUNG, HEUTE ANSEHEN] "),
        ({"receiver": "self-test", "commonLabels": {"severity": "warning"}}, "[SELBSTTEST, HEUTE ANSEHEN] "),
        ({"status": "resolved"}, "[BEENDET] "),
        ({"receiver": "unrouted", "commonLabels": {}}, "[SOFORT] "),
    ],
)
def test_the_subject_says_how_urgent_it_is(differs: dict[str, Any], begins: str, tmp_path: Path) -> None:
    assert rendered("dispatcher.subject", tmp_path, **differs).startswith(begins)


def test_what_has_ended_says_so(tmp_path: Path) -> None:
    [alert] = NOTICE["alerts"]
    over = rendered("dispatcher.text", tmp_path, status="resolved", alerts=[{**alert, "status": "resolved"}])
    assert over == "BEENDET um 02:20:00 UTC: Warteschlange (Redis) nicht erreichbar"
