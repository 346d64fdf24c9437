"""Spells a text inside the GSM alphabet where it can be: one sign outside of it halves what an SMS holds.

A letter with a mark that the alphabet lacks becomes its base letter; a sign becomes what people write in its place; a
pictograph is left out. What has no such spelling (Cyrillic, Arabic, Greek, Chinese) leaves the whole text as it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from channels.characters import legible
from channels.sms.gsm7 import GSM7

# What has no decomposition in Unicode (NFKD), or one that means something else to a reader.
_SIGNS: Final = {
    **dict.fromkeys("„″‶〃", '"'),
    **dict.fromkeys("‚‘’‛‹›′`´ʻʼʹˈʾʿ", "'"),
    **dict.fromkeys("−•·●◦▪■►▶‣○◆◇★☆⁃∙", "-"),
    **dict.fromkeys("→⇒➔➜➡⟶🡒↳↪", "->"),
    **dict.fromkeys("←⇐⬅⟵", "<-"),
    **dict.fromkeys("↔⇔", "<->"),
    **dict.fromkeys("↑⇑⬆↗↖⬈⬉", "^"),
    **dict.fromkeys("↓⇓⬇↘↙⬊⬋", "v"),
    **dict.fromkeys("≥⩾≧", ">="),
    **dict.fromkeys("≤⩽≦", "<="),
    **dict.fromkeys("✓✔☑✅", "(OK)"),
    **dict.fromkeys("✗✘✖❌❎🚫⛔", "(X)"),
    **dict.fromkeys("☎☏✆📞📱", "Tel."),
    **dict.fromkeys("❗❕", "!"),
    **dict.fromkeys("❓❔", "?"),
    **dict.fromkeys("µμ", "u"),
    "⁄": "/",
    "∕": "/",
    "∶": ":",
    **dict.fromkeys("≈≃∼", "~"),
    "≠": "<>",
    "∆": "Δ",
    "∅": "Ø",
    "±": "+/-",
    "×": "x",
    "÷": "/",
    "‰": "o/oo",
    "©": "(C)",
    "®": "(R)",
    "¢": "c",
    "₺": "TL",
    "₴": "UAH",
    "₽": "RUB",
    "¦": "|",
    "†": "+",
    "‡": "++",
    "¶": "",
    "¬": "-",
    "‽": "?!",
    "♯": "#",
    "∑": "Σ",
    **dict.fromkeys("◻◼◽◾❖‧∘", "-"),
    **dict.fromkeys("⋅∗⋆※", "*"),
    **dict.fromkeys("▷❯〉⟩", ">"),
    **dict.fromkeys("◁❮〈⟨", "<"),
    **dict.fromkeys("≅≊⁓", "~"),
    **dict.fromkeys("≡≙≘≜≝", "="),
    **dict.fromkeys("‖∥", "||"),
    **dict.fromkeys("ˆˇˉˊˋˍˎˏ", ""),
    "≪": "<<",
    "≫": ">>",
    "₣": "F",
    "₤": "£",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₸": "KZT",
    "₹": "INR",
    "₼": "AZN",
    "₾": "GEL",
    "₿": "BTC",
    # Numbers in circles, of which only the light ones have a decomposition.
    **{chr(first + n): str(n + 1) for first in (0x24F5, 0x2776, 0x2780, 0x278A) for n in range(10)},
    **{chr(0x24EB + n): str(n + 11) for n in range(10)},
    "⓿": "0",
}
_GREEK: Final = {
    "α": "Alpha",
    "β": "Beta",
    "γ": "Gamma",
    "δ": "Delta",
    "ε": "Epsilon",
    "ζ": "Zeta",
    "η": "Eta",
    "θ": "Theta",
    "ι": "Iota",
    "κ": "Kappa",
    "λ": "Lambda",
    "ν": "Ny",
    "ξ": "Xi",
    "ο": "Omikron",
    "π": "Pi",
    "ρ": "Rho",
    "σ": "Sigma",
    "τ": "Tau",
    "υ": "Ypsilon",
    "φ": "Phi",
    "χ": "Chi",
    "ψ": "Psi",
    "ω": "Omega",
}
"""Letters that stand alone in a text in another script: γ-radiation. μ is mostly a unit's."""
_LETTERS: Final = {
    **dict.fromkeys("ƀɓƃ", "b"),
    **dict.fromkeys("ɗɖƌ", "d"),
    **dict.fromkeys("ɛǝ", "e"),
    **dict.fromkeys("ɠǥ", "g"),
    **dict.fromkeys("ɨɩ", "i"),
    **dict.fromkeys("ɔɵ", "o"),
    **dict.fromkeys("ƶʒ", "z"),
    "ƈ": "c",
    "ƙ": "k",
    "ƚ": "l",
    "ŀ": "l",
    "Ŀ": "L",
    "ɲ": "n",
    "ƥ": "p",
    "ƭ": "t",
    "ʉ": "u",
    "ʋ": "v",
    "ƴ": "y",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ħ": "h",
    "Ħ": "H",
    "ı": "i",
    "ŋ": "ng",
    "Ŋ": "Ng",
    "œ": "oe",
    "Œ": "OE",
    "ŧ": "t",
    "Ŧ": "T",
    "ĸ": "k",
    "ə": "e",
    "Ə": "E",
    "ƒ": "f",
    "ẞ": "SS",
    "ő": "ö",
    "Ő": "Ö",
    "ű": "ü",
    "Ű": "Ü",
}
_CAPITALS: Final = {
    letter.upper(): spelling.capitalize()
    for letter, spelling in _LETTERS.items()
    if len(letter.upper()) == 1 and letter.upper() not in _LETTERS
}
_SPELLINGS: Final = {**_CAPITALS, **_SIGNS, **_LETTERS}
_KINDS: Final = {"Zs": " ", "Pd": "-", "Pi": '"', "Pf": '"'}
"""Blanks, dashes and quotation marks of every kind, by general category."""
_SUPERSCRIPT: Final = re.compile("(?<=[0-9])[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FRACTION: Final = re.compile("(?<=[0-9])(?=[¼½¾⅐-⅞])")
_LONE_GREEK: Final = re.compile(f"(?<![\u0370-\u03ff])[{''.join(_GREEK)}](?![\u0370-\u03ff])")
_ORDINAL_FOR_DEGREE: Final = re.compile(r"º(?=\s*[CF]\b)")
_DEGREES: Final = re.compile(r"(?<!\s)\s*[°˚]\s*(C\b|F\b)?(?=(\w)?)")
_GAPS: Final = re.compile(r"(?<=[^\n ]) {2,}")
_NOT: Final = "\u0338"
"""The stroke through a sign that turns its meaning round: ≱ is not ≥."""
_ARROWS: Final = range(0x2190, 0x2200)
_PICTOGRAPHS: Final = 0x1F000
"""Where pictographs begin, of which newer ones than Python's tables have no category yet."""


def spelled(text: str, language: str = "") -> str:
    """Return `text` inside the GSM alphabet if it has a spelling there; otherwise as it is (NFC). `language` is that of
    its words.
    """
    composed = unicodedata.normalize("NFC", legible(text))
    if GSM7.issuperset(composed):
        return composed
    lines = [_line(line, language) for line in composed.split("\n")]
    return composed if None in lines else "\n".join(line for line in lines if line is not None)


def _line(line: str, language: str) -> str | None:
    """Return the line's spelling. Pictographs that stand alone say something: then there is none."""
    signs = [_sign(sign) for sign in _joined(line, language)]
    if None in signs:
        return None
    spelling = _GAPS.sub(" ", "".join(sign for sign in signs if sign)).strip(" ")
    return spelling if spelling or not line.strip() else None


def _joined(line: str, language: str) -> str:
    """Spell what depends on the signs beside it: 10³, 2½, 100 °C, γ-radiation."""
    line = _LONE_GREEK.sub(lambda found: _GREEK[found[0]], line)
    line = _SUPERSCRIPT.sub(lambda found: f"^{found[0]}", line)
    line = _FRACTION.sub(" ", line.replace("℃", "°C").replace("℉", "°F"))
    line = _ORDINAL_FOR_DEGREE.sub("°", line)
    german = language.lower().partition("-")[0] == "de"
    return _DEGREES.sub(lambda found: _degrees(found, german=german), line)


def _degrees(found: re.Match[str], *, german: bool) -> str:
    """Return what is said for °: in German "Grad", which for temperatures is Celsius; else the unit alone. It stays a
    word of its own.
    """
    unit, follows = found[1] or "", found[2]
    words = f"Grad {unit.replace('C', '')}".strip() if german else unit or "deg"
    before = " " if found.start() and found.string[found.start() - 1] != "\n" else ""
    return f"{before}{words}{' ' if follows else ''}"


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str | None:
    """Return the spelling of one character, empty for one that is left out; None if there is none."""
    if sign in GSM7:
        return sign
    if sign in _SPELLINGS:
        return _SPELLINGS[sign]
    if unicodedata.category(sign) in _KINDS:
        return _KINDS[unicodedata.category(sign)]
    decomposed = unicodedata.normalize("NFKD", sign)
    if _NOT in decomposed:
        return None
    spelling = "".join(_SPELLINGS.get(part, part) for part in decomposed if not unicodedata.combining(part))
    if decomposed != sign and GSM7.issuperset(spelling):
        return spelling
    return "" if _says_nothing(sign) else None


def _says_nothing(sign: str) -> bool:
    """Whether a reader loses nothing by its absence: marks on letters, pictographs, private signs. An arrow may say
    what the water does.
    """
    if ord(sign) in _ARROWS:
        return False
    return unicodedata.category(sign) in {"Mn", "Me", "So", "Sk", "Co"} or (
        sign >= chr(_PICTOGRAPHS) and unicodedata.category(sign) == "Cn"
    )
