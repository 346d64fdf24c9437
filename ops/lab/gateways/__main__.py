"""`python -m ops.lab.gateways webpush|sms|app`: one stand-in, until SIGTERM or until its parent ends."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from ops.lab.gateways.app import App
from ops.lab.gateways.process import Listen, die_with_parent, serve
from ops.lab.gateways.sms import Sms
from ops.lab.gateways.vapid import Vapid
from ops.lab.gateways.webpush import UserAgents, WebPush

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.lab.gateways.gateway import Examiner


def main(argv: Sequence[str] | None = None) -> None:
    """Run one stand-in. Exits 0 after SIGTERM; with a traceback when its ledger cannot be written."""
    parent = os.getppid()
    options = _parser().parse_args(argv)
    if not options.detached:
        die_with_parent(parent)
    listen = Listen(options.host, tuple(options.port or (0,)), options.tls_cert, options.tls_key)
    examiner = _examiner(options, listen)
    uvloop.run(serve(examiner, listen, options.ledger, lambda line: print(line, flush=True)))


def _examiner(options: argparse.Namespace, listen: Listen) -> Examiner:
    if options.channel == "sms":
        return Sms(options.bearer)
    if options.channel == "app":
        return App(options.state)
    vapid = Vapid(
        scheme=listen.scheme,
        hosts=frozenset({listen.host, "localhost", *options.name}),
        key=options.vapid_key,
        required=not options.vapid_optional,
    )
    return WebPush(UserAgents(options.state), vapid, inline=options.decrypt == "inline")


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--host", default="127.0.0.1", help="address to listen on")
    common.add_argument(
        "--port", type=int, action="append", help="port to listen on, 0 for any; repeat for several origins"
    )
    common.add_argument("--ledger", type=Path, required=True, help="file to append to")
    common.add_argument("--state", type=Path, required=True, help="the population's directory")
    common.add_argument("--tls-cert", type=Path, help="PEM certificate chain: serve HTTPS")
    common.add_argument("--tls-key", type=Path, help="its PEM key, where not in the same file")
    common.add_argument("--detached", action="store_true", help="outlive the parent process")

    parser = argparse.ArgumentParser(prog="python -m ops.lab.gateways", description=__doc__)
    channels = parser.add_subparsers(dest="channel", required=True)
    push = channels.add_parser("webpush", parents=[common], help="a push service and its user agents")
    push.add_argument("--decrypt", choices=("inline", "later"), default="inline", help="later: by the reader")
    push.add_argument("--name", action="append", default=[], help="a further host name it is reached by")
    push.add_argument("--vapid-key", default="", help="the only application server key it takes (base64url)")
    push.add_argument("--vapid-optional", action="store_true", help="take pushes without VAPID too")
    sms = channels.add_parser("sms", parents=[common], help="an SMS provider")
    sms.add_argument("--bearer", default="", help="the token it asks for")
    channels.add_parser("app", parents=[common], help="the municipalities' app instances")
    return parser


if __name__ == "__main__":
    main()
