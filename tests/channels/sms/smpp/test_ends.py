"""The codes of sessions that are over."""

import ast
from pathlib import Path

from channels.sms.smpp.ends import IN_GOOD_ORDER, EndCode

SMPP = Path(__file__).parents[4] / "channels/sms/smpp"


def used(*sources: str) -> set[str]:
    """The members of `EndCode` that code names."""
    return {
        node.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "EndCode"
    }


def test_every_code_is_some_sessions_end() -> None:
    sources = [
        (SMPP / f"{name}.py").read_text(encoding="utf-8") for name in ("bindings", "connecting", "session")
    ]
    assert used(*sources) == {each.name for each in EndCode}
    assert used("x = EndCode.SILENT") == {"SILENT"}


def test_a_code_reads_as_it_is_recorded() -> None:
    assert all(each.value == each.name.lower() for each in EndCode)
    assert EndCode.SILENT not in IN_GOOD_ORDER, "a dead line's buffer is not waited for"
