"""One sign outside of the alphabet does not halve an SMS."""

import sys
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import GSM7, Encoding, encoding_of
from channels.sms.spelling import spelled


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("„Rur“ – bitte meiden…", '"Rur" - bitte meiden...'),
        ("»Rur« ›a‹", "\"Rur\" 'a'"),
        ("10\u00a0m", "10 m"),
        ("Hoch\u00adwasser", "Hochwasser"),
        ("Du\u0308ren", "Düren"),
        ("a\r\nb", "a\nb"),
        ("• eins\n• zwei", "- eins\n- zwei"),
        ("Straße, Größe, Öl, ÄÖÜ", "Straße, Größe, Öl, ÄÖÜ"),
        ("garçon – déjà", "garcon - déjà"),
        ("100 °C", "100 Grad"),
        ("10\u202f°C", "10 Grad"),
        ("100°C abkochen", "100 Grad abkochen"),
        ("100 ℃", "100 Grad"),
        ("212 °F", "212 Grad F"),
        ("aus 270° West", "aus 270 Grad West"),
        ("50°48'", "50 Grad 48'"),
        ("14 °dH", "14 Grad dH"),
        ("5 m², 10 m³, CO₂", "5 m2, 10 m3, CO2"),
        ("10³ und 10⁻³", "10^3 und 10^-3"),
        ("½ Liter, 2½ Stunden, 2 ¼", "1/2 Liter, 2 1/2 Stunden, 2 1/4"),
        ("→ Ausgang, Pegel ≥ 3 m, ≤ 5 m", "-> Ausgang, Pegel >= 3 m, <= 5 m"),
        ("⚠️ Achtung 🌊 Flut", "Achtung Flut"),
        ("Achtung ⚠\ufe0f", "Achtung"),
        ("Wasser 🚫, Strom ✔", "Wasser (X), Strom (OK)"),
        ("☎ 02421 1", "Tel. 02421 1"),
        ("50 µg/m³", "50 ug/m3"),
        ("Kurşun bulaşması, ılık su", "Kursun bulasmasi, ilik su"),
        ("Ostrzeżenie: Łódź", "Ostrzezenie: Lodz"),
        ("Příliš žluťoučký kůň", "Prilis zlutoucky kun"),
        ("Étretat, cœur, á", "Étretat, coeur, a"),
        ("tűz, erdő", "tüz, erdö"),
        ("Pegel ↗, 20ºC, 1º", "Pegel ^, 20 Grad, 1o"),
        ("Ŋlɔ, ƙauye, Col·legi", "Nglo, kauye, Col-legi"),
        ("‼ № 5 ™ ﬁn Ⅳ", "!! No 5 TM fin IV"),
        ("a\ue000b", "ab"),
        ("γ-Strahlung, β-Zerfall", "Gamma-Strahlung, Beta-Zerfall"),
        ("❶ Fenster ❷ Türen, ⑪ ⓬", "1 Fenster 2 Türen, 11 12"),
        ("◼ eins ▷ zwei ≪ drei ¬ vier ‡", "- eins > zwei << drei - vier ++"),
        ("5⋅10³ Bq/m², ≙ 3 ₪", "5*10^3 Bq/m2, = 3 ILS"),
        ("zero\u200bwidth\u2060joiner\ufeff", "zerowidthjoiner"),
    ],
)
def test_what_has_a_spelling_gets_it(text: str, spelling: str) -> None:
    assert spelled(text, "de") == spelling
    assert encoding_of(spelling) is Encoding.GSM7


@pytest.mark.parametrize(
    ("text", "spelling"), [("100 °C", "100 C"), ("212°F", "212 F"), ("270° west", "270 deg west")]
)
@pytest.mark.parametrize("language", ["en", "tr", ""])
def test_a_degree_is_said_in_the_texts_own_language(text: str, spelling: str, language: str) -> None:
    assert spelled(text, language) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "Увага – 100 °C",
        "Προσοχή ½",
        "تحذير",
        "你好",
        "Achtung: вода",
        "🌊",
        "Achtung\n🌊🔥",
        "√2",
        "Pegel ≱ 3 m",
        "↛",
        "Pegel ↕",
    ],
)
def test_what_has_none_stays_as_it_is(text: str) -> None:
    assert spelled(text, "de") == text


def test_every_letter_of_europes_latin_has_a_spelling() -> None:
    """Latin-1 Supplement, Latin Extended-A and what Romanian and Vietnamese add."""
    letters = [chr(number) for number in (*range(0xC0, 0x180), *range(0x218, 0x21C), *range(0x1EA0, 0x1EFA))]
    assert len(letters) > 280
    for letter in filter(str.isalpha, letters):
        assert GSM7.issuperset(spelled(letter)), letter
        assert any(map(str.isalpha, spelled(letter))), letter


NEVER_LEFT = ("Cc", "Cs", "Co", "Me", "Mn", "Pd", "Pf", "Pi", "Sk", "So", "Zl", "Zp", "Zs")
"""Categories of which no sign halves a message."""


def halving(signs: Sequence[str]) -> list[str]:
    """The signs that are not spelt inside the alphabet. A hundred at a time: one by one, all of Unicode takes half a
    minute.
    """
    found = []
    for start in range(0, len(signs), 100):
        some = signs[start : start + 100]
        if not GSM7.issuperset(spelled("".join(f"a{sign}" for sign in some))):
            found += [sign for sign in some if not GSM7.issuperset(spelled(f"a{sign}"))]
    return found


@pytest.fixture(scope="module")
def by_category() -> dict[str, list[str]]:
    """All signs that normalisation leaves, without the arrows and signs that the stroke may say "not" to."""
    found: dict[str, list[str]] = defaultdict(list)
    for number in range(sys.maxunicode):
        if number not in {0x338, *range(0x2190, 0x2200)} and unicodedata.is_normalized("NFC", chr(number)):
            found[unicodedata.category(chr(number))].append(chr(number))
    return found


@pytest.mark.parametrize("category", NEVER_LEFT)
def test_no_mark_no_blank_and_no_picture_halves_a_message(
    by_category: dict[str, list[str]], category: str
) -> None:
    assert halving(by_category[category]) == []


@pytest.mark.parametrize("category", ["Lo", "Lu", "Sm"])
def test_letters_and_signs_that_have_no_spelling_do(by_category: dict[str, list[str]], category: str) -> None:
    """Digits and punctuation do too, and the stroke that says "not"."""
    assert halving(by_category[category][:500])


@given(st.text(max_size=200), st.sampled_from(["de", "en", ""]))
def test_spelling_again_changes_nothing_and_no_line_is_lost(text: str, language: str) -> None:
    once = spelled(text, language)
    assert spelled(once, language) == once
    assert "\r" not in once
    assert bool(once.strip()) == bool(spelled(once).strip())
