"""What Sphinx makes of documents as the site's configuration has it."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops.site.sources import ROOT

CONFIGURATION = ROOT / "ops" / "site"
INDEX = "# Site\n\n```{toctree}\npage\n```\n"
GOOD = "# Page\n\n## Größe und Maß\n\n[there](#größe-und-maß), [all](index.md)\n\n```mermaid\nflowchart LR\n  a --> b\n```\n"


def built(folder: Path, **pages: str) -> tuple[int, str]:
    """Whether Sphinx takes these pages, and what it says."""
    sources = folder / "sources"
    sources.mkdir()
    for name, text in pages.items():
        (sources / f"{name}.md").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--builder",
        "dummy",
    ]
    # The script for diagrams is fetched before a site is made, and not for this.
    command += ["--define", f"html_static_path={sources}"]
    command += ["--conf-dir", str(CONFIGURATION), str(sources), str(folder / "made")]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.processes
def test_anchors_are_those_of_headings_and_diagrams_are_known(tmp_path: Path) -> None:
    assert built(tmp_path, index=INDEX, page=GOOD) == (0, "")


@pytest.mark.processes
def test_what_leads_nowhere_and_what_is_in_no_list_is_refused(tmp_path: Path) -> None:
    code, said = built(
        tmp_path, index=INDEX, page=f"{GOOD}\n[a](#gone) [b](gone.md) [c](index.md#gone)", lost="# Lost\n"
    )
    assert code
    assert said.count("myst.xref_missing") == 3
    assert said.count("toc.not_included") == 1
