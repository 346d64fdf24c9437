"""One document, whole messages in it."""

import time

import pytest

import cap
from dispatcher.feeds.formats.document import Document
from tests.support.feed_messages import (
    NOW,
    warning,
)

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>x</id><title>x</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""


def entry(*links: str, id_: str = "1", expires: str = "", updated: str = "2026-11-22T12:00:00+00:00") -> str:
    tail = f"<cap:expires>{expires}</cap:expires>" if expires else ""
    return f"<entry><id>{id_}</id><title>t</title><updated>{updated}</updated>{''.join(links)}{tail}</entry>"


def test_an_index_is_no_single_message() -> None:
    body = ATOM.format(entry('<link href="/a.xml"/>')).encode()
    with pytest.raises(cap.NotCap, match="index"):
        Document().listing(body, "https://x.example/")


def test_a_single_message_and_a_container_of_colliding_ones() -> None:
    body = cap.render(warning(1))
    (found,) = Document().listing(body, "").entries
    assert Document().read(found, ())[0].original == body
    inner = cap.render(warning(1)).decode().partition("?>")[2]
    other = cap.render(warning(1, headline="anders")).decode().partition("?>")[2]
    listing = Document().listing(f"<alerts>{inner}{other}{inner}</alerts>".encode(), "")
    assert [one.key.rpartition(",")[2] for one in listing.entries] == [
        NOW.isoformat(),
        f"{NOW.isoformat()}#2",
    ]


@pytest.mark.no_cover  # tracing would be what it measures
def test_thousands_of_messages_that_collide_are_numbered_in_one_pass() -> None:
    inner = "".join(
        f"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>i</identifier><note>{n}</note></alert>"
        for n in range(12_000)
    )
    started = time.process_time()
    entries = Document().listing(f"<alerts>{inner}</alerts>".encode(), "").entries
    assert time.process_time() - started < 4.0
    assert [entry.key for entry in entries[:3]] == [",i,", ",i,#2", ",i,#3"]
    assert len({entry.key for entry in entries}) == 12_000
