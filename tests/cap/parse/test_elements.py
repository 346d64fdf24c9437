"""The tree of elements: what it keeps of a document and what it leaves out."""

import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cap.errors import CapError, DoctypeRefused, LimitExceeded, NotXml, TooLarge
from cap.limits import Limits
from cap.parse.elements import read, read_text
from tests.cap.reading import Message, only

ROOT = Path(__file__).parents[3]


def test_any_prefix_is_the_same_message(message: Message) -> None:
    text = message().decode().replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?")
    assert only(text.replace("xmlns=", "xmlns:c=").encode()) == only(message())


def test_a_stylesheet_instruction_and_comments_are_nothing(message: Message) -> None:
    data = message(("<alert", "<?xml-stylesheet href='a.xsl'?><alert"), ("KDN-2026", "KDN<!-- no -->-2026"))
    assert only(data) == only(message())


CAP = "urn:oasis:names:tc:emergency:cap:1.2"


def test_the_tree_keeps_names_lines_attributes_and_texts() -> None:
    root, repairs = read(f'<c:a xmlns:c="{CAP}" b="1">\n<!-- x --><c:d>e<f/>g</c:d></c:a>'.encode(), Limits())
    assert repairs == []
    assert (root.tag, root.local, root.namespace, root.line) == (f"{CAP} a", "a", CAP, 1)
    assert root.attributes == {"b": "1"}
    (child,) = root.children
    assert (child.local, child.line, child.offset, child.text, child.attributes) == ("d", 2, 1, "eg", None)
    (inner,) = child.children
    assert (inner.tag, inner.local, inner.namespace, inner.offset, inner.text) == ("f", "f", "", 1, "")


def test_elements_without_children_share_no_list_that_grows() -> None:
    root, _ = read(b"<a><b/><c><d/></c></a>", Limits())
    first, second = root.children
    assert (len(first.children), len(second.children)) == (0, 1)


def test_the_garbage_collector_never_counts_an_element() -> None:
    root, _ = read(b"<a c='d'><b/></a>", Limits())
    assert gc.is_tracked(root.children)
    assert not any(gc.is_tracked(element) for element in (root, *root.children))


def test_lines_count_from_the_first_of_the_body() -> None:
    root, repairs = read(b"\n\n<a/>", Limits())
    assert (root.line, repairs) == (3, ["leading-whitespace"])


@pytest.mark.parametrize("declared", ["utf-8", "ISO-8859-1", "utf-16", "nowhere"])
def test_a_text_that_stood_in_another_document_is_read_whatever_it_declares(declared: str) -> None:
    root, repairs = read_text(f" <?xml version='1.0' encoding='{declared}'?><a>ß</a>", Limits())
    assert (root.text, repairs) == ("ß", [])


@pytest.mark.parametrize(
    ("data", "error", "line"),
    [
        (b"", NotXml, None),
        (b"<a>\n<b></a>", NotXml, 2),
        (b"<a/>\n<a/>", NotXml, 2),
        (b"\n<!DOCTYPE a><a/>", DoctypeRefused, 2),
        (b"<?xml version='1.0' encoding='nowhere'?><a/>", NotXml, 1),
        (b"<a>" * 6 + b"</a>" * 6, LimitExceeded, 1),
        (b"<a>\n<b/><b/><b/><b/><b/><b/><b/><b/></a>", LimitExceeded, 2),
        (b"<a b='' c='' d=''/>", LimitExceeded, 1),
        (b"<abcdefghijk/>", LimitExceeded, 1),
        (b"<a abcdefghijk=''/>", LimitExceeded, 1),
        (b"<a>" + b" " * 100 + b"</a>", TooLarge, None),
    ],
)
def test_what_is_refused_and_where(data: bytes, error: type[CapError], line: int | None) -> None:
    limits = Limits(max_bytes=100, max_depth=5, max_elements=8, max_attributes=2, max_name=10)
    with pytest.raises(error) as refusal:
        read(data, limits)
    assert refusal.value.line == line


def test_at_every_limit_a_document_is_still_read() -> None:
    limits = Limits(max_bytes=46, max_depth=2, max_elements=3, max_attributes=2, max_name=10)
    root, _ = read(b'<abcdefghij a="" b=""><c/><d/></abcdefghij    >', replace(limits, max_bytes=47))
    assert len(root.children) == 2
    with pytest.raises(TooLarge):
        read(b'<abcdefghij a="" b=""><c/><d/></abcdefghij    >', limits)


def test_an_inner_text_is_measured_in_bytes() -> None:
    with pytest.raises(TooLarge):
        read_text("<a>ßß</a>", Limits(max_bytes=10))
    assert read_text("<a>ßß</a>", Limits(max_bytes=11))[0].text == "ßß"


NOTE = """
from cap.parse.elements import Limits, read
from ops.lab.worst_case.cost import cost

body = b"<alert><note>" + b"x" * 990_000 + b"a<b/>" * 100_000 + b"</note></alert>"
roots = []
found = cost(body, lambda body: roots.append(read(body, Limits(max_elements=200_000))[0]))
(note,) = roots[0].children
print(found.seconds, len(note.text), note.children[-1].offset)
"""


@pytest.mark.processes
def test_text_around_many_children_is_read_in_time_that_grows_with_its_length() -> None:
    """A body that took nine seconds: 1 MB of text, then 100,000 children, each of which copied the text before it."""
    seconds, length, offset = run_alone(NOTE)
    assert float(seconds) <= 1.0
    assert (int(length), int(offset)) == (1_090_000, 1_090_000)


LIST = """
from cap.parse.elements import read
from dispatcher.feeds.entry import LIST_LIMITS
from ops.lab.worst_case.cost import cost

body = b"<alerts>" + b"x" * 4_000_000 + b"aaaa<b/>" * 2_990_000 + b"</alerts>"
assert len(body) <= LIST_LIMITS.max_bytes
roots = []
found = cost(body, lambda body: roots.append(read(body, LIST_LIMITS)[0]))
print(found.seconds, len(roots[0].children), roots[0].children[-1].offset)
"""


def run_alone(script: str) -> list[str]:
    """Return the words that it prints in a process of its own, in which nothing else is and nobody counts lines."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=110, cwd=ROOT, text=True
    )
    return done.stdout.split()


@pytest.mark.processes
def test_a_polled_list_of_32_mb_and_three_million_elements_too() -> None:
    seconds, children, offset = run_alone(LIST)
    assert float(seconds) <= 16.0  # a second for 2 MB, as of a submission
    assert (int(children), int(offset)) == (2_990_000, 4_000_000 + 4 * 2_990_000)
