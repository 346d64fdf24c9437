"""Alerts inside feeds and bundles."""

import base64
import html
from collections.abc import Callable
from typing import Any

import pytest

import cap
from cap.rules.validation import check_container

NAMESPACE = 'xmlns="urn:oasis:names:tc:emergency:cap:1.2"'


@pytest.fixture
def body(message: Callable[..., bytes]) -> Any:
    """The valid alert without its XML declaration."""
    return message().decode().partition("?>")[2]


def atom(*entries: Any, prefix: str = "") -> bytes:
    text = "".join(
        f"<entry><id>{n}</id><title>t</title><updated>2026-11-22T10:00:00Z</updated>{inner}</entry>"
        for n, inner in enumerate(entries)
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title>'
        f"<updated>2026-11-22T10:00:00Z</updated>{prefix}{text}</feed>"
    ).encode()


def test_a_bare_alert_is_its_own_document(message: Callable[..., bytes]) -> None:
    document = cap.parse(message())
    assert (document.kind, len(document.alerts), document.entries, document.findings) == ("alert", 1, (), ())


def test_atom_entries_hold_alerts(body: Any, message: Callable[..., bytes]) -> None:
    document = cap.parse(atom(f"<content type='text/xml'>{body}</content>", f"<content>{body}</content>"))
    assert document.kind == "atom"
    assert document.alerts == cap.parse(message()).alerts * 2
    assert document.findings == ()
    assert [alert.line for alert in document.alerts] == [2, 55]


def test_escaped_alerts_are_alerts(body: Any, message: Callable[..., bytes]) -> None:
    document = cap.parse(atom(f"<content type='text'>{html.escape(body)}</content>"))
    assert document.alerts == cap.parse(message()).alerts


def test_an_alert_outside_of_an_entry_is_read_and_reported(body: Any) -> None:
    document = cap.parse(atom(prefix=body))
    assert len(document.alerts) == 1
    assert [finding.code for finding in document.findings] == ["feed-alert-misplaced"]


def test_an_index_lists_where_alerts_are() -> None:
    links = '<link rel="related" type="application/cap+xml" href="a.cap"/><link href="b.html"/>'
    document = cap.parse(atom(links))
    (entry,) = document.entries
    assert document.alerts == ()
    assert [finding.code for finding in document.findings] == ["feed-without-alert"]
    assert (entry.id, entry.title, entry.updated.isoformat()) == ("0", "t", "2026-11-22T10:00:00+00:00")
    assert entry.links == (
        cap.Link("a.cap", "related", "application/cap+xml"),
        cap.Link("b.html", "alternate", None),
    )


def test_rss_items_list_and_hold_alerts(body: Any) -> None:
    item = "<item><title>t &lt;b&gt;</title><guid>g</guid><link> https://x.example/a.cap </link><pubDate>today</pubDate>"
    document = cap.parse(
        f"<rss><channel><title>t</title><link>l</link><description>d</description>"
        f"{item}</item>{item}<description>{html.escape(body)}</description></item></channel></rss>".encode()
    )
    assert document.kind == "rss"
    assert len(document.alerts) == 1
    assert [entry.id for entry in document.entries] == ["g", "g"]
    assert document.entries[0].links == (cap.Link("https://x.example/a.cap", "alternate", None),)
    assert (document.entries[0].title, document.entries[0].updated_text, document.entries[0].updated) == (
        "t",
        "today",
        None,
    )
    assert document.findings == ()


def test_an_rss_without_a_channel_is_reported() -> None:
    assert [finding.path for finding in check_container(cap.parse(b"<rss/>"), cap.STRICT)] == ["/rss", "/rss"]


@pytest.mark.parametrize("root", ["alerts", f"alerts {NAMESPACE}", 'x:alerts xmlns:x="urn:other"'])
def test_wrapped_alerts_are_found(root: str, body: Any) -> None:
    document = cap.parse(f"<{root}>{body}{body}</{root.split(' ', maxsplit=1)[0]}>".encode())
    assert (document.kind, len(document.alerts)) == ("alerts", 2)


def test_an_empty_wrapper_is_no_alert() -> None:
    document = cap.parse(b"<alerts/>")
    assert document.alerts == ()
    assert cap.is_valid(document.findings)


def test_edxl_holds_alerts(body: Any) -> None:
    document = cap.parse(
        f'<d:EDXLDistribution xmlns:d="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><d:contentObject><d:xmlContent>'
        f"<d:embeddedXMLContent>{body}</d:embeddedXMLContent></d:xmlContent></d:contentObject>"
        f"</d:EDXLDistribution>".encode()
    )
    assert (document.kind, len(document.alerts)) == ("edxl-de", 1)


