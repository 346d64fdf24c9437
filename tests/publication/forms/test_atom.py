"""Atom, as our own feeds read it."""

import pytest
from lxml import etree

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.formats.index import Index
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.forms.atom import ATOM, STATE, feed
from dispatcher.publication.places import PublicPlaces
from tests.support.messages import DUEREN, HOUR, NOW, InfoPart, Message
from tests.support.publication import found, warned

URL = f"https://warn.example/v1/municipalities/{DUEREN}/alerts.atom"


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def test_it_is_a_valid_feed_that_leads_to_the_messages(places: PublicPlaces) -> None:
    place = places.municipality(DUEREN)
    assert place
    body = feed(found(warned("A"), warned("B", severity="Extreme")), place)
    document = cap.parse(body)
    assert document.kind == "atom"
    assert [problem.code for problem in document.problems] == ["feed-without-alert"], "it links to them"
    listing = Index().listing(body, URL)
    assert listing.broken == ()
    assert [entry.key for entry in listing.entries] == [
        "https://warn.example/v1/public/alerts/B/cap",
        "https://warn.example/v1/public/alerts/A/cap",
    ]
    first = listing.entries[0]
    assert (first.expires, first.msg_type, first.dated) == (NOW + 6 * HOUR, cap.MsgType.ALERT, NOW)


def test_an_empty_feed_is_one_and_says_whether_that_means_anything(places: PublicPlaces) -> None:
    place, elsewhere = places.municipality(DUEREN), places.municipality("05334002")
    assert place
    assert elsewhere
    assert Index().listing(feed(found(), place), URL).entries == ()
    unread = (UncertainFeed("c", NOW, ("05334",)), UncertainFeed("d", NOW, ("05358",)))
    stale = Coverage(("05358",), (SilentFeed("a--b", NOW - HOUR),), unread)
    root = etree.fromstring(feed(found(coverage=stale, current=False), elsewhere))
    said = {name: root.findtext(f"{{{STATE}}}{name}") for name in ("current", "covered")}
    assert said == {"current": "false", "covered": "false"}
    (one,) = root.findall(f"{{{STATE}}}staleFeed")
    assert dict(one.attrib) == {"name": "a--b", "since": "2026-11-22T11:00:00+00:00"}
    (one,) = root.findall(f"{{{STATE}}}unreadFeed")
    assert dict(one.attrib) == {"name": "c", "since": "2026-11-22T12:00:00+00:00"}
    assert root.findtext(f"{{{ATOM}}}updated") == "2026-11-22T12:00:00+00:00"


def test_texts_of_strangers_stay_texts(places: PublicPlaces) -> None:
    place = places.everywhere()
    message = Message(infos=(InfoPart(headline="<b>&amp;", instruction="</entry><script>"),))
    root = etree.fromstring(feed(found(warned("A", message=message)), place))
    assert root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title")
    assert len(root.findall(f"{{{ATOM}}}entry")) == 1
    assert not [element for element in root.iter() if "script" in str(element.tag)]
