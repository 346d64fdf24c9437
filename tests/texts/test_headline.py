"""A notice names what it is about, once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.vocabulary import Kind
from dispatcher.texts.headline import gives_all_clear, subject, titled
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from dispatcher.texts.words.english import ENGLISH
from dispatcher.texts.words.german import GERMAN


def title(kind: Any, *names: Any, words: Any = GERMAN) -> str:
    return titled(kind, subject(kind, names, words), words)


@pytest.mark.parametrize(
    ("kind", "headline", "shown"),
    [
        (Kind.ALERT, "Hochwasser an der Rur", "WARNUNG: Hochwasser an der Rur"),
        (Kind.ALERT, "Warnung: Hochwasser", "WARNUNG: Hochwasser"),
        (Kind.ALERT, "WARNUNG - Hochwasser", "WARNUNG: Hochwasser"),
        (Kind.ALERT, "Warnung! Hochwasser", "WARNUNG: Hochwasser"),
        (Kind.ALERT, "Amtliche Warnung: Sturm", "WARNUNG: Sturm"),
        (Kind.ALERT, "Warnung vor Hochwasser", "WARNUNG vor Hochwasser"),
        (Kind.ALERT, "Amtliche WARNUNG vor FROST", "AMTLICHE WARNUNG vor FROST"),
        (Kind.ALERT, "Neue Warnung vor Frost", "WARNUNG: Neue Warnung vor Frost"),
        (Kind.ALERT, "Keine Warnung mehr", "WARNUNG: Keine Warnung mehr"),
        (Kind.ALERT, "Warnung nicht mehr gültig", "WARNUNG: Warnung nicht mehr gültig"),
        (Kind.ALERT, "Warnung aufgehoben: Brand", "WARNUNG: Warnung aufgehoben: Brand"),
        (Kind.ALERT, "Warning of floods", "WARNUNG: Warning of floods"),
        (Kind.ALERT, "Warnungen vor Frost", "WARNUNG: Warnungen vor Frost"),
        (Kind.ALERT, "Unwetterwarnung", "WARNUNG: Unwetterwarnung"),
        (Kind.ALERT, "Warnung-App gestört", "WARNUNG: Warnung-App gestört"),
        (Kind.ALERT, "Entwarnung: nicht für Jülich", "WARNUNG: Entwarnung: nicht für Jülich"),
        (Kind.ALERT, "Keine Entwarnung", "WARNUNG: Keine Entwarnung"),
        (Kind.UPDATE, "Update: Warnung: Brand", "AKTUALISIERUNG: Warnung: Brand"),
        (Kind.UPDATE, "Aktualisierung", "AKTUALISIERUNG: Gefahr ohne nähere Angabe"),
        (Kind.CANCEL, "Entwarnung: Hochwasser", "ENTWARNUNG: Hochwasser"),
        (Kind.CANCEL, "ENTWARNUNG: Entwarnung – Brand", "ENTWARNUNG: Brand"),
        (Kind.CANCEL, "Warnung: Brand", "ENTWARNUNG: Brand"),
        (Kind.CANCEL, "Entwarnung für Jülich", "ENTWARNUNG für Jülich"),
        (Kind.CANCEL, "All clear: Flood", "ENTWARNUNG: Flood"),
        (Kind.CANCEL, "Warnung vor Brand", "ENTWARNUNG: Warnung vor Brand"),
        (Kind.CANCEL, "Warnung vor Brand aufgehoben", "ENTWARNUNG: Warnung vor Brand aufgehoben"),
        (Kind.NO_LONGER_AFFECTED, "Entwarnung: Brand", "FÜR IHREN ORT AUFGEHOBEN: Brand"),
        (Kind.DELISTED, "Warnung: Brand", "NICHT MEHR GEFÜHRT: Brand"),
        (Kind.DELISTED, "Entwarnung: Brand", "NICHT MEHR GEFÜHRT: Entwarnung: Brand"),
    ],
)
def test_no_word_is_said_twice_and_none_is_lost(kind: Any, headline: str, shown: str) -> None:
    assert title(kind, headline) == shown


@pytest.mark.parametrize(
    ("kind", "headline", "shown"),
    [
        (Kind.ALERT, "Warning: Flood", "WARNING: Flood"),
        (Kind.ALERT, "Warnung: Hochwasser", "WARNING: Hochwasser"),
        (Kind.ALERT, "Flood warning", "WARNING: Flood warning"),
        (Kind.ALERT, "Warning for the Rur valley", "WARNING for the Rur valley"),
        (Kind.UPDATE, "Update: Flood", "UPDATE: Flood"),
        (Kind.CANCEL, "All clear", "ALL CLEAR: Fire"),
        (Kind.CANCEL, "All-clear: Flood", "ALL CLEAR: Flood"),
        (Kind.CANCEL, "ALL CLEAR for Jülich", "ALL CLEAR for Jülich"),
        (Kind.NO_LONGER_AFFECTED, "Lifted: Flood", "LIFTED FOR YOUR AREA: Flood"),
    ],
)
def test_nor_in_english(kind: Any, headline: str, shown: str) -> None:
    assert title(kind, headline, "Fire", words=ENGLISH) == shown


@pytest.mark.parametrize(
    "headline",
    [
        *("Bisher keine Entwarnung: Brand im Lager", "Vorerst keine Entwarnung", "Weiterhin ohne Entwarnung"),
        *("Entwarnung nicht möglich", "Entwarnung für Jülich noch nicht", "Entwarnung für Jülich: keine"),
        *("Entwarnung erst am Abend", "Entwarnung in 2 Stunden", "Entwarnung folgt", "Aufgehoben für Jülich"),
        *("Brand: Entwarnung für Jülich", "Entwarnungssignal für Jülich", "All clear for Jülich"),
    ],
)
def test_an_all_clear_says_so_whatever_its_warnings_headline_was(headline: str) -> None:
    assert title(Kind.CANCEL, headline) == f"ENTWARNUNG: {headline}"


@pytest.mark.parametrize(
    "headline",
    [
        *("Concert cancelled after a fire", "Lifted crane fell over", "Cancelled trains at Düren"),
        *("No all clear for Jülich", "All clear not before noon", "All clear for Jülich isn't given"),
        *("All clear for Jülich not yet", "Warning lifted too early", "Entwarnung für Jülich"),
    ],
)
def test_so_does_one_in_english(headline: str) -> None:
    assert title(Kind.CANCEL, headline, words=ENGLISH) == f"ALL CLEAR: {headline}"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("\u26a0\ufe0f", "\U0001f30a\U0001f30a", "Hochwasser"), "ENTWARNUNG: Hochwasser"),
        (("\U0001f525!", "- \u2705 -"), "ENTWARNUNG: Die Warnung ist aufgehoben"),
        (("Entwarnung: \U0001f525",), "ENTWARNUNG: Die Warnung ist aufgehoben"),
        (("\u6d2a\u6c34",), "ENTWARNUNG: \u6d2a\u6c34"),
        (("112",), "ENTWARNUNG: 112"),
    ],
)
def test_signs_without_a_letter_or_digit_are_no_name(names: Any, shown: str) -> None:
    assert title(Kind.CANCEL, *names) == shown


@given(st.text(), st.sampled_from([Kind.CANCEL, Kind.NO_LONGER_AFFECTED, Kind.DELISTED]))
def test_every_end_begins_with_its_prefix(headline: str, kind: Any) -> None:
    assert title(kind, headline).startswith(GERMAN.prefix[kind])


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Entwarnung", "Hochwasser"), "ENTWARNUNG: Hochwasser"),
        (("ENTWARNUNG!", "Entwarnung", "Brand in Düren"), "ENTWARNUNG: Brand in Düren"),
        ((None, "", " \u200b", "Gefahr auf dem Campus"), "ENTWARNUNG: Gefahr auf dem Campus"),
        (("Entwarnung", None), "ENTWARNUNG: Die Warnung ist aufgehoben"),
        ((), "ENTWARNUNG: Die Warnung ist aufgehoben"),
    ],
)
def test_an_all_clear_is_never_empty(names: Any, shown: str) -> None:
    assert title(Kind.CANCEL, *names) == shown


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("words", CATALOGUES.values())
def test_every_prefix_is_said_once(kind: Any, words: Any) -> None:
    """Also where a Turkish capital has lost its dot, or a small letter has got one more, as `capitalize` gives it."""
    prefix = words.prefix[kind]
    for headline in (f"{prefix}: Brand", f"{prefix.capitalize()} – Brand", f"{prefix}: {prefix}: Brand"):
        assert title(kind, headline, words=words) == f"{prefix}: Brand"
    assert title(kind, prefix, "Brand", words=words) == f"{prefix}: Brand"
    assert title(kind, words=words).upper().count(prefix) == 1


@given(st.text(), st.sampled_from(Kind))
def test_there_is_always_a_title_of_one_line(headline: str, kind: Any) -> None:
    shown = title(kind, headline, "Brand")
    assert shown.strip()
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        ("Brand in Jülich", "WARNUNG AUFGEHOBEN: Brand in Jülich"),
        ("Warnung aufgehoben: Brand", "WARNUNG AUFGEHOBEN: Brand"),
        ("Warnung aufgehoben für Jülich", "WARNUNG AUFGEHOBEN für Jülich"),
        ("Warnung: Brand", "WARNUNG AUFGEHOBEN: Brand"),
        ("Warnung aufgehoben", "WARNUNG AUFGEHOBEN: Die Warnung ist aufgehoben"),
        ("Warning cancelled: Fire", "WARNUNG AUFGEHOBEN: Fire"),
    ],
)
def test_a_warning_that_is_taken_back_is_no_all_clear(headline: str, shown: str) -> None:
    assert titled(Kind.CANCEL, subject(Kind.CANCEL, [headline], GERMAN), GERMAN, GERMAN.withdrawn) == shown


@pytest.mark.parametrize(
    ("language", "kind", "headline", "shown"),
    [
        ("tr", Kind.ALERT, "Uyarı: Sel", "UYARI: Sel"),
        ("tr", Kind.ALERT, "Sel uyarısı", "UYARI: Sel uyarısı"),
        ("tr", Kind.CANCEL, "TEHLIKE GEÇTI: Sel", "TEHLİKE GEÇTİ: Sel"),
        ("tr", Kind.CANCEL, "Tehlike geçti", "TEHLİKE GEÇTİ: Yangın"),
        ("tr", Kind.CANCEL, "Tehlike henüz geçmedi", "TEHLİKE GEÇTİ: Tehlike henüz geçmedi"),
        ("uk", Kind.ALERT, "Попередження про бурю", "ПОПЕРЕДЖЕННЯ про бурю"),
        ("uk", Kind.ALERT, "Попередження скасовано: буря", "ПОПЕРЕДЖЕННЯ: Попередження скасовано: буря"),
        ("uk", Kind.CANCEL, "Відбій: повінь", "ВІДБІЙ ТРИВОГИ: повінь"),
        ("uk", Kind.CANCEL, "Відбій тривоги для Düren", "ВІДБІЙ ТРИВОГИ для Düren"),
        (
            "uk",
            Kind.CANCEL,
            "Відбій тривоги для Düren ще не дано",
            "ВІДБІЙ ТРИВОГИ: Відбій тривоги для Düren ще не дано",
        ),
        ("ar", Kind.ALERT, "تحذير من عاصفة", "تحذير من عاصفة"),
        ("ar", Kind.ALERT, "تحذير: فيضان", "تحذير: فيضان"),
        ("ar", Kind.CANCEL, "زوال الخطر: فيضان", "زوال الخطر: فيضان"),
        ("ar", Kind.CANCEL, "زوال الخطر لمنطقة Düren", "زوال الخطر لمنطقة Düren"),
        ("ar", Kind.CANCEL, "لا زوال الخطر بعد", "زوال الخطر: لا زوال الخطر بعد"),
    ],
)
def test_nor_in_turkish_ukrainian_and_arabic(language: str, kind: Any, headline: str, shown: str) -> None:
    assert title(kind, headline, "Yangın", words=words_for(language)) == shown


@pytest.mark.parametrize("words", CATALOGUES.values())
def test_the_word_for_a_warning_taken_back_is_another_and_is_said_once(words: Any) -> None:
    assert words.withdrawn not in words.prefix.values()
    assert len(words.withdrawn) <= len(words.prefix[Kind.CANCEL]) + 8, "an SMS has 160 characters"
    what = subject(Kind.CANCEL, [f"{words.withdrawn.capitalize()}: Brand"], words)
    assert titled(Kind.CANCEL, what, words, words.withdrawn) == f"{words.withdrawn}: Brand"


@pytest.mark.parametrize(
    ("headline", "gives"),
    [
        *(
            (headline, True)
            for headline in ("Entwarnung", "ENTWARNUNG!", "Entwarnung: Brand", "All clear - Flood")
        ),
        *((headline, True) for headline in ("Entwarnung für Jülich", "All-clear for Jülich")),
        *((headline, True) for headline in ("TEHLİKE GEÇTİ: Sel", "Відбій", "Відбій тривоги для Düren")),
        *((headline, True) for headline in ("زوال الخطر", "انتهى الخطر: فيضان", "زوال الخطر لمنطقة Düren")),
        *((headline, False) for headline in ("Tehlike geçti mi?", "Відбій тривоги для Düren не дано")),
        *((headline, False) for headline in ("زوال الخطر في الساعة 18", "لم يزل الخطر", "Uyarı kaldırıldı")),
        *((headline, False) for headline in (None, "", "Brand", "Keine Entwarnung", "Entwarnung folgt")),
        *((headline, False) for headline in ("Entwarnung für Jülich noch nicht", "Entwarnung: noch nicht")),
        *(
            (headline, False)
            for headline in ("Warnung aufgehoben", "Entwarnungssignal", "Entwarnung erst morgen")
        ),
    ],
)
def test_a_headline_may_give_the_all_clear_itself(headline: Any, gives: bool) -> None:
    assert gives_all_clear(headline) is gives
