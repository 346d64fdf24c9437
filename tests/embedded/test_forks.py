"""Forks as a program that was started afresh would be, however much the process has that they are forked from."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SEEN = """
import json, os, signal, sys
def target(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except FileNotFoundError:  # that by which they were listed
        return ""
print(json.dumps({
    "arguments": sys.argv[1:],
    "environment": sorted(name for name in os.environ if name.startswith("WARN_")),
    "input": sys.stdin.read() + os.read(0, 10).decode(),
    "session": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "handled": [n for n in signal.valid_signals() if n != signal.SIGINT and callable(signal.getsignal(n))],
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "hangup": signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "imported": "lxml.etree" in sys.modules,
    "files": sorted(link.split(":")[0] for n in os.listdir("/proc/self/fd") if int(n) > 2 and (link := target(n))),
}), flush=True)
"""
SUPERVISED = """
    import signal, sys
    from pathlib import Path
    import lxml.etree
    from dispatcher.embedded import EmbeddedValkey
    from dispatcher.embedded.supervisor import Backoff, Command, Supervisor

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    home, *argv = sys.argv[1:]
    command = Command("worker-1", [sys.executable, "-m", *argv], {"WARN_OWN": "1"}, forked=True)
    with EmbeddedValkey(Path(home), durable=False) as server:
        Supervisor([command], servers=[server], backoff=Backoff(first=0.01, cap=0.02)).run()
"""
"""A supervisor with a handler of its own, an ignored signal, a server, and one forked command."""
FORKING = """
    import os, signal, sys
    from dispatcher.embedded.forks import fork_module

    forked = fork_module([sys.executable, "-m", *sys.argv[1:]], None, lambda: None)
    print(forked.pid, flush=True)
    print(forked.wait(), flush=True)
"""


@pytest.fixture
def module(tmp_path: Path, env: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a module that a process of this test can run, and returns its name."""
    env.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])]))

    def write(source: str) -> str:
        (tmp_path / "forked.py").write_text(source, encoding="utf-8")
        return "forked"

    return write


def test_a_fork_is_as_a_program_that_was_started_afresh_but_for_what_is_imported(
    python: Callable[..., Any], module: Callable[[str], str], server_dir: Path
) -> None:
    supervisor = python(SUPERVISED, server_dir, module(SEEN), "a b", "-x", stdin=subprocess.PIPE)
    supervisor.stdin.write("for the supervisor")
    supervisor.stdin.close()
    for process in ("the first", "the one after its end"):
        seen = json.loads(next(line for line in supervisor.stdout if line.startswith("{")))
        assert seen == {
            "arguments": ["a b", "-x"],
            "environment": ["WARN_OWN"],
            "input": "",
            "session": True,
            "handled": [],
            "interrupt": True,
            "hangup": True,
            "blocked": [],
            "imported": True,
            # What `multiprocessing` has for its input, and by which it notices an end on both sides.
            "files": ["/dev/null", "pipe", "pipe"],
        }, process
    supervisor.terminate()
    assert supervisor.wait(20) == 0


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('no more')", 1),
        ("raise ValueError", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_how_it_ended_is_told_as_of_any_process(
    python: Callable[..., Any], module: Callable[[str], str], source: Any, status: Any
) -> None:
    forking = python(FORKING, module(source), stderr=subprocess.PIPE)
    output, errors = forking.communicate(timeout=20)
    assert output.split()[1:] == [str(status)]
    assert ("Traceback" in errors) is ("raise" in source)


def test_where_there_is_no_input_a_fork_has_nothing_on_its_own(
    python: Callable[..., Any], module: Callable[[str], str]
) -> None:
    without = FORKING.replace(
        "import os, signal, sys", "import os, signal, sys; os.close(0); sys.stdin = None"
    )
    forking = python(without, module("import os; print(os.read(0, 9))"))
    output, _ = forking.communicate(timeout=20)
    assert output.split()[-1] == "0"
    assert "b''" in output


def test_it_ends_with_the_process_that_it_was_forked_from(
    python: Callable[..., Any],
    module: Callable[[str], str],
    ended: Callable[[int], bool],
) -> None:
    stubborn = module(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"
    )
    forking = python(FORKING, stubborn)
    pidfd = os.pidfd_open(int(forking.stdout.readline()))
    forking.kill()
    assert ended(pidfd)
