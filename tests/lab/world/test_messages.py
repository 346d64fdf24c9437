"""The lab's own messages: right CAP, and about the municipalities that the lab says."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from dispatcher.boundaries.municipalities import Boundaries
from ops.lab.world.messages import CHAPTERS, CONCERNED, LOWER_RUR, UPPER_RUR, write
from ops.lab.world.population import INHABITANTS
from ops.lab.world.records import Kind

SENT = datetime(2026, 7, 14, 15, 30, 0, 123456, UTC)
SENDER = "leitstelle@kreis-dueren.example"
RIVER_M2 = 50_000.0
"""What a flood must cover of a municipality to concern it: seven football pitches."""
TOUCH_M2 = 1_000.0


@pytest.fixture(scope="module")
def written() -> dict[Any, Any]:
    done = []
    for kind in CHAPTERS:
        done.append(write(kind, run="r1", sender=SENDER, sent=SENT, earlier=done))
    return {one.kind: one for one in done}


@pytest.mark.processes
def test_each_is_valid_cap_under_the_strict_rules(written: dict[Any, Any], tmp_path: Path) -> None:
    for kind, one in written.items():
        (tmp_path / f"{kind}.xml").write_bytes(one.xml)
    command = [sys.executable, "-m", "cap", "check", "-v", *tmp_path.iterdir()]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("valid ") == 3
    assert "warning" not in checked.stdout


def test_later_ones_refer_to_all_earlier_ones(written: dict[Any, Any]) -> None:
    references = {
        kind: re.findall(rb"<references>(.*?)</references>", one.xml) for kind, one in written.items()
    }
    assert references[Kind.ALERT] == []
    assert references[Kind.UPDATE] == [written[Kind.ALERT].reference.encode()]
    first, second = (written[kind].reference for kind in (Kind.ALERT, Kind.UPDATE))
    assert references[Kind.CANCEL] == [f"{first} {second}".encode()]


def test_a_reference_is_what_the_message_says_of_itself(written: dict[Any, Any]) -> None:
    for one in written.values():
        sender, identifier, sent = one.reference.split(",")
        for name, value in (("sender", sender), ("identifier", identifier), ("sent", sent)):
            assert f"<{name}>{value}</{name}>".encode() in one.xml


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.UPDATE])
def test_it_concerns_the_municipalities_it_covers_or_names(written: dict[Any, Any], kind: Any) -> None:
    covered = coverage(written[kind].xml)
    named = set(re.findall(r"<value>(\d{8})</value>", written[kind].xml.decode()))
    assert {ags for ags, area in covered.items() if area >= RIVER_M2} | named == CONCERNED[kind]
    assert {ags for ags, area in covered.items() if area > TOUCH_M2} <= CONCERNED[kind]
    assert named - {ags for ags, area in covered.items() if area >= RIVER_M2}, "codes alone name somebody"


def test_the_update_enlarges_and_spares_some() -> None:
    assert CONCERNED[Kind.ALERT] == UPPER_RUR < CONCERNED[Kind.UPDATE] == UPPER_RUR | LOWER_RUR
    assert len(INHABITANTS.keys() - CONCERNED[Kind.UPDATE]) == 5


def coverage(xml: Any) -> dict[Any, Any]:
    """Square metres covered of each municipality the polygon touches, measured on UTM zone 32."""
    boundaries = Boundaries.default()
    onto_plane = pyproj.Transformer.from_crs(4326, 25832, always_xy=True)
    [text] = re.findall(r"<polygon>(.*?)</polygon>", xml.decode(), re.DOTALL)
    lat_lon = np.array([pair.split(",") for pair in text.split()], float)
    flood = shapely.Polygon(np.column_stack(onto_plane.transform(lat_lon[:, 1], lat_lon[:, 0])))
    assert flood.is_valid
    units = pyproj.Transformer.from_crs(boundaries.crs, 25832, always_xy=True)
    areas = {}
    for unit, border in zip(boundaries.municipalities, boundaries.border, strict=True):
        there = shapely.transform(border, lambda xy: np.column_stack(units.transform(xy[:, 0], xy[:, 1])))
        if area := shapely.intersection(flood, there).area:
            areas[unit.ags] = area
    return areas
