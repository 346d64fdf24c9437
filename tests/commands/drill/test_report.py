"""The page of a drill: all texts are text, nothing comes from elsewhere."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from dispatcher.commands.drill.measurement import measured
from dispatcher.commands.drill.report import report, seconds, share, weak_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.drills import DRILL_TEXTS
from tests.commands.drill.test_measurement import LEDGER, STATUS

GERMAN = DRILL_TEXTS[DeskLanguage.GERMAN]
HOSTILE = "</h1><script>alert(1)</script><img src=https://x.example/a onerror=b>\u202e&amp;"


def drill(**changes: Any) -> dict[str, Any]:
    receipts = [[0.0, 0.0, 0.0, 0.0], [5.0, 3.0, 2.0, 1.0]]
    step = measured("alarm", 0.25, STATUS, LEDGER) | {"receipts_over_time": receipts}
    return {
        "version": 1,
        "id": "drill-20261129-140000-0a1b",
        "name": "Probealarm",
        "began_at": "2026-11-29T14:00:00+01:00",
        "ended_at": "2026-11-29T14:20:00+01:00",
        "interrupted": "",
        "left_open": False,
        "municipalities": ["05358008"],
        "texts": {"alarm": {"headline": "Übung: Chemieunfall"}},
        "steps": [step],
        "weak": [],
    } | changes


def tags(page: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            found.append((tag, [name for name, _ in attrs]))

    Tags().feed(page)
    return found


@pytest.mark.parametrize("language", list(DeskLanguage))
def test_it_says_what_came_of_it_and_needs_nothing_else(language: DeskLanguage) -> None:
    words = DRILL_TEXTS[language]
    page = report(drill(), words)
    for text in ("Probealarm", "webpush", "Düren (05358008)", "3 (60.0 %)", words["no_weak"]):
        assert text in page
    assert page.count({"de": "ÜBUNG/TEST", "en": "EXERCISE/TEST"}[language]) == 2
    assert page.count("<svg viewBox") == 4, "accepted, receipts, by channel, by municipality"
    assert not {name for name, _ in tags(page)} & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert not re.search(r"https?:|url\(|@import", page)
    assert "default-src 'none'" in page


def test_what_nobody_could_count_is_no_empty_table() -> None:
    uncounted = drill()
    uncounted["steps"][0]["municipalities"] = None
    page = report(uncounted, GERMAN)
    assert GERMAN["uncounted"] in page
    assert GERMAN["uncounted"] not in report(drill(), GERMAN)
    assert "Düren (05358008)" not in page


def test_hostile_texts_are_text() -> None:
    weak = {"step": "alarm", "channel": HOSTILE, "what": "accepted", "value": 0.5, "bound": 0.9}
    hurt = drill(name=HOSTILE, interrupted=HOSTILE, texts={"alarm": {"headline": HOSTILE}}, weak=[weak])
    step = hurt["steps"][0]
    step["channels"][HOSTILE] = step["channels"].pop("webpush")
    step["municipalities"][0]["name"] = HOSTILE
    page = report(hurt, GERMAN)
    assert {name for name, _ in tags(page)} == {name for name, _ in tags(report(drill(), GERMAN))}
    assert "\u202e" not in page
    assert not [name for _, names in tags(page) for name in names if name.startswith("on")]


def test_a_drill_that_was_interrupted_or_is_open_says_so() -> None:
    page = report(drill(interrupted="by hand", left_open=True, steps=[], texts={}), GERMAN)
    assert "abgebrochen worden: by hand" in page
    assert GERMAN["is_open"] in page


def test_what_fell_short_is_a_sentence() -> None:
    one = {"step": "alarm", "channel": "sms", "what": "accepted", "value": 0.61, "bound": 0.95}
    assert weak_line(one, GERMAN) == "Alarm, sms: nur 61.0 % statt 95.0 % der Empfänger übergeben"
    assert (share(0, 0), seconds(None)) == ("–", "–")
