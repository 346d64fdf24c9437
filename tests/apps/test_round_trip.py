"""The words of messages with a code."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from channels.base import Notice, Urgency
from channels.sms.fitting import compose
from dispatcher.apps.round_trip import HOLDS, SHORT_HOLDS, code_sms, language_of, leave_sms, round_trip_notice
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from dispatcher.texts.words.words import Words

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("languages", "language"),
    [
        ((), "de"),
        (("fr", "en-GB"), "en"),
        (("de-simple", "de"), "de-simple"),
        (("uk",), "uk"),
        (("fr",), "de"),
    ],
)
def test_it_is_in_the_first_language_that_there_is(languages: tuple[str, ...], language: str) -> None:
    assert language_of(languages) == language


@pytest.mark.parametrize("proof", [True, False])
def test_an_app_finds_the_code_and_a_person_reads_that_it_is_no_warning(proof: bool) -> None:
    notice = round_trip_notice("the-code", ("en",), NOW, proof=proof, reference="codea1")
    document = json.loads(notice.payload)
    assert document["round_trip"] == ("proof" if proof else "test")
    assert (document["code"], document["test"], document["lang"]) == ("the-code", True, "en")
    assert document["title"] == notice.title
    assert (notice.urgency, notice.deadline) == (Urgency.HIGH, NOW + HOLDS)
    assert len(notice.payload) < 500


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_phone_is_told_that_it_runs_from_right_to_left(language: str) -> None:
    notice = round_trip_notice("the-code", (language,), NOW, proof=True, reference="codea1")
    document = json.loads(notice.payload)
    assert document["notification"].get("dir") == ("rtl" if language == "ar" else None)
    assert document["lang"] == document["notification"]["lang"] == language


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("proof", [True, False])
def test_an_sms_with_a_code_is_one_part_and_names_the_app(language: str, proof: bool) -> None:
    def sms(app: str, reference: str = "a1b2") -> Notice:
        return code_sms("012345", app, (language,), NOW, proof=proof, reference=reference)

    notice = sms("Hürtgenwald und Umgebung e. V. warnt alle")
    assert "012345" in notice.text
    assert "Hürtgenwald und Umgebung" in notice.text
    assert notice.text.startswith(words_for(language).test) is not proof
    assert len(compose(notice.text, 6, notice.language).parts) == 1
    assert (notice.language, notice.deadline) == (language, NOW + SHORT_HOLDS)
    assert sms("Düren").alert_id != sms("Düren", "c3d4").alert_id, (
        "no gateway takes it for the same once more"
    )
    assert "{" not in sms("{app}{0}").text.replace("{app}{0}", "")


@pytest.mark.parametrize("language", CATALOGUES)
def test_an_sms_with_a_code_to_leave_by_is_one_part(language: str) -> None:
    notice = leave_sms("012345", (language,), NOW, "a1b2")
    assert "012345" in notice.text
    assert (len(compose(notice.text, 6, notice.language).parts), notice.language) == (1, language)


OWN = ("proof_title", "proof_text", "trial_title", "trial_text", "sms_code", "sms_trial", "sms_leave")


def borrowed(catalogues: Mapping[str, Words]) -> set[tuple[str, str]]:
    """What a language says of codes and tests in the words of another: its tag, and the name of the words."""
    found = set()
    for tag, words in catalogues.items():
        others = [other for name, other in catalogues.items() if name != tag]
        found |= {
            (tag, name)
            for name in OWN
            if not getattr(words, name) or getattr(words, name) in {getattr(one, name) for one in others}
        }
    return found


def test_each_language_says_it_in_its_own_words() -> None:
    assert borrowed(CATALOGUES) == set()
    assert {name for name in Words.__slots__ if name.startswith(("proof_", "trial_", "sms_"))} == set(OWN)


def test_words_that_are_another_languages_are_noticed() -> None:
    simple = replace(CATALOGUES["de-simple"], sms_code=CATALOGUES["de"].sms_code)
    assert borrowed(CATALOGUES | {"de-simple": simple}) == {("de", "sms_code"), ("de-simple", "sms_code")}
