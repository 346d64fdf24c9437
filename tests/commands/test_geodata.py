"""`dispatcher match` and `dispatcher geodata`, as they are typed."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from dispatcher.__main__ import app
from ops.lab.bench.fixtures import warning
from tests.boundaries import bkg

RUNNER = CliRunner()


def alert(tmp_path: Path, ars: str = "053580000000") -> Any:
    file = tmp_path / "alert.xml"
    file.write_bytes(warning.write("A", sender="a@example.org", ars=ars, grade=warning.FLASH))
    return file


def test_match_says_which_municipalities_and_why(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["match", "--json", str(alert(tmp_path))])
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len(found["municipalities"]) == 15
    assert {place["reason"] for place in found["municipalities"]} == {"geocode"}
    assert found["held"] is False


def test_match_draws_a_map_beside_the_file(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["match", str(alert(tmp_path))]).exit_code == 0
    assert (tmp_path / "alert.svg").read_text(encoding="utf-8").startswith("<svg")


def test_exchanged_coordinates_are_put_right_only_into_a_country_that_is_named(tmp_path: Path) -> None:
    file = alert(tmp_path)
    somalia = b"<circle>6.48,50.80 1</circle><geocode><valueName>X</valueName>"
    before, _, rest = file.read_bytes().partition(b"<geocode>")
    file.write_bytes(before + somalia + b"<value>1</value></geocode>" + rest.partition(b"</geocode>")[2])
    as_written = RUNNER.invoke(app, ["match", "--json", str(file)])
    assert json.loads(as_written.stdout)["municipalities"] == []
    put_right = RUNNER.invoke(app, ["match", "--json", "--country", "DE", str(file)])
    assert [place["name"] for place in json.loads(put_right.stdout)["municipalities"]] == ["Düren"]
    refused = RUNNER.invoke(app, ["match", "--country", "XX", str(file)])
    assert (refused.exit_code, "known countries: DE" in refused.stderr) == (2, True)


def test_what_matches_nothing_is_held(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["match", "--json", str(alert(tmp_path, ars="110000000000"))])
    assert (result.exit_code, json.loads(result.stdout)["held"]) == (3, True)


def test_a_file_that_is_no_cap_and_a_bundle_that_is_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<x/>")
    assert RUNNER.invoke(app, ["match", str(tmp_path / "x.xml")]).exit_code == 2
    result = RUNNER.invoke(app, ["match", "--geodata", str(tmp_path / "x.xml"), str(alert(tmp_path))])
    assert result.exit_code == 2
    assert "bundle" in result.stderr


def test_geodata_show_names_source_licence_and_vintage() -> None:
    shown = json.loads(RUNNER.invoke(app, ["geodata", "show"]).stdout)
    assert shown["attribution"] == "© GeoBasis-DE / BKG 2016 (Daten verändert)"
    assert (shown["units"], shown["vintage"]) == (89, "2016-01-01")


def square(ags: Any, lon: Any) -> dict[Any, Any]:
    ring = [[lon, 50.0], [lon + 0.1, 50.0], [lon + 0.1, 50.1], [lon, 50.1], [lon, 50.0]]
    return {
        "type": "Feature",
        "properties": {"CODE": ags, "NAME": f"Ort {ags}"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_geodata_import_takes_any_geojson_with_a_column_mapping(tmp_path: Path) -> None:
    source, target = tmp_path / "x.geojson", tmp_path / "x.bundle"
    features = [square("05358008", 6.0), square("05358012", 6.1)]
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    mapping = json.dumps({"ags": ["CODE"], "name": ["NAME"], "ars": []})
    options = ["--vintage", "2026-01-01", "--attribution", "Test", "--licence", "CC0", "--columns", mapping]
    result = RUNNER.invoke(app, ["geodata", "import", str(source), str(target), *options])
    assert result.exit_code == 0, result.output
    shown = json.loads(RUNNER.invoke(app, ["geodata", "show", "--geodata", str(target)]).stdout)
    assert shown["units"] == 2


def test_geodata_import_says_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "x.geojson", tmp_path / "x.bundle"
    source.write_text("{}")
    options = ["--vintage", "2026-01-01", "--attribution", "Test", "--licence", "CC0"]
    result = RUNNER.invoke(app, ["geodata", "import", str(source), str(target), *options])
    assert result.exit_code == 1
    assert not target.exists()
    for wrong in (["--columns", "{"], ["--vintage", "gestern"]):
        assert (
            RUNNER.invoke(app, ["geodata", "import", str(source), str(target), *options, *wrong]).exit_code
            == 2
        )


def test_codes_of_any_scheme_are_learnt_from_polygons_and_used(tmp_path: Path) -> None:
    areas, table = tmp_path / "areas.geojson", tmp_path / "codes.csv"
    ring = [[6.47, 50.79], [6.49, 50.79], [6.49, 50.81], [6.47, 50.81], [6.47, 50.79]]
    abroad = [[lon - 20, lat] for lon, lat in ring]
    features = [
        {
            "type": "Feature",
            "properties": {"ID": code},
            "geometry": {"type": "Polygon", "coordinates": [shape]},
        }
        for code, shape in (("DE'1\"", ring), ("ES1", abroad))
    ]
    areas.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    made = RUNNER.invoke(app, ["geodata", "codes", "emma_id", str(areas), str(table), "--column", "ID"])
    assert (made.exit_code, made.stdout) == (0, "1 code, 1 more outside the boundary data\n")
    file = alert(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"ARS", b"EMMA_ID").replace(b"053580000000", b"DE'1\""))
    found = RUNNER.invoke(app, ["match", "--json", "--registry", str(table), str(file)])
    assert [place["ags"] for place in json.loads(found.stdout)["municipalities"]] == ["05358008"]
    without = RUNNER.invoke(app, ["match", "--json", str(file)])
    assert (without.exit_code, json.loads(without.stdout)["municipalities"]) == (3, [])


def test_codes_from_a_file_without_the_column_are_refused(tmp_path: Path) -> None:
    areas = tmp_path / "areas.geojson"
    areas.write_text(json.dumps({"type": "FeatureCollection", "features": [square("05358008", 6.0)]}))
    made = RUNNER.invoke(
        app, ["geodata", "codes", "UGC", str(areas), str(tmp_path / "c.csv"), "--column", "ID"]
    )
    assert made.exit_code == 1
    assert not (tmp_path / "c.csv").exists()


def test_german_keys_are_digits(tmp_path: Path) -> None:
    source, target = tmp_path / "x.geojson", tmp_path / "x.bundle"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [square("0535'8\"", 6.0)]}))
    order = ["geodata", "import", str(source), str(target), "--vintage", "2026-01-01", "--attribution", "x"]
    result = RUNNER.invoke(app, [*order, "--licence", "y", "--columns", '{"ags": ["CODE"]}'])
    assert result.exit_code == 1
    assert "1 key is not 8 digits" in result.stderr
    assert not target.exists()


def test_the_download_of_the_federal_agency_is_imported_in_one_command(tmp_path: Path) -> None:
    target = str(tmp_path / "de.bundle")
    order = ["geodata", "import", str(bkg.published(tmp_path)), target, "--licence", "dl-de/by-2-0"]
    made = RUNNER.invoke(app, order)
    assert made.exit_code == 0, made.output
    assert "as of 2024-01-01, 106086 inhabitants; to be shown: © GeoBasis-DE / BKG 2024" in made.stdout
    assert f"WARN_BOUNDARIES is {target}" in made.stdout
    shown = json.loads(RUNNER.invoke(app, ["geodata", "show", "--geodata", target]).stdout)
    assert (shown["units"], shown["vintage"], shown["source"]) == (3, "2024-01-01", "BKG VG250-EW")
    assert shown["licence"] == "dl-de/by-2-0"


def test_data_of_others_do_not_say_what_they_are(tmp_path: Path) -> None:
    source = tmp_path / "x.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [square("05358008", 6.0)]}))
    order = ["geodata", "import", str(source), str(tmp_path / "x.bundle"), "--licence", "CC0"]
    assert RUNNER.invoke(app, [*order, "--columns", '{"ags": ["CODE"]}']).exit_code == 2
    assert RUNNER.invoke(app, [*order, "--columns", "lau"]).exit_code == 2
