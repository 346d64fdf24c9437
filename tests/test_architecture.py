"""Rules of the house that no linter knows. Each finder is shown to find."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from dispatcher.metrics import CHANNELS

ROOT = Path(__file__).parents[1]
SERVICE = [path for top in ("cap", "channels", "dispatcher") for path in sorted((ROOT / top).rglob("*.py"))]
CODE = [*SERVICE, *sorted((ROOT / "ops").rglob("*.py"))]
SKIPPED = {
    ".git",
    ".venv",
    "var",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".pytest_cache",
    "node_modules",
}
SUFFIXES = {".py", ".md", ".toml", ".json", ".yml", ".yaml", ".lock", ".sh", ".cjs", ".mjs", ".xml"}


def _texts() -> list[Path]:
    """Return the files that people read, without a look into folders of tens of thousands that are skipped."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in SKIPPED]
        paths = [Path(folder, one) for one in names if one not in SKIPPED]
        found += [one for one in paths if one.suffix in SUFFIXES or one.name in {"Makefile", "run"}]
    return sorted(one for one in found if one.is_file())


TEXTS = _texts()
BLOCKING = {"time.sleep", "socket.setdefaulttimeout", "logging.basicConfig"}
SOMEBODYS_PATH = re.compile(r"(?<![\w.~])/(?:work|root|home)/\w+")


def literals(source: str) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def calls(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


def attributes(source: str) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}


