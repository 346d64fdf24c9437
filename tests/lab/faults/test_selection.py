"""A short selection of the fault lab, and the proof that it can find a loss.

The rest, many runs of each: `make faults`.
"""

from pathlib import Path
from typing import Any

import pytest

from ops.lab.faults.catalogue import named
from ops.lab.faults.series import Order, run
from ops.lab.world.verdict import MUST_BE_ZERO

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SEED, SUBSCRIPTIONS = 7, 300
SELECTION = (
    "worker-kill",
    "api-kill",
    "queue-flush",
    "record-immediate",
    "cancel-race",
)
PROMISED = {"fault", "runs", "seeds", "keys", "lost", "doubled", "bound", "phantom", "false_delivered"}
PROMISED |= {"unknown", "late", "recovery_s", "ok", "criteria"}


def results(home: Any, *names: Any) -> dict[Any, Any]:
    faults = [fault for name in names for fault in named(name)]
    return {found["fault"]: found for found in run(faults, Order((SEED,), SUBSCRIPTIONS, home), print)}


@pytest.fixture(scope="module")
def selection(servers_dir: Path) -> Any:
    return results(servers_dir / "faults", *SELECTION)


@pytest.mark.parametrize("name", SELECTION)
def test_nothing_is_lost_and_no_more_is_doubled_than_the_fault_explains(selection: Any, name: Any) -> None:
    found = selection[name]
    assert found.keys() >= PROMISED
    assert found["failures"] == []
    assert found["ok"] is True
    assert found["keys"] > 0
    assert not any(found[count] for count in MUST_BE_ZERO)
    assert found["doubled"] <= found["bound"]


def test_without_a_reconciler_an_emptied_queue_is_found_to_lose(server_dir: Path) -> None:
    [found] = results(server_dir, "control-forgetful").values()
    assert found["ok"] is True
    assert found["lost"] > 0
    assert found["unknown"] > 0


def test_accepted_before_it_is_sent_is_found_to_lose_and_to_lie(server_dir: Path) -> None:
    [found] = results(server_dir, "control-hasty").values()
    assert found["ok"] is True
    assert found["lost"] > 0
    assert found["false_delivered"] > 0


def test_the_last_report_in_place_of_the_first_is_found(server_dir: Path) -> None:
    [found] = results(server_dir, "control-fickle").values()
    assert found["ok"] is True
    assert not found["criteria"]["failure_not_believed"]["ok"]
