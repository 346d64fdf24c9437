"""The tiles of a base map."""

import pytest

from dispatcher.boundaries.base_map import FINEST, TILES_MAX, BaseMap, map_credit

BASE = BaseMap("https://karten.example/grau/{z}/{y}/{x}.png", "© Kreis Düren")
DISTRICT = (6.2, 50.56, 6.75, 51.03)


def test_tiles_cover_the_map_without_a_gap_and_are_few() -> None:
    found = BASE.tiles(DISTRICT)
    west, south, east, north = DISTRICT
    assert 6 < len(found) <= TILES_MAX
    assert min(one[1] for one in found) <= west < east <= max(one[3] for one in found)
    assert min(one[2] for one in found) <= south < north <= max(one[4] for one in found)
    columns, rows = ({(one[low], one[high]) for one in found} for low, high in ((1, 3), (2, 4)))
    assert len(columns) * len(rows) == len(found) == len({one[0] for one in found})
    for sides in (sorted(columns), sorted(rows)):
        assert [one[1] for one in sides[:-1]] == [one[0] for one in sides[1:]], (
            "each begins where another ends"
        )


def test_a_tile_lies_where_its_number_says() -> None:
    """As the documentation of mercantile has it: `mercantile.ul(486, 332, 10)`."""
    href, west, south, east, north = BASE._tile(10, 486, 332)
    assert href == "https://karten.example/grau/10/332/486.png"
    assert west == -9.140625
    assert north == pytest.approx(53.33087298301705)
    within = [(west + east) / 2, (south + north) / 2] * 2
    numbers = (int(part.removesuffix(".png")) for part in BASE.tiles(within)[0][0].split("/")[-3:])
    zoom, row, column = numbers
    assert (column >> (zoom - 10), row >> (zoom - 10)) == (486, 332)


def test_a_point_and_the_whole_world_have_a_map() -> None:
    assert len(BASE.tiles((6.5, 50.8, 6.5, 50.8))) == 1
    assert f"/{FINEST}/" in BASE.tiles((6.5, 50.8, 6.5, 50.8))[0][0]
    world = BASE.tiles((-180.0, -90.0, 180.0, 90.0))
    assert 0 < len(world) <= TILES_MAX
    assert (world[0][1], world[-1][3]) == (-180.0, 180.0)


def test_whose_map_it_is_is_said_beside_whose_outlines_these_are() -> None:
    assert map_credit("© BKG", BASE) == "© BKG © Kreis Düren"
    assert map_credit("© BKG", None) == "© BKG"


def test_the_origin_is_what_a_policy_names() -> None:
    assert BASE.origin == "https://karten.example"
    assert BaseMap("http://127.0.0.1:8080/{z}/{x}/{y}", "").origin == "http://127.0.0.1:8080"
