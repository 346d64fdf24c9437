"""The page's scripts, each on its own, by the tests in `scripts/` and the runner that Node brings."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dispatcher.pages.assets import STATIC
from tests.support.programs import program

SCRIPTS = Path(__file__).parent / "scripts"
pytestmark = pytest.mark.processes


def run(
    folder: Path, *names: str, sources: tuple[Path, ...] = (STATIC, SCRIPTS)
) -> subprocess.CompletedProcess[str]:
    """Run test files beside the modules that they import."""
    for path in (path for source in sources for path in source.glob("*.js")):
        shutil.copy(path, folder)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    # A zone that is not the place's: no time may be said in the device's own.
    surroundings = {**os.environ, "TZ": "Pacific/Auckland"}
    command = [program("node", "nodejs"), "--no-warnings", "--test", *names]
    return subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_scripts_do_what_their_tests_say(tmp_path: Path) -> None:
    names = sorted(path.name for path in SCRIPTS.glob("*.test.js"))
    assert len(names) > 4
    done = run(tmp_path, *names)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr


def test_a_test_of_a_script_that_fails_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "wrong.test.js").write_text(
        'import { test } from "node:test";\nimport { isNewer } from "./notices.js";\n'
        'test("x", () => { if (isNewer(1, false, { sequence: 2, end: false }) !== true) throw new Error("older"); });\n'
    )
    assert run(tmp_path, "wrong.test.js").returncode != 0
