"""The wheel alone, without the checkout beside it."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What pip would unpack into site-packages."""
    out = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(out)], cwd=ROOT, check=True, capture_output=True, timeout=60
    )
    [file] = out.glob("*.whl")
    unpacked = out / "site-packages"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which the wheel was installed. It finds the packages that the wheel needs in
    ours, but nothing that ours is only led to, as the checkout.
    """
    home = tmp_path_factory.mktemp("environment")
    uv = [sys.executable, "-m", "uv", "--quiet", "--offline", "--no-config"]
    subprocess.run([*uv, "venv", "--python", sys.executable, home], check=True, timeout=60)
    [file] = wheel.parent.glob("*.whl")
    subprocess.run([*uv, "pip", "install", "--python", home, "--no-deps", file], check=True, timeout=60)
    [packages] = home.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


@pytest.fixture
def run(wheel: Any, tmp_path: Path) -> Any:
    def run(*arguments: Any, **surroundings: Any) -> Any:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(wheel), **surroundings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_it_brings_what_is_not_python(wheel: Any) -> None:
    sources = {
        path.relative_to(ROOT)
        for package in ("cap", "channels", "dispatcher")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= {path.relative_to(wheel) for path in wheel.rglob("*")}
    [about] = wheel.glob("*.dist-info")
    assert {path.name for path in (about / "licenses").iterdir()} == {"LICENSE", "NOTICE"}


def test_its_program_is_the_wheels_own(run: Any, wheel: Any) -> None:
    done = run("-c", "import dispatcher; print(dispatcher.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(wheel), done.stderr


def test_it_migrates_matches_and_checks(run: Any, tmp_path: Path, database_url: str) -> None:
    migrated = run("-m", "dispatcher", "migrate", DATABASE_URL=database_url)
    assert migrated.returncode == 0, migrated.stderr
    example = run("-m", "dispatcher", "example")
    (tmp_path / "alert.xml").write_text(example.stdout)
    matched = run("-m", "dispatcher", "match", "--json", "alert.xml")
    assert '"05358008"' in matched.stdout, matched.stderr
    assert run("-m", "cap", "check", "alert.xml").returncode == 0


def in_the_environment(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [program, *arguments], cwd=cwd, env=ours, capture_output=True, text=True, timeout=60, check=False
    )


def test_installed_it_runs_from_anywhere(installed: Path, tmp_path: Path) -> None:
    where = in_the_environment(
        installed / "python", "-c", "import dispatcher; print(dispatcher.__file__)", cwd=tmp_path
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.parent), where.stderr
    shown = in_the_environment(installed / "dispatcher", "--help", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "doctor" in shown.stdout
    example = in_the_environment(installed / "dispatcher", "example", cwd=tmp_path)
    (tmp_path / "alert.xml").write_text(example.stdout)
    checked = in_the_environment(installed / "python", "-m", "cap", "check", "alert.xml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_installed_its_doctor_finds_all_that_the_wheel_brings(installed: Path, tmp_path: Path) -> None:
    looked = in_the_environment(installed / "dispatcher", "doctor", "--here", "--json", cwd=tmp_path)
    assert looked.stderr == ""
    parts = {one["part"]: one for one in json.loads(looked.stdout)["parts"]}
    assert parts["settings"]["grade"] == "sound"
    assert "municipalities" in parts["boundaries"]["seen"]
    assert looked.returncode == 1  # no record is there
