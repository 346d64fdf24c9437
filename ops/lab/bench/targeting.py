"""Measures targeting: who is falsely warned, who is missed, and how long it takes.

    python -m ops.lab.bench.targeting [--json] [--bundle FILE] [--every N]

All of Germany by default (`make geodata` builds it); `--every 50` draws every fiftieth alert of each case. The
cases and what counts as false or missed are in `drawings`; the measured tables in ops/docs/targeting.md.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rich.console import Console
from rich.progress import track
from rich.table import Table
from shapely import affinity

from dispatcher.audience.point_index import PRIVATE_TOLERANCE_M, PointIndex
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.targeting.match import match
from dispatcher.targeting.rule import MatchingRule, overlap
from ops.lab.bench.fixtures import drawings
from ops.lab.bench.fixtures.drawings import Atlas, Drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Case = Callable[[Atlas], Iterable[Drawing]]

GERMANY = Path(__file__).resolve().parents[3] / "var" / "geodata" / "de.bundle"
RULE = MatchingRule()
POINTS = 1_000_000
POLYGONS = 100_000
# name: (km², corners, how many alerts)
SIZES = {"small": (10.0, 32, 400), "district": (900.0, 120, 200), "state": (30_000.0, 600, 30)}
SHARED_CASES: dict[str, tuple[Path, Case]] = {
    "own, 1:5,000,000": (drawings.VG5000, functools.partial(drawings.coarse, of_districts=False)),
    "district, 1:5,000,000": (drawings.VG5000, functools.partial(drawings.coarse, of_districts=True)),
    "MoWaS Hessen": (drawings.HESSEN, drawings.hessen),
}
CASES: dict[str, Case] = {
    "own, exact": drawings.own,
    "own, 5 decimals": functools.partial(drawings.own, decimals=5),
    "own, 4 decimals": functools.partial(drawings.own, decimals=4),
    "own, 3 decimals": functools.partial(drawings.own, decimals=3),
    "own, 2 decimals": functools.partial(drawings.own, decimals=2),
    "own, simplified 100 m": functools.partial(drawings.own, simplify_m=100.0),
    "own, simplified 500 m": functools.partial(drawings.own, simplify_m=500.0),
    "district, exact": drawings.districts,
    "district, 4 decimals": functools.partial(drawings.districts, decimals=4),
    "district, 3 decimals": functools.partial(drawings.districts, decimals=3),
    "district, simplified 100 m": functools.partial(drawings.districts, simplify_m=100.0),
    "district, simplified 250 m": functools.partial(drawings.districts, simplify_m=250.0),
    "district, simplified 1000 m": functools.partial(drawings.districts, simplify_m=1000.0),
    "district with a bulge of 3 km": functools.partial(drawings.bulges, radius_m=3000.0),
    "circle 0.3 km": functools.partial(drawings.circles, radius_m=300.0, count=3000),
    "circle 0.564 km": functools.partial(drawings.circles, radius_m=564.0, count=3000),
    "circle 0.564 km on a border": functools.partial(drawings.border_circles, radius_m=564.0, count=1500),
    "circle 1.8 km": functools.partial(drawings.circles, radius_m=1800.0, count=3000),
    "circle 17 km": functools.partial(drawings.circles, radius_m=17_000.0, count=400),
    "corridor 100 m": functools.partial(drawings.corridors, width_m=100.0, count=500),
    "corridor 200 m": functools.partial(drawings.corridors, width_m=200.0, count=500),
    "corridor 500 m": functools.partial(drawings.corridors, width_m=500.0, count=500),
    "corridor 100 m on border rivers": functools.partial(drawings.border_corridors, width_m=100.0),
    "corridor 200 m on border rivers": functools.partial(drawings.border_corridors, width_m=200.0),
    "corridor 500 m on border rivers": functools.partial(drawings.border_corridors, width_m=500.0),
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of one case. `false_per_alert` and `missed` count municipalities; `held` counts alerts that could not
    be placed."""

    case: str
    alerts: int
    false_per_alert: float
    missed: int
    missed_deep: int
    """How many of the missed ones the alert enters deeper than 100 m."""
    held: int


def measure_case(name: str, case: Case, atlas: Atlas) -> CaseResult:
    alerts = false = missed = deep = held = 0
    for drawing in case(atlas):
        found = match(drawing.areas, atlas.boundaries)
        reached = {atlas.boundaries.index_by_ags[affected.ags] for affected in found.affected}
        lost = drawing.truth - reached
        alerts, held = alerts + 1, held + found.held
        false, missed = false + len(reached - drawing.truth), missed + len(lost)
        if found.geometry is not None:
            deep += int(shapely.intersects(found.geometry, atlas.boundaries.inset[sorted(lost)]).sum())
    return CaseResult(name, alerts, round(false / max(alerts, 1), 4), missed, deep, held)


