"""A benchmark of this checkout against the same benchmark of another one, which may be older or newer.

Each runs as its own process in its own checkout and environment, in turns; what is printed are ratios of pairs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ops.lab.bench.paired.comparison import (
    NoResultError,
    Pair,
    Side,
    compare,
    last_object,
    order,
    unknown_flags,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.lab.bench.paired.comparison import Comparison

ROOT = Path(__file__).parents[4]
PROJECT = "cap-dispatcher"
PAIRS = 5
WRONG_CALL, INTERRUPTED = 2, 130
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""Environment variables that would lead one checkout's interpreter to the other's modules."""
_SHOWN = 300
"""The most characters of an error that are shown: the message must stay one line."""


class AgainstError(Exception):
    """The comparison cannot be made; the message is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Says how long each step may take, in seconds."""

    run_s: float = 4 * 3600.0
    """One run of a benchmark. The longest is `dispatch` with a million recipients: before each of its nine sends the
    workers make message keys, eight in 3 ms (`channels.webpush.keys.precomputed_keys`), an hour in all.
    """
    help_s: float = 60.0
    """How long a benchmark may take to list its flags: it only imports its modules."""
    grace_s: float = 30.0
    """How long a benchmark may take to end after SIGINT, as it stops its servers; a worker alone may need 20 s of
    them."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """One of the two checkouts, with the interpreter that runs it."""

    side: Side
    folder: Path
    python: str

    def __str__(self) -> str:
        return f"{self.side} ({self.folder})"


def wanted(arguments: Sequence[str]) -> bool:
    """Return whether a benchmark's arguments ask for a comparison."""
    return any(argument == "--against" or argument.startswith("--against=") for argument in arguments)


def main(name: str, argv: Sequence[str], here: Path = ROOT, patience: Timeouts | None = None) -> int:
    """Run the command line: what is no argument of the comparison is passed on to both. Returns 2 where it cannot be
    made."""
    options, arguments = _parser(name).parse_known_args(argv)
    try:
        with _interruptible():
            ours = Checkout(Side.OURS, here, sys.executable)
            bench = Bench(name, arguments, ours, other_checkout(options.against), patience or Timeouts())
            pairs = bench.run(options.pairs)
    except AgainstError as error:
        print(f"{name} --against: {error}", file=sys.stderr)
        return WRONG_CALL
    except KeyboardInterrupt:
        print(f"{name} --against: interrupted", file=sys.stderr)
        return INTERRUPTED
    _show(bench, pairs, as_json=options.json)
    return 0


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"ops.lab.bench {name}",
        description=__doc__.partition("\n")[0],
        epilog="All other flags go to the benchmark in both checkouts.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--against", metavar="CHECKOUT", required=True, help="the other checkout, with its .venv"
    )
    parser.add_argument("--pairs", type=_count, default=PAIRS, help=f"runs of each (default {PAIRS})")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)


def other_checkout(path: str) -> Checkout:
    """Find the checkout at `path`. Raises `AgainstError` for what is none, or cannot run."""
    folder = Path(path).resolve()
    if not path or not folder.is_dir():
        raise AgainstError(f"{path or 'an empty name'} is not a directory")
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        project = None
    if not isinstance(project, dict) or project.get("name") != PROJECT:
        raise AgainstError(f"{folder} is not a checkout of {PROJECT}")
    python = folder / ".venv" / "bin" / "python"  # not resolved: the link's place makes the environment
    if not os.access(python, os.X_OK):
        raise AgainstError(f"{folder} has no .venv: run `make setup` there")
    return Checkout(Side.THEIRS, folder, str(python))


@dataclass(frozen=True, slots=True)
class _Ended:
    """A process that has ended."""

    status: int
    output: str
    errors: str

    @property
    def why(self) -> str:
        """Return the last line that it wrote to standard error: what a traceback ends with."""
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return lines[-1][:_SHOWN] if lines else "no word about why"


