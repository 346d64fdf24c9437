"""The documents say what the code does."""

import importlib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dispatcher.__main__ import app
from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.feeds.entry import FeedEntry
from dispatcher.feeds.entry_state import FetchedEntry, row_of
from dispatcher.model.problems import STATUS, ProblemType
from dispatcher.model.vocabulary import Reason, State
from ops.reference import DOCS, PAGES
from tests.support import documents

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"`((?:cap|channels|dispatcher)(?:\.\w+)+)`")


def _resolve(dotted: str) -> object:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[end:]:
            found = getattr(found, attribute)
        return found
    raise ModuleNotFoundError(dotted)


def test_every_function_on_the_path_of_an_alert_exists() -> None:
    names = NAME.findall((DOCS / "path-of-an-alert.md").read_text(encoding="utf-8"))
    assert len(names) > 20
    for name in names:
        _resolve(name)


def test_a_function_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(AttributeError):
        _resolve("dispatcher.intake.decide.guess")
    with pytest.raises(ModuleNotFoundError):
        _resolve("despatcher.pipeline")


@pytest.mark.parametrize("page", PAGES)
def test_reference_pages_follow_from_the_code(page: Any) -> None:
    """Renew with `python -m ops.reference`."""
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page]()


def test_every_problem_and_every_reason_is_explained() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    for problem in ProblemType:
        assert re.search(rf"\| `{problem}` \| {STATUS[problem]} \|", page), problem
    for reason in Reason:
        assert f"`{reason}`" in page, reason


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(document: Any) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        # Pictures are made by tests, see tests/test_pictures.py.
        assert target.startswith("../../var/pictures/") or (document.parent / target).exists(), target


def _rooms_in_the_tree() -> set[str]:
    house = ROOT / "dispatcher"
    packages = {path.parent.name for path in house.glob("*/__init__.py")}
    return packages | {path.stem for path in house.glob("*.py") if path.stem != "__init__"}


def _layers_of(diagram: str) -> list[set[str]]:
    subgraphs = re.findall(r"subgraph.*?\n(.*?)\n *end$", diagram, flags=re.MULTILINE | re.DOTALL)
    return [set(body.split()) for body in subgraphs]


