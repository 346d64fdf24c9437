"""The Canadian profile in common terms."""

import cap
from cap.profiles import facts
from tests.cap.profiles.alerts import alert, codes, named


def test_facts_and_problems() -> None:
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


def test_listed_places_without_the_declaration_are_reported() -> None:
    area = cap.Area("a", geocodes=named(("profile:CAP-CP:Location:0.3", "3520")))
    assert codes(alert(infos=(cap.Info(language="en-CA", areas=(area,)),))) == [
        "profile-element",
        "profile-event-code",
    ]
