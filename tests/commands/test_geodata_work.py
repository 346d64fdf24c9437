"""What the command line prints and writes."""

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.bundle import BundleError, Provenance
from dispatcher.boundaries.municipalities import PILOT, Boundaries
from dispatcher.commands.geodata_work import (
    HELD,
    NOT_CAP,
    READABLE,
    Import,
    Matching,
    describe,
    import_boundaries,
    match_files,
)
from tests.boundaries import bkg
from tests.boundaries.test_importers import feature, written

CAP = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>leitstelle@example.org</sender><sent>2021-07-14T20:00:00+02:00</sent><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope><info><category>Met</category><event>Hochwasser</event>
<urgency>Immediate</urgency><severity>Extreme</severity><certainty>Observed</certainty>
<area><areaDesc>Rur</areaDesc>{area}</area></info></alert>"""
CIRCLE = "<circle>50.8,6.48 0.5</circle>"
LOST = "<circle>48.1,11.5 1</circle><geocode><valueName>X</valueName><value>1</value></geocode>"


def message(tmp_path: Path, area: Any = CIRCLE, name: str = "a.xml", identifier: str = "one") -> Any:
    path = tmp_path / name
    path.write_text(CAP.format(identifier=identifier, area=area))
    return path


def test_json_has_one_object_per_alert(tmp_path: Path) -> None:
    out = io.StringIO()
    files = [message(tmp_path), message(tmp_path, LOST, "b.xml", "two")]
    assert match_files(files, as_json=True, out=out) == HELD
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first["identity"]["identifier"] == "one"
    assert first["identity"]["sent"] == "2021-07-14T20:00:00+02:00"
    assert first["municipalities"] == [
        {"ags": "05358008", "ars": "053580008008", "name": "Düren", "reason": "geometry", "share": 0.0093}
    ]
    assert first["unmatched"] == []
    assert first["held"] is False
    assert second["municipalities"] == []
    assert second["held"] is True
    assert {failure["kind"] for failure in second["unmatched"]} == {"circle", "geocode"}
    assert all(failure["message"] and failure["message_de"] for failure in second["unmatched"])
    assert not list(tmp_path.glob("*.svg"))


def test_a_table_and_a_picture(tmp_path: Path) -> None:
    out = io.StringIO()
    assert match_files([message(tmp_path)], out=out) == READABLE
    assert "Düren" in out.getvalue()
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert f"Karte: {tmp_path / 'a.svg'}" in out.getvalue(), "and where it is"


def test_failures_and_notes_are_printed(tmp_path: Path) -> None:
    out = io.StringIO()
    picture = tmp_path / "map.svg"
    point = message(tmp_path, "<circle>50.8,6.48 0</circle>", "c.xml", "zwei/../2")
    files = [message(tmp_path, LOST), point, point]
    assert match_files(files, out=out, picture=picture) == HELD
    assert 'Kreis 1 von Gebiet 1 "Rur": Liegt außerhalb der Gebietsdaten.' in out.getvalue()
    assert "ein Punkt wurde zu einem Kreis von 100 m erweitert" in out.getvalue()
    maps = {path.name for path in tmp_path.glob("*.svg")}
    assert maps == {"map.svg", "map-zwei_.._2.svg", "map-zwei_.._2-2.svg"}
    assert all(str(tmp_path / name) in out.getvalue() for name in maps)


def test_what_is_not_cap_is_named_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("not xml")
    assert match_files([bad, tmp_path / "none.xml", message(tmp_path)], as_json=True) == NOT_CAP
    captured = capsys.readouterr()
    assert "bad.xml" in captured.err
    assert "none.xml" in captured.err
    assert json.loads(captured.out)["municipalities"]


def test_the_data_can_be_chosen(tmp_path: Path) -> None:
    out = io.StringIO()
    target = tmp_path / "x.bundle"
    import_boundaries(
        Import(written(tmp_path, [feature(AGS="01001001")]), target, provenance()), io.StringIO()
    )
    match_files([message(tmp_path)], Matching(bundle=target), as_json=True, out=out)
    assert [m["ags"] for m in json.loads(out.getvalue())["municipalities"]] == ["01001001"]


def provenance(country: str = "") -> Provenance:
    return Provenance("test", "", "CC0", "nobody", "2020-01-01", country)


def test_an_import_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    source = written(tmp_path, [feature(AGS="01001001"), feature(AGS="01001002")])
    target = tmp_path / "x.bundle"
    with pytest.raises(BundleError, match="2 units, not 3"):
        import_boundaries(Import(source, target, provenance(), expected=3), io.StringIO())
    assert not target.exists()
    bar = io.StringIO()
    done = import_boundaries(Import(source, target, provenance(), expected=2), bar)
    assert (done.units, done.rows, done.succession) == (2, 2, None)
    assert "units" in bar.getvalue()
    read = bundles.read(target)
    assert read.sha256 == done.sha256
    assert len(read.provenance.source_sha256) == 64


def test_an_import_reports_what_became_of_the_older_keys(tmp_path: Path) -> None:
    first, second = tmp_path / "1.bundle", tmp_path / "2.bundle"
    import_boundaries(
        Import(written(tmp_path, [feature(AGS="01001001")]), first, provenance()), io.StringIO()
    )
    order = Import(written(tmp_path, [feature(AGS="01001002")]), second, provenance(), previous=first)
    done = import_boundaries(order, io.StringIO())
    assert done.succession.absorbed == (("01001001", "01001002"),)
    assert "AGS:01001001" in bundles.read(second).units.aliases


def test_a_bundle_describes_itself() -> None:
    said = describe(Boundaries.load(PILOT), datetime(2017, 1, 15, tzinfo=UTC))
    assert said["attribution"] == "© GeoBasis-DE / BKG 2016 (Daten verändert)"
    assert said["vintage"] == "2016-01-01"
    assert said["units"] == 89
    assert said["age_months"] == 12
    assert describe(Boundaries.load(PILOT), datetime(2015, 1, 1, tzinfo=UTC))["age_months"] == 0


TODAY = date(2025, 3, 1)
UNSAID = Provenance("", "", "dl-de/by-2-0", "", "", "DE")


def test_the_federal_agency_says_itself_what_its_data_are(tmp_path: Path) -> None:
    target = tmp_path / "de.bundle"
    done = import_boundaries(Import(bkg.published(tmp_path), target, UNSAID), io.StringIO(), today=TODAY)
    assert (done.units, done.vintage, done.population) == (3, "2024-01-01", 106_086)
    read = bundles.read(target)
    assert read.provenance.source == "BKG VG250-EW"
    assert read.provenance.attribution == "© GeoBasis-DE / BKG 2024 (Daten verändert)"
    assert read.units.population == (93_000, 4_321, 8_765)


def test_data_without_inhabitants_have_none_and_are_called_so(tmp_path: Path) -> None:
    target = tmp_path / "de.bundle"
    source = bkg.published(tmp_path, day="12-31", people=False)
    done = import_boundaries(Import(source, target, UNSAID), io.StringIO(), today=TODAY)
    assert (done.vintage, done.population) == ("2024-12-31", None)
    assert bundles.read(target).provenance.source == "BKG VG250"
    assert bundles.read(target).units.population == (None, None, None)


def test_boundaries_of_the_future_are_refused(tmp_path: Path) -> None:
    source = bkg.published(tmp_path)
    order = Import(source, tmp_path / "x.bundle", Provenance("", "", "x", "", "2025-03-02", "DE"))
    with pytest.raises(BundleError, match="2025-03-02 are not in force yet"):
        import_boundaries(order, io.StringIO(), today=TODAY)
    with pytest.raises(BundleError, match=r"newest change is of 2024-01-01.*--vintage"):
        import_boundaries(
            Import(source, tmp_path / "x.bundle", UNSAID), io.StringIO(), today=date(2023, 1, 1)
        )
    assert not (tmp_path / "x.bundle").exists()


def test_what_replaces_a_bundle_knows_its_keys_and_what_fails_leaves_it(tmp_path: Path) -> None:
    target, (first, second) = tmp_path / "de.bundle", (tmp_path / "a", tmp_path / "b")
    for folder in (first, second):
        folder.mkdir()
    import_boundaries(Import(bkg.published(first), target, UNSAID), io.StringIO(), today=TODAY)
    merged = bkg.Unit("053580099099", "Düren-Heimbach", 0, changed="2025-01-01")
    source = bkg.published(second, (merged,), people=False)
    done = import_boundaries(Import(source, target, UNSAID), io.StringIO(), today=TODAY)
    assert done.succession.absorbed == (("05358008", "05358099"),)
    assert "AGS:05358008" in bundles.read(target).units.aliases
    before = target.read_bytes()
    bad = tmp_path / "bad.zip"
    bad.write_bytes(source.read_bytes()[:2000])
    for broken in (Import(bad, target, UNSAID), Import(source, target, UNSAID, expected=9)):
        with pytest.raises(BundleError):
            import_boundaries(broken, io.StringIO(), today=TODAY)
    assert target.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"a", "b", "bad.zip", "de.bundle"}
