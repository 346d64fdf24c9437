"""Problems while they are noticed: quoted, bounded, counted."""

import pytest

import cap
from cap.findings import Problem
from cap.limits import Limits
from cap.parse.problems import ProblemCollector, quote
from cap.vocabulary import Version
from tests.cap.reading import Message


def test_more_problems_than_the_limit_are_counted_not_listed(message: Message) -> None:
    document = cap.parse(message(("<info>", "<info>" + "<x/>" * 9)), cap.Limits(max_problems=5))
    findings = cap.check(document.alerts[0])
    assert [finding.code for finding in findings].count("element-unexpected") == 5
    assert "4 more problems" in next(f.message for f in findings if f.code == "problems-truncated")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "“a”"),
        (" a\n\tb ", "“a b”"),
        ("x" * 60, f"“{'x' * 60}”"),
        ("x" * 61, f"“{'x' * 60}…”"),
        ("", "“”"),
    ],
)
def test_a_quotation_is_one_short_line(text: str, quoted: str) -> None:
    assert quote(text) == quoted


def test_problems_keep_their_order_and_a_line_of_zero_is_none() -> None:
    problems = ProblemCollector(Limits(), Version.V1_2)
    assert problems.all() == ()
    problems.add("time-zulu", "/alert/sent", 5, "x")
    problems.add("pair-syntax", "/alert", 0)
    assert problems.all() == (
        Problem("time-zulu", "/alert/sent", 5, "x"),
        Problem("pair-syntax", "/alert", None),
    )


def test_beyond_the_limit_problems_are_counted() -> None:
    problems = ProblemCollector(Limits(max_problems=2), Version.V1_2)
    full = []
    for code in "abc":
        problems.add(code, "/", 1)
        full.append(problems.is_full)
    assert full == [False, True, True]
    problems.drop()
    assert [(problem.code, problem.detail) for problem in problems.all()] == [
        ("a", ""),
        ("b", ""),
        ("problems-truncated", "2"),
    ]


def test_at_the_limit_nothing_is_counted() -> None:
    problems = ProblemCollector(Limits(max_problems=1), Version.V1_2)
    problems.add("a", "/", 1)
    assert [problem.code for problem in problems.all()] == ["a"]
