"""Documents written to hurt: refused or harmless, never followed, never expensive."""

import gzip
import html
import os
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cap
from cap.formats.nina import parse_nina

CAP = 'xmlns="urn:oasis:names:tc:emergency:cap:1.2"'


def doctype(internal: str = "", external: str = "", body: str = "&a;") -> bytes:
    subset = f" [{internal}]" if internal else ""
    return f"<!DOCTYPE alert {external}{subset}><alert {CAP}><note>{body}</note></alert>".encode()


def encoded(document: Any, encoding: Any) -> bytes:
    text = document.decode()
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)


# The families of the defusedxml case list, each document written here.
DOCTYPES = {
    "billion laughs": doctype(
        '<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)),
        body="&j;",
    ),
    "billion laughs in an attribute": doctype('<!ENTITY a "x"><!ENTITY b "&a;&a;">', body='<x y="&b;"/>'),
    "quadratic blowup": doctype(f'<!ENTITY a "{"x" * 50_000}">', body="&a;" * 5_000),
    "cyclic entities": doctype('<!ENTITY a "&b;"><!ENTITY b "&a;">'),
    "empty doctype": doctype(body=""),
    "external dtd": doctype(external='SYSTEM "http://127.0.0.1:9/x.dtd"', body=""),
    "public dtd": doctype(external='PUBLIC "-//X//EN" "http://127.0.0.1:9/x.dtd"', body=""),
    "external entity over http": doctype('<!ENTITY a SYSTEM "http://127.0.0.1:9/">'),
    "external entity from a file": doctype('<!ENTITY a SYSTEM "file:///etc/passwd">'),
    "external entity from a device": doctype('<!ENTITY a SYSTEM "file:///dev/zero">'),
    "parameter entity": doctype('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;', body=""),
    "local dtd": doctype(external='SYSTEM "file:///usr/share/xml/x.dtd"', body=""),
    "default attributes": doctype('<!ATTLIST note lang CDATA "xx">', body=""),
    "declared but unused entity": doctype('<!ENTITY a "x">', body=""),
    "notation": doctype('<!NOTATION n SYSTEM "cmd"><!ENTITY a SYSTEM "x" NDATA n>', body=""),
}
UTF16_DOCTYPE = encoded(DOCTYPES["external entity from a file"], "utf-16")