def test_one_alert_that_cannot_be_afforded_leaves_the_others(body: Any) -> None:
    heavy = body.replace("Rauch zieht", "Rauch " * 50)
    document = cap.parse(f"<alerts>{body}{heavy}{body}</alerts>".encode(), cap.Limits(max_text=200))
    assert len(document.alerts) == 2
    (finding,) = document.findings
    assert finding.code == "feed-alert-unreadable"
    assert "200" in finding.message


def test_an_escaped_alert_that_attacks_is_reported_and_not_read() -> None:
    attack = html.escape(f'<?xml version="1.0"?><!DOCTYPE alert><alert {NAMESPACE}/>')
    document = cap.parse(atom(f"<content>{attack}</content>"))
    assert document.alerts == ()
    assert [finding.code for finding in document.findings] == ["feed-alert-unreadable", "feed-without-alert"]


def test_escaped_markup_that_is_no_alert_is_nothing() -> None:
    document = cap.parse(atom(f"<content>{html.escape('<alerts/>')}</content>"))
    assert [finding.code for finding in document.findings] == ["feed-without-alert"]


@pytest.mark.parametrize("label", ["ISO-8859-1", "utf-16", "Shift_JIS"])
def test_the_label_of_an_escaped_alert_means_nothing_any_more(
    message: Callable[..., bytes], label: str
) -> None:
    text = message().decode().replace("UTF-8", label)
    document = cap.parse(atom(f"<content>{html.escape(text)}</content>"))
    assert document.alerts == cap.parse(message()).alerts
    assert cap.check(document.alerts[0]) == ()


def test_an_escaped_alert_may_stand_behind_comments(body: Any, message: Callable[..., bytes]) -> None:
    text = f"\n<?xml-stylesheet href='a.xsl'?><!-- <html> -->{body}"
    document = cap.parse(atom(f"<content>{html.escape(text)}</content>"))
    assert document.alerts == cap.parse(message()).alerts


@pytest.mark.parametrize(
    "markup", ['<p class="alert">Warnung<br></p>', "<!DOCTYPE html><p>alert", "<?xml version='1.0'?><html/>"]
)
def test_markup_that_speaks_of_alerts_is_none(markup: str) -> None:
    document = cap.parse(atom(f"<content type='html'>{html.escape(markup)}</content>"))
    assert [finding.code for finding in document.findings] == ["feed-without-alert"]


def test_an_escaped_alert_is_measured_in_utf8() -> None:
    inner = html.escape(f"<alert {NAMESPACE}><note>") + "\xfc" * 1_500_000
    feed = f"<?xml version='1.0' encoding='ISO-8859-1'?><rss><channel><description>{inner}</description></channel></rss>"
    (refusal, *_) = cap.parse(feed.encode("iso-8859-1")).findings[2:]
    assert refusal.code == "feed-alert-unreadable"
    assert "at most 2097152" in refusal.message


@pytest.mark.parametrize("namespace", ["", "urn:oasis:names:tc:emergency:cap:1.3"])
@pytest.mark.parametrize("escaped", [False, True])
def test_an_alert_of_no_known_namespace_does_not_vanish(
    message: Callable[..., bytes], namespace: str, escaped: bool
) -> None:
    stranger = f'<alert xmlns="{namespace}"><identifier>a</identifier></alert>'
    inner = html.escape(stranger) if escaped else stranger
    document = cap.parse(atom(f"<content>{inner}</content>"))
    first, _ = document.findings
    assert first.code == "feed-alert-unreadable"
    assert first.severity is cap.Level.ERROR
    assert namespace in first.message


def test_edxl_packs_alerts_as_markup_and_as_base64(message: Callable[..., bytes], body: Any) -> None:
    packed = base64.encodebytes(message()).decode()
    for root, namespace in (("EDXLDistribution", "1.0"), ("edxlDistribution", "2.0")):
        document = cap.parse(
            f'<{root} xmlns="urn:oasis:names:tc:emergency:EDXL:DE:{namespace}"><contentObject><xmlContent>'
            f"<embeddedXMLContent>{body}</embeddedXMLContent></xmlContent></contentObject><contentObject>"
            f"<nonXMLContent><contentData>{packed}</contentData></nonXMLContent></contentObject><contentObject>"
            f"<nonXMLContent><contentData>iVBORw0=</contentData></nonXMLContent></contentObject><contentObject>"
            f"<nonXMLContent><contentData>kein Base64!</contentData></nonXMLContent></contentObject></{root}>".encode()
        )
        assert document.kind == "edxl-de"
        assert document.alerts == cap.parse(message()).alerts * 2
        assert document.findings == ()


def test_what_was_mended_in_the_container_is_said_of_every_alert(body: Any) -> None:
    document = cap.parse(f"\n<alerts>{body}{body}</alerts>".encode())
    assert [[finding.code for finding in cap.check(alert)] for alert in document.alerts] == [
        ["leading-whitespace"]
    ] * 2
