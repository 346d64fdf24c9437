"""The town says what is in its way before it starts anything."""

import socket
from pathlib import Path

import pytest

from ops.lab.town.__main__ import NOT_RUN, main, require_free_port


def test_a_port_that_is_taken_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "try"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port), "--out", str(out)]) == NOT_RUN
    said = capsys.readouterr().out
    assert f"the town could not be started: port {port}: Address already in use" in said
    assert "make try ARGS='--port" in said
    assert not out.exists()


def test_a_free_port_is_no_trouble() -> None:
    require_free_port(0)