def star(random: np.random.Generator, centre: shapely.Point, km2: float, corners: int) -> shapely.Polygon:
    """Draw a closed curve that wanders around a centre, of about the given area."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    wander = np.clip(1 + np.cumsum(random.normal(0, 0.15 / np.sqrt(corners / 32), corners)), 0.5, 1.5)
    radius = wander * np.sqrt(km2 * 1e6 / np.pi)
    return shapely.Polygon(
        np.column_stack([centre.x + radius * np.cos(angle), centre.y + radius * np.sin(angle)])
    )


def middle(boundaries: Boundaries, index: int) -> shapely.Point:
    return shapely.Point(shapely.get_coordinates(shapely.point_on_surface(boundaries.border[index]))[0])


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def measure_times(
    boundaries: Boundaries, every: int
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Measure the whole match from CAP area to result in ms and as ratio to the plain query; the rule as ratio."""
    random = np.random.default_rng(drawings.SEED)
    whole: dict[str, Any] = {}
    ratio: dict[str, Any] = {}
    rule_only: dict[str, Any] = {}
    for size, (km2, corners, count) in SIZES.items():
        rows = []
        for _ in range(max(5, count // every)):
            centre = middle(boundaries, int(random.integers(len(boundaries.border))))
            shape = star(random, centre, km2, corners)
            areas = drawings.outlines(shape)
            fresh = shapely.Polygon(shape.exterior.coords)  # neither profits from the other's preparation
            plain = timed(functools.partial(boundaries.tree.query, shape, predicate="intersects"))
            ruled = timed(functools.partial(overlap, fresh, boundaries, RULE))
            rows.append((timed(functools.partial(match, areas, boundaries)), plain, ruled))
        total, plain_ms, ruled_ms = np.array(rows).T
        whole[size], ratio[size] = spread(total), spread(total / plain_ms)
        rule_only[size] = spread(ruled_ms / plain_ms)
    return whole, ratio, rule_only


def spread(values: Any) -> dict[str, float]:
    return {"median": round(float(np.median(values)), 3), "p99": round(float(np.quantile(values, 0.99)), 3)}


def measure_points(boundaries: Boundaries, count: int) -> dict[str, float]:
    """Measure a district alert against so many points: median ms, exact and with the tolerance of private points."""
    random = np.random.default_rng(drawings.SEED)
    west, south, east, north = boundaries.window
    lat_lon = np.column_stack([random.uniform(south, north, count), random.uniform(west, east, count)])
    index = PointIndex.build(np.arange(count), lat_lon, np.zeros(count), boundaries.crs)
    centre = middle(boundaries, len(boundaries.border) // 2)
    shapes = [star(random, centre, *SIZES["district"][:2]) for _ in range(21)]
    return {
        "exact": round(float(np.median([timed(functools.partial(index.matching, s)) for s in shapes])), 3),
        "private": round(
            float(
                np.median([timed(functools.partial(index.matching, s, PRIVATE_TOLERANCE_M)) for s in shapes])
            ),
            3,
        ),
    }


def measure_memory(boundaries: Boundaries, count: int) -> float:
    """Measure the resident megabytes that so many municipalities with their index and insets take, from copies side by
    side."""
    gc.collect()
    before = resident_mb()
    copies = -(-count // len(boundaries.border))
    x0, y0, x1, _ = shapely.total_bounds(boundaries.border)
    shifted = [
        affinity.translate(geometry, (x1 - x0) * copy, 0)
        for copy in range(copies)
        for geometry in (*boundaries.border, *boundaries.inset)
    ]
    shapely.STRtree(shifted[: len(shifted) // 2]).query(shapely.Point(x0, y0))
    return round(max(0.0, resident_mb() - before) * 2 * count / len(shifted), 1)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def run(*, json: bool = False, bundle: Path = GERMANY, every: int = 1) -> dict[str, Any]:
    """Measure all figures; with `json` nothing is shown meanwhile. Raises `OSError` where the bundle is missing."""
    load_ms = float(np.median([timed(functools.partial(Boundaries.load, bundle)) for _ in range(5)]))
    boundaries = Boundaries.load(bundle)
    atlas = Atlas(boundaries, every)
    shared = {name: case for name, (path, case) in SHARED_CASES.items() if path.exists()}
    cases = list((CASES | shared).items())
    shown = cases if json else track(cases, description="cases", console=Console(stderr=True))
    rows = [measure_case(name, case, atlas) for name, case in shown]
    whole, ratio, rule_only = measure_times(boundaries, every)
    points = measure_points(boundaries, max(1000, POINTS // every))
    return {
        "units": len(boundaries.border),
        "vintage": boundaries.provenance.vintage,
        "every": every,
        "rows": [asdict(row) for row in rows],
        "left_out": sorted(SHARED_CASES.keys() - shared.keys()),
        "ms": whole,
        "ratio_intersects": ratio,
        "ratio_rule_only": rule_only,
        "points_ms": points["exact"],
        "points_private_ms": points["private"],
        "load_ms": round(load_ms, 1),
        "mb_per_100000": measure_memory(boundaries, max(1000, POLYGONS // every)),
    }


def show(result: dict[str, Any]) -> None:
    table = Table(title=f"{result['units']} units, vintage {result['vintage']}")
    for heading in ("case", "alerts", "false per alert", "missed", "deeper than 100 m", "held"):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for row in result["rows"]:
        table.add_row(*(str(value) for value in row.values()))
    console = Console()
    console.print(table)
    console.print({key: value for key, value in result.items() if key != "rows"})


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="ops.lab.bench.targeting", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--bundle", type=Path, default=GERMANY)
    parser.add_argument("--every", type=int, default=1, help="draw every N-th alert of each case")
    options = parser.parse_args(argv)
    if not options.bundle.exists():
        print(f"{options.bundle} is missing: `make geodata` builds it", file=sys.stderr)
        return 2
    result = run(json=options.json, bundle=options.bundle, every=options.every)
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
