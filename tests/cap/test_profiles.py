"""What national profiles know ends in common terms."""

from datetime import UTC, datetime

import pytest

import cap
from cap.identifiers import without_language
from cap.profiles import check_profiles, facts, normalise, profiles_of
from cap.profiles.dwd import SOURCE

RING = cap.Polygon(((50.8, 6.4), (50.9, 6.4), (50.9, 6.5), (50.8, 6.4)))
ARS = cap.NamedValue("ARS", "053580008008")


def named(*pairs):
    return tuple(cap.NamedValue(name, value) for name, value in pairs)


def alert(
    identifier="x-1",
    sender="s@x.example",
    msg_type=cap.MsgType.ALERT,
    codes=(),
    infos=(),
    status=cap.Status.ACTUAL,
):
    return cap.Alert(
        sender,
        identifier,
        datetime(2026, 11, 22, tzinfo=UTC),
        status,
        msg_type,
        cap.Scope.PUBLIC,
        codes=codes,
        infos=infos,
    )


def codes(message):
    return [finding.code for finding in check_profiles(message)]


def test_a_message_without_a_profile_stays_as_it_is():
    plain = alert(infos=(cap.Info(response_types=(cap.ResponseType.ALL_CLEAR,)),))
    assert profiles_of(plain) == ()
    assert normalise(plain) is plain
    assert facts(plain).all_clear
    assert facts(plain).key == "x-1"
    assert not facts(plain).is_test
    assert facts(alert(status=cap.Status.TEST)).is_test


class TestMowas:
    PARAMETERS = named(
        ("warnVerwaltungsbereiche", "053580008008,050000000000, kaputt,053580008008"),
        ("sender_langname", "Leitstelle Düren"),
        ("instructionText", "Fenster schließen."),
        ("instructionCode", "BBK-ISC-009 shortCode:BBK-ISC-011"),
    )
    REGIONS = named(("ARS", "053580008008"), ("ARS", "050000000000"))

    def message(self, *areas, **info):
        infos = (
            cap.Info(language="DE", description="Rauch", parameters=self.PARAMETERS, areas=areas, **info),
        )
        return alert("mow.DE-NW-DN-SE070-20261122-70-000", infos=infos)

    def areas(self, *areas):
        return normalise(self.message(*areas)).infos[0].areas

    def test_parameters_go_where_cap_has_a_place_for_them(self):
        info = normalise(self.message()).infos[0]
        assert info.sender_name == "Leitstelle Düren"
        assert info.instruction == "Fenster schließen."
        assert info.areas == (cap.Area("", geocodes=self.REGIONS),)

    def test_what_the_message_says_itself_wins(self):
        info = normalise(self.message(sender_name="Land", instruction="Radio an.")).infos[0]
        assert (info.sender_name, info.instruction) == ("Land", "Radio an.")

    def test_an_area_without_a_place_gets_the_regions(self):
        number = named(("AreaId", "0"))
        assert self.areas(cap.Area("Düren", geocodes=number)) == (cap.Area("Düren", geocodes=self.REGIONS),)

    def test_shapes_stand_for_themselves_unless_one_is_unreadable(self):
        number = named(("AreaId", "0"))
        assert self.areas(cap.Area("a", polygons=(RING,), geocodes=number)) == (
            cap.Area("a", polygons=(RING,)),
        )
        (area,) = self.areas(cap.Area("a", polygons=(RING,), geocodes=number, unreadable=1))
        assert (area.geocodes, area.polygons) == (self.REGIONS, (RING,))

    def test_no_rule_of_the_profile_is_published(self):
        assert codes(self.message()) == []

    def test_own_codes_stay(self):
        area = cap.Area("a", geocodes=named(("SHN", "053580000000"), ("AreaId", "0")))
        assert self.areas(area)[0].geocodes == named(("SHN", "053580000000"))

    def test_without_regions_nothing_is_taken_away(self):
        number = named(("AreaId", "0"))
        message = alert("mow.x", infos=(cap.Info(areas=(cap.Area("a", geocodes=number),)), cap.Info()))
        assert normalise(message).infos[0].areas[0].geocodes == number
        assert normalise(message).infos[1].areas == ()
        shaped = alert("mow.x", infos=(cap.Info(areas=(cap.Area("a", polygons=(RING,), geocodes=number),)),))
        assert normalise(shaped).infos[0].areas[0].geocodes == ()

    def test_normalising_twice_changes_nothing_more(self):
        once = normalise(self.message(cap.Area("a", geocodes=named(("AreaId", "0")))))
        assert normalise(once) == once

    def test_facts(self):
        event = named(("profile:DE-BBK-EVENTCODE:01.00R", "BBK-EVC-078"))
        german = cap.Info(language="DE", description="Rauch", event_codes=event, parameters=self.PARAMETERS)
        english = cap.Info(language="EN", description="Rauch", event_codes=event)
        turkish = cap.Info(language="TR", description="Duman")
        found = facts(alert("x", codes=("Materna:noPush",), infos=(german, english, turkish)))
        assert found.profiles == ("mowas",)
        assert found.hazards == named(("BBK", "BBK-EVC-078"))
        assert found.instructions == ("BBK-ISC-009", "BBK-ISC-011")
        assert found.quiet
        assert found.untranslated == ("EN",)
        assert found.attribution == ("Quelle: BBK / MoWaS",)


