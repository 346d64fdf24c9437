"""Reading the documents: tables, fenced blocks, diagrams; and what of the code they may name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from typer import Context

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "ops" / "docs"
MIGRATIONS = ROOT / "dispatcher" / "store" / "migrations" / "versions"
PACKAGES = ("cap", "channels", "dispatcher")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows, without heads and rulers."""
    found = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    rulers = [number for number, cells in enumerate(found) if all(re.fullmatch("-+", cell) for cell in cells)]
    heads = {number - 1 for number in rulers}
    return [cells for number, cells in enumerate(found) if number not in heads | set(rulers)]


def quoted(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def blocks(text: str, info: str) -> list[str]:
    """The contents of the fenced blocks whose info string is `info`."""
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def section(text: str, heading: str) -> str:
    """What stands below a heading, as far as the next of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    rest = text[text.index(f"{heading}\n") + len(heading) :]
    end = re.search(rf"^#{{1,{level}}} ", rest, flags=re.MULTILINE)
    return rest if end is None else rest[: end.start()]


def command_lines(text: str) -> list[str]:
    """What stands after `dispatcher ` in backticks, which may run over a line, and in fenced blocks."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"`dispatcher\s+([^`]+)`", prose)
    for block in fenced:
        found += re.findall(
            r"(?:^|[($]\(?)dispatcher +([a-z][^#)\n]*)", block.replace("\\\n", " "), flags=re.MULTILINE
        )
    return [" ".join(line.split()) for line in found]


def unknown_words(line: str, program: Any) -> list[str]:
    """The commands and options in a command line, alternatives (`a | b`) among them, that `program` does not have."""
    group, command, unknown = None, program, []
    words = line.split()
    for number, word in enumerate(words):
        another = number > 0 and words[number - 1] == "|"
        if word.startswith(("--", "[--")):
            known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
            unknown += [] if word.strip("[]") in known else [word]
        elif word != "|" and (another or hasattr(command, "commands")):
            group = group if another else command
            below = group.get_command(Context(group), word) if hasattr(group, "commands") else None
            unknown += [] if below else [word]
            command = below or command
    return unknown


class Transition(NamedTuple):
    """One arrow of a state diagram."""

    before: str
    after: str
    function: str


def transitions(diagram: str) -> Iterator[Transition]:
    for before, after, function in re.findall(r"^ *(\S+) --> (\S+): (\S+)$", diagram, flags=re.MULTILINE):
        yield Transition(before, after, function)


def states(diagram: str) -> set[str]:
    """Every state of a diagram, its start left out."""
    lines = [line.strip() for line in diagram.splitlines()[1:]]
    named = {line for line in lines if re.fullmatch(r"\w+", line)}
    return (named | {end for one in transitions(diagram) for end in (one.before, one.after)}) - {"[*]"}


def created_tables(sql: str) -> set[str]:
    return set(re.findall(r"CREATE (?:UNLOGGED )?TABLE (\w+)", sql))


def checked_values(sql: str, constraint: str) -> set[str]:
    """The values that the last CHECK allows that matches: `constraint` is what stands before its list."""
    lists = re.findall(rf"{constraint}\s*\((?:\w+) IN \(([^)]*)\)", sql)
    return set(re.findall(r"'(\w+)'", lists[-1]))


@cache
def migrations() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("*.py")))


@cache
def definitions() -> Mapping[str, frozenset[str]]:
    """The classes of the service with their methods; under the empty name the functions of modules."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name] |= {
                        child.name
                        for child in node.body
                        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                    }
                elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[""].add(node.name)
    return {name: frozenset(members) for name, members in found.items()}


def is_defined(name: str) -> bool:
    """Whether `Class`, `Class.method` or `function` is one of the service's."""
    owner, _, member = name.rpartition(".")
    if owner:
        return member in definitions().get(owner, ())
    return name in definitions() or name in definitions()[""]