def longest_function(source: str) -> int:
    return max(
        (
            (node.end_lineno or node.lineno) - node.lineno + 1
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        default=0,
    )


def test_intake_and_delivery_name_no_channel() -> None:
    assert "webpush" in literals('if channel == "webpush": ...')
    rooms = [path for room in ("delivery", "intake") for path in (ROOT / "dispatcher" / room).glob("*.py")]
    assert len(rooms) > 20
    for path in rooms:
        assert not literals(path.read_text()) & set(CHANNELS), path


@pytest.mark.parametrize("path", SERVICE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_blocks_the_event_loop_or_sets_global_defaults(path: Any) -> None:
    assert "time.sleep" in calls("time.sleep(1)")
    source = path.read_text()
    if {"commands", "embedded"} & set(path.relative_to(ROOT).parts):  # synchronous by nature
        return
    if any(one.rpartition(".")[2] in source for one in BLOCKING):  # few are parsed: it takes seconds for all
        assert not calls(source) & BLOCKING


def test_only_the_queue_counts_what_it_did_not_take() -> None:
    """A caller that counts is one that can forget to."""
    assert "enqueue_failures" in attributes("metrics.enqueue_failures.inc(not taken)")
    counting = {
        module_name(path.relative_to(ROOT))
        for path in SERVICE
        if "enqueue_failures" in (source := path.read_text()) and "enqueue_failures" in attributes(source)
    }
    processes = {f"dispatcher.wiring.{process}" for process in ("api", "reading", "worker")}
    assert counting == {"dispatcher.metrics.state"} | processes


def test_jobs_only_unpack_and_call() -> None:
    assert longest_function("def f():\n    pass\n    pass\n") == 3
    assert longest_function((ROOT / "dispatcher" / "worker" / "jobs.py").read_text()) <= 15


@pytest.mark.processes
@pytest.mark.parametrize(
    "package",
    [
        *("cap", "channels.base", "dispatcher.model.vocabulary"),
        *("dispatcher.wiring.api", "dispatcher.wiring.worker"),
    ],
)
def test_importing_does_nothing(package: str) -> None:
    """No output, no warning, no thread left, no child."""
    source = f"import threading, {package}; print(threading.active_count())"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, timeout=60, check=True
    )
    assert (result.stdout.strip(), result.stderr) == ("1", "")


def test_no_machines_paths_are_named() -> None:
    assert SOMEBODYS_PATH.search("see /home/somebody/x")
    for path in TEXTS:
        assert path == Path(__file__) or not SOMEBODYS_PATH.search(
            path.read_text(encoding="utf-8", errors="replace")
        ), path


# where tests lie

WITHOUT_OWN_TESTS = {
    "dispatcher/__main__.py": "only collects the commands, which tests/commands/ runs",
    "dispatcher/feeds/assembly.py": "only puts parts together, which tests/commands/ and tests/e2e/ use so",
    "dispatcher/metrics": "tests/metrics/test_registry.py: a process has all of them in one registry",
    "dispatcher/model/retry_policy.py": "tests/delivery/test_retry_policy.py: its numbers are what the deliverer obeys",
    "dispatcher/store/delivery/freeze.py": "tests/store/delivery/test_plans.py: its statements are what plans run",
    "dispatcher/store/migrations": "tests/store/test_migrate.py runs them all, test_record.py tries what they refuse",
}
"""Files, or rooms with all that is in them, and why."""


def mirror(module: Path) -> Path:
    """Where the tests of a module lie; those of a package's own code lie in the package's place."""
    *rooms, _ = module.parts
    name = rooms[-1] if module.name == "__init__.py" else module.stem.strip("_")
    return Path("tests", *rooms[rooms[0] == "dispatcher" :], f"test_{name}.py")


def has_behaviour(source: str) -> bool:
    """Values, words and tables alone have nothing to be tried."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(ast.parse(source))
    )


def stands_for(entry: str, module: Path) -> bool:
    return module == Path(entry) or Path(entry) in module.parents


def misplaced(
    modules: Mapping[Path, str], tests: Iterable[Path], exceptions: Iterable[str]
) -> tuple[list[Path], list[str]]:
    """Modules that have neither tests of their own nor an exception, and exceptions that nothing needs."""
    there = set(tests)
    bare = [path for path, source in modules.items() if has_behaviour(source) and mirror(path) not in there]
    needless = [entry for entry in exceptions if not any(stands_for(entry, path) for path in bare)]
    return [path for path in bare if not any(stands_for(entry, path) for entry in exceptions)], needless


def test_every_module_has_tests_of_its_own_or_a_reason() -> None:
    modules = {path.relative_to(ROOT): path.read_text() for path in SERVICE}
    tests = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")]
    assert misplaced(modules, tests, WITHOUT_OWN_TESTS) == ([], [])
    assert all(WITHOUT_OWN_TESTS.values())


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("dispatcher/settings.py", "tests/test_settings.py"),
        ("dispatcher/feeds/formats/nina.py", "tests/feeds/formats/test_nina.py"),
        ("dispatcher/embedded/__init__.py", "tests/embedded/test_embedded.py"),
        ("cap/__main__.py", "tests/cap/test_main.py"),
        ("channels/sms/gsm7.py", "tests/channels/sms/test_gsm7.py"),
    ],
)
def test_tests_lie_where_their_module_does(module: str, tests: str) -> None:
    assert mirror(Path(module)) == Path(tests)


def test_a_module_without_tests_and_an_exception_without_need_are_noticed() -> None:
    code, words = "def f(): ...", "A = 1"
    modules = {
        Path("cap/a.py"): code,
        Path("cap/words.py"): words,
        Path("cap/room/b.py"): code,
        Path("cap/room/c.py"): code,
    }
    found = misplaced(
        modules, [Path("tests/cap/room/test_c.py")], ["cap/room", "cap/words.py", "cap/room/c.py"]
    )
    assert found == ([Path("cap/a.py")], ["cap/words.py", "cap/room/c.py"])
    assert misplaced(modules, map(mirror, modules), ["cap/room"]) == ([], ["cap/room"])


# rooms, names, circles

ROOM_SIZE = 16
"""Python files in a folder: as many as a reader takes in at a glance."""
ONE_BY_ONE = {Path("dispatcher/store/migrations/versions")}
"""Grow by their nature: one file each change of the schema."""


def crowded(paths: Iterable[Path]) -> dict[Path, int]:
    sizes = Counter(path.parent for path in paths)
    return {room: size for room, size in sizes.items() if size > ROOM_SIZE and room not in ONE_BY_ONE}


def test_no_room_holds_more_than_a_reader_takes_in() -> None:
    assert crowded(path.relative_to(ROOT) for path in CODE) == {}


def test_a_crowded_room_is_noticed() -> None:
    full = [Path("cap", f"{number}.py") for number in range(ROOM_SIZE)]
    assert crowded(full) == {}
    assert crowded([*full, Path("cap/one_more.py"), Path("cap/room/a.py")]) == {Path("cap"): ROOM_SIZE + 1}


TWO_CLASSES = {
    "Command": "what a PDU asks for (SMPP 3.4, section 5.1.2.1); and what the supervisor starts",
    "Document": "what a body held, in cap; and the feed format of that name, beside Dwd, Index and Nina",
    "Environment": "whether a credential is for the live service or the exercise; and whether an app is for trying",
    "Role": "what a person is there for; and an ESME's part in a session (SMPP 3.4, section 2.2)",
    "Scope": "CAP's <scope>; and what of the country a permission is for, which is called so everywhere",
    "Sms": "one text in its encoding and parts; and the channel, which is called after what it sends",
    "Unresolved": "codes of an area; and entries of a feed: each module's word for what is not known yet",
    "Urgency": "CAP's <urgency>; and that of a push message (RFC 8030 section 5.3)",
}
"""Names that stand for two public classes, and why."""


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def defined_twice(
    sources: Mapping[str, str], kinds: tuple[type[ast.AST], ...], names: str = ""
) -> dict[str, list[str]]:
    """Public names at the top of more than one module that begin with one of `names`, with the modules."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, source in sources.items():
        for node in ast.parse(source).body:
            name = getattr(node, "name", "_")
            if isinstance(node, kinds) and not name.startswith("_") and re.match(names, name):
                found[name].append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def service_sources() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text() for path in SERVICE}


