"""systemd hears that a process is ready, and a process hears nothing of systemd."""

import socket
import uuid
from pathlib import Path

import pytest

from dispatcher.commands.shell.service_manager import SOCKET, say_ready


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_the_service_manager_is_told(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(tmp_path / "notify") if kind == "file" else f"@dispatcher-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name[1:]}" if kind == "abstract" else name)
        manager.settimeout(5)
        monkeypatch.setenv(SOCKET, name)
        say_ready()
        assert manager.recv(64) == b"READY=1"


@pytest.mark.parametrize("name", ["", "vsock:2:1234", "/gibt/es/nicht"])
def test_without_one_nothing_happens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKET, name)
    say_ready()


def test_one_that_takes_nothing_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "full"))
        monkeypatch.setenv(SOCKET, str(tmp_path / "full"))
        for _ in range(5_000):  # more than the kernel keeps for who does not read
            say_ready()
