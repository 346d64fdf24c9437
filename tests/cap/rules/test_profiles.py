"""A message breaks every rule of the profiles, and is found out."""

from collections.abc import Sequence

import pytest

import cap
from cap.profiles import check_profiles
from cap.rules.profiles import PROFILES
from tests.cap.reading import Change, Message
from tests.cap.rules.breaches import (
    codes_of,
)

EXAMPLES: dict[str, Sequence[Change]] = {
    "profile-element": [
        ("</scope>", "</scope><code>IPAWSv1.0</code>"),
        ("<expires>", "<!--"),
        ("</expires>", "-->"),
    ],
    "profile-event-code": [("</scope>", "</scope><code>profile:CAP-CP:0.4</code>")],
    "profile-geocode": [("</scope>", "</scope><code>profile:CAP-CP:0.4</code>")],
    "profile-parameter": [("instructionCode", "awareness_level"), ("BBK-ISC-001", "2; yellow; Moderate")],
    "profile-infos-differ": [
        ("</scope>", "</scope><code>IPAWSv1.0</code>"),
        (
            "</info>",
            (
                "</info><info><category>Met</category><event>x</event><urgency>Past</urgency>"
                "<severity>Minor</severity><certainty>Likely</certainty></info>"
            ),
        ),
    ],
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_breach_of_the_profile_is_found_out_and_does_not_touch_cap(message: Message, code: str) -> None:
    (alert,) = cap.parse(message(*EXAMPLES[code])).alerts
    assert code in {finding.code for finding in check_profiles(alert)}
    assert code not in {finding.code for finding in cap.check(alert)}


def test_every_rule_has_an_example() -> None:
    assert set(EXAMPLES) == codes_of(PROFILES)
