"""Real messages that nobody here wrote get the verdict that their index gives them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cap
from cap.formats.archive import is_zip, members
from cap.formats.nina import parse_nina
from cap.rules import RULES
from cap.rules.validation import check_container

# Verdicts that differ from the index, each argued in ops/docs/cap-rules.md.
ARGUED = {"google-cap-library/43b080713727.cap": True}
NOT_MESSAGES = (".pem", ".geojson", ".json")


@dataclass(frozen=True)
class Row:
    file: str
    verdict: str

    @property
    def is_valid(self) -> Any:
        if self.file in ARGUED:
            return ARGUED[self.file]
        wrong = ("XSD-invalid", "XSD-valid, breaks prose rules", "feed index | deliberately invalid")
        return not self.verdict.startswith(wrong)


@pytest.fixture(scope="session")
def rows(corpus: Path) -> list[Any]:
    with (corpus / "INDEX.tsv").open(encoding="utf-8") as file:
        table = [Row(row["file"], row["verdict"]) for row in csv.DictReader(file, delimiter="\t")]
    return [row for row in table if not row.file.endswith(NOT_MESSAGES)]


def documents(data: Any) -> Iterator[Any]:
    """The documents of a body or an archive; a refusal counts as a document that is not valid."""
    bodies = [member.content for member in members(data, cap.Limits())] if is_zip(data) else [data]
    for body in bodies:
        try:
            yield cap.parse(body)
        except cap.CapError:
            yield None


def is_valid(document: Any) -> Any:
    if document is None or not cap.is_valid(check_container(document)):
        return False
    return all(cap.is_valid(cap.check(alert)) for alert in document.alerts)


def test_every_file_gets_the_verdict_of_its_row(corpus: Path, rows: list[Any]) -> None:
    verdicts = {row.file: all(map(is_valid, documents((corpus / row.file).read_bytes()))) for row in rows}
    assert len(rows) >= 40
    assert verdicts == {row.file: row.is_valid for row in rows}


def test_argued_differences_are_argued(pytestconfig: Any) -> None:
    text = (pytestconfig.rootpath / "ops/docs/cap-rules.md").read_text(encoding="utf-8")
    assert [file for file in ARGUED if f"`{file}`" not in text] == []


def test_what_is_written_back_reads_as_the_same_value(corpus: Path, rows: list[Any]) -> None:
    for row in rows:
        for document in documents((corpus / row.file).read_bytes()):
            for alert in document.alerts if document else ():
                (again,) = cap.parse(cap.render(alert)).alerts
                assert again == alert, row.file
                if cap.is_valid(cap.check(alert)):
                    assert {problem.code for problem in again.problems} <= {"polygon-antimeridian"}, row.file


def test_lenient_is_never_heavier_than_strict() -> None:
    weights = [cap.Level.INFO, cap.Level.WARNING, cap.Level.ERROR]
    heavier = [
        rule.code for rule in RULES.values() if weights.index(rule.lenient) > weights.index(rule.strict)
    ]
    assert heavier == []


def test_a_nina_cancel_reads_with_its_shapes(corpus: Path) -> None:
    name = "nina/mow.DE-HE-KS-SE106-20250313-106-001"
    document = parse_nina((corpus / f"{name}.json").read_bytes(), (corpus / f"{name}.geojson").read_bytes())
    (alert,) = document.alerts
    area = alert.infos[0].areas[0]
    assert cap.is_valid(cap.check(alert))
    assert alert.msg_type is cap.MsgType.CANCEL
    assert len(alert.infos) == 9
    assert len(area.polygons) == 25
    lats = [lat for polygon in area.polygons for lat, _ in polygon.lat_lon]
    assert 49 < min(lats) < max(lats) < 52
    assert alert.references[0].sent.isoformat() == "2025-03-13T09:15:06+00:00"


def test_a_nina_list_is_not_a_warning(corpus: Path) -> None:
    with pytest.raises(cap.NotJson):
        parse_nina((corpus / "nina/dashboard-sample.json").read_bytes())


def test_dwd_languages_share_their_geometry(corpus: Path) -> None:
    (archive,) = (corpus / "dwd").glob("*.zip")
    found = [alert for document in documents(archive.read_bytes()) for alert in document.alerts]
    assert [len(alert.infos) for alert in found] == [8, 8, 8]
    excluded = [len(area.excluded) for alert in found for area in alert.areas()]
    assert sum(excluded) == 16
    for alert in found:
        rings = {id(polygon.lat_lon) for area in alert.areas() for polygon in area.polygons}
        assert len(rings) * len(alert.infos) == sum(len(area.polygons) for area in alert.areas())
