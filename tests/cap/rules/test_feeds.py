"""A document breaks every rule of feeds, and is found out."""

import pytest

import cap
from cap.rules.feeds import FEEDS
from cap.rules.validation import check_container
from tests.cap.rules.breaches import (
    codes_of,
)

ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><id>i</id><title>t</title><updated>u</updated>%s</feed>"
ENTRY = "<entry><id>i</id><title>t</title><updated>u</updated>%s</entry>"
DOCUMENTS = {
    "feed-element-missing": b"<rss><channel><item/></channel></rss>",
    "feed-element-unexpected": (ATOM % "<foo/>").encode(),
    "feed-link-missing": (ATOM % (ENTRY % "")).encode(),
    "feed-alert-unreadable": (ATOM % (ENTRY % "<content>&lt;alert&gt;</content>")).encode(),
    "feed-without-alert": (ATOM % "").encode(),
}
# Broken by a test of its own: tests/cap/parse/test_containers.py.
ELSEWHERE = {"feed-alert-misplaced"}


@pytest.mark.parametrize("code", DOCUMENTS)
def test_a_document_that_breaks_the_rule_is_found_out(code: str) -> None:
    document = cap.parse(DOCUMENTS[code])
    findings = [
        *check_container(document),
        *(found for alert in document.alerts for found in cap.check(alert)),
    ]
    assert code in {finding.code for finding in findings}


def test_every_rule_has_an_example() -> None:
    assert {*DOCUMENTS, *ELSEWHERE} == codes_of(FEEDS)
