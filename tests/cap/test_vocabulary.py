"""The closed vocabularies are the schema's, word for word."""

from enum import StrEnum

import pytest

from cap import vocabulary
from cap.vocabulary import Version
from tests.cap.schemas import words


@pytest.mark.parametrize(
    ("element", "vocabulary"),
    [
        ("status", vocabulary.Status),
        ("msgType", vocabulary.MsgType),
        ("scope", vocabulary.Scope),
        ("category", vocabulary.Category),
        ("responseType", vocabulary.ResponseType),
        ("urgency", vocabulary.Urgency),
        ("severity", vocabulary.Severity),
        ("certainty", vocabulary.Certainty),
    ],
)
def test_the_words_are_those_of_the_schema(element: str, vocabulary: type[StrEnum]) -> None:
    assert list(vocabulary) == words(Version.V1_2, element)


def test_the_versions_are_those_that_were_published() -> None:
    assert list(Version) == ["1.0", "1.1", "1.2"]
