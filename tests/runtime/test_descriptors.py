"""File descriptors: as many as there may be, and enough left for everything but gateways."""

import json
import subprocess
import sys
from typing import Any

import pytest

from dispatcher.runtime.descriptors import (
    CLIENTS_MIN,
    METRICS_CLIENTS,
    OUTBOUND_MAX,
    OUTBOUND_MIN,
    for_clients,
    for_outbound,
)

RAISE_LIMIT = """
import json, resource
from dispatcher.runtime.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(json.dumps([raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


def raised(soft: Any, hard: Any) -> Any:
    code = RAISE_LIMIT.format(soft=soft, hard=hard)
    return json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)


@pytest.mark.processes
@pytest.mark.parametrize(("soft", "hard", "limit"), [(64, 64, 64), (256, 512, 512), (512, 512, 512)])
def test_a_process_takes_what_it_may(soft: int, hard: int, limit: int) -> None:
    assert raised(soft, hard) == [limit, limit, hard]


@pytest.mark.parametrize(
    ("limit", "record", "connections"),
    [
        (65_536, 16, OUTBOUND_MAX),
        (1024, 16, 484),
        (256, 16, 100),
        (64, 16, OUTBOUND_MIN),
        (16, 16, OUTBOUND_MIN),
    ],
)
def test_gateways_get_half_of_what_is_left(limit: int, record: int, connections: Any) -> None:
    assert for_outbound(limit, record) == connections


@pytest.mark.parametrize("limit", [300, 512, 1024, 4096, 65_536])
def test_clients_leave_descriptors_to_everything_else(limit: int) -> None:
    clients = for_clients(limit, 12)
    assert clients >= limit // 5
    assert clients + for_outbound(limit, 12) + METRICS_CLIENTS + 12 < limit - 40


def test_some_clients_are_served_at_any_rate() -> None:
    assert for_clients(64, 12) == CLIENTS_MIN
