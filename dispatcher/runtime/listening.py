"""What a process listens on, and where Prometheus and other readers find it.

`<data_dir>/prometheus/<process>.json` is a document for Prometheus' file-based service discovery
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config), so that

    file_sd_configs: [{files: [var/prometheus/*.json]}]

follows processes that take a free port and a new one after each restart. A process that was killed leaves its
file to its successor of the same name.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from dispatcher.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatcher.settings import Settings

DIRECTORY = "prometheus"
ADDRESSES = "api"
_READING = "set WARN_READING_HOST, WARN_READING_PORT"
_CITIZENS = "set WARN_CITIZENS_HOST, WARN_CITIZENS_PORT"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what processes listen on, seen from here


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Open a listening socket; port 0 takes a free one. One that is `shared` others may open as well: the kernel deals
    connections out among them. Raises OSError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, reuse_port=shared)


def listen_for_api(settings: Settings) -> socket.socket:
    """Open the API's socket. Raises `SettingsError` that names the settings."""
    return _listen(settings.api_host, settings.api_port, "set WARN_API_HOST, WARN_API_PORT")


def listen_for_reading(settings: Settings) -> socket.socket:
    """Open the socket of a reading process, which it shares where there are several. Raises `SettingsError` that names
    the settings.
    """
    shared = settings.reading_processes > 1
    return _listen(settings.reading_host, settings.reading_port, _READING, shared=shared)


def listen_for_citizens(settings: Settings) -> socket.socket:
    """Open the socket of a process for citizens, which it shares where there are several. Raises `SettingsError` that
    names the settings.
    """
    shared = settings.citizens_processes > 1
    return _listen(settings.citizens_host, settings.citizens_port, _CITIZENS, shared=shared)


def listen_for_metrics(settings: Settings) -> socket.socket:
    """Open the socket of this process' metrics. Raises `SettingsError` that names the settings."""
    advice = "set WARN_METRICS_HOST, WARN_METRICS_PORT (0 takes a free one)"
    return _listen(settings.metrics_host, settings.metrics_port, advice)


def require_free(settings: Settings) -> None:
    """Check that API, reading processes and those for citizens can listen. Raises `SettingsError`: better now than by a
    process that dies again and again.
    """
    with listen_for_api(settings), ExitStack() as taken:
        # All at once, so that two with the same port are found.
        if settings.reading_processes:
            taken.enter_context(_listen(settings.reading_host, settings.reading_port, _READING))
        if settings.citizens_processes:
            taken.enter_context(_listen(settings.citizens_host, settings.citizens_port, _CITIZENS))


def _listen(host: str, port: int, advice: str, *, shared: bool = False) -> socket.socket:
    try:
        return listen(host, port, shared=shared)
    except OSError as error:
        # What create_server says repeats the address; an address that nobody knows has no number of the system's.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise SettingsError(f"nothing can listen on {host}:{port} ({reason}): {advice}") from error


def require_own_ports(settings: Settings) -> None:
    """Check that processes of one machine get metrics on ports of their own. Raises `SettingsError` for a port that
    all of them would take: each but one would die again and again.
    """
    if settings.metrics_port:
        raise SettingsError(
            f"WARN_METRICS_PORT: with `dispatcher up` each process takes a free port, leave it 0; which one, is in "
            f"{settings.data_dir / DIRECTORY}/*.json"
        )


@contextmanager
def announced(data_dir: Path, process: str, listener: socket.socket) -> Iterator[None]:
    """Announce `process` to Prometheus, which meanwhile finds its metrics on `listener`. Raises OSError."""
    document = [{"targets": [_address(listener)], "labels": {"process": process}}]
    with _written(written_in(data_dir, process), document):
        yield


@contextmanager
def addressed(data_dir: Path, process: str, listener: socket.socket) -> Iterator[None]:
    """Write down where an API process serves, in `<data_dir>/api/<process>.json`. Raises OSError."""
    with _written(written_in(data_dir, process, ADDRESSES), {"url": f"http://{_address(listener)}"}):
        yield


def written_in(data_dir: Path, process: str, directory: str = DIRECTORY) -> Path:
    """Return the file in which a process writes down where it listens: for its probes, or in `ADDRESSES` its API."""
    return data_dir / directory / f"{process}.json"


@contextmanager
def _written(file: Path, document: object) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Nobody must ever read half a document. Prometheus looks for names that end in .json only.
    draft = file.with_suffix(f".{os.getpid()}.new")
    draft.write_text(json.dumps(document) + "\n", "utf-8")
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = EVERYWHERE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
