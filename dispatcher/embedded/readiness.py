"""Says when all processes of this machine are ready, as their own probes tell."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog

from dispatcher.embedded.forks import fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LOOK_EVERY_S: Final = 0.2
ANSWER_WITHIN_S: Final = 5.0

log = structlog.get_logger()


@contextmanager
def said_when_ready(
    probes: Sequence[Path], api: Path, leave: Callable[[], None], tell: Callable[[], None]
) -> Iterator[None]:
    """Look whether all are ready, as `look` does, while the block runs: in a process of its own and in no thread, since
    this process is forked meanwhile. `leave` lets go there of what this process holds; `tell` tells whoever waits for
    it besides.
    """
    looking = fork(lambda: look(probes, api, tell), leave)
    try:
        yield
    finally:
        looking.kill()
        looking.wait()


def look(probes: Sequence[Path], api: Path, tell: Callable[[], None]) -> None:
    """Log `ready` with the API's address as soon as every process is, and not before, and `tell` it. `probes` are the
    files in which the processes write down where they answer probes, `api` is that of the API.
    """
    while not all(is_ready(file) for file in probes):
        time.sleep(LOOK_EVERY_S)
    log.info("ready", api=_read(api)["url"])
    tell()


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
