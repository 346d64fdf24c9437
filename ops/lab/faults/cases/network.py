"""F8: the network between us and a gateway is cut: packets vanish, neither side gets an error. Needs root and
iptables."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ops.lab.faults.cases.gateways import OUTAGE_S, STRUCK, others_unaffected, uncertain, undisturbed
from ops.lab.faults.trial import TrialError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.lab.faults.trial import Trial

RULE_WITHIN_S = 10


def partition(trial: Trial) -> None:
    """Let nothing pass between us and one push service for some seconds, in either direction. What was under way
    arrives when the network is back, and is taken although no sender waits for the answer any more."""
    quiet_s = undisturbed(trial)
    before = uncertain(trial)
    [port] = trial.district.gateways[STRUCK].ready.ports
    sent = trial.warn()
    trial.await_moment()
    with cut_off(port):
        time.sleep(OUTAGE_S)
    back_s = time.monotonic()
    others_unaffected(trial, sent, quiet_s)
    trial.settle()
    trial.recovered(time.monotonic() - back_s)
    trial.allow(round(uncertain(trial) - before))


@contextmanager
def cut_off(port: int) -> Iterator[None]:
    """Drop every packet on the loopback interface to and from this port. Raises TrialError where this fails."""
    with _dropped(["-p", "tcp", which, str(port)] for which in ("--dport", "--sport")):
        yield


@contextmanager
def cut_off_address(address: str) -> Iterator[None]:
    """Drop every packet on the loopback interface to and from this address. Raises as `cut_off`."""
    with _dropped([which, address] for which in ("--destination", "--source")):
        yield


@contextmanager
def _dropped(packets: Iterable[list[str]]) -> Iterator[None]:
    rules = [["INPUT", "-i", "lo", *which, "-j", "DROP"] for which in packets]
    done: list[list[str]] = []
    try:
        for rule in rules:
            _iptables("-I", rule)
            done.append(rule)
        yield
    finally:
        for rule in done:
            _iptables("-D", rule)


def _iptables(action: str, rule: list[str]) -> None:
    command = ["iptables", "--wait", action, *rule]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=RULE_WITHIN_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise TrialError(f"the network cannot be cut: {error}") from error
