"""The process that makes keys has little in it, and ends with its caller."""

import socket
import subprocess
import sys

import pytest

from channels.webpush.keys.kept_key import KEPT
from channels.webpush.keys.key_making import NICE
from tests.channels.webpush.keys.test_precomputed_keys import AUTH, POINT


@pytest.mark.processes
def test_it_answers_over_its_standard_input_behind_all_others_and_ends_with_it() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        process = subprocess.Popen(
            [sys.executable, "-m", "channels.webpush.keys.key_making"], stdin=theirs.fileno()
        )
        theirs.close()
        ours.sendall((1).to_bytes(2, "big") + POINT + AUTH)
        with ours.makefile("rb") as answers:
            assert answers.read(2) == b"\0\1"
            assert any(answers.read(KEPT.size))
        status = subprocess.run(
            ["ps", "-o", "ni=", "-p", str(process.pid)], capture_output=True, check=True, text=True
        ).stdout
        assert int(status) == NICE
    assert process.wait(30) == 0


@pytest.mark.processes
def test_it_loads_no_channel_and_no_http_client() -> None:
    script = (
        "import sys, channels.webpush.keys.key_making as m; "
        "print([n for n in sys.modules if n in ('structlog', 'pycurl', 'asyncio', 'channels.webpush.channel')])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
