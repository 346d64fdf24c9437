"""A command that is forked cannot tell that it was, and neither can a test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_server import CommandServer, command_server

SURROUNDINGS = """
import contextlib, json, os, signal, sys

def opened():
    # Which files are open: (number, kind). Those of a library are not counted, nor this folder, which is closed again.
    for file in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/self/fd/{file}")
            if "site-packages" not in target:
                yield file, target.partition(":")[0]

print(json.dumps({
    "arguments": sys.argv[1:],
    "program": sys.argv[0],
    "environment": dict(os.environ),
    "directory": os.getcwd(),
    "path": sys.path,
    "name": __name__,
    "file": sys.modules["__main__"].__file__,
    "input": sys.stdin.read(),
    "files": dict(opened()),
    "terminals": [file.isatty() for file in (sys.stdin, sys.stdout, sys.stderr)],
    "buffered": [file.line_buffering for file in (sys.stdout, sys.stderr)],
    "encodings": [(file.encoding, file.errors) for file in (sys.stdin, sys.stdout, sys.stderr)],
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "group": os.getpgid(0),
}))
"""
ENDS = {
    "by itself": "print('said', end='')",
    "with a number": "import sys; print('said'); sys.exit(3)",
    "with a sentence": "import sys; sys.exit('no such thing')",
    "with an error": "raise KeyError('x')",
    "with more than a status holds": "import sys; sys.exit(-1)",
    "with a truth": "import sys; sys.exit(True)",
    "at once": "import os; os.write(2, b'said'); os._exit(7)",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "interrupted": "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
    "after what is left to do": "import atexit; atexit.register(print, 'done')",
    "after its thread": "import threading; threading.Thread(target=print, args=['done']).start()",
    "after what nobody needs": "class A:\n  def __del__(self): print('done')\na = [A()]; a.append(a); del a",
    "after its child": "import subprocess; subprocess.Popen(['sh', '-c', 'echo done'])",
}


@pytest.fixture
def as_python(processes: Any, tmp_path: Path) -> Any:
    """Runs `python -m` in the directory of the test."""

    def run(module: str, *arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_it_finds_the_surroundings_that_a_python_of_its_own_has(
    commands: CommandServer, as_python: Any, tmp_path: Path
) -> None:
    (tmp_path / "surroundings.py").write_text(SURROUNDINGS)
    environment = {**os.environ, "WARN_URL": "ä", "TZ": "Asia/Tokyo"}
    ran = commands.run("a b", "--c", environment=environment, module="surroundings", directory=tmp_path)
    expected = as_python("surroundings", "a b", "--c", environment=environment)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    assert json.loads(ran.stdout) == json.loads(expected.stdout)


@pytest.mark.parametrize("how", ENDS)
def test_it_ends_as_a_python_of_its_own_does(
    commands: CommandServer, as_python: Any, tmp_path: Path, how: str
) -> None:
    (tmp_path / "ending.py").write_text(ENDS[how])
    ran = commands.run(environment=dict(os.environ), module="ending", directory=tmp_path)
    expected = as_python("ending", environment=dict(os.environ))
    assert (ran.returncode, ran.stdout) == (expected.returncode, expected.stdout)
    # Of a traceback the upper lines name who called.
    assert ran.stderr.splitlines()[-1:] == expected.stderr.splitlines()[-1:]


@pytest.mark.parametrize("arguments", [["--version"], ["nothing"], ["worker"]])
def test_a_command_says_what_it_says_in_a_python_of_its_own(
    commands: CommandServer, as_python: Any, tmp_path: Path, arguments: list[str]
) -> None:
    environment = dict(os.environ)
    ran = commands.run(*arguments, environment=environment, directory=tmp_path)
    expected = as_python("dispatcher", *arguments, environment=environment)
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        expected.returncode,
        expected.stdout,
        expected.stderr,
    )


def test_nothing_of_one_command_is_left_for_the_next(commands: CommandServer, tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(
        "import builtins, os; print(hasattr(builtins, 'left'), 'LEFT' in os.environ)\n"
        "builtins.left = True; os.environ['LEFT'] = 'x'; os.chdir('/')"
    )
    for _ in range(2):
        ran = commands.run(environment={}, module="leaving", directory=tmp_path)
        assert ran.stdout == "False False\n"


def test_one_that_runs_too_long_is_killed_and_the_next_one_runs(
    commands: CommandServer, tmp_path: Path
) -> None:
    (tmp_path / "waiting.py").write_text("import signal; print('here', flush=True); signal.pause()")
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run(environment={}, module="waiting", directory=tmp_path, within_s=0.1)
    assert commands.run("--version", environment={}).returncode == 0


def test_one_that_says_more_than_a_pipe_holds_is_heard(commands: CommandServer, tmp_path: Path) -> None:
    (tmp_path / "wordy.py").write_text("import sys; print('x' * 10**6); print('y' * 10**6, file=sys.stderr)")
    ran = commands.run(environment={}, module="wordy", directory=tmp_path)
    assert (len(ran.stdout), len(ran.stderr)) == (10**6 + 1, 10**6 + 1)


def test_the_end_of_the_server_is_no_end_of_a_command(processes: Any, tmp_path: Path) -> None:
    (tmp_path / "fatal.py").write_text("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    with command_server() as commands, pytest.raises(ConnectionError):
        commands.run(environment={}, module="fatal", directory=tmp_path)
