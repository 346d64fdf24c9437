"""Atom, as our own feeds read it."""

import pytest
from lxml import etree

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.formats.index import Index
from dispatcher.model.vocabulary import Reason
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
    assert listing.known_at == NOW
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


def test_what_ended_a_warning_is_listed_with_its_own_words(places: PublicPlaces) -> None:
    """Who follows the feed has told people of the warning, and an entry that is gone says nothing."""
    place, elsewhere = places.municipality(DUEREN), places.municipality("05334002")
    assert place
    assert elsewhere
    first = Message(identifier="nr-A")
    end = warned(
        "Z", message=first.later("nr-Z", "Cancel", infos=()), msg_type="Cancel", reason=Reason.CANCEL
    )
    over = warned("A", message=first, stopped_by="Z", stopped_at=NOW + HOUR)
    other = warned("B", stopped_by="Z", stopped_at=NOW + HOUR)
    state = found(over, other, end, now=NOW + HOUR)
    (entry,) = Index().listing(feed(state, place), URL).entries
    assert (entry.key, entry.msg_type) == ("https://warn.example/v1/public/alerts/Z/cap", cap.MsgType.CANCEL)
    assert entry.expires is None
    (incoming,) = Index().read(entry, (end.kept.raw(),))
    assert [one.identifier for one in incoming.alert.references] == ["nr-A"]
    root = etree.fromstring(feed(state, place))
    assert root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title") == "WARNUNG AUFGEHOBEN: Hochwasser an der Rur"
    assert Index().listing(feed(state, elsewhere), URL).entries == ()
    nameless = warned("Z", message=Message("nr-Z", infos=()), reason=Reason.CANCEL)
    assert Index().listing(feed(found(over, nameless, now=NOW + HOUR), place), URL).entries == ()


def test_an_update_for_elsewhere_is_listed_where_the_warning_was(places: PublicPlaces) -> None:
    place = places.municipality(DUEREN)
    assert place
    first = Message(identifier="nr-A")
    moved = first.later("nr-B", infos=(InfoPart(areas=("05334002",)),))
    update = warned("B", "05334002", message=moved, msg_type="Update", reason=Reason.UPDATE)
    state = found(warned("A", message=first, stopped_by="B", stopped_at=NOW), update, now=NOW + HOUR)
    (entry,) = Index().listing(feed(state, place), URL).entries
    assert entry.key.endswith("/B/cap")
    title = etree.fromstring(feed(state, place)).findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title")
    (category,) = etree.fromstring(feed(state, place)).iter(f"{{{ATOM}}}category")
    assert dict(category.attrib) == {"scheme": STATE, "term": "ended"}
    assert title == "FÜR IHREN ORT AUFGEHOBEN: Hochwasser an der Rur"
    everywhere = Index().listing(feed(state, places.everywhere()), URL).entries
    assert [one.key for one in everywhere] == [entry.key], "each message once"


def test_texts_of_strangers_stay_texts(places: PublicPlaces) -> None:
    place = places.everywhere()
    message = Message(infos=(InfoPart(headline="<b>&amp;", instruction="</entry><script>"),))
    root = etree.fromstring(feed(found(warned("A", message=message)), place))
    assert root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title")
    assert len(root.findall(f"{{{ATOM}}}entry")) == 1
    assert not [element for element in root.iter() if "script" in str(element.tag)]
