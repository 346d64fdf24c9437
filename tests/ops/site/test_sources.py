"""The documents as the site takes them: all of them, with all that they lead to."""

from pathlib import Path

import pytest

from ops.site.sources import DOCS, INDEX, LISTS, PAGES, ROOT, BrokenLinkError, list_of, stage, staged
from tests.support import documents

PAGE = Path(DOCS, "page.md")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("ops/docs/page.md", "ops/docs/decisions/0001-a.md", "cap/limits.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# A title\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "made", "needed"),
    [
        ("[a](../../README.md#start)", "[a](../../README.md#start)", set()),
        ("[limits](../../cap/limits.py)", "[limits](../../cap/limits.py)", {Path("cap/limits.py")}),
        ("[all](decisions/)", "[all](decisions/index.md)", set()),
        ("[two\nlines](../../var/pictures/a.png), and", "two\nlines, and", set()),
        ("[b](https://elsewhere.example/c)", "[b](https://elsewhere.example/c)", set()),
        (
            "```\n[x](nowhere.md)\n```\n[all](decisions/)",
            "```\n[x](nowhere.md)\n```\n[all](decisions/index.md)",
            set(),
        ),
    ],
)
def test_a_link_leads_to_what_the_site_has(root: Path, text: str, made: str, needed: set[Path]) -> None:
    assert staged(text, PAGE, root) == (made, needed)


def test_a_link_that_leads_nowhere_is_refused(root: Path) -> None:
    with pytest.raises(BrokenLinkError, match=r"page\.md: \.\./gone\.md"):
        staged("[a](../gone.md)", PAGE, root)


def test_pages_are_listed_with_their_titles() -> None:
    pages = {"0002-b.md": "# 0002 Second\n\ntext", "0001-a.md": "# 0001 First\n"}
    assert list_of("All", pages) == "# All\n\n- [0001 First](0001-a.md)\n- [0002 Second](0002-b.md)\n"


def test_all_documents_are_there_and_each_is_in_the_navigation_or_a_list(tmp_path: Path) -> None:
    """Sphinx, too, refuses a page that is in neither."""
    stage(ROOT, tmp_path)
    there = {str(path.relative_to(ROOT)) for path in (ROOT / DOCS).rglob("*.md")} | set(PAGES)
    assert there <= {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")}
    assert (tmp_path / "cap" / "limits.py").exists()
    index = INDEX.read_text(encoding="utf-8")
    entries = "\n".join(documents.blocks(index, "{toctree}"))
    navigated = {line.partition("<")[2].rstrip(">") or line for line in entries.splitlines()}
    listed = {page for page in there if str(Path(page).parent) in LISTS}
    missing = {page.removesuffix(".md") for page in there - listed} - navigated
    assert not missing, "pages for a list in ops/site/index.md"
    for page in listed:
        assert f"]({Path(page).name})" in (tmp_path / page).with_name("index.md").read_text(encoding="utf-8")
