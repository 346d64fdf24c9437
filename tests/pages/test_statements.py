"""What the law wants said of an app."""

from dataclasses import dataclass

import pytest

from dispatcher.pages import statements
from dispatcher.pages.statements import NAMES
from dispatcher.settings import Settings
from tests.pages.test_public_bodies import BODY
from tests.pages.test_shell import Elements

HOSTILE = "<script>alert(1)</script>"


@dataclass
class Said:
    """The three pages of a body, by name."""

    body: object = BODY
    contact: str = ""

    def pages(self) -> dict[str, Elements]:
        found = (
            statements.imprint(self.body, self.contact),
            statements.privacy(self.body, self.contact, 30),
            statements.accessibility(self.body, self.contact, "Kreis Düren"),
        )
        return {name: Elements(text) for name, (_, text) in zip(NAMES, found, strict=True)}


def test_an_imprint_names_who_is_responsible_and_how_they_are_reached() -> None:
    page = Said().pages()["imprint"]
    for text in (BODY.name, *BODY.address, BODY.represented_by, BODY.phone, BODY.email, *BODY.more):
        assert text in page.text
    assert {"mailto:warnungen@kreis-dueren.example", "tel:02421220"} <= {one["href"] for one in page.all("a")}


def test_a_privacy_page_has_what_article_13_asks_for() -> None:
    text = Said().pages()["privacy"].text
    asked = (
        *(
            "Verantwortlich",
            "Datenschutzbeauftragte",
            "Rechtsgrundlage",
            "Aufsichtsbehörde",
            "Ihre Rechte nach der DSGVO",
        ),
        *("Wer Daten bekommt", "außerhalb der Europäischen Union", "nach 30 Tagen"),
        *("Artikel 15", "Artikel 16", "Artikel 17", "Artikel 18", "Artikel 77"),
        *(BODY.privacy.legal_basis, *BODY.privacy.officer, *BODY.privacy.authority),
    )
    for one in asked:
        assert one in text, one


def test_the_days_it_names_are_those_of_the_settings() -> None:
    days = Settings.model_fields["ended_kept_days"].default
    assert f"nach {days} Tagen" in statements.privacy(BODY, "", days)[1]


def test_an_accessibility_statement_has_the_parts_of_the_model() -> None:
    page = Said().pages()["accessibility"]
    heads = ("Stand der Vereinbarkeit", "Nicht barrierefreie Inhalte", "Erstellung dieser Erklärung",
             "Barrieren melden", "Durchsetzungsverfahren")  # fmt: skip
    for head in heads:
        assert head in page.text
    for text in (
        BODY.accessibility.law,
        "teilweise",
        "01.11.2026",
        "20.11.2026",
        *BODY.accessibility.barriers,
    ):
        assert text in page.text


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_has_entered_is_said_to_be_missing(name: str) -> None:
    page = Said(None, "info@dueren.example").pages()[name]
    assert "noch nichts eingetragen" in page.text
    assert "info@dueren.example" in page.text
    assert "noch nichts eingetragen" not in Said().pages()[name].text


@pytest.mark.parametrize("name", NAMES)
def test_what_an_operator_has_entered_is_text(name: str) -> None:
    hostile = BODY.model_copy(
        update={
            "name": HOSTILE,
            "email": '"><script>@x',
            "privacy": BODY.privacy.model_copy(update={"legal_basis": HOSTILE}),
            "accessibility": BODY.accessibility.model_copy(update={"law": HOSTILE}),
        }
    )
    page = Said(hostile).pages()[name]
    assert HOSTILE in page.text
    assert not page.all("script")
