"""Infos: languages, words and resources."""

import cap
from tests.cap.reading import Message, only
from tests.cap.rules.breaches import (
    V1_1,
)


def test_a_language_is_never_invented(message: Message) -> None:
    info = only(message(("<language>de-DE</language>", ""))).infos[0]
    assert info.language is None


def test_words_that_nobody_knows_stand_for_something_harmless(message: Message) -> None:
    changes = [("<category>Fire", "<category>Feuer"), ("<responseType>Shelter", "<responseType>Rein")]
    info = only(message(*changes)).infos[0]
    assert info.categories == (cap.Category.OTHER, cap.Category.HEALTH)
    assert info.response_types == ()


def test_a_media_type_may_be_empty_before_1_2(message: Message) -> None:
    (alert,) = cap.parse(message(V1_1, ("image/png", " "))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["element-empty"]
