"""What the command line does with targeting: match files, import boundaries, say what a bundle is."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from hashlib import file_digest
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

import cap
from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import build
from dispatcher.boundaries.bundle import BundleError, Provenance
from dispatcher.boundaries.importers import VG250, Columns, DataSet, read
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.succession import Succession, succession, with_aliases
from dispatcher.boundaries.vintage import bkg_attribution, stated_vintage
from dispatcher.commands.matching.map_svg import svg
from dispatcher.commands.matching.table import show_match
from dispatcher.commands.terminal import json_line, shown
from dispatcher.intake.prepare import match_areas
from dispatcher.model.sentences.count import how_many
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.targeting.match import (
    DEFAULT_MATCHING_RULE,
    DEFAULT_PROFILE,
    MatchingRule,
    MatchProfile,
)
from dispatcher.targeting.registries import from_polygons, with_registries, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatcher.targeting.outcome import Match, Unmatched

READABLE, NOT_CAP, HELD = 0, 2, 3
NAME_LENGTH = 60
"""Characters of an identifier in a map's name."""


@dataclass(frozen=True, slots=True)
class Matching:
    """How files are matched, and against which boundaries."""

    bundle: Path | None = None
    """The bundle to match against; None: the one in the package."""
    rule: MatchingRule = DEFAULT_MATCHING_RULE
    profile: MatchProfile = DEFAULT_PROFILE
    registries: tuple[Path, ...] = ()
    """Tables of codes to match with."""

    def boundaries(self) -> Boundaries:
        data = Boundaries.default() if self.bundle is None else Boundaries.load(self.bundle)
        return with_registries(data, self.registries)


DEFAULT_MATCHING = Matching()


def match_files(
    paths: Sequence[Path],
    matching: Matching = DEFAULT_MATCHING,
    *,
    as_json: bool = False,
    picture: Path | None = None,
    out: TextIO | None = None,
    language: str = "de",
) -> int:
    """Match every alert in the files and print a table each, or one JSON object a line with `as_json`.

    `picture` is where the SVG map goes (default: beside the file, `<name>.svg`; none with `as_json` unless
    given); of several alerts for one map each gets its identifier in the name. What was written is said. Returns 0, 2
    if a file is not readable CAP, or 3 if an alert is held.
    """
    stream = out or sys.stdout
    boundaries = matching.boundaries()
    status, drawn = READABLE, _Maps(boundaries, language)
    for path in paths:
        try:
            document = cap.parse(path.read_bytes())
        except (cap.CapError, OSError) as error:
            sentence = error.message_de if language == "de" and isinstance(error, cap.CapError) else error
            print(shown(f"{path.name}: {sentence}"), file=sys.stderr)  # noqa: T201 - the command's own output
            status = max(status, NOT_CAP)
            continue
        for alert in document.alerts:
            found = match_areas(alert, boundaries, matching.rule, matching.profile)
            status = max(status, HELD if found.held else READABLE)
            console = Console(file=stream, soft_wrap=True)
            if as_json:
                print(json_line(as_object(alert, found)), file=stream)
            else:
                show_match(console, alert, found, language)
            target = picture or (None if as_json else path.with_suffix(".svg"))
            if target is not None:
                written = drawn.write(target, alert, found)
                if not as_json:
                    console.print(Text(shown(said(Phrase.MAP_WRITTEN, path=written).in_language(language))))
    return status


class _Maps:
    """Writes maps, each to a file of its own."""

    def __init__(self, boundaries: Boundaries, language: str) -> None:
        self._boundaries = boundaries
        self._language = language
        self._written: set[Path] = set()

    def write(self, target: Path, alert: cap.Alert, found: Match) -> Path:
        """Write the map of an alert, and return where: the file that was asked for, or one with its identifier in the
        name where another alert's map is there already.
        """
        place, number = target, 1
        while place in self._written:
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", alert.identifier)[:NAME_LENGTH]
            place = target.with_stem(f"{target.stem}-{name}" + (f"-{number}" if number > 1 else ""))
            number += 1
        self._written.add(place)
        headline = next((info.headline for info in alert.infos if info.headline), "") or alert.identifier
        place.write_text(svg(found, self._boundaries, headline, self._language), encoding="utf-8")
        return place


def as_object(alert: cap.Alert, found: Match) -> dict[str, Any]:
    """Return the outcome for one alert as JSON says it."""
    sender, identifier, sent = alert.identity
    return {
        "identity": {"sender": sender, "identifier": identifier, "sent": sent.isoformat() if sent else None},
        "municipalities": [asdict(affected) for affected in found.affected],
        "unmatched": [_lost(lost) for lost in found.unmatched],
        "held": found.held,
        "notes": list(found.notes),
        "notes_de": list(found.notes_de),
    }


