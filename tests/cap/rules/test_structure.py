"""A message or document breaks every rule of structure and spelling, and is found out."""

from collections.abc import Sequence

import pytest

import cap
from cap.rules.structure import STRUCTURE, WORDS
from cap.rules.validation import check_container
from tests.cap.reading import Change, Message
from tests.cap.rules.breaches import (
    IDENTIFIER,
    MSG_TYPE,
    SCOPE,
    SENDER,
    SIGNATURE,
    STATUS,
    V1_1,
    assert_found_out,
    codes_of,
)

# code -> changes to the valid message; the code must then be among the findings
EXAMPLES: dict[str, Sequence[Change]] = {
    "identity-missing": [(IDENTIFIER, "")],
    "element-missing": [("<event>Großbrand</event>", "")],
    "element-order": [(IDENTIFIER, ""), (SENDER, SENDER + IDENTIFIER)],
    "element-repeated": [("<contact>", "<contact>x</contact><contact>")],
    "decisive-repeated": [(SCOPE, SCOPE + "<scope>Private</scope>")],
    "element-unexpected": [(SCOPE, SCOPE + "<priority/>")],
    "attribute-unexpected": [("<info>", '<info id="1">')],
    "text-unexpected": [("<info>", "<info>Achtung")],
    "element-empty": [("<contact>Bürgertelefon", "<contact>")],
    "text-empty": [("<areaDesc>Nordstadt", "<areaDesc> ")],
    "signature-version": [V1_1, ("</alert>", SIGNATURE + "</alert>")],
    "signature-several": [("</alert>", SIGNATURE + SIGNATURE + "</alert>")],
    "status-unusable": [(STATUS, "<status>Aktuell</status>")],
    "msg-type-unusable": [(MSG_TYPE, "<msgType>Warnung</msgType>")],
    "scope-unusable": [(SCOPE, "")],
    "enum-spelling": [(STATUS, "<status> actual </status>")],
    "enum-unknown": [("<urgency>Immediate", "<urgency>Sofort")],
    "enum-version": [("<certainty>Observed", "<certainty>Very Likely")],
    "identifier-characters": [("KDN-2026-0042", "KDN 2026")],
    "sender-characters": [("leitstelle@kreis.example", "a,b")],
    "list-quotes": [(SCOPE, SCOPE + '<addresses>"A B C</addresses>')],
    "language-invalid": [("<language>de-DE", "<language>de_DE")],
    "number-invalid": [("<altitude>0", "<altitude>hoch")],
    "uri-invalid": [("https://kreis.example/lage", "https://kreis example")],
    "uri-scheme": [("https://kreis.example/lage", "javascript:alert(1)")],
    "uri-relative": [("https://kreis.example/lage", "www.kreis.example/lage")],
    "html-in-text": [("Rauch zieht", "Rauch&lt;br/&gt;zieht")],
    "text-direction": [("Rauch zieht", "Rauch \u202etheiz")],
    "text-invisible": [("Rauch zieht", "Rau\u200bch zieht")],
    "text-mixed-script": [("Rauch zieht", "R\u0430uch zieht")],
}
CAP_1_0 = b"""<alert xmlns="http://www.incident.com/cap/1.0"><identifier>a</identifier><sender>s@x</sender>
<sent>2003-04-02T14:39:01-05:00</sent><status>Actual</status><msgType>Alert</msgType><password>p</password>
<info><category>Met</category><event>Storm</event><urgency>Expected</urgency><severity>Severe</severity>
<certainty>Likely</certainty><eventCode>no equals sign</eventCode></info></alert>"""
# what needs another document altogether
DOCUMENTS = {
    "password-dropped": CAP_1_0,
}
# Broken by tests of their own: tests/cap/parse/test_encodings.py and test_problems.py.
ELSEWHERE = {"encoding-label", "encoding-wrong", "leading-whitespace", "problems-truncated"}


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


def test_every_rule_has_an_example() -> None:
    assert {*EXAMPLES, *DOCUMENTS, *ELSEWHERE} == codes_of(STRUCTURE, WORDS)
