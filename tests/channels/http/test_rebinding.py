"""A name whose addresses change between two look-ups leads to no private address, by either way to send."""

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a process a resolver of its own"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of it: for each try the outcome, and the look-ups and connections so far."""
    network = ".".join(str(random.SystemRandom().randrange(1, 255)) for _ in range(2))
    addresses = [f"127.{network}.{host}" for host in (53, 1, 2)]  # of nobody else's test, as likely as not
    command = [sys.executable, "-m", "tests.channels.http.rebinding"]
    root = tmp_path_factory.mktemp("root")
    done = subprocess.run(
        [*command, str(root / "of-it"), *addresses], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.mark.parametrize(("way", "refused"), [("libcurl", "private_address"), ("own", "no connection")])
def test_a_name_that_becomes_private_between_two_look_ups_is_never_connected_to(
    found: dict[str, Any], way: str, refused: str
) -> None:
    first, second = found[f"{way}, first look-up"], found[f"{way}, second look-up"]
    assert (first["result"], first["look_ups"]) == ("201", 1)
    assert (second["result"], second["look_ups"]) == (refused, 2), "the name was looked up again"
    assert second["public"] == first["public"]
    assert second["private"] == 0


@pytest.mark.parametrize("way", ["libcurl", "own"])
def test_of_several_addresses_only_the_public_one_is_connected_to(found: dict[str, Any], way: str) -> None:
    both = found[f"{way}, both at once"]
    assert (both["result"], both["private"]) == ("201", 0)


def test_each_connection_goes_to_the_address_that_was_vetted(found: dict[str, Any]) -> None:
    """One look-up for each connection: between vetting and connecting a name cannot change."""
    assert [one["look_ups"] for one in found.values()][:6] == [1, 2, 1] * 2


def test_a_connection_to_the_private_address_would_be_noticed(found: dict[str, Any]) -> None:
    reached = [found[f"{way}, permitted"]["private"] for way in ("libcurl", "own")]
    assert 0 < reached[0] < reached[1]
