"""The wheel alone, without the checkout beside it."""

import os
import subprocess
import sys
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
