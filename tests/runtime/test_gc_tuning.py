"""The garbage collector in a worker."""

import gc
import json
import subprocess
import sys

import pytest

from dispatcher.runtime import gc_tuning

CODE = """
import gc, json
from dispatcher.runtime import gc_tuning
gc_tuning.configure()
print(json.dumps([gc.get_threshold(), gc.isenabled(), gc.get_freeze_count() > 1000]))
"""


def test_it_is_paused_for_a_while_and_goes_on_as_before() -> None:
    assert gc.isenabled()
    with gc_tuning.paused():
        assert not gc.isenabled()
        with gc_tuning.paused():
            assert not gc.isenabled()
        assert not gc.isenabled(), "it was paused before"
    assert gc.isenabled()
    with pytest.raises(ImportError), gc_tuning.paused():
        raise ImportError
    assert gc.isenabled()


@pytest.mark.processes
def test_it_is_calm_and_still_there() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True)
    assert json.loads(ran.stdout) == [[50_000, 25, 100], True, True]
