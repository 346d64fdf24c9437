"""What `cap.parse` makes of a message: every element, in every version, and the repairs of sloppy ones."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

import cap

CET = timezone(timedelta(hours=1))


def only(data):
    (alert,) = cap.parse(data).alerts
    return alert


def codes(alert, policy=cap.STRICT, level="error"):
    return [finding.code for finding in cap.check(alert, policy) if finding.severity == level]


def test_every_element_arrives_in_the_model(message):
    alert = only(message())
    assert alert == cap.Alert(
        sender="leitstelle@kreis.example",
        identifier="KDN-2026-0042",
        sent=datetime(2026, 11, 22, 10, tzinfo=CET),
        status=cap.Status.ACTUAL,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        infos=(
            cap.Info(
                language="de-DE",
                categories=(cap.Category.FIRE, cap.Category.HEALTH),
                event="Großbrand",
                response_types=(cap.ResponseType.SHELTER,),
                urgency=cap.Urgency.IMMEDIATE,
                severity=cap.Severity.SEVERE,
                certainty=cap.Certainty.OBSERVED,
                event_codes=(cap.NamedValue("profile:DE-BBK-EVENTCODE", "BBK-EVC-040"),),
                effective=datetime(2026, 11, 22, 9, tzinfo=UTC),
                onset=datetime(2026, 11, 22, 9, tzinfo=UTC),
                expires=datetime(2026, 11, 22, 17, tzinfo=UTC),
                sender_name="Kreisleitstelle",
                headline="Großbrand in einer Lagerhalle",
                description="Rauch zieht nach Nordosten.",
                instruction="Fenster und Türen schließen.",
                web="https://kreis.example/lage",
                contact="Bürgertelefon",
                parameters=(cap.NamedValue("instructionCode", "BBK-ISC-001"),),
                resources=(cap.Resource("Karte", "image/png", 1200, "https://kreis.example/karte.png"),),
                areas=(
                    cap.Area(
                        "Nordstadt",
                        polygons=(cap.Polygon(((50.8, 6.48), (50.82, 6.48), (50.82, 6.52), (50.8, 6.48))),),
                        circles=(cap.Circle(50.81, 6.5, 1.5),),
                        geocodes=(cap.NamedValue("SHN", "053580008008"),),
                        altitude_ft=0.0,
                        ceiling_ft=900.5,
                    ),
                ),
            ),
        ),
    )
    assert cap.check(alert) == ()


def test_every_element_knows_its_line(message):
    alert = only(message())
    info = alert.infos[0]
    area = info.areas[0]
    assert (alert.line, alert.lines["sent"], info.line, info.lines["category"]) == (2, 5, 9, 11)
    assert (info.event_codes[0].line, info.resources[0].lines["uri"]) == (18, 39)
    assert (area.line, area.polygons[0].line, area.circles[0].line, area.lines["ceiling"]) == (41, 43, 44, 50)


def test_identity_compares_instants_not_spellings(message):
    winter = only(message())
    utc = only(message(("10:00:00+01:00</sent>", "09:00:00-00:00</sent>")))
    assert winter.identity == utc.identity
    assert len({winter.identity, utc.identity}) == 1


def test_any_prefix_is_the_same_message(message):
    text = message().decode().replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?")
    assert only(text.replace("xmlns=", "xmlns:c=").encode()) == only(message())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_are_declared_truly_are_read(message, encoding):
    text = message().decode().replace("UTF-8", encoding.removesuffix("-sig"))
    alert = only(text.encode(encoding))
    assert alert == only(message())
    assert codes(alert) == []


def test_latin1_that_claims_utf8_is_read_and_reported(message):
    alert = only(message().decode().encode("iso-8859-1"))
    assert alert == only(message())
    assert codes(alert) == ["encoding-wrong"]
    assert codes(alert, cap.LENIENT) == []


@pytest.mark.parametrize(
    ("label", "encoding"), [("utf-16", "utf-8"), ("utf-8", "utf-16"), ("utf-8", "utf-16-le")]
)
def test_a_label_that_the_bytes_contradict_is_reported(message, label, encoding):
    alert = only(message().decode().replace("UTF-8", label).encode(encoding))
    assert alert == only(message())
    assert codes(alert) == ["encoding-label"]
    assert codes(alert, cap.LENIENT) == []


@pytest.mark.parametrize("encoding", ["Shift_JIS", "EUC-JP", "GB2312", "GB18030", "Big5"])
def test_encodings_of_east_asia_are_read(message, encoding):
    text = message(("Großbrand</event>", "火山</event>")).decode().replace("UTF-8", encoding)
    alert = only(text.replace("ß", "ss").replace("ü", "ue").encode(encoding))
    assert alert.infos[0].event == "火山"
    assert codes(alert) == []


def test_bytes_of_another_encoding_than_the_declared_are_no_xml(message):
    with pytest.raises(cap.NotXml, match="euc-jp"):
        cap.parse(message().replace(b"UTF-8", b"EUC-JP").replace("ß".encode(), b"\xff"))


def test_windows_1252_that_claims_utf8_is_read_and_reported(message):
    text = message(("Rauch zieht", "„Rauch“ – zieht")).decode()
    alert = only(text.encode("windows-1252"))
    assert alert.infos[0].description == "„Rauch“ – zieht nach Nordosten."
    assert codes(alert) == ["encoding-wrong"]


@pytest.mark.parametrize("broken", [b"\xc3\x9f \xfc", b"\x81", b"\xc0\xaf", b"\xe2\x82"])
def test_broken_utf8_is_no_honest_mistake(message, broken):
    with pytest.raises(cap.NotXml):
        cap.parse(message(("Rauch zieht", "@")).replace(b"@", broken))


def test_blank_lines_behind_a_byte_order_mark_are_reported_and_counted(message):
    alert = only(b"\xef\xbb\xbf\r\n" + message())
    assert codes(alert) == ["leading-whitespace"]
    assert alert.line == 3


def test_blank_lines_before_the_document_are_reported_and_counted(message):
    alert = only(b"\n\n" + message())
    assert codes(alert) == ["leading-whitespace"]
    assert alert.line == 4


def test_a_stylesheet_instruction_and_comments_are_nothing(message):
    data = message(("<alert", "<?xml-stylesheet href='a.xsl'?><alert"), ("KDN-2026", "KDN<!-- no -->-2026"))
    assert only(data) == only(message())


def test_markup_in_text_is_flattened_and_reported(message):
    alert = only(message(("Rauch zieht", "&lt;p&gt;Rauch&lt;br/&gt;zieht&lt;/p&gt; &amp;amp;")))
    assert alert.infos[0].description == "Rauch\nzieht\n& nach Nordosten."
    assert codes(alert, level="warning") == ["html-in-text"]


def test_elements_inside_a_text_keep_their_words(message):
    alert = only(message(("Rauch zieht", "Rauch <b>zieht</b> schnell")))
    assert alert.infos[0].description == "Rauch zieht schnell nach Nordosten."
    assert codes(alert) == ["element-unexpected"]


def test_cap_1_0_has_its_own_shapes():
    alert = only(
        b"""<alert xmlns="http://www.incident.com/cap/1.0"><identifier>a/b-1</identifier><sender>s@x</sender>
        <sent>2003-04-02T14:39:01-05:00</sent><status>Actual</status><msgType>Update</msgType>
        <password>secret</password><references>a/b-0/s@x c-9/s@x d-8</references>
        <info><category>Met</category><event>Storm</event><urgency>Expected</urgency><severity>Severe</severity>
        <certainty>Very Likely</certainty><eventCode>same=SVR</eventCode><parameter>wind=a=b</parameter>
        <area><areaDesc>x</areaDesc><geocode>fips6=006109</geocode></area></info></alert>"""
    )
    info = alert.infos[0]
    assert alert.version is cap.Version.V1_0
    assert alert.scope is cap.Scope.PUBLIC
    assert alert.references == (
        cap.Reference("s@x", "a/b-0", None),
        cap.Reference("s@x", "c-9", None),
        cap.Reference("", "d-8", None),
    )
    assert info.certainty is cap.Certainty.LIKELY
    assert info.event_codes == (cap.NamedValue("same", "SVR"),)
    assert info.parameters == (cap.NamedValue("wind", "a=b"),)
    assert info.areas[0].geocodes == (cap.NamedValue("fips6", "006109"),)
    assert codes(alert) == ["reference-syntax"]
    assert "secret" not in repr(alert)


def test_names_may_repeat_and_keep_their_order(message):
    more = "</geocode><geocode><valueName>SHN</valueName><value>1</value></geocode>"
    area = only(message(("</geocode>", more))).infos[0].areas[0]
    assert [(code.name, code.value) for code in area.geocodes] == [("SHN", "053580008008"), ("SHN", "1")]


def test_an_unreadable_ring_goes_whole_and_leaves_a_count(message):
    alert = only(message(("50.82,6.48 ", "50.82;6.48 ")))
    area = alert.infos[0].areas[0]
    assert area.polygons == ()
    assert area.unreadable == 1
    assert area.geocodes
    assert codes(alert) == ["polygon-syntax"]


def test_excluded_rings_are_geometry_not_places(message):
    ring = "50.80,6.48 50.81,6.48 50.81,6.49 50.80,6.48 "
    more = f"</geocode><geocode><valueName>EXCLUDE_POLYGON</valueName><value>{ring}</value></geocode>"
    area = only(message(("</geocode>", more))).infos[0].areas[0]
    assert area.excluded == (cap.Polygon(((50.8, 6.48), (50.81, 6.48), (50.81, 6.49), (50.8, 6.48))),)
    assert [code.name for code in area.geocodes] == ["SHN"]


def test_all_problems_come_at_once_and_the_alert_survives(message):
    alert = only(
        message(
            ("<status>Actual</status>", "<status>Aktuell</status>"),
            ("10:00:00+01:00</sent>", "heute</sent>"),
            ("<severity>Severe</severity>", "<severity>Gigantic</severity>"),
            ("50.81,6.50 1.5", "50.81,6.50 -2"),
        )
    )
    assert (alert.status, alert.sent) == (cap.Status.DRAFT, None)
    assert alert.infos[0].severity is cap.Severity.UNKNOWN
    assert codes(alert) == [
        "time-unreadable",
        "identity-missing",
        "status-unusable",
        "enum-unknown",
        "circle-range",
    ]
    assert codes(alert, cap.LENIENT) == ["identity-missing", "status-unusable"]


def test_a_language_is_never_invented(message):
    info = only(message(("<language>de-DE</language>", ""))).infos[0]
    assert info.language is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-11-22T09:00:00Z", "time-style"),
        ("2026-11-22T10:00:00.5+01:00", "time-style"),
        ("2026-11-22T10:00+01:00", "time-format"),
        ("2026-11-22T09:00:00z", "time-zulu"),
        ("2026-11-22T09:00:00", "time-naive"),
    ],
)
def test_older_versions_spell_times_as_xml_schema_does(message, text, code):
    alert = only(message(("cap:1.2", "cap:1.1"), ("2026-11-22T10:00:00+01:00</sent>", f"{text}</sent>")))
    assert [problem.code for problem in alert.problems] == [code]


def test_words_of_a_newer_version_are_understood_and_reported(message):
    alert = only(message(("cap:1.2", "cap:1.1"), ("<responseType>Shelter", "<responseType>AllClear")))
    assert alert.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert codes(alert) == ["enum-version"]


def test_words_that_nobody_knows_stand_for_something_harmless(message):
    changes = [("<category>Fire", "<category>Feuer"), ("<responseType>Shelter", "<responseType>Rein")]
    info = only(message(*changes)).infos[0]
    assert info.categories == (cap.Category.OTHER, cap.Category.HEALTH)
    assert info.response_types == ()
