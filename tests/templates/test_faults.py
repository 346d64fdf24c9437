"""Every fault has its sentence in both languages."""

import re

from cap import Level
from dispatcher.templates.faults import FAULTS, fault


def test_both_languages_name_the_same_things() -> None:
    for code, one in FAULTS.items():
        names = [set(re.findall(r"\{(\w+)", sentence)) for sentence in (one.english, one.german)]
        assert names[0] == names[1], code


def test_a_fault_says_where_and_what() -> None:
    found = fault("value-long", "values/ort", characters=70, most=60)
    assert (found.severity, found.path) == (Level.ERROR, "values/ort")
    assert "70" in found.message
    assert "60" in found.message_de


def test_what_is_named_is_not_read_as_a_sentence() -> None:
    assert "{most}" in fault("field-unknown", "", name="{most}").message
