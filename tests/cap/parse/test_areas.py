"""Areas: shapes, codes, and rings to subtract."""

import cap
from tests.cap.reading import Message, codes, only


def test_an_unreadable_ring_goes_whole_and_leaves_a_count(message: Message) -> None:
    alert = only(message(("50.82,6.48 ", "50.82;6.48 ")))
    area = alert.infos[0].areas[0]
    assert area.polygons == ()
    assert area.unreadable == 1
    assert area.geocodes
    assert codes(alert) == ["polygon-syntax"]


def test_excluded_rings_are_geometry_not_places(message: Message) -> None:
    ring = "50.80,6.48 50.81,6.48 50.81,6.49 50.80,6.48 "
    more = f"</geocode><geocode><valueName>EXCLUDE_POLYGON</valueName><value>{ring}</value></geocode>"
    area = only(message(("</geocode>", more))).infos[0].areas[0]
    assert area.excluded == (cap.Polygon(((50.8, 6.48), (50.81, 6.48), (50.81, 6.49), (50.8, 6.48))),)
    assert [code.name for code in area.geocodes] == ["SHN"]
