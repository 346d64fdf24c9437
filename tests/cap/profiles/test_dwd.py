"""The German weather service in common terms."""

import cap
from cap.profiles import facts, normalise
from cap.profiles.dwd import SOURCE
from tests.cap.profiles.alerts import alert, named

BASE = "2.49.0.0.276.0.DWD.PVW.1687511640000.0d1a4fb5-251a"


def message(
    headline: str = "Amtliche WARNUNG",
    msg_type: cap.MsgType = cap.MsgType.UPDATE,
    ii: str = "61",
    urgency: cap.Urgency = cap.Urgency.IMMEDIATE,
) -> cap.Alert:
    event = named(("II", ii), ("GROUP", "RAIN"), ("LICENSE", "© GeoBasis-DE / BKG"))
    info = cap.Info(headline=headline, event_codes=event, urgency=urgency)
    return alert(f"{BASE}.MUL", "opendata@dwd.de", msg_type, (f"id:{BASE}",), (info, info))


def test_facts() -> None:
    found = facts(message())
    assert found.key == BASE
    assert found.hazards == named(("DWD-II", "61"), ("DWD-GROUP", "RAIN"))
    assert found.attribution == (SOURCE, "© GeoBasis-DE / BKG")
    assert (found.all_clear, found.is_test, found.advance) == (False, False, False)


def test_a_lifted_warning_is_an_all_clear() -> None:
    lifted = message("AUFHEBUNG der Warnung")
    assert facts(lifted).all_clear
    assert normalise(lifted).infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert normalise(normalise(lifted)) == normalise(lifted)
    assert not facts(message("AUFHEBUNG der Warnung", cap.MsgType.ALERT)).all_clear


def test_test_events_and_notices_in_advance() -> None:
    assert facts(message(ii="98")).is_test
    assert facts(message(urgency=cap.Urgency.FUTURE)).advance


def test_without_a_code_the_identifier_gives_the_key() -> None:
    assert facts(alert(f"{BASE}.DEU")).key == BASE
