"""Starting and ending a stand-in from a program."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.lab.gateways import launch
from ops.lab.gateways.launch import Ready, Standin, StandinError


@pytest.mark.processes
def test_a_stand_in_is_stopped_at_the_end_of_its_block(state: Any, tmp_path: Path) -> None:
    with launch.start("sms", ledger=tmp_path / "l", state=state) as standin:
        assert standin.stats()["requests"] == 0
    assert standin.process.returncode == 0


def test_its_control_interface_works_over_tls(start: Any, certificate: tuple[Any, ...]) -> None:
    pem, context = certificate
    standin = start("sms", "--tls-cert", str(pem), tls=context)
    assert standin.set_faults({"name": "f", "action": {"kind": "hang"}}) == ["f"]
    assert standin.stats()["by_fault"] == {"f": 0}
    standin.clear_faults()
    assert standin.stats()["by_fault"] == {}


def test_a_bad_rule_is_an_error_that_says_why(start: Any) -> None:
    with pytest.raises(StandinError, match="explode"):
        start("sms").set_faults({"action": {"kind": "explode"}})


@pytest.mark.processes
def test_one_that_does_not_start_is_an_error(
    state: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StandinError, match="app"):
        launch.start("app", ledger=tmp_path / "no" / "such" / "place", state=state)
    assert "No such file" in capfd.readouterr().err


@pytest.mark.processes
def test_one_that_does_not_stop_is_killed() -> None:
    deaf = "trap '' TERM; echo ready; while :; do read -t 60 line; done"
    process = subprocess.Popen(["bash", "-c", deaf], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    with process.stdin:
        standin = Standin(process, Ready("sms", "", (), (), process.pid, ""))
        assert standin.stop(within_s=0.2) == -signal.SIGKILL
