"""What the doctor reads off this machine."""

import http.server
import socket
import threading
from pathlib import Path

import pytest

from dispatcher.doctor.machine import PortState
from dispatcher.settings import Settings
from dispatcher.wiring.doctor.machine import clock_is_kept, machine_condition


def settings(tmp_path: Path, port: int, host: str = "127.0.0.1") -> Settings:
    return Settings(data_dir=tmp_path / "var", api_port=port, api_host=host)


def state_of(tmp_path: Path, port: int, host: str = "127.0.0.1") -> PortState:
    (found,) = machine_condition(settings(tmp_path, port, host)).ports
    return found.state


def test_a_directory_that_is_not_there_yet_is_where_it_will_be(tmp_path: Path) -> None:
    found = machine_condition(settings(tmp_path, 0))
    assert found.is_writable
    assert 0 < found.free <= found.size
    assert (found.files, found.ports) == ((), ())
    assert not (tmp_path / "var").exists()


def test_secrets_are_named_with_their_modes(tmp_path: Path) -> None:
    keys = tmp_path / "var" / "keys"
    keys.mkdir(parents=True)
    (keys / "pepper").write_text("geheim")
    (keys / "pepper").chmod(0o644)
    found = {one.path: one for one in machine_condition(settings(tmp_path, 0)).files}
    assert found[str(keys / "pepper")].is_secret
    assert found[str(keys / "pepper")].mode & 0o777 == 0o644
    assert not found[str(tmp_path / "var")].is_secret


def test_a_port_is_free_ours_taken_or_impossible(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silent.close()
        assert state_of(tmp_path, port) is PortState.FREE
    assert state_of(tmp_path, 8080, "192.0.2.1") is PortState.IMPOSSIBLE
    for body, state in ((b'{"status":"ok"}', PortState.OURS), (b"It works!", PortState.TAKEN)):
        with Elsewhere(body) as port:
            assert state_of(tmp_path, port) is state


def test_ports_are_left_alone_where_nobody_asks_for_them(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        one = settings(tmp_path, silent.getsockname()[1])
        assert machine_condition(one, at_ports=False).ports == ()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_two_kinds_of_processes_have_ports_of_their_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    one = Settings(data_dir=tmp_path, api_port=port, reading_port=port, reading_processes=1)
    assert [found.state for found in machine_condition(one).ports] == [PortState.FREE, PortState.TAKEN]


def test_the_kernel_says_whether_its_clock_is_kept() -> None:
    assert clock_is_kept() in {True, False, None}


class Elsewhere:
    """A server of somebody else, or of ours, as far as one request shows."""

    def __init__(self, body: bytes) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> int:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._server.server_address[1]

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
