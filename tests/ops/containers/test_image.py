"""The recipe of the image says what the service understands. Whether it builds one is tried by hand:
ops/docs/containers.md says when, and with what."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.ops.containers.manifests import (
    ACCOUNT,
    CONTAINER,
    PORTS,
    ROOT,
    in_the_clear,
    no_probe,
    unknown_settings,
)

RECIPE = (CONTAINER / "build.sh").read_text("utf-8")
CONFIG = RECIPE[RECIPE.index("buildah config") :]
ENVIRONMENT = dict(re.findall(r"--env (\w+)=(\S+)", CONFIG))
PINNED = re.compile(r"^[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ;[^\\]*)? \\$")


def without_hash(lock: str) -> list[str]:
    """What a lock file pins without saying what it is to be."""
    lines = lock.splitlines()
    return [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if PINNED.match(line) and "--hash=sha256:" not in after
    ]


def test_its_settings_are_ones_and_no_secret_is_among_them() -> None:
    ours = {name: value for name, value in ENVIRONMENT.items() if name.startswith("WARN_")}
    assert len(ours) > 5
    assert unknown_settings(ours) == []
    assert in_the_clear(ours) == []


def test_it_opens_the_ports_that_processes_listen_on() -> None:
    metrics = int(ENVIRONMENT["WARN_METRICS_PORT"])
    assert {int(port) for port in re.findall(r"--port (\d+)", CONFIG)} == {*PORTS.values(), metrics}
    [asked] = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", RECIPE)
    assert '--healthcheck "CMD /usr/bin/python$PYTHON -c \\"$ALIVE\\""' in CONFIG
    assert asked[0] == str(metrics)
    assert not no_probe(asked[1])


def test_it_runs_as_an_account_of_its_own_that_owns_nothing_but_its_data() -> None:
    assert f"ACCOUNT={ACCOUNT} " in RECIPE
    assert '--user "$ACCOUNT:$ACCOUNT"' in CONFIG
    [owned] = re.findall(r'install -d -o "\$ACCOUNT".* "\$root(/\S+)"', RECIPE)
    assert ENVIRONMENT["WARN_DATA_DIR"].startswith(f"{owned}/")
    assert 'chown -R 0:0 "$root/opt/cap-dispatcher"' in RECIPE


def test_each_package_is_what_the_lock_says_it_is() -> None:
    assert "--require-hashes --constraint requirements.lock" in RECIPE
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert len([line for line in lock.splitlines() if PINNED.match(line)]) > 100
    assert without_hash(lock) == []
    assert without_hash("a==1 \\\n    --hash=sha256:00\nb==2 \\\nc==3 \\\n    --hash=sha256:00\n") == [
        "b==2 \\"
    ]


def test_it_brings_extras_that_there_are_with_the_python_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [extras] = re.findall(r"^EXTRAS=\$\{EXTRAS-(\S+)\}", RECIPE, re.MULTILINE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    [python] = re.findall(r"^PYTHON=\$\{PYTHON:-(\S+)\}", RECIPE, re.MULTILINE)
    assert project["requires-python"] == f">={python}"


@pytest.mark.processes
@pytest.mark.parametrize("script", sorted(CONTAINER.glob("*.sh")), ids=lambda path: path.name)
def test_shells_take_the_scripts(script: Path) -> None:
    shell = shlex.split(script.read_text("utf-8").splitlines()[0].removeprefix("#!"))
    done = subprocess.run([*shell, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.processes
def test_the_health_check_fails_where_nothing_answers() -> None:
    [program] = re.findall(r'^ALIVE="(.+)"$', RECIPE, re.MULTILINE)
    done: Any = subprocess.run(
        [sys.executable, "-c", program.replace("9101", "1")], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"Connection refused" in done.stderr
