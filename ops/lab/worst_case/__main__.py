"""Prints what the known bodies cost, or looks for worse ones.

python -m ops.lab.worst_case
python -m ops.lab.worst_case --search 600 --seed 7 --match
"""

import argparse
import json
import time
from dataclasses import asdict
from random import Random

from ops.lab.worst_case.bodies import BODIES, SIZE
from ops.lab.worst_case.cost import cost, read, read_and_match
from ops.lab.worst_case.search import Candidate, climb

SAMPLE = SIZE // 8
"""Bytes of a candidate: what is linear shows at any size, and more can be tried."""


def known(*, as_json: bool, good_s: float = 0.0) -> None:
    """Print every known body with its cost: the least of two, because other processes slow one down; or the first one,
    if it took no more than `good_s` seconds.
    """
    costs = {}
    for name, body in BODIES.items():
        data = body.of()
        found = cost(data)
        if found.seconds > good_s:
            found = min(found, cost(data), key=lambda one: one.seconds)
        costs[name] = asdict(found)
        if not as_json:
            print(f"{found.seconds:6.2f} s {found.growth / 1e6:6.0f} MB {len(data):9} bytes  {name}")
    if as_json:
        print(json.dumps(costs))


def search(seconds: float, seed: int, *, with_match: bool) -> None:
    """Print every hill that is higher than those before it, at full size."""
    until, worst = time.monotonic() + seconds, 0.0
    reading = read_and_match if with_match else read

    def per_byte(candidate: Candidate) -> float:
        body = candidate.body().of(SAMPLE)
        return cost(body, reading).seconds / SAMPLE

    for found, candidate in climb(Random(seed), per_byte):
        if found > worst:
            worst = found
            whole = cost(candidate.body().of(), reading)
            print(f"{whole.seconds:6.2f} s {whole.growth / 1e6:6.0f} MB  {candidate}", flush=True)
        if time.monotonic() > until:
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--search", type=float, metavar="SECONDS", help="look for worse bodies for so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the known bodies' costs as JSON")
    parser.add_argument(
        "--good",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="try no known body a second time that took no longer",
    )
    parser.add_argument("--match", action="store_true", help="find whom a body concerns, too")
    options = parser.parse_args()
    if options.search:
        search(options.search, options.seed, with_match=options.match)
    else:
        known(as_json=options.json, good_s=options.good)
