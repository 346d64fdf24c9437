"""Changes to the valid message that break a rule, and what must then be found."""

from collections.abc import Iterable

import cap
from cap.rules import RULES
from cap.rules.rule import Rule
from tests.cap.reading import Change, Message, only

IDENTIFIER = "<identifier>KDN-2026-0042</identifier>"
SENDER = "<sender>leitstelle@kreis.example</sender>"
STATUS = "<status>Actual</status>"
MSG_TYPE = "<msgType>Alert</msgType>"
SCOPE = "<scope>Public</scope>"
SENT = "2026-11-22T10:00:00+01:00</sent>"
EXPIRES = "2026-11-22T18:00:00+01:00</expires>"
UPDATE = "<msgType>Update</msgType>"
V1_1 = ("emergency:cap:1.2", "emergency:cap:1.1")
EARLIER = "leitstelle@kreis.example,KDN-2026-0041,2026-11-22T09:00:00+01:00"
RING = "50.80,6.48 50.82,6.48 50.82,6.52 50.80,6.48"
GEOCODE = "</geocode>"
SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'


def with_references(*triplets: str, msg_type: str = UPDATE) -> tuple[Change, ...]:
    return (
        (MSG_TYPE, msg_type),
        (SCOPE, f"{SCOPE}<references>{' '.join(triplets)}</references>"),
    )


def codes_of(*tables: Iterable[Rule]) -> set[str]:
    """The codes of all rules in the tables."""
    return {rule.code for table in tables for rule in table}


def assert_found_out(message: Message, code: str, changes: Iterable[Change]) -> None:
    """The changed message breaks the rule, under both policies with their weight, at a place, in whole sentences."""
    alert = only(message(*changes))
    for policy, level in ((cap.STRICT, RULES[code].strict), (cap.LENIENT, RULES[code].lenient)):
        findings = [finding for finding in cap.check(alert, policy) if finding.code == code]
        assert findings
        for finding in findings:
            assert finding.severity is level
            assert finding.path.startswith("/alert")
            assert finding.line
            assert "{}" not in finding.message + finding.message_de
