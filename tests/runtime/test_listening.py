"""What a process listens on, and the file by which Prometheus finds it."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from dispatcher.runtime.listening import (
    addressed,
    announced,
    listen,
    listen_for_api,
    listen_for_citizens,
    listen_for_metrics,
    listen_for_reading,
    require_free,
    require_own_ports,
)
from dispatcher.settings import Settings, SettingsError


def read(data_dir: Any, process: Any) -> Any:
    [group] = json.loads((data_dir / "prometheus" / f"{process}.json").read_text())
    assert group["labels"] == {"process": process}
    [target] = group["targets"]
    return target


@pytest.mark.parametrize(
    ("host", "seen"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_it_is_found_by_an_address_that_can_be_reached(tmp_path: Path, host: str, seen: str) -> None:
    with listen(host, 0) as listener, announced(tmp_path, "worker-1", listener):
        target = read(tmp_path, "worker-1")
        assert target == f"{seen}:{listener.getsockname()[1]}"
        with socket.create_connection((seen.strip("[]"), listener.getsockname()[1]), timeout=5):
            pass


def test_it_is_found_only_while_it_serves(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listener:
        with announced(tmp_path, "api", listener):
            assert [file.name for file in (tmp_path / "prometheus").iterdir()] == ["api.json"]
        assert list((tmp_path / "prometheus").iterdir()) == []


def test_a_killed_process_leaves_its_file_to_its_successor(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as first, listen("127.0.0.1", 0) as second:
        killed = announced(tmp_path, "worker-1", first)
        killed.__enter__()
        assert read(tmp_path, "worker-1") == f"127.0.0.1:{first.getsockname()[1]}"
        with announced(tmp_path, "worker-1", second):
            assert read(tmp_path, "worker-1") == f"127.0.0.1:{second.getsockname()[1]}"


def test_a_port_in_use_is_an_error() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        listen(*first.getsockname())


def test_reading_processes_share_a_port_where_there_are_several() -> None:
    with listen_for_reading(Settings(reading_port=0, reading_processes=2)) as first:
        port = first.getsockname()[1]
        with listen_for_reading(Settings(reading_port=port, reading_processes=2)) as second:
            assert second.getsockname()[1] == port
        with pytest.raises(SettingsError, match="set WARN_READING_HOST, WARN_READING_PORT"):
            listen_for_reading(Settings(reading_port=port))
        with pytest.raises(SettingsError, match="set WARN_READING_HOST, WARN_READING_PORT"):
            require_free(Settings(api_port=0, reading_port=port, reading_processes=2))
        require_free(Settings(api_port=0, reading_port=port))


def test_processes_for_citizens_share_a_port_of_their_own() -> None:
    with listen_for_citizens(Settings(citizens_port=0, citizens_processes=2)) as first:
        port = first.getsockname()[1]
        with listen_for_citizens(Settings(citizens_port=port, citizens_processes=2)) as second:
            assert second.getsockname()[1] == port
        with pytest.raises(SettingsError, match="set WARN_CITIZENS_HOST, WARN_CITIZENS_PORT"):
            require_free(Settings(api_port=0, citizens_port=port, citizens_processes=2))
        require_free(Settings(api_port=0, citizens_port=port))
    with pytest.raises(SettingsError, match="set WARN_CITIZENS_HOST, WARN_CITIZENS_PORT"):
        require_free(
            Settings(
                api_port=0, reading_port=port, citizens_port=port, reading_processes=1, citizens_processes=1
            )
        )


def test_an_address_that_cannot_be_had_is_said_with_its_setting() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SettingsError, match=r"\(Address already in use\): set WARN_API_HOST, WARN_API_PORT"
        ):
            listen_for_api(Settings(api_port=port))
        with pytest.raises(SettingsError, match=r"set WARN_METRICS_HOST, WARN_METRICS_PORT \(0 takes a free"):
            listen_for_metrics(Settings(metrics_port=port))
    with pytest.raises(SettingsError, match=r"nobody.invalid:0 \(.{3,}\): set WARN_METRICS_HOST"):
        listen_for_metrics(Settings(metrics_host="nobody.invalid"))


def test_processes_of_one_machine_do_not_share_a_port() -> None:
    require_own_ports(Settings())
    with pytest.raises(
        SettingsError, match=r"each process takes a free port, leave it 0; .*var/prometheus/\*"
    ):
        require_own_ports(Settings(metrics_port=18750))


def test_an_api_is_found_where_it_serves(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listener:
        with addressed(tmp_path, "api", listener):
            found = json.loads((tmp_path / "api" / "api.json").read_text())
            assert found == {"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        assert list((tmp_path / "api").iterdir()) == []
