"""References to earlier messages, whole and damaged, in all versions."""

from datetime import UTC, datetime

import pytest

from cap.errors import LimitExceeded
from cap.limits import Limits
from cap.model import Reference
from cap.parse.grammar import GRAMMARS
from cap.parse.references import read_references
from cap.vocabulary import Version
from tests.cap.reading import fields_of, noticed

SENT = "2026-11-22T10:00:00+01:00"
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAMAGED = ["reference-syntax"]


def read(
    text: str, version: Version, limits: Limits | None = None
) -> tuple[tuple[Reference, ...], list[str]]:
    markup = f"<alert><references>{text}</references></alert>"
    found = fields_of(GRAMMARS[version].alert, markup, version, limits)
    return read_references(found), noticed(found)


@pytest.mark.parametrize(
    ("text", "references", "codes"),
    [
        (f"s@x,i-1,{SENT}", [("s@x", "i-1", AT)], []),
        (f"s@x,i-1,{SENT}\n  s@x,i-2,{SENT}", [("s@x", "i-1", AT), ("s@x", "i-2", AT)], []),
        ("s@x,i-1,2026-11-22T09:00:00Z", [("s@x", "i-1", AT)], DAMAGED),
        ("s@x,i-1,gestern", [("s@x", "i-1", None)], DAMAGED),
        (f",i-1,{SENT}", [("", "i-1", AT)], DAMAGED),
        (f"s@x,,{SENT}", [("s@x", "", AT)], DAMAGED),
        ("i-1", [("", "i-1", None)], DAMAGED),
        ("s@x,i-1", [("", "i-1", None)], DAMAGED),
        ("s@x,", [("", "s@x", None)], DAMAGED),
        (f"i-0 s@x,i-1,{SENT}", [("", "i-0", None), ("s@x", "i-1", AT)], DAMAGED),
        (
            f"S1 S2,mow.a mow.b,{SENT} {SENT}",
            [("S1", "mow.a", AT), ("S2", "mow.b", AT)],
            DAMAGED,
        ),
        (f"S1,mow.a mow.b,{SENT}", [("", "mow.a", None), ("", "mow.b", None)], DAMAGED),
    ],
)
def test_triplets_and_what_is_left_of_them(
    text: str, references: list[tuple[str, str, datetime | None]], codes: list[str]
) -> None:
    assert read(text, Version.V1_2) == (tuple(Reference(*one) for one in references), codes)


@pytest.mark.parametrize(
    ("text", "reference", "codes"),
    [
        ("i-1/s@x", ("s@x", "i-1", None), []),
        ("a/b/s@x", ("s@x", "a/b", None), []),
        ("i-1", ("", "i-1", None), DAMAGED),
    ],
)
def test_the_form_of_1_0(text: str, reference: tuple[str, str, None], codes: list[str]) -> None:
    assert read(text, Version.V1_0) == ((Reference(*reference),), codes)


def test_no_references_are_none() -> None:
    assert read_references(fields_of(GRAMMARS[Version.V1_2].alert, "<alert/>")) == ()
    assert read(" ", Version.V1_2) == ((), ["element-empty"])


def test_more_than_the_limit_are_refused() -> None:
    assert len(read("a b", Version.V1_2, Limits(max_references=2))[0]) == 2
    with pytest.raises(LimitExceeded):
        read("a b c", Version.V1_2, Limits(max_references=2))
