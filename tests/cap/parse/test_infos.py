"""Infos: languages, words and resources."""

from typing import Any

import pytest

import cap
from cap.errors import LimitExceeded
from cap.limits import Limits
from cap.model import Info, Resource
from cap.parse.areas import AreaBuilder
from cap.parse.grammar import GRAMMARS
from cap.parse.infos import InfoBuilder
from cap.parse.problems import ProblemCollector
from cap.vocabulary import Category, Certainty, ResponseType, Severity, Urgency, Version
from tests.cap.reading import Message, element, only
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


def build(
    content: str, version: Version = Version.V1_2, limits: Limits | None = None
) -> tuple[Info, list[str]]:
    problems = ProblemCollector(limits or Limits(), version)
    builder = InfoBuilder(GRAMMARS[version], AreaBuilder(GRAMMARS[version], problems), problems)
    info = builder.build(element(f"<info>{content}</info>", version), 1)
    return info, [problem.code for problem in problems.all() if problem.code != "element-missing"]


@pytest.mark.parametrize(
    ("content", "values", "codes"),
    [
        ("", {"language": None, "urgency": Urgency.UNKNOWN, "severity": Severity.UNKNOWN, "event": ""}, []),
        ("<language>de-LS</language>", {"language": "de-LS"}, []),
        ("<language>en_US</language>", {"language": "en-US"}, ["language-invalid"]),
        ("<language/>", {"language": None}, ["element-empty"]),
        (
            "<category>Fire</category><category>Feuer</category>",
            {"categories": (Category.FIRE, Category.OTHER)},
            ["enum-unknown"],
        ),
        (
            "<responseType>Rein</responseType><responseType>Avoid</responseType>",
            {"response_types": (ResponseType.AVOID,)},
            ["enum-unknown"],
        ),
        ("<severity>Gigantic</severity>", {"severity": Severity.UNKNOWN}, ["enum-unknown"]),
        ("<certainty>Very Likely</certainty>", {"certainty": Certainty.LIKELY}, ["enum-version"]),
        ("<expires>2026-11-22T12:00:00</expires>", {}, ["time-naive"]),
        ("<web>javascript:alert(1)</web>", {"web": None}, ["uri-scheme"]),
    ],
)
def test_elements_of_an_info(content: str, values: dict[str, Any], codes: list[str]) -> None:
    info, noticed = build(content)
    assert {name: getattr(info, name) for name in values} == values
    assert noticed == codes


def test_very_likely_is_a_word_of_1_0() -> None:
    info, noticed = build("<certainty>Very Likely</certainty>", Version.V1_0)
    assert (info.certainty, noticed) == (Certainty.LIKELY, [])


@pytest.mark.parametrize(
    ("content", "resource", "codes"),
    [
        (
            "<mimeType>image/png</mimeType><size>9</size><uri>urn:k</uri><digest>d</digest>",
            Resource("k", "image/png", 9, "urn:k", digest="d"),
            [],
        ),
        ("<mimeType> </mimeType>", Resource("k"), ["text-empty"]),
        ("<mimeType>a/b</mimeType><size>groß</size>", Resource("k", "a/b"), ["number-invalid"]),
        ("<mimeType>a/b</mimeType><derefUri>AAAA</derefUri>", Resource("k", "a/b", deref_uri="AAAA"), []),
    ],
)
def test_a_resource(content: str, resource: Resource, codes: list[str]) -> None:
    info, noticed = build(f"<resource><resourceDesc>k</resourceDesc>{content}</resource>")
    assert (info.resources, noticed) == ((resource,), codes)


def test_resources_are_bounded() -> None:
    resource = "<resource><resourceDesc>k</resourceDesc></resource>"
    assert len(build(resource * 2, limits=Limits(max_resources=2))[0].resources) == 2
    with pytest.raises(LimitExceeded):
        build(resource * 3, limits=Limits(max_resources=2))
