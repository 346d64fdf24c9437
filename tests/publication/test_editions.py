"""Documents are made once, of whoever asks first."""

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.editions import Edition
from dispatcher.publication.forms.registry import PlaceForm, WarningForm
from dispatcher.publication.in_force import PublicInForce, PublicWarning
from dispatcher.publication.places import PublicPlace, PublicPlaces
from tests.support.messages import DUEREN, NOW
from tests.support.publication import found, warned


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
    bodies = [
        document.plain.body if (document := edition.of_warning(form, alert_id)) else None
        for alert_id in ("A", "B", "C", "A")
    ]
    assert bodies == [b"A", b"B", None, b"A"]
    assert edition.of_warning(form, "A") is edition.of_warning(form, "A")


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
