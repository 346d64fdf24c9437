"""What is written reads back as the same value."""

import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import cap

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
PROSE = st.text(LETTERS | st.sampled_from("\n<>&\"';"), max_size=20).map(lambda text: cap.plain(f"a{text}"))
TOKEN = st.text(string.ascii_letters + string.digits + "@.:-_/äß", min_size=1, max_size=20)
# Hypothesis wants its bounds without a zone.
FIRST, LAST = (datetime(year, 1, 1) for year in (1971, 9990))  # noqa: DTZ001
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(FIRST, LAST, timezones=OFFSETS).map(lambda moment: moment.replace(microsecond=0))
DEGREES = st.floats(-90, 90, allow_nan=False) | st.integers(-90, 90).map(float)
PAIRS = st.builds(cap.NamedValue, PROSE, PROSE | st.just(""))
RINGS = (
    st.lists(st.tuples(DEGREES, DEGREES), min_size=3, max_size=8, unique=True)
    .map(lambda points: cap.Polygon((*points, points[0])))
    .filter(lambda ring: len(set(ring.lat_lon)) >= 3)
)
CIRCLES = st.builds(cap.Circle, DEGREES, DEGREES, st.floats(0, 20_000, allow_nan=False))
MANY = {"max_size": 2}


def several(values: Any) -> Any:
    return st.lists(values, **MANY).map(tuple)


def maybe(values: Any) -> Any:
    return st.none() | values


HEIGHTS = st.floats(-1_000, 100_000, allow_nan=False)
AREAS = st.builds(
    cap.Area,
    area_desc=PROSE | st.just(""),
    polygons=several(RINGS),
    circles=several(CIRCLES),
    geocodes=several(PAIRS.filter(lambda pair: pair.name != "EXCLUDE_POLYGON")),
    altitude_ft=maybe(HEIGHTS),
    ceiling_ft=maybe(HEIGHTS),
    excluded=several(RINGS),
)
URIS = TOKEN.map(lambda token: f"https://x.example/{token}")
RESOURCES = st.builds(
    cap.Resource,
    resource_desc=PROSE,
    mime_type=maybe(TOKEN),
    size=maybe(st.integers(0, 10**12)),
    uri=maybe(URIS),
    deref_uri=maybe(TOKEN),
    digest=maybe(TOKEN),
)
INFOS = st.builds(
    cap.Info,
    language=maybe(st.sampled_from(["de", "de-DE", "en-US", "de-LS"])),
    categories=several(st.sampled_from(cap.Category)),
    event=PROSE | st.just(""),
    response_types=several(st.sampled_from(cap.ResponseType)),
    urgency=st.sampled_from(cap.Urgency),
    severity=st.sampled_from(cap.Severity),
    certainty=st.sampled_from(cap.Certainty),
    audience=maybe(PROSE),
    event_codes=several(PAIRS),
    effective=maybe(TIMES),
    onset=maybe(TIMES),
    expires=maybe(TIMES),
    sender_name=maybe(PROSE),
    headline=maybe(PROSE),
    description=maybe(PROSE),
    instruction=maybe(PROSE),
    web=maybe(URIS),
    contact=maybe(PROSE),
    parameters=several(PAIRS),
    resources=several(RESOURCES),
    areas=several(AREAS),
)
REFERENCES = st.builds(cap.Reference, TOKEN | st.just(""), TOKEN, maybe(TIMES))
ALERTS = st.builds(
    cap.Alert,
    sender=TOKEN,
    identifier=TOKEN,
    sent=maybe(TIMES),
    status=st.sampled_from(cap.Status),
    msg_type=st.sampled_from(cap.MsgType),
    scope=st.sampled_from(cap.Scope),
    source=maybe(PROSE),
    restriction=maybe(PROSE),
    addresses=several(TOKEN | st.tuples(TOKEN, TOKEN).map(" ".join)),
    codes=several(TOKEN),
    note=maybe(PROSE),
    references=several(REFERENCES),
    incidents=several(TOKEN),
    infos=several(INFOS),
)


@settings(deadline=None, max_examples=50)
@given(alert=ALERTS)
def test_what_is_written_reads_as_the_same_value(alert: Any) -> None:
    assert cap.parse(cap.render(alert)).alerts == (alert,)


def test_utc_is_written_as_the_standard_wants_it() -> None:
    alert = cap.Alert(
        "s", "i", datetime(2026, 1, 1, tzinfo=UTC), cap.Status.TEST, cap.MsgType.ALERT, cap.Scope.PUBLIC
    )
    assert b"<sent>2026-01-01T00:00:00-00:00</sent>" in cap.render(alert)


def test_small_numbers_have_no_exponent() -> None:
    area = cap.Area("a", circles=(cap.Circle(0.00001, -0.0000001, 1e-7),))
    alert = cap.Alert(
        "s", "i", None, cap.Status.TEST, cap.MsgType.ALERT, cap.Scope.PUBLIC, infos=(cap.Info(areas=(area,)),)
    )
    assert b"<circle>0.00001,-0.0000001 0.0000001</circle>" in cap.render(alert)
    assert cap.parse(cap.render(alert)).alerts == (alert,)


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    alert = cap.Alert(
        "s", "i", None, cap.Status.TEST, cap.MsgType.ALERT, cap.Scope.PUBLIC, note="a\x00b\x1bc\ud800d\rz"
    )
    assert etree.fromstring(cap.render(alert)).findtext("{*}note") == "abcd\rz"


def test_an_unreadable_shape_is_not_written_away(message: Callable[..., bytes]) -> None:
    (alert,) = cap.parse(message(("50.82,6.48 ", "50.82;6.48 "), ("50.81,6.50 1.5", "x"))).alerts
    (again,) = cap.parse(cap.render(alert)).alerts
    assert again == alert
    assert again.infos[0].areas[0].unreadable == 2
    assert not cap.is_valid(cap.check(again))


def test_an_older_version_becomes_1_2_and_stays_equal(message: Callable[..., bytes]) -> None:
    data = message(("cap:1.2", "cap:1.1"))
    (alert,) = cap.parse(data).alerts
    (again,) = cap.parse(cap.render(alert)).alerts
    assert (alert.version, again.version) == (cap.Version.V1_1, cap.Version.V1_2)
    assert again == alert
