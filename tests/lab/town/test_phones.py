"""What arrives is shown: a text once, then to whom else it came."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.town.phones import SHORT, Phones, fitted
from ops.lab.world.ledger import Entry
from ops.lab.world.population import Recipient


def entry(recipient: str, text: str = "WARNUNG: Sturm", *, status: int = 202, alert: str = "A") -> Entry:
    return Entry(
        channel="sms",
        recipient=recipient,
        accepted=status < 300,
        status=status,
        wall_ns=1,
        mono_ns=1,
        process=1,
        number=1,
        port=1,
        alert=alert,
        text=text,
    )


def push(
    recipient: str, sequence: int, headline: str, kind: str = "alert", chain: str = "C", **more: Any
) -> Entry:
    document = {
        "chain": chain,
        "sequence": sequence,
        "kind": kind,
        "title": "WARNUNG",
        "headline": headline,
        "sender": "Leitstelle",
        "expires": "2026-11-28T18:23:30+00:00",
        **more,
    }
    return msgspec.structs.replace(entry(recipient, json.dumps(document), alert=headline), channel="webpush")


def lines(*entries: Any) -> list[str]:
    people = [Recipient(ref, "sms", "", (place,), place) for ref, place in (("r1", "1"), ("r2", "2"))]
    phones = Phones(people, {"1": "Düren", "2": "Kreuzau"}, ZoneInfo("Europe/Berlin"))
    return [line for line in phones.lines(entries) if line]


def test_a_text_is_shown_once_and_then_who_else_got_it() -> None:
    assert lines(entry("r1"), entry("r2")) == [
        "SMS (1 part, 14 characters, gsm7) to somebody in Düren:",
        "    WARNUNG: Sturm",
        "SMS to somebody in Kreuzau: the same",
    ]


def test_a_phone_of_ones_own_is_called_so() -> None:
    own = msgspec.structs.replace(entry("of nobody known"), handed="{}")
    assert lines(own)[0].endswith("to your own phone:")
    code = msgspec.structs.replace(own, text='{"code": "q"}', channel="fcm", kind="round_trip")
    assert lines(code) == ["push notification to your own phone: a code, which its app brings back"]


def test_all_families_have_a_word_for_what_comes() -> None:
    assert {spec.family for spec in WITH_PHONES.values()} == set(SHORT)


def test_a_code_is_no_message() -> None:
    code = msgspec.structs.replace(entry("r1", '{"code": "q8Tz3v"}'), channel="webpush", kind="round_trip")
    assert lines(code) == ["push notification to somebody in Düren: a code, which its app brings back"]


def test_another_message_is_shown_whole() -> None:
    assert "    WARNUNG: Hagel" in lines(entry("r1"), entry("r1", "WARNUNG: Hagel", alert="B"))


def test_another_text_of_the_same_alert_is_not_the_same() -> None:
    """One Update warns some, and tells others that it is over for them."""
    shown = lines(
        entry("r1"), entry("r2", "AUFGEHOBEN: Sturm"), entry("r1"), entry("r2", "AUFGEHOBEN: Sturm")
    )
    assert shown[2:4] == [
        "SMS (1 part, 17 characters, gsm7) to somebody in Kreuzau:",
        "    AUFGEHOBEN: Sturm",
    ]
    assert shown[4:] == ["SMS to somebody in Düren: the same", "SMS to somebody in Kreuzau: the same"]


def test_what_was_refused_reached_nobody() -> None:
    assert lines(entry("r1", status=503), entry("r1", "")) == []


def test_a_line_is_broken_between_words_and_links_stay_whole() -> None:
    assert fitted("    Keller räumen, Autos wegfahren", 20) == ["    Keller räumen,", "    Autos wegfahren"]
    link = "    https://warnung.example/" + "a" * 30
    assert fitted(link, 20) == [link]
    assert fitted("", 20) == [""]


def test_what_was_overtaken_is_not_shown_on_that_phone() -> None:
    """The order is that of the chain, whatever comes first; of one message the end is the last word."""
    overtaken = "push notification to somebody in Düren: overtaken by a newer one, not shown"
    assert overtaken not in lines(push("r1", 1, "Sturm"), push("r1", 2, "Orkan"), push("r2", 1, "Sturm"))
    assert lines(push("r1", 2, "Orkan"), push("r1", 1, "Sturm"))[-1] == overtaken
    assert overtaken not in lines(push("r1", 2, "Orkan"), push("r1", 1, "Hitze", chain="D"))
    assert lines(push("r1", 2, "Ende", "cancel"), push("r1", 2, "Orkan"))[-1] == overtaken
    end = push("r1", 9, "Ende", "cancel", also_replaces={"D": 5})
    assert lines(end, push("r1", 5, "Hitze", chain="D"))[-1] == overtaken, "it ended that one, too"
    assert overtaken not in lines(end, push("r1", 6, "Hitze", chain="D"))
    assert overtaken not in lines(end, push("r2", 5, "Hitze", chain="D"))
