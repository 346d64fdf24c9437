"""Identifiers without the languages and prefixes of their editions."""

import pytest

from cap.identifiers import without_language

BASE = "2.49.0.0.276.0.DWD.PVW.1687511640000.0d1a4fb5-251a"


@pytest.mark.parametrize("identifier", [f"{BASE}.MUL", f"{BASE}.DEU", BASE, f"dwd.{BASE}.ENG", f"dwd.{BASE}"])
def test_editions_and_republications_share_a_key(identifier: str) -> None:
    assert without_language(identifier) == BASE


@pytest.mark.parametrize(
    "identifier", ["dwd.x.MUL", "", f"{BASE}.LAT", f"mow.{BASE}", "2.49.0.1.276.0.DWD..MUL"]
)
def test_other_identifiers_are_their_own_key(identifier: str) -> None:
    assert without_language(identifier) == identifier
