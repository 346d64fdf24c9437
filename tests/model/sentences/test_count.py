"""One is said of one, in every sentence of every catalogue, and several of none and of several."""

import ast
import dataclasses
import re
import string
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dispatcher.desk_texts.catalogue import CATALOGUES as DESK_TEXTS
from dispatcher.desk_texts.words import DeskTexts
from dispatcher.model.sentences.count import Count, counted, how_many
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import CATALOGUES as PHRASES
from dispatcher.model.sentences.sentence import said

ROOT = Path(__file__).parents[3]
COUNTS = set(
    re.findall(
        r"\w+",
        "accepted all count days districts failed gone hours least left limit max_bytes minutes most parts passed people quota "
        "recipients seconds waiting quiet",
    )
)
"""What stands in a sentence as a number that words go with."""
OTHERS = set(
    re.findall(
        r"\w+",
        "alert allowed amount at binding by channel channels choices code command confirmed counts covers currency delivered detail "
        "discard displayed district duration error expires feed file first gateway headline hint host id identifier identifiers keys known land lane language languages last "
        "latest line meaning month more name named names nearest note now number other path places port prefix price progress reason "
        "reference references release reports rule scheme sender senders sent share since source status steps target template text until url urls version "
        "what why word words",
    )
)
NOUNS = {
    "Gemeinde": "Gemeinden",
    "Person": "Personen",
    "Stelle": "Stellen",
    "Tag": "Tagen",
    "Teil": "Teile",
    "Warnung": "Warnungen",
    "byte": "bytes",
    "character": "characters",
    "day": "days",
    "municipality": "municipalities",
    "part": "parts",
    "person": "people",
    "place": "places",
    "recipient": "recipients",
    "warning": "warnings",
}
ALIKE = set(
    re.findall(
        r"\w+",
        "Byte MB bis counted used verbraucht Empfänger Zeichen min s h abgemeldet gescheitert of passed "
        "to mit von wartend bestanden bitte call in it mehr more weitere weiteren übergeben",
    )
)
"""What may stand behind one as behind several: units, nouns of one form, and what is no noun."""
WORD = r"(?: (?:more|weitere))? (\w+)"
PLURAL_VERBS = r"[^.;:]*\b(?:are|bekämen|have|lie|sind|they|umfassen|wait|warten|werden)\b"


def templates() -> Iterator[tuple[str, str]]:
    """Every sentence of every catalogue, with its place."""
    for language, texts in DESK_TEXTS.items():
        for field in dataclasses.fields(DeskTexts):
            for key, text in getattr(texts, field.name).items():
                yield f"{language.value} {field.name} {key}", text
    for code, phrases in PHRASES.items():
        for phrase, text in phrases.items():
            yield f"{code} {phrase.value}", text


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def filled(text: str, number: int) -> str:
    values: Mapping[str, Any] = {name: Count(number) if name in COUNTS else "…" for name in gaps(text)}
    return text.format_map(values)


def wrong(text: str) -> list[str]:
    """What is said wrongly of none, of one, or of two."""
    one, others = set(NOUNS) | ALIKE, set(NOUNS.values()) | ALIKE
    found = [
        told[0]
        for number, fitting in ((0, others), (1, one), (2, others))
        for told in re.finditer(rf"(?<![.\d]){number}{WORD}", filled(text, number))
        if told[1] not in fitting
    ]
    if re.search(r"\b1\b", filled(text, 1)) and filled(text, 1) != text:
        found += re.findall(rf"\b1\b{PLURAL_VERBS}", filled(text, 1))
    return found


def test_one_is_said_of_one_everywhere() -> None:
    assert [(place, found) for place, text in templates() if (found := wrong(text))] == []


def test_it_is_known_of_each_gap_whether_it_counts() -> None:
    used = {name for _, text in templates() for name in gaps(text)}
    assert used - COUNTS - OTHERS == set(), "name it here"
    assert COUNTS - used == set()


@pytest.mark.parametrize(
    "text",
    [
        "{identifier}: {count} Gemeinden",
        "{count} more places of this kind",
        "{people} {people:Person|Personen} warten",
        "{people} {people:Personen|Person}",
        "{count} {count:place|places} are not listed",
    ],
)
def test_a_form_that_does_not_go_with_its_number_is_noticed(text: str) -> None:
    assert wrong(text) != []


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [
        (0, "X: 0 Gemeinden", "X: 0 municipalities"),
        (1, "X: 1 Gemeinde", "X: 1 municipality"),
        (2, "X: 2 Gemeinden", "X: 2 municipalities"),
    ],
)
def test_a_phrase_is_said_with_its_number(number: int, german: str, english: str) -> None:
    assert said(Phrase.MATCH_TITLE, identifier="X", count=number) == (german, english)


def test_what_covers_one_district_and_what_is_left_off() -> None:
    covers = said(Phrase.DATA_COVERS, count=1, districts=1, names="05358", more="")
    assert covers.de == "Sie umfassen 1 Gemeinde in dem Kreis 05358."
    assert covers.en == "They cover 1 municipality in the district 05358."
    left_off = said(Phrase.MORE_LEFT_OFF, count=1)
    assert left_off.de == "1 weitere Stelle dieser Art ist nicht aufgeführt."
    assert left_off.en == "1 more place of this kind is not listed."


def unruled(source: str) -> list[str]:
    """What a program says of a number with a noun that goes with several only; a constant of ours is never one."""
    found = []
    for node in ast.walk(ast.parse(source)):
        pieces = node.values if isinstance(node, ast.JoinedStr) else []
        for value, text in pairwise(pieces):
            if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                noun = re.match(rf" (?:{'|'.join(SEVERAL)})\b", str(text.value))
                written = ast.unparse(value.value)
                if noun and not re.fullmatch(r"[\w.]*\b[A-Z_]+", written) and "how_many" not in written:
                    found.append(f"{{{written}}}{noun[0]}")
    return found


SEVERAL = (
    "alerts",
    "codes",
    "columns",
    "endpoints",
    "feeds",
    "fields",
    "files",
    "keys",
    "lines",
    "messages",
    "municipalities",
    "parts",
    "people",
    "places",
    "points",
    "rows",
    "sessions",
    "subscribers",
    "units",
    "workers",
)
"""Nouns that are counted."""


def test_what_commands_count_goes_by_the_one_rule() -> None:
    found = {
        (str(path.relative_to(ROOT)), said)
        for path in sorted((ROOT / "dispatcher").rglob("*.py"))
        if "migrations" not in path.parts
        for said in unruled(path.read_text("utf-8"))
    }
    assert found == set()


def test_a_number_that_goes_by_no_rule_is_noticed() -> None:
    assert unruled('f"{n} codes, {len(x)} rows of {MAX_ROWS} rows and {a} of {b}"') == [
        "{n} codes",
        "{len(x)} rows",
    ]
    assert unruled("f\"{how_many(n, 'code')} rows\"") == []


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 codes"), (1, "1 code"), (2, "2 codes"), (12_000, "12,000 codes")]
)
def test_operators_read_a_number_with_its_noun(number: int, said: str) -> None:
    assert how_many(number, "code") == said
    assert how_many(number, "key is", "keys are").endswith("key is" if number == 1 else "keys are")


def test_a_number_is_written_as_it_is_told_to() -> None:
    assert f"{Count(10_000, '10.000')} {Count(10_000):Teil|Teile}" == "10.000 Teile"
    assert f"{Count(7):03d}" == "007"
    assert counted(2) == Count(2)
    assert counted("2") == "2"
