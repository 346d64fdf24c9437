"""ops/docs/cap-rules.md says what the code does."""

from pathlib import Path

from cap.findings import Level
from cap.rules import RULES
from cap.rules.rule import Rule
from cap.rules.table import _row, rows

DOCUMENT = Path(__file__).parents[3] / "ops/docs/cap-rules.md"


def test_the_table_is_the_code_s() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = lines.index("<!-- rules -->") + 1
    end = lines.index("<!-- end of rules -->")
    # To renew it: python -m cap rules
    assert [line for line in lines[start:end] if line] == list(rows())


def test_every_rule_has_a_row_of_six_cells() -> None:
    head, line, *rules = rows()
    assert len(rules) == len(RULES)
    assert {row.count("|") for row in (head, line, *rules)} == {7}
    assert not any("{}" in row for row in rules)


def test_a_cell_cannot_break_the_table() -> None:
    row = _row(Rule("a|b", Level.ERROR, Level.INFO, "§1", "one | two {}", "drei {}"))
    assert row == "| `a/b` | error | info | §1 | one / two … | drei … |"
