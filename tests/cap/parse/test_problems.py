"""Problems while they are noticed: quoted, bounded, counted."""

import cap
from tests.cap.reading import Message


def test_more_problems_than_the_limit_are_counted_not_listed(message: Message) -> None:
    document = cap.parse(message(("<info>", "<info>" + "<x/>" * 9)), cap.Limits(max_problems=5))
    findings = cap.check(document.alerts[0])
    assert [finding.code for finding in findings].count("element-unexpected") == 5
    assert "4 more problems" in next(f.message for f in findings if f.code == "problems-truncated")