def _layers_by_contract() -> list[set[str]]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layered = [one for one in contracts["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    return [set(re.split(r" [|:] ", layer)) for layer in layered[0]["layers"]]


def test_the_diagram_of_rooms_is_the_tree_s_and_the_contract_s() -> None:
    text = documents.section(documents.page("architecture.md"), "## Rooms of the service")
    (diagram,) = documents.blocks(text, "mermaid")
    layers = _layers_of(diagram)
    assert layers == _layers_by_contract()
    assert set().union(*layers) | {"embedded"} == _rooms_in_the_tree()
    assert "commands --> embedded" in diagram
    described = {documents.quoted(row[0])[0] for row in documents.rows(text)}
    assert described | {"__main__"} == _rooms_in_the_tree()


def test_a_room_that_is_not_there_is_noticed() -> None:
    diagram = 'subgraph a[" "]\n    api\n    attic\n  end\n'
    assert _layers_of(diagram) == [{"api", "attic"}]
    assert not set().union(*_layers_of(diagram)) <= _rooms_in_the_tree()


def test_the_diagram_of_channels_has_all_of_their_rooms() -> None:
    text = documents.section(documents.page("architecture.md"), "## Channels")
    (diagram,) = documents.blocks(text, "mermaid")
    rooms = {path.parent.name for path in (ROOT / "channels").rglob("__init__.py")} - {"channels"}
    assert rooms
    assert rooms <= set(re.findall(r"\w+", diagram))


def test_every_table_of_the_record_is_described() -> None:
    text = documents.section(documents.page("data-model.md"), "## Tables")
    described = [documents.quoted(row[0])[0] for row in documents.rows(text)]
    assert described == sorted(documents.created_tables(documents.migrations()))
    for row in documents.rows(text):
        for writer in documents.quoted(row[2]):
            assert documents.is_defined(writer), writer


def _diagram_of(heading: str) -> str:
    (diagram,) = documents.blocks(documents.section(documents.page("data-model.md"), heading), "mermaid")
    return diagram


@pytest.mark.parametrize(
    ("heading", "constraint"),
    [
        ("### An alert: `alert.state`", "alert_state_check\n  CHECK"),
        ("### A batch: `batch.state`", "DEFAULT 'open' CHECK"),
    ],
)
def test_states_are_those_that_the_record_allows(heading: str, constraint: str) -> None:
    allowed = documents.checked_values(documents.migrations(), constraint)
    assert documents.states(_diagram_of(heading)) == allowed


def test_a_recipient_s_states_are_those_of_its_byte() -> None:
    diagram = _diagram_of("### A recipient: its byte in `batch.outcomes`")
    assert documents.states(diagram) == {state.name.lower() for state in State}
    for before, after, function in documents.transitions(diagram):
        terminal = before != "[*]" and State[before.upper()].terminal
        assert not terminal or function == "DeadLetters.replay", (before, after)


def test_an_entry_s_states_are_those_of_its_row() -> None:
    feed = feed_of(FeedSettings(name="x", adapter="single", urls=("https://feed.example",)))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    entry = FeedEntry("key", "1")
    unresolved = {
        str(row_of(feed, "", fetched, None, None, now).reason)
        for fetched in (FetchedEntry(entry, waits=True), FetchedEntry(entry, broken=True))
    }
    assert documents.states(_diagram_of("### An entry of a feed: `feed_entry`")) == unresolved | {
        "decided",
        "ended",
    }


def test_every_transition_is_made_by_a_function_that_exists() -> None:
    diagrams = documents.blocks(documents.page("data-model.md"), "mermaid")
    assert len(diagrams) == 4
    for diagram in diagrams:
        made = list(documents.transitions(diagram))
        assert len(made) == diagram.count("-->")  # each arrow names its function
        for transition in made:
            assert documents.is_defined(transition.function), transition


def test_the_glossary_is_sorted_and_names_what_exists() -> None:
    words = documents.rows(documents.page("glossary.md"))
    terms = [row[0] for row in words]
    assert terms == sorted(set(terms), key=str.casefold)
    tables = documents.created_tables(documents.migrations())
    for row in words:
        assert set(documents.quoted(row[2])) <= tables, row
        for name in documents.quoted(row[3]):
            assert documents.is_defined(name), name


def test_what_the_documents_invent_is_noticed() -> None:
    assert not documents.is_defined("Hand")
    assert not documents.is_defined("Ledger.claim")
    assert not documents.is_defined("guess_what_it_is")
    assert documents.states("stateDiagram-v2\n  [*] --> open: f\n  open --> lost: g\n  idle\n") == {
        "open",
        "lost",
        "idle",
    }
    assert documents.checked_values("x CHECK (a IN ('b'))\nx CHECK (a IN ('b', 'c'))", "x CHECK") == {
        "b",
        "c",
    }
    assert documents.created_tables("CREATE TABLE one (\nCREATE TABLE two (") == {"one", "two"}


def test_every_command_that_the_documents_name_exists() -> None:
    program = get_command(app)
    pages = [page for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if page.name != "CHANGELOG.md"]
    found = [
        (page.name, line)
        for page in pages
        for line in documents.command_lines(page.read_text(encoding="utf-8"))
    ]
    assert len(found) > 80
    assert {page for page, _ in found} >= {"README.md", "runbooks.md", "feeds.md"}
    wrong = {(*each, *words) for each in found if (words := documents.unknown_words(each[1], program))}
    assert not wrong


def test_a_command_that_does_not_exist_is_noticed() -> None:
    lines = documents.command_lines(
        "See `dispatcher source\nrevoke`.\n```\nKEY=$(dispatcher source add x \\\n  --colour red)\n"
        "dispatcher keys list | forge  # not\n```\n`dispatcher up`, `dispatcher feeds replay X [--shift] [--sped N]`"
    )
    program = get_command(app)
    assert {line: documents.unknown_words(line, program) for line in lines} == {
        "source revoke": ["revoke"],
        "source add x --colour red": ["--colour"],
        "keys list | forge": ["forge"],
        "up": [],
        "feeds replay X [--shift] [--sped N]": ["[--sped"],
    }


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=lambda path: path.name
)
def test_lines_of_prose_are_not_longer_than_120_characters(document: Any) -> None:
    """Tables cannot be broken, nor what is to be copied as a whole."""
    fenced = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        fenced ^= line.startswith("```")
        if not (fenced or line.startswith(("|", "    "))):
            assert len(line) <= 120, number


RECORD_LINES = 40
"""Of a decision record: what needs more is several decisions, or figures for a page of their own."""


def overlong(records: Mapping[str, str]) -> list[str]:
    """The names of records with too many lines."""
    return [name for name, text in records.items() if len(text.splitlines()) > RECORD_LINES]


def test_a_decision_is_read_in_one_look() -> None:
    records = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "decisions").glob("*.md")}
    assert len(records) > 40
    assert overlong(records) == []


def test_a_decision_of_too_many_lines_is_noticed() -> None:
    line = "word\n"
    assert overlong({"fits": line * RECORD_LINES, "long": line * (RECORD_LINES + 1)}) == ["long"]


NAMED = re.compile(r"`((?:cap|channels|dispatcher|ops|tests)/[\w./*-]*)`")
HELD = re.compile(r"^(?:## )?Enforced by\b(.*)", re.MULTILINE | re.DOTALL)


def unenforced(records: Mapping[str, str]) -> list[str]:
    """The records that do not say what holds to them, or name what is not there."""
    return [name for name, text in records.items() if not holds(HELD.search(text))]


def holds(part: re.Match[str] | None) -> bool:
    if part is None or not part[1].strip(" .\n"):
        return False
    paths = [ROOT / path for path in NAMED.findall(part[1])]
    said = "".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
    named = re.findall(r"`(test_\w+)`", part[1])
    return all(path.exists() for path in paths) and all(f"def {test}(" in said for test in named)


