"""`dispatcher match` and `dispatcher geodata import|show`: targeting by hand. Needs no servers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.model.sentences.count import how_many
from dispatcher.settings import Settings

app = typer.Typer(help="Boundary data.", no_args_is_help=True)

Bundle = Annotated[Path | None, typer.Option("--geodata", exists=True, dir_okay=False, help="a bundle")]
Registries = Annotated[
    list[Path] | None,
    typer.Option("--registry", exists=True, dir_okay=False, help="a table of codes; repeatable"),
]
USAGE = 2


@helped(
    Where.ALONE,
    "dispatcher match warnung.xml",
    "dispatcher match warnung.xml --picture karte.svg --json",
    exits={
        0: "gezeigt",
        2: "falscher Aufruf, oder eine Datei oder die Gebietsdaten sind nicht lesbar",
        3: "ein Teil einer Meldung trifft keine bekannte Gemeinde",
    },
)
def match(  # noqa: PLR0913 - each option is one thing that a file does not say of itself
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, metavar="DATEI…", help="Meldungen nach CAP, oder Feeds"),
    ],
    geodata: Bundle = None,
    registry: Registries = None,
    *,
    country: Annotated[
        str | None,
        typer.Option(help="Land der Quelle (ISO 3166-1): Vertauschte Koordinaten werden dorthin berichtigt"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="je Meldung ein JSON-Objekt in einer Zeile")
    ] = False,
    picture: Annotated[Path | None, typer.Option(help="wohin die Karte (SVG) kommt")] = None,
    language: Annotated[
        DeskLanguage, typer.Option(envvar="WARN_LANGUAGE", help="Sprache der Ausgabe")
    ] = DeskLanguage.GERMAN,
) -> None:
    """Zeigen, welche Gemeinden eine Meldung betrifft und warum: eine Tabelle, und eine Karte neben der Datei."""
    from dispatcher.boundaries.bundle import BundleError
    from dispatcher.commands.geodata_work import Matching, match_files
    from dispatcher.targeting.outcome import COUNTRY_BOXES, MatchProfile

    if country is not None and country not in COUNTRY_BOXES:
        raise typer.BadParameter(f"known countries: {', '.join(sorted(COUNTRY_BOXES))}")
    try:
        settings = Settings()
        tables = tuple(registry or settings.registries)
        matching = Matching(bundle=geodata or settings.boundaries, registries=tables)
        matching = replace(matching, profile=MatchProfile(home=COUNTRY_BOXES.get(country or "")))
        code = match_files(files, matching, as_json=as_json, picture=picture, language=language)
    except (BundleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USAGE) from error
    raise typer.Exit(code)


@app.command("import")
def import_(  # noqa: PLR0913 - each option is one thing that a file does not say of itself
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, help="BKG's archive as it was downloaded, GeoPackage, shape file or GeoJSON"
        ),
    ],
    target: Annotated[
        Path, typer.Argument(dir_okay=False, help="the bundle to write; one that is there is replaced")
    ],
    *,
    licence: Annotated[str, typer.Option(help="as the publisher names it")],
    vintage: Annotated[
        str, typer.Option(help="ISO date on which the boundaries were in force; BKG's data say it")
    ] = "",
    attribution: Annotated[
        str, typer.Option(help='for BKG "© GeoBasis-DE / BKG 2026 (Daten verändert)", of the data\'s year')
    ] = "",
    source: Annotated[
        str, typer.Option(help="the data set's name; default: BKG VG250, BKG VG250-EW, or the file's")
    ] = "",
    url: Annotated[str, typer.Option(help="where it comes from")] = "https://gdz.bkg.bund.de",
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2")] = "DE",
    columns: Annotated[str, typer.Option(help='vg250, lau, or JSON such as {"ags": ["CODE"]}')] = "vg250",
    layer: Annotated[str | None, typer.Option(help="of a GeoPackage")] = None,
    expected: Annotated[int | None, typer.Option(help="number of units the publisher states")] = None,
    previous: Annotated[
        Path | None,
        typer.Option(exists=True, help="older bundle, whose keys lead on; default: the one that is replaced"),
    ] = None,
) -> None:
    """Make a boundary bundle, of BKG's VG250 or VG250-EW or of other data. Nothing is written unless everything went
    well.
    """
    from dispatcher.boundaries.bundle import BundleError, Provenance
    from dispatcher.boundaries.importers import VG250
    from dispatcher.commands.geodata_work import Import, import_boundaries

    meaning = _columns(columns)
    if meaning is not VG250 and not (vintage and attribution):
        raise typer.BadParameter("only BKG's data say it themselves: --vintage, --attribution")
    provenance = Provenance(
        source=source,
        url=url,
        licence=licence,
        attribution=attribution,
        vintage=_date(vintage) if vintage else "",
        country=country,
        changes=("dissolved by key", "repaired", "projected"),
    )
    order = Import(
        file,
        target,
        provenance,
        columns=meaning,
        layer=layer,
        expected=expected,
        previous=previous,
    )
    try:
        done = import_boundaries(order)
    except (BundleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{how_many(done.units, 'unit')} from {how_many(done.rows, 'row')}, sha256 {done.sha256}")
    lives = (
        "no inhabitants: VG250-EW has them" if done.population is None else f"{done.population} inhabitants"
    )
    typer.echo(f"as of {done.vintage}, {lives}; to be shown: {done.attribution}")
    typer.echo(
        f"{len(done.dissolved)} dissolved, {len(done.repaired)} repaired: {', '.join(done.repaired[:20])}"
    )
    if done.succession is not None:
        changes = done.succession
        typer.echo(f"ended: {' '.join(changes.ended)}\nbegun: {' '.join(changes.begun)}")
        typer.echo("\n".join(f"{old} lies in {new} now" for old, new in changes.absorbed))
        typer.echo("\n".join(f"{ags}: ARS {old} is {new} now" for ags, old, new in changes.ars_changed))
    typer.echo(f"in force once WARN_BOUNDARIES is {target} and the service has started again")


@app.command("codes")
def codes(
    scheme: Annotated[str, typer.Argument(help="as alerts name it: EMMA_ID, UGC, …")],
    file: Annotated[Path, typer.Argument(exists=True, help="polygons of the scheme's areas")],
    target: Annotated[Path, typer.Argument(dir_okay=False, help="the table to write (CSV)")],
    column: Annotated[str, typer.Option(help="the attribute that holds the code")],
    layer: Annotated[str | None, typer.Option(help="of a GeoPackage")] = None,
    geodata: Bundle = None,
) -> None:
    """Make a table of codes from polygons: which municipalities each stands for, by the rule that alerts follow."""
    from dispatcher.boundaries.bundle import BundleError
    from dispatcher.boundaries.importers import Columns
    from dispatcher.commands.geodata_work import Matching, import_codes
    from dispatcher.targeting.geocodes import scheme_of

    columns = Columns(ags=(column,), ars=(), land=())
    try:
        boundaries = Matching(bundle=geodata or Settings().boundaries).boundaries()
        found, outside = import_codes(scheme_of(scheme), (file, columns, layer), boundaries, target)
    except (BundleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{how_many(found, 'code')}, {outside} more outside the boundary data")


@app.command("show")
def show(geodata: Bundle = None) -> None:
    """Source, licence, attribution, vintage and size of a bundle, as JSON."""
    from dispatcher.boundaries.bundle import BundleError
    from dispatcher.commands.geodata_work import Matching, describe

    try:
        boundaries = Matching(bundle=geodata or Settings().boundaries).boundaries()
    except (BundleError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(describe(boundaries, datetime.now(UTC)), ensure_ascii=False, indent=2))


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise typer.BadParameter("--vintage is a date such as 2026-01-01") from error


def _columns(text: str) -> Any:
    from dispatcher.boundaries.importers import PRESETS, Columns

    if text in PRESETS:
        return PRESETS[text]
    try:
        given: dict[str, Any] = {name: tuple(values) for name, values in json.loads(text).items()}
        if "land_values" in given:
            given["land_values"] = frozenset(given["land_values"])
        return Columns(**given)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise typer.BadParameter(f"--columns is {', '.join(PRESETS)} or a JSON object of lists") from error
