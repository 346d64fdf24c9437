"""`python -m ops.lab.gateways NAME`: one stand-in, until SIGTERM or until its parent ends."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from ops.lab.gateways.process import Listen, die_with_parent
from ops.lab.gateways.registry import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run one stand-in. Exits 0 after SIGTERM; with a traceback when its ledger cannot be written."""
    parent = os.getppid()
    options = _parser().parse_args(argv)
    if not options.detached:
        die_with_parent(parent)
    listen = Listen(options.host, tuple(options.port or (0,)), options.tls_cert, options.tls_key)
    uvloop.run(ALL[options.channel].serve(options, listen, partial(print, flush=True)))


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--host", default="127.0.0.1", help="address to listen on")
    common.add_argument(
        "--port", type=int, action="append", help="port to listen on, 0 for any; repeat for several origins"
    )
    common.add_argument("--ledger", type=Path, required=True, help="file to append to")
    common.add_argument("--state", type=Path, required=True, help="the population's directory")
    common.add_argument(
        "--tls-cert", type=Path, help="PEM certificate chain: serve HTTPS, HTTP/2 to clients that offer it"
    )
    common.add_argument("--tls-key", type=Path, help="its PEM key, where not in the same file")
    common.add_argument(
        "--texts", type=int, default=0, help="of each message, write down the texts of so many"
    )
    common.add_argument("--detached", action="store_true", help="outlive the parent process")

    parser = argparse.ArgumentParser(prog="python -m ops.lab.gateways", description=__doc__)
    channels = parser.add_subparsers(dest="channel", required=True)
    for spec in ALL.values():
        spec.add_options(channels.add_parser(spec.name, parents=[common], help=spec.help))
    return parser


if __name__ == "__main__":
    main()
