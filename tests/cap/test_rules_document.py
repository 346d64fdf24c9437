"""ops/docs/cap-rules.md says what the code does."""

from pathlib import Path

from cap.rules.table import rows

DOCUMENT = Path(__file__).parents[2] / "ops/docs/cap-rules.md"


def test_the_table_is_the_code_s():
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = lines.index("<!-- rules -->") + 1
    end = lines.index("<!-- end of rules -->")
    # To renew it: python -m cap rules
    assert [line for line in lines[start:end] if line] == list(rows())
