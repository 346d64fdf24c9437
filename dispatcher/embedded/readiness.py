"""Says when all processes of this machine are ready, as their own probes tell."""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOOK_EVERY_S: Final = 0.2
ANSWER_WITHIN_S: Final = 5.0

log = structlog.get_logger()


@contextmanager
def said_when_ready(probes: Sequence[Path], api: Path) -> Iterator[None]:
    """Log `ready` with the API's address as soon as every process is, and not before; meanwhile the block runs.
    `probes` are the files in which the processes write down where they answer probes, `api` is that of the API.
    """
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(probes, api, over), daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _look(probes: Sequence[Path], api: Path, over: threading.Event) -> None:
    while not over.wait(LOOK_EVERY_S):
        if all(is_ready(file) for file in probes):
            log.info("ready", api=_read(api)["url"])
            return


def is_ready(probe: Path) -> bool:
    """Whether a process answers its readiness probe with 200, where it wrote down that it listens."""
    try:
        [group] = _read(probe)
        with urllib.request.urlopen(
            f"http://{group['targets'][0]}/readyz", timeout=ANSWER_WITHIN_S
        ) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, ValueError):  # it does not listen yet, or is not ready: urllib's errors are OSErrors
        return False


def _read(file: Path) -> Any:
    return json.loads(file.read_bytes())