@pytest.mark.parametrize("name", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_doctype_is_refused_in_every_encoding(name: Any, encoding: str) -> None:
    data = DOCTYPES[name]
    if encoding == "utf-8-sig":
        data = b"\xef\xbb\xbf" + data
    elif encoding != "utf-8":
        data = encoded(data, encoding)
    with pytest.raises(cap.DoctypeRefused) as refusal:
        cap.parse(data)
    assert refusal.value.code == "doctype-refused"
    assert refusal.value.line == 1


UNREADABLE = {
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><alert/>',
    "utf-7 with a doctype": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a><a/>',
    "utf-32": f'<?xml version="1.0" encoding="utf-32"?><alert {CAP}/>'.encode("utf-32"),
    "ebcdic": f"<alert {CAP}/>".encode("cp037"),
    "ebcdic declared": b'<?xml version="1.0" encoding="cp037"?><alert/>',
    "a codec that is no encoding": b'<?xml version="1.0" encoding="zip"?><alert/>',
    "an encoding that does not exist": b'<?xml version="1.0" encoding="nowhere-8"?><alert/>',
    "overlong utf-8": b"<alert>\xc0\xbc</alert>",
    "truncated utf-8": b"<alert>\xe2\x82</alert>",
    "a surrogate in utf-8": b"<alert>\xed\xa0\x80</alert>",
    "a null byte": b"<alert>\x00</alert>",
    "a control character": b"<alert>\x01</alert>",
    "a reference to a control character": b"<alert>&#1;</alert>",
    "a reference to a surrogate": b"<alert>&#xD800;</alert>",
    "an undeclared entity": b"<alert>&nbsp;</alert>",
    "trailing junk": b"<alert/>junk",
    "two roots": b"<alert/><alert/>",
    "unbalanced": b"<alert><info></alert>",
    "the same attribute twice": b'<alert a="1" a="2"/>',
    "the same attribute by two prefixes": b'<alert xmlns:a="u" xmlns:b="u" a:x="1" b:x="2"/>',
    "an unbound prefix": b"<cap:alert/>",
    "gzip": gzip.compress(b"<alert/>"),
    "empty": b"",
    "blank": b" \n\t",
    "text": b"hello",
    "json": b"{}",
    "html": b"<html><p>x</html>",
    "a late declaration": b"<!-- x --><?xml version='1.0'?><alert/>",
    "a namespace with a blank": b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2 "/>',
    "a byte order mark alone": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_xml_is_refused(name: Any) -> None:
    with pytest.raises(cap.NotXml):
        cap.parse(UNREADABLE[name])


STRANGERS = {
    "no namespace": b"<alert><identifier>x</identifier></alert>",
    "another namespace": b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.3"/>',
    "html that is well-formed": b"<html/>",
    "an alert inside a stranger": f"<soap><alert {CAP}/></soap>".encode(),
    "the name in another case": f"<Alert {CAP}/>".encode(),
    "an xslt": b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_not_cap_is_refused(name: Any) -> None:
    with pytest.raises(cap.NotCap) as refusal:
        cap.parse(STRANGERS[name])
    assert refusal.value.line == 1


def attributes(count: Any, prefix: str = "") -> str:
    return " ".join(f'{prefix}a{n}="{n}"' for n in range(count))


def nested(depth: Any) -> bytes:
    return f"<alert {CAP}>{'<x>' * depth}{'</x>' * depth}</alert>".encode()


LIMITS = {
    "bytes": (b" " * 3_000_000, cap.TooLarge),
    "depth": (nested(64), cap.LimitExceeded),
    "elements": (f"<alert {CAP}>{'<x/>' * 200_000}</alert>".encode(), cap.LimitExceeded),
    "attributes": (
        f"<alert {CAP} {attributes(65)}/>".encode(),
        cap.LimitExceeded,
    ),
    "many attributes": (
        f"<alert {CAP} {attributes(100_000)}/>".encode(),
        cap.LimitExceeded,
    ),
    "name": (f"<alert {CAP}><{'x' * 1_001}/></alert>".encode(), cap.LimitExceeded),
    "attribute name": (f'<alert {CAP} {"x" * 1_001}=""/>'.encode(), cap.LimitExceeded),
    "infos": (f"<alert {CAP}>{'<info/>' * 65}</alert>".encode(), cap.LimitExceeded),
    "resources": (f"<alert {CAP}><info>{'<resource/>' * 1_001}</info></alert>".encode(), cap.LimitExceeded),
    "resources of many infos": (
        f"<alert {CAP}>{('<info>' + '<resource/>' * 501 + '</info>') * 2}</alert>".encode(),
        cap.LimitExceeded,
    ),
    "areas": (f"<alert {CAP}><info>{'<area/>' * 10_001}</info></alert>".encode(), cap.LimitExceeded),
    "vertices": (
        f"<alert {CAP}><info><area><polygon>{'1,2 ' * 100_001}</polygon></area></info></alert>".encode(),
        cap.LimitExceeded,
    ),
    "references": (
        f"<alert {CAP}><references>{'a,b,c ' * 1_001}</references></alert>".encode(),
        cap.LimitExceeded,
    ),
    "text": (f"<alert {CAP}><note>{'x' * 100_001}</note></alert>".encode(), cap.LimitExceeded),
    "required text": (
        f"<alert {CAP}><info><event>{'x' * 100_001}</event></info></alert>".encode(),
        cap.LimitExceeded,
    ),
    "alerts": (f"<alerts>{f'<alert {CAP}/>' * 2_001}</alerts>".encode(), cap.LimitExceeded),
}


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_holds(name: Any) -> None:
    data, error = LIMITS[name]
    with pytest.raises(error) as refusal:
        cap.parse(data)
    assert str(refusal.value)
    assert refusal.value.message_de


def test_at_the_limit_is_still_within() -> None:
    assert cap.parse(nested(63)).alerts
    assert cap.parse(f"<alert {CAP}>{'<info/>' * 64}</alert>".encode()).alerts


@pytest.mark.parametrize(
    ("target", "codes"),
    [
        ("nan,nan 1,1 2,2 nan,nan", {"polygon-syntax"}),
        ("inf,0 1,1 2,2 inf,0", {"polygon-syntax"}),
        ("1e999,0 1,1 2,2 1e999,0", {"polygon-range"}),
        ("1_0,0 1,1 2,2 1_0,0", {"polygon-syntax"}),
        ("٣,٣ 1,1 2,2 ٣,٣", {"polygon-syntax"}),
        ("6.48,150.8 6.48,150.9 6.52,150.9 6.48,150.8", set()),
        ("150.8,6.48 150.9,6.48 150.9,6.52 150.8,6.48", {"polygon-range"}),
        ("0,0 1,1 1,0 0,1 0,0", set()),
        (",1 1, 1,1 ,1", {"polygon-syntax"}),
        ("1,2,3 1,2,3 1,2,3 1,2,3", {"polygon-syntax"}),
    ],
)
def test_odd_coordinates_never_become_a_shape(
    message: Callable[..., bytes], target: str, codes: set[Any]
) -> None:
    ring = "50.80,6.48 50.82,6.48 50.82,6.52 50.80,6.48"
    (alert,) = cap.parse(message((ring, target))).alerts
    area = alert.infos[0].areas[0]
    assert {problem.code for problem in alert.problems} == codes
    assert (len(area.polygons), area.unreadable) == ((0, 1) if codes else (1, 0))


def test_an_alert_inside_another_is_not_an_alert(message: Callable[..., bytes]) -> None:
    inner = message().decode().partition("?>")[2]
    document = cap.parse(message(("BBK-ISC-001", inner)))
    assert len(document.alerts) == 1
    assert not cap.is_valid(cap.check(document.alerts[0]))


def test_elements_of_a_foreign_namespace_are_not_cap(message: Callable[..., bytes]) -> None:
    forged = '<x:sender xmlns:x="urn:evil">other@kreis.example</x:sender>'
    (alert,) = cap.parse(message(("<sent>", forged + "<sent>"))).alerts
    assert alert.sender == "leitstelle@kreis.example"
    assert [finding.code for finding in cap.check(alert)] == ["element-unexpected"]


@pytest.mark.parametrize("element", ["identifier", "sender", "sent", "status", "msgType", "scope"])
def test_a_second_deciding_element_is_an_error_under_every_policy(
    message: Callable[..., bytes], element: str
) -> None:
    text = message().decode()
    start, end = text.index(f"<{element}>"), text.index(f"</{element}>") + len(f"</{element}>")
    (alert,) = cap.parse((text[:end] + text[start:end] + text[end:]).encode()).alerts
    for policy in (cap.STRICT, cap.LENIENT):
        assert not cap.is_valid(cap.check(alert, policy))


def test_cdata_and_comments_cannot_split_a_text(message: Callable[..., bytes]) -> None:
    (alert,) = cap.parse(message(("leitstelle@", "leit<![CDATA[stelle]]><!-- -->@"))).alerts
    assert alert.sender == "leitstelle@kreis.example"


def test_xinclude_and_schema_locations_are_not_followed(message: Callable[..., bytes]) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    hint = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a http://127.0.0.1:9/a.xsd"'
    (alert,) = cap.parse(message(("<alert ", f"<alert {hint} "), ("Rauch zieht", f"Rauch {include}"))).alerts
    assert "root" not in (alert.infos[0].description or "")
    assert [finding.code for finding in cap.check(alert)] == ["element-unexpected"]


@pytest.fixture
def listener() -> Iterator[tuple[Any, ...]]:
    """A real server that counts who calls."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def accept() -> None:
            try:
                calls.append(server.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], calls
        thread.join()
    for connection, _ in calls:
        connection.close()
    assert calls == []


def test_nothing_is_fetched(listener: tuple[Any, ...], message: Callable[..., bytes]) -> None:
    port, _ = listener
    url = f"http://127.0.0.1:{port}/x"
    for external in (f'SYSTEM "{url}"', f'PUBLIC "x" "{url}"'):
        with pytest.raises(cap.DoctypeRefused):
            cap.parse(doctype(external=external))
    hint = f'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a {url}"'
    sheet = f'<?xml-stylesheet href="{url}"?>'
    cap.parse(message(("<alert ", f"{sheet}<alert {hint} "), ("https://kreis.example/karte.png", url)))


def test_no_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trap")  # opening it would block for ever
    with pytest.raises(cap.DoctypeRefused):
        cap.parse(doctype(f'<!ENTITY a SYSTEM "file://{tmp_path}/trap">'))


HEAVY = {
    "elements": f"<alert {CAP}>{'<x/>' * 190_000}</alert>".encode(),
    "characters in text": f"<alert {CAP}>{'&amp;' * 400_000}</alert>".encode(),
    "nested text": f"<alert {CAP}><note>{'<b>x</b>' * 100_000}</note></alert>".encode(),
    "parameters": (
        f"<alert {CAP}><info>{'<parameter><valueName>a</valueName><value/></parameter>' * 35_000}</info></alert>"
    ).encode(),
    "lines": f"<alert {CAP}>{chr(10) * 2_000_000}</alert>".encode(),
    "comments": f"<alert {CAP}>{'<!---->' * 290_000}</alert>".encode(),
    "instructions": f"<alert {CAP}>{'<?a?>' * 400_000}</alert>".encode(),
    "namespaces": f"<alert {CAP} {attributes(60_000, 'xmlns:')}/>".encode(),
    "escaped escapes": f"<alert {CAP}><note>{'&amp;amp;' * 11_000}</note></alert>".encode(),
    "angle brackets": f"<alert {CAP}><note>{'&lt;a ' * 24_000}</note></alert>".encode(),
    "blanks behind a tag": f"<alert {CAP}><note>&lt;b>{' ' * 95_000}x</note></alert>".encode(),
    "open comments": f"<alert {CAP}><note>{'&lt;!--' * 24_000}</note></alert>".encode(),
    "open tags": f"<alert {CAP}><note>{'&lt;br ' * 19_000}</note></alert>".encode(),
    "tags in tags": f"<alert {CAP}><note>{'&lt;' * 33_000}b{'>' * 33_000}</note></alert>".encode(),
    "circle": f"<alert {CAP}><info><area><circle>{'1,' * 900_000}</circle></area></info></alert>".encode(),
    "addresses": f"<alert {CAP}><addresses>{'&quot;' * 300_000}</addresses></alert>".encode(),
    "web": f"<alert {CAP}><info><web>{'a:' * 900_000}</web></info></alert>".encode(),
    "web of percents": f"<alert {CAP}><info><web>{'%4' * 900_000}</web></info></alert>".encode(),
    "language": f"<alert {CAP}><info><language>{'a-' * 900_000}</language></info></alert>".encode(),
    "identifier": f"<alert {CAP}><identifier>2.49.0.0.276.0.DWD.{'.MUL' * 400_000}</identifier></alert>".encode(),
    "mime type": (
        f"<alert {CAP}><info><resource><mimeType>{'a' * 900_000}</mimeType></resource></info></alert>"
    ).encode(),
    "digest": f"<alert {CAP}><info><resource><digest>{'a' * 900_000}</digest></resource></info></alert>".encode(),
    "number": (
        f"<alert {CAP}><info><area><altitude>{'1' * 900_000}</altitude></area></info></alert>"
    ).encode(),
    "time": f"<alert {CAP}><sent>{'2026-' * 300_000}</sent></alert>".encode(),
    "words of two scripts": f"<alert {CAP}><info><headline>{'аa' * 30_000}</headline></info></alert>".encode(),
    "vertices": (
        f"<alert {CAP}><info><area><polygon>{'1.1,2.2 ' * 99_000}</polygon></area></info></alert>"
    ).encode(),
    "codes": f"<alert {CAP}>{'<code>a</code>' * 140_000}</alert>".encode(),
    "attributes": f"<alert {CAP}>{f'<x {attributes(60)}/>' * 4_000}</alert>".encode(),
    "alerts": f"<alerts>{f'<alert {CAP}/>' * 2_000}</alerts>".encode(),
    "escaped alerts": (
        f"<rss><channel><item>{f'<description>&lt;alert {CAP}/></description>' * 2_000}</item></channel></rss>"
    ).encode(),
}


@pytest.mark.no_cover  # what it counts is memory, to which tracing adds its own; each line is covered by others
@pytest.mark.parametrize("name", HEAVY)
def test_the_heaviest_bodies_stay_within_their_memory(name: Any) -> None:
    tracemalloc.start()
    try:
        try:
            for alert in cap.parse(HEAVY[name]).alerts:
                cap.check(alert)
        except cap.CapError:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000_000


JSON = {
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "nan": b'{"identifier": NaN}',
    "infinity": b'{"identifier": "x", "info": [{"area": [{"altitude": Infinity}]}]}',
    "huge number": b'{"identifier": ' + b"9" * 5_000 + b"}",
    "a key twice": b'{"identifier": "a", "identifier": "b"}',
    "a list": b"[]",
    "no identifier": b'{"a": 1}',
    "not json": b"{",
    "broken utf-8": b'{"identifier": "\xff"}',
}


@pytest.mark.parametrize("name", JSON)
def test_hostile_json_is_refused(name: Any) -> None:
    with pytest.raises((cap.NotJson, cap.LimitExceeded)):
        parse_nina(JSON[name])


@pytest.mark.parametrize("escape", ["\\ud800", "\\u0000", "\\u001b", "\\ufffe"])
def test_characters_that_no_alert_can_carry_are_replaced(escape: str) -> None:
    (alert,) = parse_nina(f'{{"identifier": "a{escape}b"}}'.encode()).alerts
    assert alert.identifier == "a\N{REPLACEMENT CHARACTER}b"
    assert cap.parse(cap.render(alert)).alerts[0].identifier == alert.identifier


def test_a_beginning_that_is_almost_an_alert_costs_nothing() -> None:
    almost = html.escape("<!--x-->" * 100_000 + "<alerts/>")
    document = cap.parse(
        f"<rss><channel><item><description>{almost}</description></item></channel></rss>".encode()
    )
    assert document.alerts == ()


def test_json_has_the_same_limits() -> None:
    with pytest.raises(cap.TooLarge):
        parse_nina(b"{" + b" " * 3_000_000)
    codes = b",".join([b'"x"'] * 300_000)
    with pytest.raises(cap.LimitExceeded):
        parse_nina(b'{"identifier": "a", "code": [' + codes + b"]}")
