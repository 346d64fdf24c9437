"""Small boundary data, drawn for tests."""

from typing import Any

import shapely

from dispatcher.boundaries.build import BoundaryRow, Built, build
from dispatcher.boundaries.bundle import Provenance
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA

HERE = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")


def row(ags: str, x0: Any, y0: Any, x1: Any, y1: Any, **more: Any) -> Any:
    return BoundaryRow(ags, f"{ags[:5]}0000{ags[5:]}", f"place {ags}", shapely.box(x0, y0, x1, y1), **more)


def built(*rows: Any, **more: Any) -> Built:
    return build(rows, more.pop("provenance", HERE), source_crs=EUROPE_EQUAL_AREA, **more)
