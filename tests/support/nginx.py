"""A real nginx in front of a service, from Debian's package of that name."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support import documents
from tests.support.programs import program

HOST = "127.0.0.1"
PATIENCE_S = 60.0
CONFIGURATION = """
{user}daemon off; worker_processes 1; pid {home}/pid; error_log {home}/errors warn;
events {{ worker_connections 1024; }}
http {{
  log_format told '$server_port $status $upstream_cache_status $request_method $request_uri';
  access_log {home}/requests told;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  {servers}
}}
"""


@dataclass
class Nginx:
    """One that runs. Its log has a line for each request: port, status, state of the cache, method, target."""

    home: Path
    process: subprocess.Popen[bytes]

    def requests(self, port: int) -> list[list[str]]:
        """What was asked at a port, each as the other words of its line. A line is written once its answer is sent."""
        lines = (line.split() for line in (self.home / "requests").read_text().splitlines())
        return [words for at, *words in lines if at == str(port)]


def free_port() -> int:
    """A port where nobody listens now."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def of_the_page(upstream: str, port: int, home: Path) -> str:
    """The lines of the page on reading, with the addresses (`host:port` of the service) and the folder of a test."""
    (lines,) = documents.blocks(documents.page("reading.md"), "nginx")
    for written, here in {
        "/var/cache/nginx/warn": str(home / "cache"),
        "127.0.0.1:8081": upstream,
        "server {": f"server {{ listen {HOST}:{port};",
    }.items():
        assert lines.count(written) == 1, written
        lines = lines.replace(written, here)
    return lines


def with_certificates(upstream: str, port: int, home: Path) -> str:
    """The lines of the page on certificates of clients, as above; `home` has what they name in `/etc/nginx`."""
    (lines,) = documents.blocks(documents.page("client-certificates.md"), "nginx")
    for written, here in {
        "listen 443 ssl;": f"listen {HOST}:{port} ssl;",
        "127.0.0.1:8080": upstream,
    }.items():
        assert lines.count(written) == 1, written
        lines = lines.replace(written, here)
    return lines.replace("/etc/nginx/", f"{home}/")


@contextmanager
def nginx(home: Path, servers: str, port: int) -> Iterator[Nginx]:
    """Run with these `server` blocks, one of which listens at `port`; what it keeps is below `home`."""
    home.mkdir(parents=True, exist_ok=True)
    # Its workers become another user where it is started as root, to whom the folder of a test is closed.
    user = "user root; " if os.geteuid() == 0 else ""
    configuration = home / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(user=user, home=home, servers=servers))
    command = [
        program("nginx", "nginx"),
        "-p",
        str(home),
        "-e",
        str(home / "errors"),
        "-c",
        str(configuration),
    ]
    process = subprocess.Popen(with_parent_death_signal(command, death_signal=signal.SIGTERM))
    try:
        _wait_for(port, process)
        yield Nginx(home, process)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
    assert "[emerg]" not in (home / "errors").read_text()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.01)
    pytest.fail("nginx does not listen")