class TestDwd:
    BASE = "2.49.0.0.276.0.DWD.PVW.1687511640000.0d1a4fb5-251a"

    def message(
        self, headline="Amtliche WARNUNG", msg_type=cap.MsgType.UPDATE, ii="61", urgency=cap.Urgency.IMMEDIATE
    ):
        event = named(("II", ii), ("GROUP", "RAIN"), ("LICENSE", "© GeoBasis-DE / BKG"))
        info = cap.Info(headline=headline, event_codes=event, urgency=urgency)
        return alert(f"{self.BASE}.MUL", "opendata@dwd.de", msg_type, (f"id:{self.BASE}",), (info, info))

    def test_facts(self):
        found = facts(self.message())
        assert found.key == self.BASE
        assert found.hazards == named(("DWD-II", "61"), ("DWD-GROUP", "RAIN"))
        assert found.attribution == (SOURCE, "© GeoBasis-DE / BKG")
        assert (found.all_clear, found.is_test, found.advance) == (False, False, False)

    def test_a_lifted_warning_is_an_all_clear(self):
        lifted = self.message("AUFHEBUNG der Warnung")
        assert facts(lifted).all_clear
        assert normalise(lifted).infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
        assert normalise(normalise(lifted)) == normalise(lifted)
        assert not facts(self.message("AUFHEBUNG der Warnung", cap.MsgType.ALERT)).all_clear

    def test_test_events_and_notices_in_advance(self):
        assert facts(self.message(ii="98")).is_test
        assert facts(self.message(urgency=cap.Urgency.FUTURE)).advance

    @pytest.mark.parametrize(
        "identifier", [f"{BASE}.MUL", f"{BASE}.DEU", BASE, f"dwd.{BASE}.ENG", f"dwd.{BASE}"]
    )
    def test_editions_and_republications_share_a_key(self, identifier):
        assert without_language(identifier) == self.BASE

    def test_other_identifiers_are_their_own_key(self):
        assert without_language("dwd.x.MUL") == "dwd.x.MUL"

    def test_without_a_code_the_identifier_gives_the_key(self):
        assert facts(alert(f"{self.BASE}.DEU")).key == self.BASE


class TestMeteoalarm:
    def message(self, level="2; yellow; Moderate", kind="1; wind"):
        pairs = named(("awareness_level", level), ("awareness_type", kind))
        return alert(infos=(cap.Info(parameters=pairs),))

    def test_facts(self):
        found = facts(self.message())
        assert found.hazards == named(("METEOALARM", "1"))
        assert not found.not_a_warning
        assert codes(self.message()) == []

    def test_green_is_no_warning(self):
        assert facts(self.message("1; green; Minor")).not_a_warning

    def test_broken_parameters_are_reported(self):
        assert codes(self.message("yellow", "1")) == ["profile-parameter", "profile-parameter"]
        assert facts(self.message("yellow", "")).hazards == ()


