"""Documents are made once, of whoever asks first."""

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.editions import SHORT_BYTES, Edition, PlaceDocument
from dispatcher.publication.forms.registry import GEOJSON, GERMAN, PlaceForm, WarningForm
from dispatcher.publication.in_force import PublicInForce, PublicWarning
from dispatcher.publication.messages import KeptMessages
from dispatcher.publication.places import PublicPlace, PublicPlaces
from tests.support.messages import DUEREN, NOW, message, stored
from tests.support.publication import found, warned, warning_of


def test_a_document_is_made_once_for_each_form_and_place(boundaries: Boundaries) -> None:
    places, made = PublicPlaces(boundaries), []

    def render(_state: PublicInForce, place: PublicPlace) -> bytes:
        made.append(place.key)
        return place.key.encode()

    edition = Edition(found())
    one, other = PlaceForm("one", "text/plain", render), PlaceForm("other", "text/plain", render)
    dueren, district = places.municipality(DUEREN), places.district("05358")
    assert dueren
    assert district
    first = edition.of_place(one, dueren)
    assert edition.of_place(one, dueren) is first
    assert edition.of_place(other, dueren).plain.body == edition.of_place(one, dueren).plain.body
    assert edition.of_place(one, district).plain.body == b"05358"
    assert made == [DUEREN, DUEREN, "05358"]


def test_a_warning_has_documents_also_after_its_end_and_another_has_none() -> None:
    def render(_state: PublicInForce, warning: PublicWarning) -> bytes:
        return warning.stored.id.encode()

    form = WarningForm("x", "text/plain", render)
    edition = Edition(found(warned("A"), warned("B", expires=NOW)))
    known = [edition.warning(form, alert_id) for alert_id in ("A", "B", "C", "A")]
    bodies = [edition.of_warning(form, one).plain.body if one else None for one in known]
    assert bodies == [b"A", b"B", None, b"A"]
    assert known[0]
    assert edition.of_warning(form, known[0]) is edition.of_warning(form, known[0])


def test_a_document_for_which_messages_are_read_is_at_hand_where_they_are_and_are_short(
    boundaries: Boundaries,
) -> None:
    dueren, messages = PublicPlaces(boundaries).municipality(DUEREN), KeptMessages()
    assert dueren
    long = message(headline="x" * SHORT_BYTES)
    short, other = (
        warning_of(stored(id=one), sent.xml(), messages=messages)
        for one, sent in (("A", message()), ("B", long))
    )
    assert Edition(found(short)).is_at_hand(GEOJSON, dueren)
    assert not Edition(found(short, other)).is_at_hand(GEOJSON, dueren)
    assert Edition(found(short, other)).is_at_hand(GERMAN, dueren), "it is made of what is told"
    messages.keep([])
    edition = Edition(found(short))
    wanted = PlaceDocument(GEOJSON, dueren)
    assert not wanted.is_at_hand(edition)
    made = wanted.made(edition)
    messages.keep([])
    assert wanted.is_at_hand(edition), "once it is made it is"
    assert wanted.made(edition) is made


def test_what_there_is_no_room_for_is_made_for_each_that_asks(boundaries: Boundaries) -> None:
    form = PlaceForm("x", "text/plain", lambda _state, place: place.key.encode())
    edition, places = Edition(found(), room=1), PublicPlaces(boundaries)
    first, second = places.municipality(DUEREN), places.district("05358")
    assert first
    assert second
    kept, other = edition.of_place(form, first), edition.of_place(form, second)
    assert edition.of_place(form, first) is kept
    assert edition.of_place(form, second) is not other
    edition.publish("/x", kept)
    assert edition.by_address == {}
