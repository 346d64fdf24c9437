"""`python -m ops.lab.faults.feeds run | serve RECORDING [--faults 0.3]`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from threading import Event
from urllib.parse import urlsplit

from dispatcher.feeds.replay.recording import RecordingError, read
from dispatcher.runtime import logs
from ops.lab.faults.feeds.notified import Control
from ops.lab.faults.feeds.run import run
from ops.lab.faults.feeds.server import FeedFault, FeedServer

DOCUMENT_FAULTS = tuple(sorted(set(FeedFault) - {FeedFault.HUGE, FeedFault.REDIRECT}))


def serve(recording: Path, port: int, share: float, seed: int, stop: Event) -> int:
    """Serve the last answer of every address of a recording, until interrupted; a `share` of the answers are faults."""
    random = Random(seed)

    def fault() -> FeedFault | None:
        return random.choice(DOCUMENT_FAULTS) if random.random() < share else None

    with FeedServer(port, fault) as server, recording.open(encoding="utf-8") as lines:
        for answer in read(lines):
            if answer.status == 200:
                parts = urlsplit(answer.url)
                url = server.put(f"{parts.path}{'?' if parts.query else ''}{parts.query}", answer.body)
                print(url, flush=True)
        with suppress(KeyboardInterrupt):
            stop.wait()
    return 0


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def main(argv: list[str]) -> int:
    """Run the command line. Returns 0 if no recipient was notified twice, falsely or not at all."""
    parser = argparse.ArgumentParser(prog="python -m ops.lab.faults.feeds")
    commands = parser.add_subparsers(dest="command", required=True)
    simulation = commands.add_parser("run", help="two hours with faults, accelerated")
    simulation.add_argument("--seed", type=int, default=1)
    simulation.add_argument("--control", type=Control, choices=list(Control), help="break this on purpose")
    source = commands.add_parser("serve", help="a recording, as a source")
    source.add_argument("recording", type=Path)
    source.add_argument("--port", type=int, default=0)
    source.add_argument("--faults", type=_share, default=0.0, help="share of answers that are faults, 0 to 1")
    source.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    if options.command == "serve":
        try:
            return serve(options.recording, options.port, options.faults, options.seed, Event())
        except (OSError, RecordingError) as error:
            print(f"{options.recording}: {error}", file=sys.stderr)
            return 2
    logs.configure(as_json=True, process="lab")
    verdict = run(options.seed, options.control)
    print(json.dumps(asdict(verdict), indent=1, ensure_ascii=False))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
