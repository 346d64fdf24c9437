"""Look at this machine."""

from __future__ import annotations

import ctypes
import errno
import http.client
import os
import shutil
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.machine import KeptFile, MachineCondition, Port, PortState
from dispatcher.runtime.listening import EVERYWHERE, listen
from dispatcher.wiring.connections import client_connections

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatcher.settings import Settings

_PROBE_S: Final = 2.0
_TIMEX_BYTES: Final = 256
"""More than adjtimex(2)'s structure has on any machine: 208 where a long has 64 bits."""
_STATUS_AT: Final = struct.calcsize("I0llll")
"""Where its member `status` begins: after `modes`, padding, `offset`, `freq`, `maxerror` and `esterror`."""
_UNSYNCHRONIZED: Final = 0x40
"""STA_UNSYNC of <sys/timex.h>."""


def machine_condition(settings: Settings, *, at_ports: bool = True) -> MachineCondition:
    """Return what was found on this machine. `at_ports`: look, too, who listens where processes are to listen; that
    listens there itself for a moment, which would be in the way of a process that starts.
    """
    place = _existing(settings.data_dir.absolute())
    disk, files = shutil.disk_usage(place), os.statvfs(place)
    return MachineCondition(
        data_dir=str(settings.data_dir),
        free=disk.free,
        size=disk.total,
        free_files=files.f_favail if files.f_files else None,
        is_writable=os.access(place, os.W_OK | os.X_OK),
        clock_is_kept=clock_is_kept(),
        connections_wanted=settings.api_connections,
        connections=client_connections(settings),
        files=tuple(_kept(settings)),
        ports=tuple(_ports(settings)) if at_ports else (),
    )


def _existing(path: Path) -> Path:
    """Return the directory, or the next one above it that there is."""
    return next(one for one in (path, *path.parents) if os.path.isdir(one))  # noqa: PTH112 - raises for nobody


def clock_is_kept() -> bool | None:
    """Return whether the kernel says that something keeps its clock; None where it does not tell."""
    about = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(about)
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    (status,) = struct.unpack_from("i", about, _STATUS_AT)
    return not status & _UNSYNCHRONIZED


def _kept(settings: Settings) -> Iterator[KeptFile]:
    keys = settings.data_dir / "keys"
    for path, is_secret in (
        (settings.data_dir, False),
        (keys, True),
        *((one, True) for one in (sorted(keys.iterdir()) if os.access(keys, os.R_OK | os.X_OK) else ())),
    ):
        with suppress(
            FileNotFoundError, PermissionError
        ):  # the line about the directory says who may not look
            yield KeptFile(str(path), path.stat().st_mode, is_secret)


def _ports(settings: Settings) -> Iterator[Port]:
    wanted: set[tuple[str, int]] = set()
    for name, processes in (
        ("api", 1),
        ("reading", settings.reading_processes),
        ("citizens", settings.citizens_processes),
    ):
        host, port = getattr(settings, f"{name}_host"), getattr(settings, f"{name}_port")
        if processes and port:
            at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            state, reason = (PortState.TAKEN, "") if (host, port) in wanted else _state(host, port)
            wanted.add((host, port))
            yield Port(f"WARN_{name.upper()}_HOST and WARN_{name.upper()}_PORT", at, state, reason)


def _state(host: str, port: int) -> tuple[PortState, str]:
    """Return what is at an address. A process of ours is asked whether it is alive."""
    if _answers_as_ours(EVERYWHERE.get(host, host), port):
        return PortState.OURS, ""
    try:
        listen(host, port).close()
    except UnicodeError:
        return PortState.IMPOSSIBLE, "no name of a host"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PortState.TAKEN, ""
        return PortState.IMPOSSIBLE, error.strerror or "no such address"
    return PortState.FREE, ""


def _answers_as_ours(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_PROBE_S)
    try:
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        return answer.status == http.client.OK and answer.read(64) == b'{"status":"ok"}'
    except (OSError, UnicodeError, http.client.HTTPException):
        return False
    finally:
        connection.close()
