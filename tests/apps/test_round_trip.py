"""The words of messages with a code."""

import json
from datetime import UTC, datetime

import pytest

from channels.base import Urgency
from dispatcher.apps.round_trip import HOLDS, language_of, round_trip_notice

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("languages", "language"), [((), "de"), (("uk", "en-GB"), "en"), (("de-simple",), "de"), (("uk",), "de")]
)
def test_it_is_in_the_first_language_that_there_is(languages: tuple[str, ...], language: str) -> None:
    assert language_of(languages) == language


@pytest.mark.parametrize("proof", [True, False])
def test_an_app_finds_the_code_and_a_person_reads_that_it_is_no_warning(proof: bool) -> None:
    notice = round_trip_notice("the-code", ("en",), NOW, proof=proof)
    document = json.loads(notice.payload)
    assert document["round_trip"] == ("proof" if proof else "test")
    assert (document["code"], document["test"], document["lang"]) == ("the-code", True, "en")
    assert document["title"] == notice.title
    assert (notice.urgency, notice.deadline) == (Urgency.HIGH, NOW + HOLDS)
    assert len(notice.payload) < 500
