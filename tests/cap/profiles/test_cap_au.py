"""The Australian profile in common terms."""

import cap
from cap.profiles import facts, normalise
from tests.cap.profiles.alerts import alert, codes, named


def test_facts_and_problems() -> None:
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
