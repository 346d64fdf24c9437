"""`dispatcher up`, with some of its processes started otherwise.

    python -m ops.lab.faults.process_overrides '{"worker": {"prefix": ["prlimit", "--nofile=64:64"]}}'

The keys are names of processes (`worker-1`) or of their sort (`worker`). `prefix` stands before the command,
`module` takes the place of `dispatcher` in `python -m dispatcher worker`.
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
    """How a process is started."""

    prefix: tuple[str, ...] = ()
    module: str = "dispatcher"


def command(overrides: Mapping[str, ProcessOverrides]) -> tuple[str, ...]:
    """The arguments for Python, as `Layout.command` wants them."""
    return ("-m", MODULE, msgspec.json.encode(overrides).decode())


def overridden(name: str, plain: Sequence[str], overrides: Mapping[str, ProcessOverrides]) -> list[str]:
    """The command of the process `name`, whose command without us is `plain`."""
    override = overrides.get(name) or overrides.get(name.partition("-")[0]) or ProcessOverrides()
    return [*override.prefix, *(override.module if word == "dispatcher" else word for word in plain)]


def main() -> None:
    """Run it."""
    overrides = msgspec.json.decode(sys.argv[1], type=dict[str, ProcessOverrides])
    plain = serve._argv  # noqa: SLF001 - the service offers no such door, and shall not
    serve._argv = lambda name: overridden(name, plain(name), overrides)  # noqa: SLF001 - as above
    app(["up"])


if __name__ == "__main__":
    main()
