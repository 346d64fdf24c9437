"""Tables that spreadsheets open, and do not run."""

import csv
import io
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from dispatcher.console.desk.statistics import COLUMNS, as_csv, cell, statistics
from dispatcher.model.status import Owed, RecipientProgress
from dispatcher.model.vocabulary import AlertState
from tests.support.messages import NOW, stored

ALERT = replace(
    stored(), state=AlertState.SETTLED, received_at=NOW.replace(month=11, day=30, hour=23, minute=30)
)
BERLIN = ZoneInfo("Europe/Berlin")


def test_alerts_are_summed_up_by_month_status_event_severity_and_source() -> None:
    counted = RecipientProgress(5, (Owed("sms", "a", "down", "", 2),), (Owed("sms", "a", "rejected", "", 1),))
    alerts = [
        replace(ALERT, id="A"),
        replace(ALERT, id="B"),
        replace(ALERT, id="C", state=AlertState.RECORDED),
        replace(ALERT, id="D", status="Exercise"),
    ]
    rows = statistics(alerts, {"A": counted}, BERLIN)
    key = [ALERT.event, "Severe", ALERT.source_id]
    assert rows == [
        ["2026-12", "Actual", *key, 3, 2, 8, 5, 2, 1, 1],
        ["2026-12", "Exercise", *key, 1, 1, 0, 0, 0, 0, 1],
    ]
    assert all(len(row) == len(COLUMNS) for row in rows)


@pytest.mark.parametrize(
    "text", ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=HYPERLINK("x")']
)
def test_no_cell_is_run(text: str) -> None:
    assert cell(text) == f"'{text}"
    read = list(csv.reader(io.StringIO(as_csv([[text, 1]]).decode("utf-8-sig"), newline="")))
    assert read == [list(COLUMNS), [f"'{text}", "1"]]


@pytest.mark.parametrize("text", ["", "Hochwasser", "A=1", "2026-11", '"zitiert", mit Komma'])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text
