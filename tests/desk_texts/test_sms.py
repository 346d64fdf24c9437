"""What SMS cost and how long they take, in words."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.commands.desk.sentences import preview_lines, status_lines
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.desk_texts.sms import duration, money, sms_preview_lines, sms_status_lines
from tests.commands.desk.test_sentences import AT, previewed, status

DESK = Desk(desk_texts("de"), DeskLanguage.GERMAN, ZoneInfo("Europe/Berlin"))
ENGLISH = Desk(desk_texts("en"), DeskLanguage.ENGLISH, ZoneInfo("Europe/Berlin"))


def sms(**changes: Any) -> dict[str, Any]:
    return {
        "people": 10_000,
        "parts": 2,
        "parts_total": 20_000,
        "seconds": 2000.0,
        "finishes_at": AT,
        "price": 1500.0,
        "currency": "EUR",
        "parts_used": 0,
        "price_used": 0.0,
        "held": 0,
        "gateways": [],
    } | changes


def test_texts_of_several_languages_may_have_fewer_parts_than_the_longest() -> None:
    found = sms(people=100, parts=3, parts_total=203)
    assert sms_preview_lines(found, DESK)[0].startswith("SMS: 100 Personen, je nach Sprache bis 3 Teile, ")
    assert sms_preview_lines(found, ENGLISH)[0].startswith(
        "SMS: 100 people, up to 3 parts each, by language, "
    )


def test_a_preview_says_how_many_how_long_and_how_dear() -> None:
    assert sms_preview_lines(sms(), DESK) == [
        "SMS: 10.000 Personen, je 2 Teile, etwa 1.500,00 €",
        "SMS an 10.000 Personen: fertig in 33 min (28.11.2026 06:25 MEZ)",
    ]
    assert sms_preview_lines(sms(parts=1, price=0.5), ENGLISH) == [
        "SMS: 10,000 people, 1 part each, about EUR 0.50",
        f"SMS to 10,000 people: out in 33 min ({ENGLISH.time(AT)})",
    ]


def test_what_nobody_declared_is_said_to_be_unknown() -> None:
    first, second = sms_preview_lines(sms(price=None, currency=None, seconds=None, finishes_at=None), DESK)
    assert first == "SMS: 10.000 Personen, je 2 Teile"
    assert "Dauer unbekannt" in second
    assert sms_preview_lines(None, DESK) == sms_status_lines(None, DESK) == []


def test_a_text_that_is_not_counted_yet_is_no_contract_without_a_rate() -> None:
    uncounted = {
        "gateway": "a",
        "people": 4,
        "parts": 0,
        "price": None,
        "currency": "EUR",
        "over_budget": False,
    }
    found = sms(people=4, parts=0, seconds=None, finishes_at=None, price=None, gateways=[uncounted])
    assert sms_status_lines(found, DESK)[-1] == (
        "SMS an 4 Personen: Länge des Textes und Dauer werden noch gezählt"
    )
    assert "still being counted" in sms_status_lines(found, ENGLISH)[-1]
    found["gateways"] = [uncounted | {"parts": 2}]
    assert "Durchsatz" in sms_status_lines(found, DESK)[-1]


def test_of_whom_the_price_is_not_known_is_said_beside_what_is() -> None:
    gateways = [
        {"gateway": "kannel", "people": 18, "price": 2.52, "currency": "EUR", "over_budget": False},
        {"gateway": "seven", "people": 36, "price": 5.4, "currency": "EUR", "over_budget": False},
        {"gateway": "smsc", "people": 18, "price": None, "currency": None, "over_budget": False},
    ]
    found = sms(people=72, price=None, currency=None, gateways=gateways)
    assert sms_preview_lines(found, DESK)[0] == (
        "SMS: 72 Personen, je 2 Teile, etwa 7,92 €; "
        "dazu die SMS an 18 Personen, für die kein Preis angegeben ist (price_per_part)"
    )
    assert "about EUR 7.92; besides the SMS to 18 people" in sms_preview_lines(found, ENGLISH)[0]
    assert sms_preview_lines(found | {"gateways": gateways[2:]}, DESK)[0] == "SMS: 72 Personen, je 2 Teile"


def test_prices_in_several_currencies_are_all_said() -> None:
    prices = [{"currency": "CHF", "price": 2.0}, {"currency": "EUR", "price": 1500.0}]
    found = sms(price=None, price_used=None, prices=prices, prices_used=prices, parts_used=9, people=0)
    assert sms_preview_lines(found, DESK)[0] == "SMS: 0 Personen, je 2 Teile, etwa 2,00 CHF + 1.500,00 €"
    assert sms_status_lines(found, DESK) == ["SMS: 9 Teile verbraucht, 2,00 CHF + 1.500,00 €"]


def test_whom_no_budget_holds_is_said_before_and_after() -> None:
    assert "400 Personen bekämen keine SMS" in sms_preview_lines(sms(held=400), DESK)[-1]
    assert "400 people wait" in sms_status_lines(sms(held=400), ENGLISH)[-1]


def test_a_gateway_over_its_budget_is_said_with_whom_it_takes() -> None:
    gateways = [
        {"gateway": "a", "people": 6000, "over_budget": True},
        {"gateway": "b", "people": 4000, "over_budget": False},
    ]
    _, said, finish = sms_preview_lines(sms(gateways=gateways), DESK)
    assert said.startswith("SMS-Budget: Das von a reicht nicht für alle")
    assert "etwa 6.000 Personen" in said
    assert "fertig" in finish
    none = sms(people=0, held=40, gateways=[{"gateway": "a", "people": 0, "over_budget": True}])
    assert "that of a does not hold" in sms_preview_lines(none, ENGLISH)[1]
    assert "40 people would get no SMS" in sms_preview_lines(none, ENGLISH)[2], (
        "nothing ends: nobody is sent to"
    )


def test_a_stopped_gateway_is_said_in_place_of_a_finishing_time() -> None:
    stopped = {
        "gateway": "a",
        "people": 4,
        "over_budget": False,
        "stopped_reason": "misconfigured",
        "stopped_since": AT,
        "stopped_until": AT,
    }
    found = sms(people=4, seconds=None, finishes_at=None, gateways=[stopped])
    at = DESK.time(AT)
    assert sms_status_lines(found, DESK)[1:] == [
        f"SMS: Gateway a steht seit {at}: Gateway weist uns ab, nächster Versuch {at}",
        "SMS an 4 Personen: Ende unbekannt, solange ein Gateway steht",
    ]
    found["gateways"] = [stopped | {"stopped_since": None}]
    assert "gateway a is stopped: the gateway" in sms_preview_lines(found, ENGLISH)[1]


def test_a_status_says_what_was_used_and_when_the_rest_is_out() -> None:
    assert sms_status_lines(sms(people=100, parts_used=1234, price_used=92.55), DESK) == [
        "SMS: 1.234 Teile verbraucht, 92,55 €",
        "SMS an 100 Personen: fertig in 33 min (28.11.2026 06:25 MEZ)",
    ]
    assert sms_status_lines(sms(people=0, parts_used=4, price_used=None), DESK) == ["SMS: 4 Teile verbraucht"]


def test_one_person_and_one_part_are_one() -> None:
    one = sms(people=1, parts=1, price=0.075, held=1, parts_used=1, price_used=0.075)
    assert sms_preview_lines(one, DESK) == [
        "SMS: 1 Person, 1 Teil, etwa 0,08 €",
        "SMS an 1 Person: fertig in 33 min (28.11.2026 06:25 MEZ)",
        "SMS-Budget: 1 Person bekäme keine SMS, bis der Betreiber sie freigibt; alles andere ginge hinaus",
    ]
    used, out, waits = sms_status_lines(one, ENGLISH)
    assert used == "SMS: 1 part used, EUR 0.08"
    assert out.startswith("SMS to 1 person: ")
    assert waits == "SMS budget: 1 person waits for the operator to let them go"


def test_previews_and_states_have_the_lines() -> None:
    assert "SMS: 10.000 Personen, je 2 Teile, etwa 1.500,00 €" in preview_lines(previewed(sms=sms()), DESK)
    assert "SMS: 7 Teile verbraucht, 0,53 €" in status_lines(
        status(sms=sms(people=0, parts_used=7, price_used=0.525)), DESK
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),
        (40.4, "40 s"),
        (100.0, "2 min"),
        (2000.0, "33 min"),
        (7500.0, "2 h 5 min"),
        (86400.0, "24 h 0 min"),
    ],
)
def test_a_duration_is_as_exact_as_anybody_wants_to_know(seconds: float, said: str) -> None:
    assert duration(seconds, DESK) == said


def test_a_currency_without_a_sign_keeps_its_code() -> None:
    assert money(1234567.5, "CHF", DESK) == "1.234.567,50 CHF"
    assert money(0.0, "EUR", ENGLISH) == "EUR 0.00"
