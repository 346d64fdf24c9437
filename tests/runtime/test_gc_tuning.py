"""The garbage collector in a worker."""

import json
import subprocess
import sys

import pytest

CODE = """
import gc, json
from dispatcher.runtime import gc_tuning
gc_tuning.configure()
print(json.dumps([gc.get_threshold(), gc.isenabled(), gc.get_freeze_count() > 1000]))
"""


@pytest.mark.processes
def test_it_is_calm_and_still_there() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True)
    assert json.loads(ran.stdout) == [[50_000, 25, 100], True, True]
