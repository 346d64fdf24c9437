"""Who is not reached by a message, in words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.desk_texts.owed import channel_word, code_words, failed_lines, waiting_lines

DESK = Desk(desk_texts("de"), DeskLanguage.GERMAN, ZoneInfo("Europe/Berlin"))
AT = "2026-11-28T05:25:00Z"


def owed(reason: str, code: str = "", **changes: Any) -> dict[str, Any]:
    values = {"channel": "webpush", "gateway": "x", "reason": reason, "code": code, "recipients": 1}
    return values | changes


@pytest.mark.parametrize(
    ("code", "shown"),
    [("worker_died", "Absturz während des Sendens, worker_died"), ("410", "410"), ("BLOCKED", "BLOCKED")],
)
def test_a_code_of_ours_is_said_in_words(code: str, shown: str) -> None:
    assert code_words(code, DESK) == shown


def test_to_whom_nothing_is_owed_has_not_failed() -> None:
    lines = failed_lines([owed("rejected", "413"), owed("gone"), owed("quiet_past_end")], DESK)
    assert [line.partition(":")[0] for line in lines] == ["Gescheitert", "Abgemeldet", "Nicht gestört"]


def test_it_is_said_when_those_who_wait_are_tried_again() -> None:
    [line, plain] = waiting_lines([owed("transient", "503", next_attempt_at=AT), owed("a-new-reason")], DESK)
    assert line.endswith("(503), nächster Versuch 28.11.2026 06:25 MEZ")
    assert plain.endswith("1 Empfänger: a-new-reason")
    assert channel_word("pigeon", DESK) == "pigeon"
