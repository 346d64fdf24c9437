"""Whatever the bytes: an answer or a `CapError`, and what was answered holds together.

`CAP_FUZZ_EXAMPLES` sets how many bodies each test tries; the default suits a test run, a night is for fuzzing.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cap
from cap.formats.nina import parse_nina
from cap.profiles import check_profiles, facts, normalise
from cap.rules import RULES
from cap.supersession import node_of, resolve

EXAMPLES = int(os.environ.get("CAP_FUZZ_EXAMPLES", "150"))
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMESPACES = [
    "urn:oasis:names:tc:emergency:cap:1.2",
    "urn:oasis:names:tc:emergency:cap:1.1",
    "http://www.incident.com/cap/1.0",
    "http://www.w3.org/2005/Atom",
    "http://www.w3.org/2000/09/xmldsig#",
    "",
]
TAGS = st.sampled_from(
    [
        "alert",
        "alerts",
        "feed",
        "entry",
        "rss",
        "channel",
        "item",
        "content",
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "scope",
        "references",
        "info",
        "language",
        "category",
        "event",
        "urgency",
        "severity",
        "certainty",
        "responseType",
        "eventCode",
        "parameter",
        "valueName",
        "value",
        "expires",
        "web",
        "area",
        "areaDesc",
        "polygon",
        "circle",
        "geocode",
        "altitude",
        "ceiling",
        "resource",
        "uri",
        "size",
        "Signature",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        [
            *(
                "Actual",
                "Alert",
                "Public",
                "2026-11-22T10:00:00+01:00",
                "2026-11-22T10:00:00Z",
                "50,6 51,6 51,7 50,6",
            ),
            *(
                "50,6 1",
                "a,b,2026-11-22T10:00:00Z",
                "Met",
                "Unknown",
                "de",
                "<br>",
                "&lt;",
                "1e999",
                "-1",
                "mow.a b,c d,e",
            ),
        ]
    ),
)


def escape(text: Any) -> str:
    return "".join(
        f"&#{ord(sign)};" if sign in "<>&\r" else sign for sign in text if sign >= " " or sign in "\t\n"
    )


TREES = st.recursive(
    st.tuples(TAGS, TEXTS.map(escape)).map(lambda leaf: f"<{leaf[0]}>{leaf[1]}</{leaf[0]}>"),
    lambda children: st.tuples(TAGS, st.lists(children, max_size=6)).map(
        lambda node: f"<{node[0]}>{''.join(node[1])}</{node[0]}>"
    ),
    max_leaves=25,
)
BODIES = st.tuples(st.sampled_from(NAMESPACES), TREES).map(
    lambda body: f'<alert xmlns="{body[0]}">{body[1]}</alert>'.encode("utf-8", "replace")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            TAGS | st.sampled_from(["features", "geometry", "coordinates", "type"]), inner, max_size=6
        )
    ),
    max_leaves=30,
)


def exercise(alert: Any) -> None:
    """Everything that can be asked of an alert."""
    findings = [*cap.check(alert, cap.STRICT), *cap.check(alert, cap.LENIENT), *check_profiles(alert)]
    for finding in findings:
        assert finding.code in RULES
        assert finding.path.startswith("/alert")
        assert finding.line is None or finding.line > 0
    assert alert.sent is None or alert.sent.tzinfo
    for area in alert.areas():
        assert area.unreadable >= 0
        for polygon in (*area.polygons, *area.excluded):
            assert len(polygon.lat_lon) >= 4
            assert polygon.lat_lon[0] == polygon.lat_lon[-1]
            assert all(abs(lat) <= 90 and abs(lon) <= 360 for lat, lon in polygon.lat_lon)
    once = normalise(alert)
    assert normalise(once) == once
    facts(alert)
    assert resolve(alert, [node_of(alert)]).superseded == ()
    (again,) = cap.parse(cap.render(alert)).alerts
    assert cap.parse(cap.render(again)).alerts == (again,)
    hash(alert)


def attempt(read: Any, *arguments: Any) -> None:
    for alert in alerts_of(read, *arguments):
        exercise(alert)


def alerts_of(read: Any, *arguments: Any) -> Any:
    """What was read, or nothing; any other error than a `CapError` fails the test."""
    try:
        return read(*arguments).alerts
    except cap.CapError as refusal:
        return () if refusal.code and str(refusal) and refusal.message_de else [refusal]


@FUZZ
@given(body=BODIES)
def test_any_tree(body: Any) -> None:
    attempt(cap.parse, body)


@FUZZ
@given(body=st.binary(max_size=200))
def test_any_bytes(body: Any) -> None:
    attempt(cap.parse, body)
    attempt(parse_nina, body)


@FUZZ
@given(detail=JSON, shapes=JSON)
def test_any_json(detail: Any, shapes: Any) -> None:
    import json

    attempt(parse_nina, json.dumps({"identifier": "mow.x", "info": detail}).encode("utf-8", "replace"))
    attempt(
        parse_nina,
        b'{"identifier": "x", "info": {"area": {}}}',
        json.dumps({"features": shapes}).encode("utf-8", "replace"),
    )


SEEDS = ["plain", "utf-16", "atom", "signed-shape", "old"]


@pytest.fixture(scope="module")
def seeds(message: Callable[..., bytes]) -> dict[Any, Any]:
    """The seed corpus, made here: one body per way in."""
    plain = message()
    inner = plain.partition(b"?>")[2]
    return {
        "plain": plain,
        "utf-16": plain.decode().replace("UTF-8", "utf-16").encode("utf-16"),
        "atom": b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><content>"
        + inner
        + b"</content></entry></feed>",
        "signed-shape": plain.replace(
            b"</alert>", b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></alert>"
        ),
        "old": plain.replace(b"cap:1.2", b"cap:1.1"),
    }


@pytest.mark.parametrize("name", SEEDS)
@FUZZ
@given(seed=st.integers(0, 2**32), count=st.integers(1, 6))
def test_any_damage(seeds: Any, name: Any, seed: Any, count: Any) -> None:
    """Bytes flipped, cut out, doubled and moved."""
    chance = random.Random(seed)
    body = bytearray(seeds[name])
    for _ in range(count):
        start = chance.randrange(len(body))
        end = min(len(body), start + chance.choice((1, 1, 2, 8, 40)))
        piece = bytes(body[start:end])
        kind = chance.choice(("flip", "cut", "double", "move"))
        if kind == "flip":
            body[start] = chance.randrange(256)
        elif kind == "cut" and len(body) > 50:
            del body[start:end]
        elif kind == "double":
            body[end:end] = piece
        else:
            place = chance.randrange(len(body))
            body[place:place] = piece
    attempt(cap.parse, bytes(body))
