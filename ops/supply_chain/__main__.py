"""Write an SBOM, and say what is known of vulnerabilities: `make audit`. The exit status is `advisories.Status`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ops.broken_pipe import quietly
from ops.supply_chain.advisories import audit, report
from ops.supply_chain.lock import LOCK, read_lock
from ops.supply_chain.sbom import bill_of_materials

SBOM = Path(__file__).parents[2] / "var" / "sbom.cdx.json"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ops.supply_chain", description=__doc__, epilog="all else goes to pip-audit"
    )
    parser.add_argument("--lock", type=Path, default=LOCK, help="what pins the packages")
    parser.add_argument("--sbom", type=Path, default=SBOM, help="where the SBOM goes")
    own, others = parser.parse_known_args(arguments)
    pinned = read_lock(own.lock.read_text("utf-8"))
    own.sbom.parent.mkdir(parents=True, exist_ok=True)
    own.sbom.write_text(bill_of_materials(pinned), "utf-8")
    print(f"SBOM of {len(pinned)} packages: {own.sbom}")
    found = audit(pinned, others)
    print(report(found))
    return found.status


if __name__ == "__main__":
    sys.exit(quietly(lambda: main(sys.argv[1:])))
