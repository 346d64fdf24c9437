"""`dispatcher up`, with some of its processes started otherwise.

    python -m ops.lab.faults.outfit '{"worker": {"prefix": ["prlimit", "--nofile=64:64"]}}'

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

MODULE = "ops.lab.faults.outfit"


class Dress(msgspec.Struct, frozen=True):
    """How a process is started."""

    prefix: tuple[str, ...] = ()
    module: str = "dispatcher"


def command(dresses: Mapping[str, Dress]) -> tuple[str, ...]:
    """The arguments for Python, as `Layout.command` wants them."""
    return ("-m", MODULE, msgspec.json.encode(dresses).decode())


def dressed(name: str, plain: Sequence[str], dresses: Mapping[str, Dress]) -> list[str]:
    """The command of the process `name`, whose command without us is `plain`."""
    dress = dresses.get(name) or dresses.get(name.partition("-")[0]) or Dress()
    return [*dress.prefix, *(dress.module if word == "dispatcher" else word for word in plain)]


def main() -> None:
    """Run it."""
    dresses = msgspec.json.decode(sys.argv[1], type=dict[str, Dress])
    plain = serve._argv  # noqa: SLF001 - the service offers no such door, and shall not
    serve._argv = lambda name: dressed(name, plain(name), dresses)  # noqa: SLF001 - as above
    app(["up"])


if __name__ == "__main__":
    main()
