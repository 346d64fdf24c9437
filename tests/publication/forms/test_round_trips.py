"""What is published as Atom and in NINA's documents is read back by our own feeds as the same alerts: so one
dispatcher takes in what another one publishes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings

import cap
from cap.formats.archive import is_zip, members
from cap.formats.nina import AREA_ID, parse_nina
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.formats.index import Index
from dispatcher.feeds.formats.nina import Nina
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.forms.atom import feed
from dispatcher.publication.forms.nina import dashboard, detail, geometry
from dispatcher.publication.in_force import PublicInForce, PublicWarning, Telling, in_force
from dispatcher.publication.places import PublicPlace, PublicPlaces
from tests.cap.formats.test_rendering import ALERTS
from tests.support.feed_messages import CORPUS, corpus
from tests.support.messages import stored
from tests.support.publication import warning_of

ATOM_URL = "https://warn.example/v1/districts/05358/alerts.atom"
NINA_URL = "https://warn.example/api31/dashboard/053580000000.json"
LONG = timedelta(days=3650)
FILLED_IN = ("language", "sender_name", "headline", "description", "instruction", "expires")
"""What NINA's clients read without looking whether it is there; where a message lacks it, it is filled in, and so is
its category.
"""


@pytest.fixture(scope="module")
def district(boundaries: Boundaries) -> PublicPlace:
    place = PublicPlaces(boundaries).district("05358")
    assert place
    return place


def published(alert: cap.Alert) -> tuple[PublicInForce, PublicWarning]:
    """The alert as it would be in force, whatever became of its time."""
    sent = alert.sent or datetime(2026, 11, 22, tzinfo=UTC)
    raw = cap.render(alert)
    values = {"sender": alert.sender, "identifier": alert.identifier, "sent": sent.astimezone(UTC)}
    warning = warning_of(stored(id="A", msg_type=str(alert.msg_type), expires=sent + LONG, **values), raw)
    return in_force([warning], Coverage(("",)), Telling(), sent.astimezone(UTC)), warning


def through_atom(state: PublicInForce, warning: PublicWarning, place: PublicPlace) -> cap.Alert | None:
    """What who follows our feed reads; None where nothing of the message is told any more."""
    listing = Index().listing(feed(state, place), ATOM_URL)
    assert listing.broken == ()
    if not listing.entries:
        assert state.told(warning, "de") is None
        return None
    (entry,) = listing.entries
    assert entry.links == ("https://warn.example/v1/public/alerts/A/cap",)
    (incoming,) = Index().read(entry, (warning.kept.raw(),))
    return incoming.alert


def through_nina(state: PublicInForce, warning: PublicWarning, place: PublicPlace) -> cap.Alert:
    """What who follows our dashboard reads."""
    (entry,) = Nina().listing(dashboard(state, place), NINA_URL).entries or [None]
    if entry is None:
        assert state.told(warning, "de") is None
        (found,) = parse_nina(detail(state, warning), geometry(state, warning)).alerts
        return found
    (incoming,) = Nina().read(entry, (detail(state, warning), geometry(state, warning)))
    return incoming.alert


def is_same(found: cap.Alert, written: cap.Alert) -> None:
    """The same alert, geometry and instants, but for what NINA's clients need besides."""
    assert replace(found, infos=()) == replace(written, infos=())
    left = list(written.infos)
    for info in found.infos[: len(left)]:
        same = next((one for one in left if _plain(info, one) == _plain(one, one)), None)
        assert same is not None, (info, left)
        left.remove(same)
    assert not left
    assert len(found.infos) == max(len(written.infos), 1)


def _plain(info: cap.Info, written: cap.Info) -> cap.Info:
    """The info without what is filled in because it was not `written`, and with circles as polygons around them."""
    kept = {name: getattr(info, name) if getattr(written, name) else None for name in FILLED_IN}
    areas = []
    for area, own in zip(info.areas, written.areas, strict=False):
        codes = tuple(code for code in area.geocodes if code.name != AREA_ID)
        around = 0 if area is own else len(own.circles)
        polygons = area.polygons[: len(area.polygons) - around]
        areas.append(replace(area, geocodes=codes, polygons=polygons, circles=()))
    categories = info.categories if written.categories else ()
    return replace(info, categories=categories, areas=(*areas, *info.areas[len(written.areas) :]), **kept)


def alerts_of(name: str) -> Iterator[cap.Alert]:
    """The alerts of a file of the corpus, in whatever it is packed."""
    body = corpus(name)
    for part in [one.content for one in members(body, cap.Limits())] if is_zip(body) else [body]:
        try:
            found = parse_nina(part) if name.endswith(".json") else cap.parse(part)
        except cap.CapError:
            continue
        yield from (alert for alert in found.alerts if alert.identifier and alert.sent)


def same_both_ways(alert: cap.Alert, place: PublicPlace) -> None:
    state, warning = published(alert)
    assert through_atom(state, warning, place) in (None, alert)
    is_same(through_nina(state, warning, place), alert)


def test_the_whole_corpus_comes_back(district: PublicPlace) -> None:
    corpus("INDEX.tsv")  # skips, or fails, where there is none
    count = 0
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.suffix not in {".md", ".pem", ".tsv", ".geojson"}:
            for alert in alerts_of(str(path.relative_to(CORPUS))):
                count += 1
                same_both_ways(alert, district)
    assert count >= 36


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(alert=ALERTS)
def test_whatever_is_written_comes_back(district: PublicPlace, alert: Any) -> None:
    same_both_ways(alert, district)


def test_a_shape_that_is_lost_is_noticed(district: PublicPlace) -> None:
    ring = cap.Polygon(((50.8, 6.4), (50.8, 6.5), (50.9, 6.5), (50.8, 6.4)))
    info = cap.Info(event="Hochwasser", areas=(cap.Area("Düren", polygons=(ring,)),))
    sent = datetime(2026, 11, 22, tzinfo=UTC)
    alert = cap.Alert(
        "a@b.example", "1", sent, cap.Status.ACTUAL, cap.MsgType.ALERT, cap.Scope.PUBLIC, infos=(info,)
    )
    found = through_nina(*published(alert), district)
    is_same(found, alert)
    for spoilt in (
        replace(found, infos=(replace(found.infos[0], areas=(cap.Area("Düren"),)),)),
        replace(found, sent=sent + timedelta(seconds=1)),
        replace(found, infos=()),
    ):
        with pytest.raises(AssertionError):
            is_same(spoilt, alert)
