"""Entries of Atom and RSS, and what they lack."""

import pytest

from cap.limits import Limits
from cap.model import Entry, Link
from cap.parse.elements import Element, read_text
from cap.parse.feeds import atom_entries, atom_problems, rss_items, rss_problems

HEAD = "<id>i</id><title>t</title><updated>2026-11-22T09:00:00Z</updated>"


def root(text: str) -> Element:
    return read_text(text, Limits())[0]


def feed(content: str) -> Element:
    return root(f'<feed xmlns="http://www.w3.org/2005/Atom">{content}</feed>')


def test_entries_of_atom() -> None:
    first, second = atom_entries(
        feed(
            f"<entry>{HEAD}<link href='a.cap' rel='related' type='application/cap+xml'/><link/></entry>\n"
            "<entry><id> j </id><title>a &lt;b&gt;c&lt;/b&gt;</title><updated>gestern</updated></entry>"
        )
    )
    assert (first.id, first.title, first.updated_text, first.line) == ("i", "t", "2026-11-22T09:00:00Z", 1)
    assert first.updated is not None
    assert first.links == (Link("a.cap", "related", "application/cap+xml"), Link("", "alternate", None))
    assert second == Entry("j", "a c", "gestern", None, (), 2)


def test_items_of_rss() -> None:
    rss = root(
        "<rss><channel><item><guid>g</guid><title>t</title><pubDate>heute</pubDate><link> u </link><link/></item>"
        "</channel><channel><item/></channel></rss>"
    )
    assert list(rss_items(rss)) == [
        Entry("g", "t", "heute", None, (Link("u", "alternate", None),), 1),
        Entry("", "", "", None, (), 1),
    ]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (HEAD, []),
        (
            "<id>i</id>",
            [("feed-element-missing", "/feed", "title"), ("feed-element-missing", "/feed", "updated")],
        ),
        (HEAD + "<foo/>", [("feed-element-unexpected", "/feed", "foo")]),
        (HEAD + '<x:foo xmlns:x="urn:other"/>', []),
        (f"{HEAD}<entry>{HEAD}<link href='a'/></entry>", []),
        (f"{HEAD}<entry>{HEAD}<content>x</content></entry>", []),
        (f"{HEAD}<entry>{HEAD}</entry>", [("feed-link-missing", "/feed/entry[1]", "")]),
        (
            f"{HEAD}<entry>{HEAD}<link/></entry><entry><title/><updated/><link/><foo/></entry>",
            [
                ("feed-element-missing", "/feed/entry[2]", "id"),
                ("feed-element-unexpected", "/feed/entry[2]", "foo"),
            ],
        ),
    ],
)
def test_what_atom_demands(content: str, problems: list[tuple[str, str, str]]) -> None:
    assert [(one.code, one.path, one.detail) for one in atom_problems(feed(content))] == problems


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", [("/rss", "channel")]),
        ("<channel><title/><link/><description/></channel>", []),
        ("<channel><title/></channel>", [("/rss/channel", "link"), ("/rss/channel", "description")]),
        ("<channel><title/><link/><description/><item><description/></item></channel>", []),
        ("<channel><title/><link/><description/><item/></channel>", [("/rss/channel/item[1]", "title")]),
    ],
)
def test_what_rss_demands(content: str, problems: list[tuple[str, str]]) -> None:
    found = list(rss_problems(root(f"<rss>{content}</rss>")))
    assert [(one.path, one.detail) for one in found] == problems
    assert {one.code for one in found} <= {"feed-element-missing"}
