"""A message breaks every rule of times, conditions, places and files, and is found out."""

from collections.abc import Sequence

import pytest

import cap
from cap.rules.content import CONDITIONS, FILES, PLACES, TIMES
from cap.rules.validation import check_container
from tests.cap.reading import Change, Message, only
from tests.cap.rules.breaches import (
    EARLIER,
    EXPIRES,
    GEOCODE,
    MSG_TYPE,
    RING,
    SCOPE,
    SENT,
    STATUS,
    V1_1,
    assert_found_out,
    codes_of,
    with_references,
)

# code -> changes to the valid message; the code must then be among the findings
EXAMPLES: dict[str, Sequence[Change]] = {
    "time-zulu": [(SENT, "2026-11-22T09:00:00Z</sent>")],
    "time-fraction": [(SENT, "2026-11-22T10:00:00.5+01:00</sent>")],
    "time-naive": [(SENT, "2026-11-22T09:00:00</sent>")],
    "time-format": [(SENT, "2026-11-22 10:00+0100</sent>")],
    "time-style": [V1_1, (SENT, "2026-11-22T09:00:00Z</sent>")],
    "time-unreadable": [(EXPIRES, "abends</expires>")],
    "time-far": [(EXPIRES, "9999-12-31T23:59:59-00:00</expires>")],
    "expires-before-sent": [(EXPIRES, "2026-11-22T10:00:00+01:00</expires>")],
    "expires-before-onset": [
        (EXPIRES, "2026-11-22T11:00:00+01:00</expires>"),
        ("10:00:00+01:00</onset>", "12:00:00+01:00</onset>"),
    ],
    "expires-before-effective": [
        (EXPIRES, "2026-11-22T11:00:00+01:00</expires>"),
        ("10:00:00+01:00</effective>", "12:00:00+01:00</effective>"),
    ],
    "restriction-missing": [(SCOPE, "<scope>Restricted</scope>")],
    "restriction-unused": [(SCOPE, SCOPE + "<restriction>Nur Dienst</restriction>")],
    "addresses-missing": [(SCOPE, "<scope>Private</scope>")],
    "references-missing": [(MSG_TYPE, "<msgType>Cancel</msgType>")],
    "references-unneeded": with_references(EARLIER, msg_type=MSG_TYPE),
    "reference-syntax": with_references("leitstelle@kreis.example"),
    "reference-self": with_references("leitstelle@kreis.example,KDN-2026-0042,2026-11-22T09:00:00-00:00"),
    "reference-postdated": with_references(EARLIER.replace("T09", "T11")),
    "reference-repeated": with_references(EARLIER, EARLIER),
    "note-missing": [(STATUS, "<status>Exercise</status>")],
    "info-missing": [("<info>", "<!--"), ("</info>", "-->")],
    "language-missing": [("<language>de-DE</language>", "")],
    "headline-long": [("Lagerhalle", "Lagerhalle" * 20)],
    "area-missing": [("<area>", "<!--"), ("</area>", "-->")],
    "area-desc-only": [("<polygon>", "<!--"), ("</ceiling>", "-->")],
    "polygon-empty": [(RING, " ")],
    "polygon-syntax": [(RING, RING.replace("50.82,6.48", "50.82,6.48,"))],
    "polygon-spacing": [(RING, RING.replace("50.82,6.48", "50.82,\n6.48"))],
    "polygon-range": [(RING, "95,6 96,6 96,7 95,6")],
    "polygon-short": [(RING, "50,6 51,6 50,6")],
    "polygon-unclosed": [(RING, "50,6 51,6 51,7 50,7")],
    "polygon-degenerate": [(RING, "50,6 51,6 50,6 50,6")],
    "polygon-antimeridian": [(RING, "50,179 51,179 51,181 50,179")],
    "exclusion-unreadable": [
        (GEOCODE, "</geocode><geocode><valueName>EXCLUDE_POLYGON</valueName><value>1,2 3</value></geocode>")
    ],
    "circle-empty": [("50.81,6.50 1.5", "")],
    "circle-syntax": [("50.81,6.50 1.5", "50.81,6.50")],
    "circle-spacing": [("50.81,6.50 1.5", "50.81, 6.50 1.5")],
    "circle-range": [("50.81,6.50 1.5", "50.81,6.50 1000000000")],
    "ceiling-without-altitude": [("<altitude>0</altitude>", "")],
    "ceiling-below-altitude": [("<altitude>0", "<altitude>1000")],
    "resource-no-content": [("<uri>https://kreis.example/karte.png</uri>", "")],
    "resource-deref-uri": [("karte.png</uri>", "karte.png</uri><derefUri>kein Bild!</derefUri>")],
    "resource-digest": [("karte.png</uri>", "karte.png</uri><digest>123</digest>")],
    "resource-mime-type": [("image/png", "Bild")],
    "resource-size": [("<size>1200", "<size>-1")],
}
CAP_1_0 = b"""<alert xmlns="http://www.incident.com/cap/1.0"><identifier>a</identifier><sender>s@x</sender>
<sent>2003-04-02T14:39:01-05:00</sent><status>Actual</status><msgType>Alert</msgType><password>p</password>
<info><category>Met</category><event>Storm</event><urgency>Expected</urgency><severity>Severe</severity>
<certainty>Likely</certainty><eventCode>no equals sign</eventCode></info></alert>"""
# what needs another version altogether
DOCUMENTS = {
    "pair-syntax": CAP_1_0,
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_message_that_breaks_the_rule_is_found_out(message: Message, code: str) -> None:
    assert_found_out(message, code, EXAMPLES[code])


@pytest.mark.parametrize("code", DOCUMENTS)
def test_a_document_that_breaks_the_rule_is_found_out(code: str) -> None:
    document = cap.parse(DOCUMENTS[code])
    findings = [
        *check_container(document),
        *(found for alert in document.alerts for found in cap.check(alert)),
    ]
    assert code in {finding.code for finding in findings}


@pytest.mark.parametrize("code", ["polygon-spacing", "circle-spacing"])
@pytest.mark.parametrize("policy", [cap.STRICT, cap.LENIENT])
def test_what_is_read_without_loss_refuses_nothing(message: Message, code: str, policy: cap.Policy) -> None:
    findings = cap.check(only(message(*EXAMPLES[code])), policy)
    assert [(finding.code, finding.severity) for finding in findings] == [(code, "warning")]
    assert cap.is_valid(findings)


@pytest.mark.parametrize("code", ["polygon-unclosed", "circle-syntax"])
def test_what_is_repaired_or_dropped_refuses_under_the_strict_policy(message: Message, code: str) -> None:
    assert not cap.is_valid(cap.check(only(message(*EXAMPLES[code])), cap.STRICT))


def test_every_rule_has_an_example() -> None:
    assert {*EXAMPLES, *DOCUMENTS} == codes_of(TIMES, CONDITIONS, PLACES, FILES)
