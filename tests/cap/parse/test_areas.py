"""Areas: shapes, codes, and rings to subtract."""

import pytest

import cap
from cap.errors import LimitExceeded
from cap.limits import Limits
from cap.model import Area, Circle, NamedValue, Polygon
from cap.parse.areas import AreaBuilder
from cap.parse.grammar import GRAMMARS
from cap.vocabulary import Version
from tests.cap.reading import Message, codes, fields, noticed, only


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


RING = "50,6 51,6 51,7 50,6"
POLYGON = Polygon(((50.0, 6.0), (51.0, 6.0), (51.0, 7.0), (50.0, 6.0)))


def build(content: str, limits: Limits | None = None) -> tuple[tuple[Area, ...], list[str]]:
    info = fields(content, limits=limits)
    areas = AreaBuilder(GRAMMARS[Version.V1_2], info.problems).build(info)
    return areas, noticed(info)


def geocode(name: str, value: str) -> str:
    return f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"


@pytest.mark.parametrize(
    ("content", "area", "codes"),
    [
        ("", Area("a"), []),
        (f"<polygon>{RING}</polygon>", Area("a", (POLYGON,)), []),
        (
            f"<polygon>{RING}</polygon><polygon>x</polygon>",
            Area("a", (POLYGON,), unreadable=1),
            ["polygon-syntax"],
        ),
        ("<polygon> </polygon>", Area("a"), ["polygon-empty"]),
        ("<polygon>50,6 51,6 51,7 50,7</polygon>", None, ["polygon-unclosed"]),
        ("<polygon>50,179 51,179 51,181 50,179</polygon>", None, ["polygon-antimeridian"]),
        ("<circle>50,6 1.5</circle>", Area("a", circles=(Circle(50, 6, 1.5),)), []),
        ("<circle>50,6</circle><circle/>", Area("a", unreadable=1), ["circle-syntax", "circle-empty"]),
        (geocode("ARS", "1"), Area("a", geocodes=(NamedValue("ARS", "1"),)), []),
        (geocode("EXCLUDE_POLYGON", RING), Area("a", excluded=(POLYGON,)), []),
        (geocode("EXCLUDE_POLYGON", "x"), Area("a"), ["exclusion-unreadable"]),
        (
            geocode("ARS", "1") + geocode("EXCLUDE_POLYGON", RING),
            Area("a", geocodes=(NamedValue("ARS", "1"),), excluded=(POLYGON,)),
            [],
        ),
        ("<altitude>0</altitude><ceiling>9.5</ceiling>", Area("a", altitude_ft=0.0, ceiling_ft=9.5), []),
        ("<altitude>hoch</altitude>", Area("a"), ["number-invalid"]),
    ],
)
def test_one_area(content: str, area: Area | None, codes: list[str]) -> None:
    (found,), noticed_codes = build(f"<area><areaDesc>a</areaDesc>{content}</area>")
    assert noticed_codes == codes
    assert area is None or found == area


def test_a_height_that_is_repeated_is_read_once_and_reported_each_time() -> None:
    area = "<area><areaDesc>a</areaDesc><altitude>{}</altitude><ceiling>{}</ceiling></area>"
    areas, codes = build(area.format("1.5", "hoch") * 2 + area.format("hoch", "1.5"))
    assert [(found.altitude_ft, found.ceiling_ft) for found in areas] == [
        (1.5, None),
        (1.5, None),
        (None, 1.5),
    ]
    assert areas[0].altitude_ft is areas[1].altitude_ft
    assert codes == ["number-invalid"] * 3


def test_areas_have_their_paths_and_lines() -> None:
    areas, codes = build("<area><areaDesc>a</areaDesc></area>\n<area><areaDesc/></area>")
    assert [(area.area_desc, area.line, area.lines) for area in areas] == [
        ("a", 1, {"areaDesc": 1}),
        ("", 2, {"areaDesc": 2}),
    ]
    assert codes == ["text-empty"]


def test_a_ring_that_is_repeated_is_read_and_counted_once() -> None:
    area = f"<area><areaDesc>a</areaDesc><polygon>{RING}</polygon></area>"
    areas, _ = build(area * 3, Limits(max_vertices=4))
    first, *others = [found.polygons[0].lat_lon for found in areas]
    assert all(ring is first for ring in others)


@pytest.mark.parametrize(("limit", "allowed"), [({"max_vertices": 4}, 1), ({"max_areas": 2}, 2)])
def test_areas_and_vertices_are_bounded_over_all_infos(limit: dict[str, int], allowed: int) -> None:
    info = fields(
        "".join(
            f"<area><areaDesc>a</areaDesc><polygon>50,{n} 51,6 51,7 50,{n}</polygon></area>"
            for n in range(allowed)
        ),
        limits=Limits(**limit),
    )
    builder = AreaBuilder(GRAMMARS[Version.V1_2], info.problems)
    assert len(builder.build(info)) == allowed
    with pytest.raises(LimitExceeded):
        builder.build(fields("<area><areaDesc>a</areaDesc><polygon>1,2 1,3 1,2</polygon></area>"))
