"""The console's scripts, each on its own, by the tests in `scripts/` and the runner that Node brings."""

from pathlib import Path

import pytest

from dispatcher.console.pages import ROOM
from tests.pages.test_static import run

pytestmark = pytest.mark.processes
SCRIPTS = Path(__file__).parent / "scripts"


def test_the_scripts_do_what_their_tests_say(tmp_path: Path) -> None:
    names = sorted(path.name for path in SCRIPTS.glob("*.test.js"))
    assert names
    done = run(tmp_path, *names, sources=(ROOM / "static", SCRIPTS))
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
