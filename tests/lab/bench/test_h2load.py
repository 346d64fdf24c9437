"""What `h2load` prints is read, and a run with failures is none."""

import pytest

from ops.lab.bench.senders.h2load import read

SAID = """starting benchmark...
progress: 100% done

finished in {time}, 9.09 req/s, 1.1KB/s
requests: 5 total, 5 started, 5 done, {done} succeeded, {failed} failed, 0 errored, 0 timeout
status codes: 5 2xx, 0 3xx, 0 4xx, 0 5xx
                     min         max         mean         sd        +/- sd
time for request:      300us      8.06ms      2.10ms       780us    71.20%
time for connect:     5.00ms      5.00ms      5.00ms         0us   100.00%
"""


@pytest.mark.parametrize(("time", "seconds"), [("1.50s", 1.495), ("55.00ms", 0.05)])
def test_the_time_and_the_count_are_those_that_it_prints(time: str, seconds: float) -> None:
    wall_s, done = read(SAID.format(time=time, done=5, failed=0))
    assert wall_s == pytest.approx(seconds)
    assert done == 5


@pytest.mark.parametrize(
    "said", [SAID.format(time="1.50s", done=4, failed=1), "Could not connect to the host"]
)
def test_a_run_with_failures_is_none(said: str) -> None:
    with pytest.raises(AssertionError):
        read(said)
