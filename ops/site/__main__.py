"""Builds the site: `python -m ops.site`, or `make site`. It needs npm once, for the program that draws diagrams.

Ends with 1 where a link or an anchor leads nowhere, a page is in no list of pages, or one loads anything from another
host.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ops.site.loads import foreign_loads
from ops.site.mermaid import fetch
from ops.site.sources import ROOT, stage

SITE = ROOT / "var" / "site"
SOURCES = ROOT / "var" / "site-sources"
CONFIGURATION = Path(__file__).parent
TIMEOUT_S = 900


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ops.site", description="Build the documents as a web site."
    )
    parser.add_argument("--output", type=Path, default=SITE, help="the folder of the site; default: var/site")
    output: Path = parser.parse_args().output
    fetch()
    stage(ROOT, SOURCES)
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--write-all", "--jobs", "auto"]
    command = [
        sys.executable,
        "-m",
        "sphinx",
        *options,
        "--conf-dir",
        str(CONFIGURATION),
        str(SOURCES),
        str(output),
    ]
    if subprocess.run(command, check=False, cwd=ROOT, timeout=TIMEOUT_S).returncode:
        return 1
    found = foreign_loads(output)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        return 1
    print(f"{output}: {sum(1 for _ in output.rglob('*.html'))} pages; open index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
