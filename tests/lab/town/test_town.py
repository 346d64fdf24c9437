"""The town says what is in its way before it starts anything."""

import re
import socket
from pathlib import Path

import pytest

from ops.lab.town.__main__ import NOT_RUN, environment_of, main, require_free_port
from ops.lab.world.district import District, Layout
from tests.support import documents


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


def test_what_its_user_exempts_is_exempt_beside_the_stand_ins(tmp_path: Path) -> None:
    layout = Layout(standins={}, exempt="push=http://127.0.0.1:9,callback=http://127.0.0.1:10")
    assert District(tmp_path, layout).exemptions == layout.exempt
    assert District(tmp_path, Layout(standins={})).exemptions == ""


def test_a_shell_gets_the_key_of_an_app_by_the_names_of_the_documents() -> None:
    read = environment_of("http://127.0.0.1:8080", "ws_key", "wi_key")
    names = set(re.findall(r"(\w+)=", read))
    documented = set(re.findall(r"\$(WARN|KEY)\b", documents.page("apps.md")))
    assert documented == {"WARN", "KEY"} <= names
    assert "KEY=wi_key" in read
