"""`python -m ops.lab.feeds run | serve RECORDING`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from dispatcher import logs
from dispatcher.feeds.recording import read
from ops.lab.feeds.run import run
from ops.lab.feeds.server import FeedServer


def serve(recording: Path, port: int) -> int:
    """The last answer of every address of a recording, until interrupted."""
    with FeedServer(port) as server, recording.open(encoding="utf-8") as lines:
        for answer in read(lines):
            if answer.status == 200:
                parts = urlsplit(answer.url)
                print(server.put(f"{parts.path}{'?' if parts.query else ''}{parts.query}", answer.body))
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


def main(argv: list[str]) -> int:
    """0 if nobody was told twice, falsely or not at all."""
    parser = argparse.ArgumentParser(prog="python -m ops.lab.feeds")
    commands = parser.add_subparsers(dest="command", required=True)
    simulation = commands.add_parser("run", help="two hours with faults, accelerated")
    simulation.add_argument("--seed", type=int, default=1)
    source = commands.add_parser("serve", help="a recording, as a source")
    source.add_argument("recording", type=Path)
    source.add_argument("--port", type=int, default=0)
    options = parser.parse_args(argv)
    if options.command == "serve":
        return serve(options.recording, options.port)
    logs.configure(as_json=True, process="lab")
    verdict = run(options.seed)
    print(json.dumps(asdict(verdict), indent=1, ensure_ascii=False))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
