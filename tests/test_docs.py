"""The documents say what the code does."""

import importlib
import re
from pathlib import Path

import pytest

from dispatcher.model.problems import STATUS, ProblemType
from dispatcher.model.vocabulary import Reason
from ops.reference import DOCS, PAGES

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


def test_every_function_on_the_path_of_an_alert_exists():
    names = NAME.findall((DOCS / "path-of-an-alert.md").read_text(encoding="utf-8"))
    assert len(names) > 20
    for name in names:
        _resolve(name)


def test_a_function_that_does_not_exist_is_noticed():
    with pytest.raises(AttributeError):
        _resolve("dispatcher.intake.decide.guess")
    with pytest.raises(ModuleNotFoundError):
        _resolve("despatcher.pipeline")


@pytest.mark.parametrize("page", PAGES)
def test_reference_pages_follow_from_the_code(page):
    """Renew with `python -m ops.reference`."""
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page]()


def test_every_problem_and_every_reason_is_explained():
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    for problem in ProblemType:
        assert re.search(rf"\| `{problem}` \| {STATUS[problem]} \|", page), problem
    for reason in Reason:
        assert f"`{reason}`" in page, reason


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target
