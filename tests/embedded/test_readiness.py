"""`ready` is said when every process is, and not before."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from dispatcher.embedded.readiness import is_ready, look


class Probed:
    """A process that answers its readiness probe as it is told to."""

    def __init__(self) -> None:
        self.status = 503
        self.asked = threading.Event()
        probed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/readyz"
                self.send_response(probed.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                probed.asked.set()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def write(self, file: Path) -> None:
        host, port = self.server.server_address[:2]
        file.write_text(json.dumps([{"targets": [f"{host!s}:{port}"], "labels": {}}]), encoding="utf-8")


@pytest.fixture
def probed() -> Iterator[Probed]:
    one = Probed()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_a_process_is_ready_once_it_says_so(probed: Probed, tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    assert not is_ready(file)
    probed.write(file)
    assert not is_ready(file)
    probed.status = 200
    assert is_ready(file)


@pytest.mark.parametrize("text", ["", "[]", '[{"targets": ["127.0.0.1:1"]}]'])
def test_a_file_of_a_process_that_is_gone_is_not_ready(tmp_path: Path, text: str) -> None:
    file = tmp_path / "api.json"
    file.write_text(text, encoding="utf-8")
    assert not is_ready(file)


def test_ready_is_logged_with_the_apis_address_and_not_before(probed: Probed, tmp_path: Path) -> None:
    probe, api = tmp_path / "api.json", tmp_path / "url.json"
    logged, told = threading.Event(), threading.Event()
    probed.write(probe)
    api.write_text('{"url": "http://127.0.0.1:8080"}', encoding="utf-8")
    lines: list[Any] = []

    def keep(_: Any, __: str, event: Any) -> Any:
        lines.append(dict(event))
        logged.set()
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep])
    try:
        threading.Thread(target=look, args=([probe], api, told.set), daemon=True).start()
        assert probed.asked.wait(20)
        assert lines == []
        assert not told.is_set()
        probed.status = 200
        assert logged.wait(20)
        assert told.wait(20)
    finally:
        structlog.configure(processors=before)
    assert lines == [{"event": "ready", "api": "http://127.0.0.1:8080"}]
