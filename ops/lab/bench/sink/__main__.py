"""`python -m ops.lab.bench.sink --cert FILE --key FILE`: one line of JSON when it listens, one for each line it reads.

It ends when its standard input does, and with its parent. The answer to a line is
`{"count": requests so far, "cpu_s": processor time so far, "bodies": [Base64, ...]}`.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from ops.lab.bench.sink.framing import ANSWERS
from ops.lab.bench.sink.server import Sample, Sink, listening, server_tls
from ops.lab.world.certificate import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="ops.lab.bench.sink", description="a push service, or FCM, that accepts everything"
    )
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--cpu", type=int, help="stay on this processor")
    parser.add_argument("--protocols", default="h2,http/1.1", help="what ALPN offers, comma-separated")
    parser.add_argument("--answer", choices=sorted(ANSWERS), default="push", help="whose answers it gives")
    options = parser.parse_args(argv)
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    listener = listening(HOST, 0)
    sample = Sample()
    tls = server_tls(options.cert, options.key, tuple(options.protocols.split(",")))
    sink = Sink(listener, tls, sample, ANSWERS[options.answer])
    print(json.dumps({"origin": f"https://{HOST}:{listener.getsockname()[1]}"}), flush=True)
    sink.serve(sys.stdin.fileno(), lambda: _report(sample))
    return 0


def _report(sample: Sample) -> bool:
    if not sys.stdin.readline():
        return False
    bodies = [base64.b64encode(body).decode() for body in sample.take()]
    print(json.dumps({"count": sample.count, "cpu_s": time.process_time(), "bodies": bodies}), flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
