"""Atom and RSS: bytes to entries, without network or record."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

import cap
from dispatcher.feeds.formats.index import Index
from tests.support.feed_messages import (
    corpus,
    dwd_id,
    warning,
)

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>x</id><title>x</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""


def entry(
    *links: str,
    id_: str = "1",
    expires: str = "",
    msg_type: str = "",
    updated: str = "2026-11-22T12:00:00+00:00",
) -> str:
    tail = f"<cap:expires>{expires}</cap:expires>" if expires else ""
    tail += f"<cap:msgType>{msg_type}</cap:msgType>" if msg_type else ""
    return f"<entry><id>{id_}</id><title>t</title><updated>{updated}</updated>{''.join(links)}{tail}</entry>"


def test_the_corpus_index_links_to_a_message() -> None:
    body = corpus("international/au-bom-en.rss.xml")
    (found,) = Index().listing(body, "https://severeweather.wmo.int/v2/rss.xml").entries
    assert found.key.startswith("https://severeweather.wmo.int/v2/cap-alerts/au-bom-en/2026/")
    assert found.expires == datetime(2026, 1, 1, 16, 0, tzinfo=UTC)
    with pytest.raises(cap.NotCap):
        Index().read(found, (body,))


def test_only_the_feed_of_a_dispatcher_says_as_of_when_it_knows() -> None:
    assert Index().listing(ATOM.format("").encode(), "https://x.example/").known_at is None
    named = ATOM.format('<current xmlns="urn:cap-dispatcher:state">false</current>')
    expected = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert Index().listing(named.encode(), "https://x.example/").known_at == expected


def test_a_link_is_chosen_by_its_media_type_and_may_be_relative() -> None:
    body = ATOM.format(
        entry(
            '<link rel="alternate" type="text/html" href="https://elsewhere.example/page"/>',
            '<link rel="related" type="application/cap+xml" href="cap/1.xml"/>',
        )
    ).encode()
    (found,) = Index().listing(body, "https://feeds.example/list/atom.xml").entries
    assert found.links == ("https://feeds.example/list/cap/1.xml",)


def test_entries_whose_ids_collide_are_two_messages() -> None:
    links = ['<link href="https://x.example/en.xml"/>', '<link href="https://x.example/fr.xml"/>']
    body = ATOM.format("".join(entry(link) for link in links)).encode()
    assert len(Index().listing(body, "https://x.example/").entries) == 2


def test_several_entries_for_one_message_are_over_when_the_last_is() -> None:
    link = "<link href='/a.xml'/>"

    def one(updated: str, expires: str) -> Any:
        return entry(link, updated=updated, expires=expires)

    def found(*entries: Any) -> Any:
        (joined,) = Index().listing(ATOM.format("".join(entries)).encode(), "https://x.example/").entries
        return joined

    long = one("2026-11-22T11:00:00Z", "2026-11-22T18:00:00Z")
    short = one("2026-11-22T11:30:00Z", "2026-11-22T11:45:00Z")
    for joined in (found(long, short), found(short, long)):
        assert joined.expires == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
        assert joined.version == "2026-11-22T11:00:00Z|2026-11-22T11:30:00Z"
    assert found(long, short, one("2026-11-22T11:30:00Z", "soon")).expires is None


@pytest.mark.parametrize(
    "text", ["2026/11/22 下午 1:00:00", "Sun, 22 Nov 2026 13:00:00", "2026-11-22T13:00:00"]
)
def test_an_end_without_zone_is_the_latest_that_it_can_be(text: str) -> None:
    body = ATOM.format(entry("<link href='/a.xml'/>", expires=text)).encode()
    (found,) = Index().listing(body, "https://x.example/").entries
    assert found.expires == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "msg_type"),
    [
        ("Cancel", cap.MsgType.CANCEL),
        (" update ", cap.MsgType.UPDATE),
        ("Alert", cap.MsgType.ALERT),
        ("Warnung", None),
        ("", None),
    ],
)
def test_an_entry_may_name_its_type_and_its_date(word: str, msg_type: cap.MsgType | None) -> None:
    body = ATOM.format(entry("<link href='/a.xml'/>", msg_type=word)).encode()
    (found,) = Index().listing(body, "https://x.example/").entries
    assert (found.msg_type, found.dated) == (msg_type, datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


def test_entries_for_one_message_that_call_it_differently_leave_its_type_open() -> None:
    link = "<link href='/a.xml'/>"
    body = ATOM.format(entry(link, msg_type="Alert", updated="") + entry(link, msg_type="Update")).encode()
    (found,) = Index().listing(body, "https://x.example/").entries
    assert (found.msg_type, found.dated) == (None, None)


def test_an_entry_that_leads_nowhere_is_kept_aside() -> None:
    body = ATOM.format(entry() + entry('<link href="file:///etc/passwd"/>')).encode()
    listing = Index().listing(body, "https://x.example/")
    assert listing.entries == ()
    assert [one.key for one in listing.broken] == ["entry 1", "entry 2"]


def test_a_link_that_is_no_address_costs_its_own_entry_only() -> None:
    """The library raises for it: one link of a stranger made the whole list one that nobody can read."""
    good = entry('<link href="/a.xml"/>')
    for bad in ("//[", "http://[::1", "http://a\N{ACCOUNT OF}b/"):
        listing = Index().listing(
            ATOM.format(entry(f'<link href="{bad}"/>') + good).encode(), "https://x.example/"
        )
        assert [one.links for one in listing.entries] == [("https://x.example/a.xml",)]
        assert [one.code for one in listing.broken] == ["link"]


def test_an_index_without_entries_says_that_nothing_is_in_force() -> None:
    assert Index().listing(ATOM.format("").encode(), "https://x.example/").entries == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<rss/>",
        b"<rss version='2.0'/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><error>x</error></feed>",
    ],
)
def test_a_hollow_feed_says_nothing(body: bytes) -> None:
    with pytest.raises(cap.CapError):
        Index().listing(body, "https://x.example/")


def test_an_empty_channel_says_that_nothing_is_in_force() -> None:
    body = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
    assert Index().listing(body, "https://x.example/").entries == ()


def test_messages_within_the_feed_need_no_link() -> None:
    content = f'<content type="text/xml">{cap.render(warning(1)).decode().partition("?>")[2]}</content>'
    body = ATOM.format(entry(content)).encode()
    listing = Index().listing(body, "https://x.example/")
    (incoming,) = Index().read(listing.entries[0], ())
    assert incoming.alert.identifier == dwd_id(1)


def within(alert: cap.Alert) -> str:
    return f'<content type="text/xml">{cap.render(alert).decode().partition("?>")[2]}</content>'


ELSEWHERE = '<link rel="alternate" href="/2.xml"/>'


def read(*entries: str) -> tuple[list[str], list[str]]:
    """The keys of what can be read, and of what nobody can."""
    listing = Index().listing(ATOM.format("".join(entries)).encode(), "https://x.example/")
    return [one.key.split(",")[-2:][0] for one in listing.entries], [one.key for one in listing.broken]


def test_one_message_within_the_index_and_one_behind_a_link_are_both_read() -> None:
    assert read(entry(within(warning(1))), entry(ELSEWHERE)) == (
        [dwd_id(1), "https://x.example/2.xml"],
        [],
    )


def test_a_message_within_the_index_is_not_fetched_a_second_time() -> None:
    assert read(entry(within(warning(1)), ELSEWHERE)) == ([dwd_id(1)], [])


def test_an_escaped_message_is_one_within_the_index() -> None:
    text = cap.render(warning(1)).decode().replace("&", "&amp;").replace("<", "&lt;")
    assert read(entry(f'<content type="text">{text}</content>', ELSEWHERE)) == ([dwd_id(1)], [])


def test_an_entry_beside_messages_that_neither_holds_nor_links_one_is_kept_aside() -> None:
    assert read(entry(within(warning(1))), entry()) == ([dwd_id(1)], ["entry 2"])


def test_a_message_within_that_nobody_can_read_is_fetched_by_its_link() -> None:
    foreign = '<content><alert xmlns="urn:other"><identifier>x</identifier></alert></content>'
    keys, broken = read(entry(foreign, ELSEWHERE), entry(within(warning(1))))
    assert keys == [dwd_id(1), "https://x.example/2.xml"]
    assert len(broken) == 1


def test_where_nobody_can_tell_which_entry_holds_what_all_links_are_followed() -> None:
    text = ATOM.format(entry(within(warning(1)), ELSEWHERE) + entry()).replace("<title>t", "<title>Stürme")
    listing = Index().listing(text.encode("latin-1"), "https://x.example/")
    assert [one.links for one in listing.entries] == [(), ("https://x.example/2.xml",)]
    assert listing.broken == ()


def test_a_message_behind_a_link_is_kept_as_it_came() -> None:
    body = cap.render(warning(1))
    (found,) = Index().listing(ATOM.format(entry('<link href="/1"/>')).encode(), "https://x.example/").entries
    (incoming,) = Index().read(found, (body,))
    assert incoming.original == body


def test_a_feed_in_a_wrong_encoding_is_still_read() -> None:
    body = ATOM.format(entry('<link href="/1"/>')).replace("<title>t", "<title>Stürme").encode("latin-1")
    (found,) = Index().listing(body, "https://x.example/").entries
    assert found.expires is None


@pytest.mark.parametrize("body", [b"", b"<ServiceExceptionReport/>", b"Internal Server Error", b"<feed"])
def test_what_is_no_feed_says_nothing(body: bytes) -> None:
    with pytest.raises(cap.CapError):
        Index().listing(body, "https://x.example/")


def test_entries_within_entries_say_nothing_of_their_messages() -> None:
    """Each would be looked through once for every entry around it."""
    link = '<link href="a.xml"/>'
    inner = "<entry><entry><id>2</id></entry></entry>"
    body = ATOM.format(
        entry(link, expires="2026-01-01T00:00:00+00:00").replace("</entry>", f"{inner}</entry>")
    )
    (found,) = Index().listing(body.encode(), "https://x.example/").entries
    assert found.expires is None


@pytest.mark.no_cover  # tracing would be what it measures
def test_thousands_of_entries_for_one_message_are_joined_in_one_pass() -> None:
    link = '<link href="a.xml"/>'
    body = ATOM.format("".join(entry(link, updated=f"2026-11-22T12:00:00.{n}+00:00") for n in range(8_000)))
    started = time.process_time()
    (found,) = Index().listing(body.encode(), "https://x.example/").entries
    assert time.process_time() - started < 4.0
    assert found.version.count("|") == 7_999
