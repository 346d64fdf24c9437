"""Writes the rules as a table for people, which `ops/docs/cap-rules.md` holds."""

from collections.abc import Iterator

from cap.rules import RULES
from cap.rules.rule import Rule
from cap.rules.wording import in_table

HEAD = (
    "| Code | Strict | Lenient | Section | Sentence | Satz |",
    "| --- | --- | --- | --- | --- | --- |",
)


def rows() -> Iterator[str]:
    """Yields the head and one Markdown row per rule, in the order in which the rules are written down."""
    yield from HEAD
    yield from map(_row, RULES.values())


def _row(rule: Rule) -> str:
    cells = (
        f"`{rule.code}`",
        rule.strict,
        rule.lenient,
        rule.section,
        in_table(rule.message),
        in_table(rule.message_de),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
