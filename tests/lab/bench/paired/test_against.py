"""Comparing a benchmark of two checkouts: what pairs of results say, how the runs are started, and how they end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.lab.bench.paired import against
from ops.lab.bench.paired.against import Timeouts
from ops.lab.bench.paired.comparison import (
    NoResultError,
    Pair,
    Ratio,
    Side,
    compare,
    last_object,
    order,
    unknown_flags,
)

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[4]
PYPROJECT = '[project]\nname = "cap-dispatcher"\n'
BENCH = """import json, os, signal, sys
if sys.argv[1] != "cap":
    sys.exit(2)
if sys.argv[2:] == ["--help"]:
    print("usage: bench cap [-h] [--json] [--rounds ROUNDS]")
    sys.exit(0)
with open("calls", "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
"""
MEASURES = 'print("a line before")\nprint(json.dumps({"per_s": len(open("calls").readlines()) * 10}))\n'
HANGS = """
if ignored:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
child = os.fork()
if child:
    with open("pids", "w") as pids:  # a named pipe: whoever reads it learns that both are up
        print(os.getpid(), child, file=pids)
signal.pause()
"""


def test_the_order_changes_with_every_pair() -> None:
    assert order(3) == [
        (Side.OURS, Side.THEIRS),
        (Side.THEIRS, Side.OURS),
        (Side.OURS, Side.THEIRS),
    ]


@pytest.mark.parametrize("output", ['{"a": 1}', '{"a": 0}\n{"a": 1}\n', 'a table\n{"a": 1}\n \n'])
def test_the_result_is_the_last_line(output: str) -> None:
    assert last_object(output) == {"a": 1}


@pytest.mark.parametrize(
    "output", ["", "\n \n", "[1]", "1", "null", '{"a": 1}\nfinished', '{"a": ', "[" * 100_000]
)
def test_what_does_not_end_with_an_object_is_no_result(output: Any) -> None:
    with pytest.raises(NoResultError, match="printed "):
        last_object(output)


def test_ratios_are_of_pairs_and_not_of_medians() -> None:
    pairs = [Pair({"per_s": mine}, {"per_s": other}) for mine, other in ((10, 10), (300, 100), (40, 20))]
    assert compare(pairs).ratios == {"per_s": Ratio(median=2.0, min=1.0, max=3.0, pairs=3)}


def test_every_number_that_both_have_is_compared_however_deep_it_lies() -> None:
    ours = {
        "a": 3,
        "ways": {"h2": {"us": 1.5}},
        "runs": [{"s": 1}, {"s": 9}],
        "only": 1,
        "none": None,
        "yes": True,
    }
    theirs = {"a": 2, "ways": {"h2": {"us": 3.0}}, "runs": [{"s": 3}], "other": 1, "none": None, "yes": True}
    found = compare([Pair(ours, theirs)])
    assert {key: ratio.median for key, ratio in found.ratios.items()} == {
        "a": 1.5,
        "ways.h2.us": 0.5,
        "runs.0.s": 0.3333,
    }
    assert (found.only_ours, found.only_theirs) == (("runs.1.s", "only"), ("other",))
    assert (found.differing, found.undefined) == ((), ())


def test_a_number_that_only_some_pairs_have_says_of_how_many_it_is() -> None:
    pairs = [
        Pair({"n": 4}, {"n": 2}),
        Pair({"n": None}, {"n": 2}),
        Pair({"n": 4}, {"n": 0}),
        Pair({}, {"n": 1}),
    ]
    found = compare(pairs)
    assert found.ratios == {"n": Ratio(2.0, 2.0, 2.0, 1)}
    assert (found.undefined, found.differing) == ((), ("n",))


def test_nothing_is_divided_by_zero_and_what_was_not_the_same_is_named() -> None:
    ours = {
        "zero": 1,
        "source": "DWD bundle",
        "first": True,
        "nan": float("nan"),
        "huge": 10**400,
        "same": "x",
    }
    theirs = {"zero": 0, "source": "synthetic", "first": False, "nan": 1, "huge": 1, "same": "x"}
    found = compare([Pair(ours, theirs)])
    assert found.ratios == {}
    assert found.undefined == ("zero",)
    assert found.differing == ("source", "first", "nan", "huge")


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        ([], []),
        (["--rounds", "3", "--workers=1,2"], []),
        (["--round", "3"], []),
        (["--scale", "0.1", "--rounds", "-1"], ["--scale"]),
        (["--rounds-more=1"], ["--rounds-more"]),
    ],
)
def test_flags_are_known_by_the_help(arguments: list[Any], unknown: list[Any]) -> None:
    usage = "usage: bench [-h] [--json] [--rounds ROUNDS] [--workers N]\n  --workers N  as in pre--scale"
    assert unknown_flags(arguments, usage) == unknown


@dataclass(frozen=True)
class Fake:
    """A checkout whose benchmark `cap` is a few lines of its own, without any package of ours."""

    folder: Path

    def calls(self) -> list[Any]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def fake(tmp_path: Path) -> Any:
    def make(name: Any, bench: Any, head: Any = BENCH) -> Fake:
        folder = tmp_path / name
        module = folder / "ops" / "lab" / "bench"
        module.mkdir(parents=True)
        for package in (module, module.parent, module.parent.parent):
            (
                package / "__init__.py"
            ).touch()  # or the real packages, installed where we run, would come first
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (module / "__main__.py").write_text(head + bench)
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
        os.mkfifo(folder / "pids")
        return Fake(folder)

    return make


def run(here: Any, *arguments: Any, patience: Any = None) -> Any:
    return against.main("cap", [*map(str, arguments)], here=here.folder, patience=patience)


def test_both_run_in_their_own_checkout_in_turns_and_ratios_are_printed(
    fake: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    ours, theirs = (
        fake("ours", MEASURES),
        fake("theirs", "assert 'PYTHONPATH' not in os.environ\n" + MEASURES),
    )
    assert run(ours, "--against", theirs.folder, "--rounds", "1", "--pairs", "3", "--json") == 0
    output = capfd.readouterr()
    found = json.loads(output.out.splitlines()[-1])
    assert found["ratios"] == {"per_s": {"median": 1.0, "min": 1.0, "max": 1.0, "pairs": 3}}
    assert [pair["ours"] for pair in found["results"]] == [
        {"per_s": 10 * (number + 1)} for number in range(3)
    ]
    assert (found["theirs"]["checkout"], found["pairs"]) == (str(theirs.folder), 3)
    assert ours.calls() == theirs.calls() == [["cap", "--rounds", "1", "--json"]] * 3, (
        "no flag of the comparison"
    )
    said = [line.split(":")[0] for line in output.err.splitlines()]
    assert said == [
        f"pair {number} of 3, {side}" for number, sides in enumerate(order(3), 1) for side in sides
    ]


def test_people_get_a_table(fake: Any, capfd: pytest.CaptureFixture[str]) -> None:
    other = fake("other", 'print(json.dumps({"per_s": 5, "source": "bundle", "more": 1, "lost": 0}))')
    ours = fake("ours", 'print(json.dumps({"per_s": 10, "source": "own", "lost": 0}))')
    assert run(ours, "--against", other.folder, "--pairs", "1") == 0
    said = capfd.readouterr().out
    assert "per_s" in said
    for line in (
        "not the same in both: source",
        "without a ratio: theirs was 0: lost",
        "only in theirs: more",
    ):
        assert line in said


def refusal(capfd: pytest.CaptureFixture[str]) -> Any:
    [line] = [line for line in capfd.readouterr().err.splitlines() if not line.startswith("pair ")]
    return line


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: folder.rename(folder.parent / "moved"), "is not a directory"),
        (lambda folder: (folder / "pyproject.toml").unlink(), "is not a checkout of cap-dispatcher"),
        (
            lambda folder: (folder / "pyproject.toml").write_text("[project"),
            "is not a checkout of cap-dispatcher",
        ),
        (lambda folder: (folder / "pyproject.toml").write_text("project = 1"), "is not a checkout of"),
        (
            lambda folder: (folder / "pyproject.toml").write_text(PYPROJECT.replace("cap-", "map-")),
            "is not a checkout of cap-dispatcher",
        ),
        (
            lambda folder: (folder / ".venv" / "bin" / "python").unlink(),
            "has no .venv: run `make setup` there",
        ),
    ],
    ids=["nothing", "no project", "unreadable", "odd", "another project", "no environment"],
)
def test_what_is_no_checkout_that_can_run_is_refused_in_a_line(
    fake: Any, capfd: pytest.CaptureFixture[str], spoil: Any, said: str
) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", MEASURES)
    spoil(theirs.folder)
    assert run(ours, "--against", theirs.folder) == 2
    assert said in refusal(capfd)
    assert not (ours.folder / "calls").exists(), "nothing was measured in vain"


def test_an_empty_name_is_not_this_directory(fake: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(fake("ours", MEASURES), "--against=") == 2
    assert "an empty name is not a directory" in refusal(capfd)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("import sys\nsys.exit(2)\n", "has no benchmark cap"),
        ("import nothing_of_that_name\n", "cannot run cap: ModuleNotFoundError: No module named 'nothing_of"),
        ("import sys\nprint('usage: [--json]')\nsys.exit(0)", "cap does not know --rounds"),
    ],
    ids=["unknown", "broken", "older"],
)
def test_what_the_other_cannot_run_is_refused_before_anything_is_measured(
    fake: Any, capfd: pytest.CaptureFixture[str], head: str, said: str
) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", "", head)
    assert run(ours, "--against", theirs.folder, "--rounds", "1") == 2
    assert f"theirs ({theirs.folder})" in (line := refusal(capfd))
    assert said in line
    assert not (ours.folder / "calls").exists()


@pytest.mark.parametrize(
    ("bench", "said"),
    [
        ("raise ValueError('no such size')", "cap failed with status 1: ValueError: no such size"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "cap failed with status -9: no word about why"),
        ("", "cap printed nothing"),
        ("print('fast')", "cap printed no JSON object as its last line"),
    ],
    ids=["raises", "killed", "mute", "text"],
)
def test_a_run_that_gives_no_result_ends_the_comparison_in_a_line(
    fake: Any, capfd: pytest.CaptureFixture[str], bench: str, said: str
) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", bench)
    assert run(ours, "--against", theirs.folder, "--pairs", "2") == 2
    assert refusal(capfd) == f"cap --against: theirs ({theirs.folder}): {said}"


def test_an_interpreter_that_cannot_be_started_is_said_in_a_line(
    fake: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", MEASURES)
    python = theirs.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.write_bytes(b"\0no program")
    python.chmod(0o755)
    assert run(ours, "--against", theirs.folder) == 2
    assert "python cannot be started: " in refusal(capfd)


def test_a_run_that_takes_too_long_is_ended(fake: Any, capfd: pytest.CaptureFixture[str]) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", "signal.pause()")
    assert run(ours, "--against", theirs.folder, patience=Timeouts(run_s=0.5)) == 2
    assert refusal(capfd).endswith("cap took longer than 0.5 s")


@pytest.mark.parametrize("pairs", ["0", "-1", "x", "²", ""])
def test_a_number_of_pairs_that_is_none(fake: Any, capfd: pytest.CaptureFixture[str], pairs: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run(fake("ours", MEASURES), "--against", ".", f"--pairs={pairs}")
    assert caught.value.code == 2
    assert "a number from 1 on" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("number", "ignored"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGINT, True)],
    ids=["Ctrl-C", "SIGTERM", "deaf"],
)
def test_whoever_interrupts_it_leaves_nothing_running(
    fake: Any,
    python: Callable[..., subprocess.Popen[str]],
    ended: Callable[[int], bool],
    number: Any,
    ignored: bool,
) -> None:
    ours, theirs = fake("ours", MEASURES), fake("theirs", f"ignored = {ignored}" + HANGS)
    process = python(
        """
        import sys
        from pathlib import Path
        from ops.lab.bench.paired import against
        grace = against.Timeouts(grace_s=float(sys.argv[3]))
        sys.exit(against.main("cap", ["--against", sys.argv[2]], here=Path(sys.argv[1]), patience=grace))
        """,
        ours.folder,
        theirs.folder,
        0.1 if ignored else 20,
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    pids = [os.pidfd_open(int(pid)) for pid in (theirs.folder / "pids").read_text().split()]
    assert len(pids) == 2
    process.send_signal(number)
    assert process.wait(20) == 130
    assert process.stderr.read().splitlines()[-1] == "cap --against: interrupted"
    assert all(ended(pid) for pid in pids)


def test_the_benchmark_cap_of_this_checkout_against_itself() -> None:
    """The whole way, with the real benchmark at a tiny size."""
    command = [sys.executable, "-m", "ops.lab.bench", "cap", "--against", str(ROOT)]
    ran = subprocess.run(
        [*command, "--pairs", "1", "--rounds", "1", "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
    )
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["ratios"]["small_bytes"] == {"median": 1.0, "min": 1.0, "max": 1.0, "pairs": 1}
    assert found["ratios"]["ours_small_ms"]["median"] > 0
    assert found["differing"] == found["only_ours"] == found["only_theirs"] == []
    assert len(found["results"]) == found["pairs"] == 1
