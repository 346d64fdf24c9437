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
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dispatcher.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIRECTORY = "prometheus"
ADDRESSES = "api"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what processes listen on, seen from here


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def require_free(host: str, port: int) -> None:
    """Check that an address is free. Raises `SettingsError` where the API could not listen: better now than by a
    process that dies again and again.
    """
    try:
        listen(host, port).close()
    except OSError as error:
        raise SettingsError(
            f"nothing can listen on {host}:{port} ({os.strerror(error.errno or 0)}): set WARN_API_HOST, WARN_API_PORT"
        ) from error


@contextmanager
def announced(data_dir: Path, process: str, listener: socket.socket) -> Iterator[None]:
    """Announce `process` to Prometheus, which meanwhile finds its metrics on `listener`. Raises OSError."""
    document = [{"targets": [_address(listener)], "labels": {"process": process}}]
    with _written(data_dir / DIRECTORY, process, document):
        yield


@contextmanager
def addressed(data_dir: Path, process: str, listener: socket.socket) -> Iterator[None]:
    """Write down where an API process serves, in `<data_dir>/api/<process>.json`. Raises OSError."""
    with _written(data_dir / ADDRESSES, process, {"url": f"http://{_address(listener)}"}):
        yield


@contextmanager
def _written(directory: Path, process: str, document: object) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{process}.json"
    # Nobody must ever read half a document. Prometheus looks for names that end in .json only.
    draft = directory / f"{process}.{os.getpid()}.new"
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
