"""Who stands behind each app, as an operator writes it down."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dispatcher.pages.public_bodies import PublicBodiesError, PublicBody, load_public_bodies

FILE = """
[dueren]
name = "Kreis Düren – Der Landrat"
address = ["Bismarckstraße 16", "52351 Düren"]
represented_by = "Landrat M. Muster"
phone = "02421 22-0"
email = "warnungen@kreis-dueren.example"
more = ["Aufsichtsbehörde: Bezirksregierung Köln"]

[dueren.privacy]
legal_basis = "§ 3 BHKG in Verbindung mit Artikel 6 Absatz 1 Buchstabe e DSGVO"
officer = ["datenschutz@kreis-dueren.example"]
authority = ["Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen"]

[dueren.accessibility]
law = "BGG NRW und BITV NRW"
status = "partial"
barriers = ["Die Karte einer Warnung hat keinen Textersatz für ihre Form; die Gemeinden stehen daneben."]
assessed = "Selbstbewertung"
written_on = 2026-11-01
reviewed_on = 2026-11-20
enforcement = ["Ombudsstelle für barrierefreie Informationstechnik des Landes Nordrhein-Westfalen"]
"""


BODY = PublicBody.model_validate(tomllib.loads(FILE)["dueren"])


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        path = tmp_path / "bodies.toml"
        path.write_text(text)
        return path

    return write


def test_a_body_is_read_whole(file: Any) -> None:
    [(name, body)] = load_public_bodies(file(FILE)).items()
    assert (name, body) == ("dueren", BODY)
    assert body.address == ("Bismarckstraße 16", "52351 Düren")
    assert load_public_bodies(None) == {}


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("[dueren]", '["Düren"]', "[Düren]: no id"),
        ('phone = "02421 22-0"', "", "[dueren.phone]: Field required"),
        ('phone = "02421 22-0"', 'phone = ""', "[dueren.phone]"),
        ('phone = "02421 22-0"', 'phon = "1"\nphone = "1"', "[dueren.phon]: Extra inputs"),
        ('email = "warnungen@kreis-dueren.example"', 'email = "nobody"', "[dueren.email]"),
        ("written_on = 2026-11-01", 'written_on = "gestern"', "[dueren.accessibility.written_on]"),
        ('status = "partial"', 'status = "full"', "[dueren.accessibility]: status"),
        ('status = "partial"', 'status = "all"', "[dueren.accessibility.status]"),
        ('address = ["Bismarckstraße 16", "52351 Düren"]', "address = []", "[dueren.address]"),
        (
            'officer = ["datenschutz@kreis-dueren.example"]',
            'officer = ["a\\nb"]',
            "[dueren.privacy.officer.0]",
        ),
        ("[dueren.privacy]", "[dueren.privacy", "bodies.toml"),
    ],
)
def test_what_is_wrong_is_named(file: Any, wrong: str, right: str, said: str) -> None:
    assert wrong in FILE
    with pytest.raises(PublicBodiesError) as refused:
        load_public_bodies(file(FILE.replace(wrong, right, 1)))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublicBodiesError, match="nowhere"):
        load_public_bodies(tmp_path / "nowhere.toml")