def test_a_decision_says_what_holds_to_it() -> None:
    records = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "decisions").glob("0*.md")}
    assert unenforced(records) == []


@pytest.mark.parametrize(
    "text",
    [
        "## Decision\n\nSo it is.",
        "## Enforced by\n\n",
        "## Enforced by\n\n`tests/test_nowhere.py`.",
        "## Enforced by\n\n`tests/test_docs.py` (`test_of_nobody`).",
    ],
)
def test_a_decision_that_nothing_holds_to_is_noticed(text: str) -> None:
    assert unenforced({"it": text}) == ["it"]


def doubled(text: str) -> list[str]:
    """What stands twice in one table or list of a document, as a merge of two branches leaves it."""
    found = []
    for block in re.split(r"\n\s*\n", text):
        items = [" ".join(item.split()) for item in re.split(r"\n(?=\||- )", "\n" + block)]
        told = [item for item in items if item.startswith(("- ", "| "))]
        found += [item for item, times in Counter(told).items() if times > 1]
    return found


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=lambda path: path.name
)
def test_nothing_stands_twice_in_a_table_or_list(document: Any) -> None:
    assert not doubled(document.read_text(encoding="utf-8"))


def test_what_stands_twice_is_found() -> None:
    assert doubled("| a | b |\n|---|---|\n| x | y |\n| z | y |\n| x | y |") == ["| x | y |"]
    assert doubled("- one\n  thing\n- two\n- one thing") == ["- one thing"]
    assert not doubled("- one\n- two\n\n- one")


def debian_packages() -> tuple[set[str], set[str]]:
    """What CI installs, and what CONTRIBUTING has people install."""
    ci = (documents.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    [by_hand] = re.findall(r"`apt install ([^`]+)`", (documents.ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    return set(re.findall(r"^ +missing (\S+) ", ci, flags=re.MULTILINE)), set(by_hand.split())


def test_people_are_to_install_what_ci_installs() -> None:
    ci, by_hand = debian_packages()
    assert ci == by_hand
    assert "prometheus" in ci


UNGERMAN = re.compile(
    r"\b(?:der|den|einen|jeder|jeden|dieser) Gateway\b|\bEtikett\b|\bDer Kern hat\b|\bAnschluss\b",
    re.IGNORECASE,
)
"""Das Gateway, and the words by which an operator knows them: Label, Kernel, Port."""


@pytest.mark.parametrize(
    "file",
    [
        "docs/runbooks.md",
        "docs/for-officers.md",
        "prometheus/rules/alerts.yml",
        "grafana/dashboards/dispatcher.json",
    ],
)
def test_operators_read_their_own_words_in_german(file: str) -> None:
    text = (documents.ROOT / "ops" / file).read_text(encoding="utf-8")
    assert UNGERMAN.findall(" ".join(text.split())) == []


def test_a_word_that_is_not_theirs_is_noticed() -> None:
    assert UNGERMAN.findall("Den Gateway und der Gateways am Anschluss") == ["Den Gateway", "Anschluss"]


OTHER_WAYS = re.compile(r"(?:auf (?:den )?anderen Wegen (?:warnen|gewarnt)|andere Warnwege nutzen)")


def unlinked_ways(text: str) -> list[str]:
    """The paragraphs that tell somebody to warn on other ways, and do not say where it stands how."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    shown = re.compile(r"\[([^]]*)\]\([^)]*\)")
    return [
        one
        for one in paragraphs
        if OTHER_WAYS.search(shown.sub(r"\1", one)) and "](paper-plan.md)" not in one
    ]


@pytest.mark.parametrize("name", ["runbooks.md", "for-officers.md"])
def test_where_other_ways_are_to_be_used_the_plan_on_paper_is_named(name: str) -> None:
    assert [one for one in unlinked_ways(documents.page(name)) if not one.startswith("|")] == []


def test_other_ways_without_the_plan_are_noticed() -> None:
    text = "Ist es aus: auf anderen\nWegen warnen.\n\n[andere Warnwege](paper-plan.md) nutzen.\n\nandere Warnwege nutzen."
    assert unlinked_ways(text) == ["Ist es aus: auf anderen Wegen warnen.", "andere Warnwege nutzen."]


def looking_with_axe(folder: Path) -> set[str]:
    """The tests that have axe look at pages."""
    uses = re.compile(r"\b(?:with_axe|AXE)\b")
    return {
        str(path.relative_to(ROOT))
        for path in folder.glob("test_*.py")
        if uses.search(path.read_text(encoding="utf-8"))
    }


def test_the_accessibility_statement_names_each_test_that_looks_at_pages() -> None:
    text = documents.section(documents.page("accessibility.md"), "## Was getestet wird, und wie")
    named = {documents.quoted(row[4])[0] for row in documents.rows(text)}
    assert named == looking_with_axe(ROOT / "tests" / "e2e")