def test_no_two_public_classes_share_a_name_without_a_reason() -> None:
    assert defined_twice(service_sources(), (ast.ClassDef,)).keys() == TWO_CLASSES.keys()


def test_there_is_one_place_for_each_decision() -> None:
    assert defined_twice(service_sources(), FUNCTIONS, "judge|decide") == {}


def test_a_name_for_two_things_is_noticed() -> None:
    sources = {
        "a.py": "class Reason: ...\nclass _Own: ...\nasync def judge(): ...\ndef decide_it(): ...\ndef read(): ...",
        "b.py": "class Reason: ...\nclass _Own: ...\ndef judge(): ...\ndef decide_it(): ...\ndef read(): ...",
        "c.py": "class Other:\n    class Reason: ...\n    def judge(self): ...",
    }
    assert defined_twice(sources, (ast.ClassDef,)) == {"Reason": ["a.py", "b.py"]}
    twice = defined_twice(sources, FUNCTIONS, "judge|decide")
    assert twice == {"judge": ["a.py", "b.py"], "decide_it": ["a.py", "b.py"]}


def module_name(path: Path) -> str:
    return ".".join((path.parent if path.name == "__init__.py" else path.with_suffix("")).parts)


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """By module: those of `sources` that it names in an import, at its top, in a function or for types only."""
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: imports are absolute here"
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                parts, room = whole & sources.keys(), str(node.module)
                graph[name] |= parts | ({room} if parts != whole else set())
    return {name: named & sources.keys() for name, named in graph.items()}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules of which each imports the one before, and the first the last; none if there is no such circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_file_imports_one_that_imports_it() -> None:
    graph = imports({module_name(path.relative_to(ROOT)): path.read_text() for path in CODE})
    assert sum(map(len, graph.values())) > 1000
    assert circle(graph) == []


@pytest.mark.parametrize(
    "back",
    [
        "import room.a",
        "from room.a import f",
        "from room import a",
        "def f():\n    from room import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.a import A",
    ],
)
def test_a_circle_is_noticed_wherever_it_is_closed(back: str) -> None:
    sources = {"room": "", "room.a": "from room.b import g", "room.b": "import room.c", "room.c": ""}
    assert circle(imports(sources)) == []
    assert set(circle(imports(sources | {"room.c": back}))) == {"room.a", "room.b", "room.c"}
