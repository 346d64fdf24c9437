"""The audit, by prepared answers; and by the real pip-audit, which asks a server of ours that speaks OSV's protocol."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ops.supply_chain.__main__ import main
from ops.supply_chain.advisories import Audit, Status, audit, judge, merged, report
from ops.supply_chain.lock import Pinned

REDIS, UVLOOP = Pinned("redis", "5.3.1"), Pinned("uvloop", "0.23.0")
ADVISORY = {"id": "CVE-2099-1", "aliases": ["GHSA-x"], "fix_versions": ["6.0"], "description": "x"}


def entry(package: Pinned, *advisories: Any) -> dict[str, Any]:
    return {"name": package.name, "version": package.version, "vulns": list(advisories)}


def skipped(package: Pinned) -> dict[str, Any]:
    return {"name": package.name, "skip_reason": "Dependency not found on PyPI and could not be audited"}


CLEAN = [entry(REDIS), entry(UVLOOP)]


ANSWERS: dict[str, tuple[Any, Status, set[Pinned]]] = {
    "clean": ({"dependencies": CLEAN}, Status.CLEAN, set()),
    "vulnerable": ({"dependencies": [entry(REDIS, ADVISORY), entry(UVLOOP)]}, Status.VULNERABLE, set()),
    "vulnerable and skipped": (
        {"dependencies": [entry(REDIS, ADVISORY), skipped(UVLOOP)]},
        Status.VULNERABLE,
        {UVLOOP},
    ),
    "all skipped": ({"dependencies": [skipped(REDIS), skipped(UVLOOP)]}, Status.NOT_AUDITED, {REDIS, UVLOOP}),
    "one skipped": ({"dependencies": [entry(REDIS), skipped(UVLOOP)]}, Status.NOT_AUDITED, {UVLOOP}),
    "one missing": ({"dependencies": [entry(REDIS)]}, Status.NOT_AUDITED, {UVLOOP}),
    "another version": (
        {"dependencies": [entry(REDIS), entry(Pinned("uvloop", "0.22"))]},
        Status.NOT_AUDITED,
        {UVLOOP},
    ),
    "no list of advisories": (
        {"dependencies": [entry(REDIS), {"name": "uvloop", "version": "0.23.0"}]},
        Status.NOT_AUDITED,
        {UVLOOP},
    ),
    "more than was asked": ({"dependencies": [*CLEAN, "more"]}, Status.CLEAN, set()),
    "another form": ({"dependencies": {}}, Status.NOT_AUDITED, {REDIS, UVLOOP}),
    "a list": ([], Status.NOT_AUDITED, {REDIS, UVLOOP}),
    "nothing": (None, Status.NOT_AUDITED, {REDIS, UVLOOP}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_not_answered_was_not_audited(name: str) -> None:
    answer, status, not_audited = ANSWERS[name]
    found = judge([REDIS, UVLOOP], answer)
    assert (found.status, set(found.not_audited)) == (status, not_audited)
    assert len(found.audited) + len(found.not_audited) == 2


def test_an_audit_of_nothing_is_none() -> None:
    assert judge([], {"dependencies": []}).status is Status.NOT_AUDITED
    assert merged([]) == Audit()


def test_the_statuses_are_told_apart_from_each_other_and_from_a_mistaken_call() -> None:
    assert [int(status) for status in Status] == [0, 1, 3]
    with pytest.raises(SystemExit) as caught:
        main(["--lock"])
    assert caught.value.code == 2


def test_the_report_names_what_is_vulnerable_and_why_the_rest_is_unknown() -> None:
    found = judge([REDIS, UVLOOP], {"dependencies": [entry(REDIS, ADVISORY), skipped(UVLOOP)]})
    assert report(found).splitlines() == [
        "redis 5.3.1: CVE-2099-1, GHSA-x; fixed in 6.0",
        "not audited: uvloop (Dependency not found on PyPI and could not be audited)",
        "1 packages audited, 1 not; 1 known vulnerabilities",
    ]


# the real tool


@pytest.fixture
def osv(processes: Any, request: pytest.FixtureRequest) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that answers as OSV does, with this status: redis below 6 has an advisory. Its URL, and what it was
    asked.
    """
    status, asked = getattr(request, "param", 200), []
    affected = {
        "package": {"name": "redis", "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.0"}]}],
    }
    advisory = {
        "id": "GHSA-x",
        "aliases": ["CVE-2099-1"],
        "summary": "x",
        "details": "x",
        "affected": [affected],
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((question["package"]["name"], question["version"]))
            old = question["package"]["name"] == "redis" and question["version"] < "6"
            body = json.dumps({"vulns": [advisory] if old else []}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        server.shutdown()
        thread.join()


def at(url: str) -> list[str]:
    return ["--vulnerability-service", "osv", "--osv-url", url]


def test_every_version_is_asked_for_and_an_advisory_is_found(osv: Any) -> None:
    url, asked = osv
    numpy = [Pinned("numpy", "2.4.6"), Pinned("numpy", "2.5.5")]
    assert audit([UVLOOP, *numpy], at(url)).status is Status.CLEAN
    assert sorted(asked) == [("numpy", "2.4.6"), ("numpy", "2.5.5"), ("uvloop", "0.23.0")]
    found = audit([UVLOOP, REDIS], at(url))
    assert found.status is Status.VULNERABLE
    ((package, names, fixed_in),) = [
        (one.package, set(one.names), one.fixed_in) for one in found.vulnerabilities
    ]
    assert (package, names, fixed_in) == (REDIS, {"CVE-2099-1", "GHSA-x"}, ("6.0",))


@pytest.mark.parametrize("osv", [500, 404], indirect=True)
def test_a_service_that_refuses_leaves_everything_unaudited(osv: Any) -> None:
    found = audit([UVLOOP], at(osv[0]))
    assert (found.status, list(found.not_audited)) == (Status.NOT_AUDITED, [UVLOOP])
    assert found.not_audited[UVLOOP].startswith("pip-audit ended with 1: ")


def test_without_a_network_nothing_is_audited(processes: Any) -> None:
    assert audit([UVLOOP], at("http://127.0.0.1:9/v1/query")).status is Status.NOT_AUDITED


def test_by_itself_the_tool_calls_what_it_skipped_free_of_vulnerabilities(
    processes: Any, tmp_path: Path
) -> None:
    """Why its exit status is not asked: it looks nothing up here, and ends with 0."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("uvloop @ http://127.0.0.1:9/uvloop-0.23.0-py3-none-any.whl\n")
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--requirement",
        str(requirements),
        "--no-deps",
        "--disable-pip",
    ]
    command += ["--format", "json", "--progress-spinner", "off", "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "No known vulnerabilities found" in done.stderr
    found = judge([UVLOOP], json.loads(done.stdout))
    assert (found.status, list(found.not_audited)) == (Status.NOT_AUDITED, [UVLOOP])


def test_the_command_writes_the_sbom_says_what_it_found_and_ends_with_the_status(
    osv: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, sbom = tmp_path / "lock", tmp_path / "new" / "sbom.cdx.json"
    own = ["--lock", str(lock), "--sbom", str(sbom)]
    for version, status in (("5.3.1", Status.VULNERABLE), ("7.0", Status.CLEAN)):
        lock.write_text(f"redis=={version} --hash=sha256:00\n")
        assert main([*own, *at(osv[0])]) == status
        assert f"pkg:pypi/redis@{version}" in sbom.read_text()
    assert capsys.readouterr().out.endswith("1 packages audited, 0 not; 0 known vulnerabilities\n")