def _lost(lost: Unmatched) -> dict[str, str]:
    return {
        "kind": lost.kind,
        "value": lost.value,
        "reason": lost.reason,
        "message": lost.said.en,
        "message_de": lost.said.de,
    }


@dataclass(frozen=True, slots=True)
class Import:
    """A boundary file and what must be known of it that it does not say itself."""

    source: Path
    target: Path
    provenance: Provenance
    """What is known of the file. Of BKG's data, source, vintage and attribution may be empty: they say it."""
    columns: Columns = VG250
    layer: str | None = None
    expected: int | None = None
    """The number of units the publisher states; another number is an error."""
    previous: Path | None = None
    """An older bundle: its changed keys are reported, and kept as aliases. By default the one that is replaced."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came out of an import."""

    units: int
    rows: int
    dissolved: tuple[str, ...]
    repaired: tuple[str, ...]
    succession: Succession | None
    sha256: str
    vintage: str
    attribution: str
    population: int | None
    """The inhabitants of all units; None where the data do not say."""


def import_boundaries(order: Import, out: TextIO | None = None, *, today: date | None = None) -> Imported:
    """Build a bundle from a file and write it, with a progress bar; raises `BundleError` or `OSError`. `today`: by
    default that of the clock.

    Nothing is written unless everything went well: a bundle that was there before stays.
    """
    data = read(order.source, order.columns, order.layer)
    provenance = _provenance(order, data, today or datetime.now(UTC).date())
    previous = order.previous or (order.target if order.target.exists() else None)
    old = None if previous is None else bundles.read(previous)
    with Progress(console=Console(file=out or sys.stderr)) as progress:
        task = progress.add_task("units", total=len(data.rows))
        built = build(
            data.rows,
            provenance,
            source_crs=data.crs,
            progress=lambda done: progress.update(task, completed=done),
        )
        progress.update(task, completed=len(data.rows))
    units = built.bundle.units
    if order.expected is not None and len(units.ags) != order.expected:
        raise BundleError(f"{order.source.name} has {how_many(len(units.ags), 'unit')}, not {order.expected}")
    result, changes = built.bundle, None
    if old is not None:
        changes = succession(old, result)
        result = with_aliases(result, old, changes)
    known = [one for one in units.population if one is not None]
    return Imported(
        units=len(units.ags),
        rows=built.rows,
        dissolved=built.dissolved,
        repaired=built.repaired,
        succession=changes,
        sha256=bundles.write(order.target, result),
        vintage=provenance.vintage,
        attribution=provenance.attribution,
        population=sum(known) if known else None,
    )


def _provenance(order: Import, data: DataSet, today: date) -> Provenance:
    """Return where the data come from, with what they say themselves where the operator did not; raises `BundleError`
    where they say nothing.
    """
    known = order.provenance
    stated = stated_vintage(data.names, data.newest_change, today)
    if not known.vintage and stated is None:
        newest = f"the newest change is of {data.newest_change}" if data.newest_change else "no row has a WSK"
        raise BundleError(f"the data do not say as of when they are ({newest}): say it with --vintage")
    vintage = date.fromisoformat(known.vintage or str(stated))
    if vintage > today:
        raise BundleError(f"boundaries of {vintage} are not in force yet")
    with order.source.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    bkg = "BKG VG250-EW" if any(row.population for row in data.rows) else "BKG VG250"
    return replace(
        known,
        source=known.source or (bkg if order.columns is VG250 else order.source.name),
        vintage=vintage.isoformat(),
        attribution=known.attribution or bkg_attribution(vintage),
        source_sha256=digest,
    )


def import_codes(
    scheme: str, source: tuple[Path, Columns, str | None], boundaries: Boundaries, target: Path
) -> tuple[int, int]:
    """Write a table of codes from a file of polygons; returns how many codes it has, and how many lie outside the
    data.
    """
    data = read(*source)
    registry = from_polygons(scheme, data.rows, data.crs, boundaries)
    codes = {row.ags for row in data.rows}
    found = registry.tables[scheme]
    write_table(target, registry)
    return len(found), len(codes - found.keys())


def describe(boundaries: Boundaries, now: datetime) -> dict[str, Any]:
    """Return what must be visible wherever the data is used: source, licence, attribution, vintage, age."""
    provenance = boundaries.provenance
    return {
        **asdict(provenance),
        "units": len(boundaries.municipalities),
        "crs": boundaries.crs,
        "inset_m": boundaries.inset_m,
        "sha256": boundaries.sha256,
        "age_months": max(0, (now - provenance.as_of).days // 30),
    }
