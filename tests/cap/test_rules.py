"""Every rule has a message that breaks it and nothing else, and a row in the document."""

import pytest

import cap
from cap.profiles import check_profiles
from cap.rules import RULES
from cap.rules.validation import check_container

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


def with_references(*triplets, msg_type=UPDATE):
    return (
        (MSG_TYPE, msg_type),
        (SCOPE, f"{SCOPE}<references>{' '.join(triplets)}</references>"),
    )


# code -> changes to the valid message; the code must then be among the findings
EXAMPLES = {
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
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><id>i</id><title>t</title><updated>u</updated>%s</feed>"
ENTRY = "<entry><id>i</id><title>t</title><updated>u</updated>%s</entry>"
# what needs another document altogether
DOCUMENTS = {
    "password-dropped": CAP_1_0,
    "pair-syntax": CAP_1_0,
    "feed-element-missing": b"<rss><channel><item/></channel></rss>",
    "feed-element-unexpected": (ATOM % "<foo/>").encode(),
    "feed-link-missing": (ATOM % (ENTRY % "")).encode(),
    "feed-without-alert": (ATOM % "").encode(),
    "feed-alert-unreadable": (ATOM % (ENTRY % "<content>&lt;alert&gt;</content>")).encode(),
}
PROFILES = {
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
ELSEWHERE = {
    "encoding-label",
    "encoding-wrong",
    "leading-whitespace",
    "problems-truncated",
    "feed-alert-misplaced",
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_message_that_breaks_the_rule_is_found_out(message, code):
    (alert,) = cap.parse(message(*EXAMPLES[code])).alerts
    for policy, level in ((cap.STRICT, RULES[code].strict), (cap.LENIENT, RULES[code].lenient)):
        findings = [finding for finding in cap.check(alert, policy) if finding.code == code]
        assert findings
        for finding in findings:
            assert finding.severity is level
            assert finding.path.startswith("/alert")
            assert finding.line
            assert "{}" not in finding.message + finding.message_de


@pytest.mark.parametrize("code", DOCUMENTS)
def test_a_document_that_breaks_the_rule_is_found_out(code):
    document = cap.parse(DOCUMENTS[code])
    findings = [
        *check_container(document),
        *(found for alert in document.alerts for found in cap.check(alert)),
    ]
    assert code in {finding.code for finding in findings}


@pytest.mark.parametrize("code", PROFILES)
def test_a_breach_of_the_profile_is_found_out_and_does_not_touch_cap(message, code):
    (alert,) = cap.parse(message(*PROFILES[code])).alerts
    assert code in {finding.code for finding in check_profiles(alert)}
    assert code not in {finding.code for finding in cap.check(alert)}


def test_every_rule_has_an_example():
    assert {*EXAMPLES, *DOCUMENTS, *PROFILES, *ELSEWHERE} == set(RULES)


def test_the_valid_message_breaks_none(message):
    (alert,) = cap.parse(message()).alerts
    assert cap.check(alert, cap.STRICT) == cap.check(alert, cap.LENIENT) == ()
    assert list(check_profiles(alert)) == []


def test_findings_come_in_the_order_of_lines(message):
    (alert,) = cap.parse(
        message(("50.81,6.50 1.5", "x"), (STATUS, ""), ("<event>", "<event> &lt;b&gt;"))
    ).alerts
    lines = [finding.line for finding in cap.check(alert)]
    assert lines == sorted(lines)


def test_more_problems_than_the_limit_are_counted_not_listed(message):
    document = cap.parse(message(("<info>", "<info>" + "<x/>" * 9)), cap.Limits(max_problems=5))
    findings = cap.check(document.alerts[0])
    assert [finding.code for finding in findings].count("element-unexpected") == 5
    assert "4 more problems" in next(f.message for f in findings if f.code == "problems-truncated")


def test_an_operator_may_weigh_single_rules_otherwise(message):
    policy = cap.Policy("ours", strict=True, overrides={"time-zulu": cap.Level.INFO})
    (alert,) = cap.parse(message(*EXAMPLES["time-zulu"])).alerts
    assert cap.is_valid(cap.check(alert, policy))
    assert not cap.is_valid(cap.check(alert))


def test_a_stand_in_for_an_unreadable_word_has_no_consequences(message):
    (alert,) = cap.parse(message((SCOPE, ""), (MSG_TYPE, ""))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["msg-type-unusable", "scope-unusable"]


@pytest.mark.parametrize(
    "changes",
    [
        [("karte.png</uri>", "karte.png</uri><derefUri>iVBO\n Rw0K</derefUri>")],
        [("https://kreis.example/karte.png</uri>", "karte.png</uri><derefUri>iVBORw0=</derefUri>")],
        [("karte.png</uri>", f"karte.png</uri><digest>{'0aF' * 13}9</digest>")],
        [("karte.png</uri>", "karte.png</uri><digest>2jmj7l5rSw0yVb/vlWAYkK/YBwk=</digest>")],
        [("image/png", "text/html; charset=UTF-8")],
        [(SCOPE, SCOPE + '<addresses>"A B" c</addresses>')],
        with_references("a@b,c,9999-12-31T23:59:59-00:00", msg_type="<msgType>Ack</msgType>"),
    ],
    ids=lambda changes: changes[-1][1][-40:],
)
def test_what_the_standard_allows_is_no_error(message, changes):
    (alert,) = cap.parse(message(*changes)).alerts
    errors = {finding.code for finding in cap.check(alert) if finding.severity is cap.Level.ERROR}
    assert errors <= {"reference-postdated"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([("KDN-2026-0042", "\n    KDN-2026-0042\n  ")], "identifier-characters"),
        ([("leitstelle@kreis.example", " leitstelle@kreis.example")], "sender-characters"),
        ([("https://kreis.example/karte.png", "karte.png")], "uri-relative"),
        ([("image/png", " ")], "text-empty"),
    ],
)
def test_a_repair_of_white_space_or_a_missing_part_is_never_silent(message, changes, code):
    (alert,) = cap.parse(message(*changes)).alerts
    assert [finding.code for finding in cap.check(alert)] == [code]
    assert not cap.is_valid(cap.check(alert))
    assert cap.is_valid(cap.check(alert, cap.LENIENT))
    assert (alert.sender, alert.identifier) == ("leitstelle@kreis.example", "KDN-2026-0042")


def test_a_media_type_may_be_empty_before_1_2(message):
    (alert,) = cap.parse(message(V1_1, ("image/png", " "))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["element-empty"]


def test_an_error_message_without_a_note_is_noticed(message):
    (alert,) = cap.parse(message(*with_references(EARLIER, msg_type="<msgType>Error</msgType>"))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["note-missing"]


def test_a_note_explains_an_exercise(message):
    (alert,) = cap.parse(
        message((STATUS, "<status>Exercise</status>"), (SCOPE, SCOPE + "<note>Übung 7</note>"))
    ).alerts
    assert cap.check(alert) == ()


def test_a_cancel_may_have_expired_when_it_is_sent(message):
    changes = [
        *with_references(EARLIER, msg_type="<msgType>Cancel</msgType>"),
        *EXAMPLES["expires-before-sent"],
    ]
    (alert,) = cap.parse(message(*changes)).alerts
    assert "expires-before-sent" not in {finding.code for finding in cap.check(alert)}
