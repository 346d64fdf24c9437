"""Code registries that need a table: DWD's warning cells, and any scheme whose areas come as polygons."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher.boundaries.build import polygonal
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.projection import project
from dispatcher.boundaries.registry import Registry
from dispatcher.targeting.geocodes import scheme_of
from dispatcher.targeting.rule import MatchingRule, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from dispatcher.boundaries.build import BoundaryRow
    from dispatcher.boundaries.municipalities import Boundaries

DEFAULT_RULE = MatchingRule()
WARNCELL_DIGITS = 9


def from_polygons(
    scheme: str,
    rows: Iterable[BoundaryRow],
    source_crs: str,
    boundaries: Boundaries,
    rule: MatchingRule = DEFAULT_RULE,
) -> Registry:
    """Make a registry from the polygons of a scheme's areas (EMMA_ID, UGC, ...), matched once by the same rule.

    `BoundaryRow.ags` is the area's code. Several rows of one code are joined. Areas outside the data are left out.
    """
    table: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found = overlap(polygonal(project(row.geometry, boundaries.crs, source_crs)), boundaries, rule)
        table[row.ags].update(boundaries.units.ags[index] for index in found.indices[found.kept])
    return Registry({scheme: {code: tuple(sorted(keys)) for code, keys in table.items() if keys}})


def read_table(path: Path) -> Registry:
    """Read a registry from a CSV file with the columns scheme, code and ags, one municipality a row; `EMMA ID` and
    `emma_id` are one scheme, as in alerts.
    """
    tables: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in _csv(path, ",", ("scheme", "code", "ags")):
        tables[scheme_of(row["SCHEME"])][row["CODE"]].append(row["AGS"])
    return Registry({scheme: {code: tuple(keys) for code, keys in t.items()} for scheme, t in tables.items()})


def read_warncells(path: Path, boundaries: Boundaries) -> Registry:
    """Read DWD's `cap_warncellids_csv.csv`: city districts (type 7) lead to the city they are part of.

    Types 8 and 1 need no table. Parts of districts (9), lakes (2), sea (4) and coast (5) are not made of
    municipalities; import their polygons with `from_polygons` where they are wanted.
    """
    table: dict[str, tuple[str, ...]] = {}
    for row in _csv(path, ";", ("warncellid",)):
        code = row["WARNCELLID"]
        if len(code) == WARNCELL_DIGITS and code[0] == "7":
            city = boundaries.indices_of_ags(code[1:6])
            if len(city) == 1:
                table[code] = (boundaries.units.ags[city[0]],)
    return Registry({"WARNCELLID": table})


def with_registries(boundaries: Boundaries, paths: Sequence[Path]) -> Boundaries:
    """Return the boundaries with tables of codes; each file is DWD's list of warning cells, or has scheme, code and
    ags.

    Raises `BundleError` or `OSError`.
    """
    if not paths:
        return boundaries
    return replace(boundaries, registry=merged([_read(path, boundaries) for path in paths]))


def _read(path: Path, boundaries: Boundaries) -> Registry:
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        is_warncells = "WARNCELLID" in lines.readline().upper().split(";")
    return read_warncells(path, boundaries) if is_warncells else read_table(path)


def write_table(path: Path, registry: Registry) -> None:
    """Write what `read_table` reads."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("scheme", "code", "ags"))
        for scheme, table in registry.tables.items():
            writer.writerows((scheme, code, ags) for code, keys in sorted(table.items()) for ags in keys)
    partial.replace(path)


def merged(registries: Sequence[Registry]) -> Registry:
    """Make one registry from several; of two that know a code the later one counts."""
    tables: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for registry in registries:
        for scheme, table in registry.tables.items():
            tables[scheme].update(table)
    return Registry(dict(tables))


def _csv(path: Path, delimiter: str, needed: tuple[str, ...]) -> Iterable[Mapping[str, str]]:
    """Read rows with upper-case column names; publishers change their spelling and add byte order marks."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleError(f"{path.name} is not UTF-8") from error
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    header = [name.strip().upper() for name in next(reader, [])]
    missing = [name for name in needed if name.upper() not in header]
    if missing:
        raise BundleError(f"{path.name} lacks the column {', '.join(missing)}")
    return [dict(zip(header, (cell.strip() for cell in row), strict=False)) for row in reader if row]