class Bench:
    """Runs one benchmark with its arguments in two checkouts."""

    def __init__(
        self, name: str, arguments: Sequence[str], ours: Checkout, theirs: Checkout, patience: Timeouts
    ) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.checkouts = {Side.OURS: ours, Side.THEIRS: theirs}
        self._patience = patience

    def run(self, pairs: int) -> list[Pair]:
        """Run all pairs, with a line for each run on standard error. Raises `AgainstError`."""
        for checkout in self.checkouts.values():
            self._require_known(checkout)
        found = []
        for number, sides in enumerate(order(pairs), start=1):
            results = {}
            for side in sides:
                began = time.monotonic()
                results[side] = self._measure(self.checkouts[side])
                took_s = time.monotonic() - began
                print(f"pair {number} of {pairs}, {side}: {took_s:.1f} s", file=sys.stderr, flush=True)
            found.append(Pair(ours=results[Side.OURS], theirs=results[Side.THEIRS]))
        return found

    def _require_known(self, checkout: Checkout) -> None:
        """Check names and flags before anything is measured: a run that can never be paired would be wasted."""
        ended = self._start(checkout, ["--help"], self._patience.help_s)
        if ended.status == WRONG_CALL:
            raise AgainstError(f"{checkout} has no benchmark {self.name}")
        if ended.status:
            raise AgainstError(f"{checkout} cannot run {self.name}: {ended.why} (`make setup` there?)")
        if unknown := unknown_flags(self.arguments, ended.output):
            raise AgainstError(f"{checkout}: {self.name} does not know {', '.join(unknown)}")

    def _measure(self, checkout: Checkout) -> dict[str, Any]:
        ended = self._start(checkout, [*self.arguments, "--json"], self._patience.run_s)
        if ended.status:
            raise AgainstError(f"{checkout}: {self.name} failed with status {ended.status}: {ended.why}")
        try:
            return last_object(ended.output)
        except NoResultError as error:
            raise AgainstError(f"{checkout}: {self.name} {error}") from error

    def _start(self, checkout: Checkout, arguments: Sequence[str], within_s: float) -> _Ended:
        command = [checkout.python, "-m", "ops.lab.bench", self.name, *arguments]
        try:
            return _run(command, checkout.folder, within_s, self._patience.grace_s)
        except subprocess.TimeoutExpired:
            raise AgainstError(f"{checkout}: {self.name} took longer than {within_s:g} s") from None
        except OSError as error:
            raise AgainstError(f"{checkout}: {checkout.python} cannot be started: {error.strerror}") from None


def _run(command: Sequence[str], folder: Path, within_s: float, grace_s: float) -> _Ended:
    """Run to the end, in a process group of its own. Whatever ends the wait for it ends the whole group.

    Output goes to files and not through pipes, which a child that outlives the benchmark would hold open.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=folder,
            env=environment,
            process_group=0,
        )
        try:
            status = process.wait(within_s)
        finally:
            if process.returncode is None:
                _end(process, grace_s)
        return _Ended(status, _content(output), _content(errors))


def _end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """End the group as Ctrl-C at a terminal would; what has not ended after `grace_s`, or at a second Ctrl-C, is
    killed."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _content(file: Any) -> str:
    file.seek(0)
    content: bytes = file.read()
    return content.decode("utf-8", "replace")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM do what Ctrl-C does: nothing that was started is left running."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _commit(folder: Path) -> str | None:
    """Return git's description of the checkout's commit; None where there is no git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip()


def _show(bench: Bench, pairs: Sequence[Pair], *, as_json: bool) -> None:
    comparison = compare(pairs)
    if as_json:
        print(json.dumps(_as_object(bench, pairs, comparison)))
        return
    title = f"{bench.name}: {Side.OURS} / {Side.THEIRS} ({bench.checkouts[Side.THEIRS].folder})"
    table = Table("what", "median", "min", "max", "pairs", title=title)
    for key, ratio in comparison.ratios.items():
        table.add_row(key, f"{ratio.median:g}", f"{ratio.min:g}", f"{ratio.max:g}", str(ratio.pairs))
    console = Console()
    console.print(table)
    for what, keys in (
        ("not the same in both", comparison.differing),
        ("without a ratio: theirs was 0", comparison.undefined),
        ("only in ours", comparison.only_ours),
        ("only in theirs", comparison.only_theirs),
    ):
        if keys:
            console.print(f"{what}: {', '.join(keys)}", markup=False)


def _as_object(bench: Bench, pairs: Sequence[Pair], comparison: Comparison) -> dict[str, Any]:
    """Return the object that `--json` prints."""
    return {
        "benchmark": bench.name,
        "arguments": bench.arguments,
        "pairs": len(pairs),
        **{
            side: {"checkout": str(one.folder), "commit": _commit(one.folder)}
            for side, one in bench.checkouts.items()
        },
        **asdict(comparison),
        "results": [asdict(pair) for pair in pairs],
    }
