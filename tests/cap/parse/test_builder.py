"""Whole alerts: every element, in every version, and all problems of a sloppy one at once."""

from datetime import UTC, datetime, timedelta, timezone

import cap
from tests.cap.reading import Message, codes, only

CET = timezone(timedelta(hours=1))


def test_every_element_arrives_in_the_model(message: Message) -> None:
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


def test_every_element_knows_its_line(message: Message) -> None:
    alert = only(message())
    info = alert.infos[0]
    area = info.areas[0]
    assert (alert.line, alert.lines["sent"], info.line, info.lines["category"]) == (2, 5, 9, 11)
    assert (info.event_codes[0].line, info.resources[0].lines["uri"]) == (18, 39)
    assert (area.line, area.polygons[0].line, area.circles[0].line, area.lines["ceiling"]) == (41, 43, 44, 50)


def test_identity_compares_instants_not_spellings(message: Message) -> None:
    winter = only(message())
    utc = only(message(("10:00:00+01:00</sent>", "09:00:00-00:00</sent>")))
    assert winter.identity == utc.identity
    assert len({winter.identity, utc.identity}) == 1


def test_cap_1_0_has_its_own_shapes() -> None:
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


def test_all_problems_come_at_once_and_the_alert_survives(message: Message) -> None:
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
