"""Every row of ops/docs/security.md names a test that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "ops" / "docs" / "security.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
HEADS = ("| attack |", "| fault |", "| input |", "| risk |")


def rows(page: str) -> list[str]:
    """Return the rows below a head whose last column names tests."""
    found, inside = [], False
    for line in page.splitlines():
        if line.startswith(HEADS):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            found.append(line)
    return found


def without_test(row: str, root: Path = ROOT) -> str:
    """Return what is wrong with the test that a row names, or nothing."""
    named = TEST.findall(row.rstrip("| ").rpartition("|")[2])
    if not named:
        return f"names no test: {row}"
    for file, function in named:
        path = root / file
        if not path.is_file():
            return f"no file {file}: {row}"
        if function not in _functions(path):
            return f"no test {function} in {file}: {row}"
    return ""


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


def test_every_row_names_a_test_that_exists() -> None:
    found = [fault for row in rows(PAGE.read_text("utf-8")) if (fault := without_test(row))]
    assert not found, "\n".join(found)


def outside(page: str) -> list[str]:
    """Return the rows that name tests and stand below no head."""
    inside = set(rows(page))
    return [
        line
        for line in page.splitlines()
        if line.startswith("|") and TEST.search(line) and line not in inside
    ]


def test_no_row_stands_outside_a_table() -> None:
    assert outside(PAGE.read_text("utf-8")) == []
    lost = "| x | `tests/test_security_table.py::test_it` |"
    assert outside(f"| attack | test |\n|---|---|\n\nProse.\n{lost}\n") == [lost]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| a | b | nothing |", "names no test"),
        ("| a | b | `tests/no_such_file.py::test_it` |", "no file"),
        ("| a | b | `tests/test_security_table.py::test_no_such` |", "no test test_no_such"),
        (
            "| a | `tests/test_security_table.py::test_every_row_names_a_test_that_exists` | none |",
            "names no",
        ),
    ],
)
def test_a_row_without_its_test_is_found(row: str, fault: str) -> None:
    assert without_test(row).startswith(fault)


def test_a_row_below_a_head_of_tests_is_read() -> None:
    assert rows("| attack | test |\n|---|---|\n| x | y |\n\n| who | can |\n|---|---|\n| z | - |") == [
        "| x | y |"
    ]
