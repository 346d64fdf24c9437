"""`dispatcher up`, with some of its processes started otherwise.

    python -m ops.lab.faults.process_overrides '{"worker": {"prefix": ["prlimit", "--nofile=64:64"]}}'

The keys are names of processes (`worker-1`) or of their kind (`worker`). `prefix` comes before the command,
`module` replaces `dispatcher` in `python -m dispatcher worker`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from dispatcher.__main__ import app
from dispatcher.commands import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODULE = "ops.lab.faults.process_overrides"


class ProcessOverrides(msgspec.Struct, frozen=True):
    """Says how a process is started."""

    prefix: tuple[str, ...] = ()
    module: str = "dispatcher"


def command(overrides: Mapping[str, ProcessOverrides]) -> tuple[str, ...]:
    """Return the arguments for Python that start the service so, as `Layout.command` takes them."""
    return ("-m", MODULE, msgspec.json.encode(overrides).decode())


def overridden(name: str, plain: Sequence[str], overrides: Mapping[str, ProcessOverrides]) -> list[str]:
    """Return the command of the process `name`, whose command without overrides is `plain`."""
    override = overrides.get(name) or overrides.get(name.partition("-")[0]) or ProcessOverrides()
    return [*override.prefix, *(override.module if word == "dispatcher" else word for word in plain)]


def main() -> None:
    """Run `dispatcher up` with the overrides in the first argument."""
    overrides = msgspec.json.decode(sys.argv[1], type=dict[str, ProcessOverrides])
    plain = serve._argv  # noqa: SLF001 - the service has no such option, and shall have none
    serve._argv = lambda name: overridden(name, plain(name), overrides)  # noqa: SLF001 - as above
    app(["up"])


if __name__ == "__main__":
    main()