class TestIpaws:
    AREA = cap.Area("a", geocodes=named(("SAME", "006109")))
    INFO = cap.Info(
        event_codes=named(("SAME", "SVR")), expires=datetime(2026, 11, 23, tzinfo=UTC), areas=(AREA,)
    )

    def test_a_message_that_keeps_the_profile(self):
        assert codes(alert(codes=("IPAWSv1.0",), infos=(self.INFO,))) == []

    def test_what_is_missing_is_reported(self):
        message = alert(codes=("IPAWSv1.0",), infos=(self.INFO, cap.Info(areas=(cap.Area("b"),)), cap.Info()))
        assert codes(message) == [
            "profile-infos-differ",
            *("profile-element", "profile-event-code", "profile-geocode"),
            *("profile-element", "profile-event-code", "profile-element"),
        ]

    def test_facts_of_the_weather_service(self):
        pairs = named(
            ("eventEndingTime", "2026-11-23T10:00:00-06:00"),
            ("eventEndingTime", "soon"),
            ("expiredReferences", "w@noaa.example,id-1,2026-11-22T10:00:00-06:00 broken"),
            ("CMAMtext", "short"),
            ("CMAMlongtext", "long"),
        )
        message = alert(infos=(cap.Info(event_codes=named(("SAME", "SVR")), parameters=pairs),))
        found = facts(message)
        assert found.event_end == datetime(2026, 11, 23, 16, tzinfo=UTC)
        assert (found.short_text, found.replaced) == ("long", ("id-1",))
        assert found.hazards == named(("SAME", "SVR"))
        assert codes(message) == []


class TestCapCp:
    def test_facts_and_problems(self):
        event = named(("profile:CAP-CP:Event:0.4", "snowfall"))
        area = cap.Area("a", geocodes=named(("profile:CAP-CP:Location:0.3", "3520")))
        good = alert(
            codes=("profile:CAP-CP:0.4",),
            infos=(cap.Info(language="en-CA", event_codes=event, areas=(area,)),),
        )
        assert facts(good).hazards == named(("CAP-CP", "snowfall"))
        assert codes(good) == []
        bad = alert(codes=("profile:CAP-CP:0.4",), infos=(cap.Info(), cap.Info(areas=(cap.Area("b"),))))
        assert codes(bad) == [
            "profile-element",
            "profile-event-code",
            "profile-element",
            "profile-element",
            "profile-event-code",
            "profile-geocode",
        ]
        assert codes(alert(codes=("profile:CAP-CP:0.4",))) == ["profile-element"]

    def test_listed_places_without_the_declaration_are_reported(self):
        area = cap.Area("a", geocodes=named(("profile:CAP-CP:Location:0.3", "3520")))
        assert codes(alert(infos=(cap.Info(language="en-CA", areas=(area,)),))) == [
            "profile-element",
            "profile-event-code",
        ]


class TestCapAu:
    def test_facts_and_problems(self):
        event = named(("https://x.example/AUeventLIST", "bushFire"))
        good = alert(
            codes=("urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0",),
            infos=(cap.Info(event_codes=event),),
        )
        assert facts(good).hazards == named(("CAP-AU", "bushFire"))
        assert normalise(good) == good
        assert codes(good) == []
        bad = alert(codes=("urn:oasis:names:tc:emergency:cap:1.2:profile:cap-au:1.0",), infos=(cap.Info(),))
        assert codes(bad) == ["profile-event-code"]


def test_the_corpus_is_recognised(corpus):
    expected = {
        "google-cap-library/australia.cap": {"cap-au"},
        "google-cap-library/canada.cap": {"cap-cp"},
        "google-cap-library/canada_errors.cap": {"cap-cp"},
        "google-cap-library/earthquake_signed.cap": {"ipaws"},
        "international/il-488abaaf-cad5-4d2b-93b2-703016878453.xml": {"meteoalarm"},
        "google-cap-library/weather.cap": set(),
    }
    for name, profiles in expected.items():
        (found,) = cap.parse((corpus / name).read_bytes()).alerts
        assert {profile.name for profile in profiles_of(found)} == profiles, name
