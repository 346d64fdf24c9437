"""The command line of what waits for a person, against a real record."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cap
from channels.sms.contract import Contract
from dispatcher.commands.held import _line, release_line, why_held
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk
from dispatcher.model.vocabulary import AlertState, Reason
from dispatcher.sms.parts import TextParts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Located, Plans
from dispatcher.store.sms.charges import Charges
from tests.store import conftest as on_record
from tests.store.sms.phones import phones
from tests.support.feed_messages import archive, warning
from tests.support.histories import ledger_of, submit
from tests.support.messages import DUEREN, message, stored
from tests.support.sealed import ADDRESSES

Run = Callable[..., Awaitable[list[str]]]
pool, sources, alerts = on_record.pool, on_record.sources, on_record.alerts


@pytest.fixture
def run(run_with_feeds: Run) -> Run:
    return run_with_feeds


async def test_deciding_what_waits(run: Any, tmp_path: Path) -> None:
    for number in (1, 2):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(archive(warning(number, event=f"E{number}", severity=cap.Severity.EXTREME)))
        await run("feeds", "replay", "dwd", file, "--shift")
    first, second = (json.loads(line) for line in await run("held", "list", "--json"))
    assert (first["state"], first["reason"], first["held_for"]) == ("held", "held", "severity")
    shown = "\n".join(await run("held", "show", first["id"]))
    assert "STARKREGEN" in shown or "E1" in shown
    assert "05358008 Düren" in shown
    assert "Wartet wegen (held_for): severity (diese Schwere geht nicht von selbst hinaus)\n" in shown
    head, one, _ = await run("held", "list")
    assert head.split()[:2] == ["Nummer", "Quelle"]
    assert one.startswith(first["id"])
    assert re.search(r" [0-9]{2}\.[0-9]{2}\.[0-9]{4} [0-9:]{5} (MEZ|MESZ) ", one)
    [document] = await run("held", "show", first["id"], "--json")
    target = json.loads(document)["target_sha256"]
    assert f"Freigeben: dispatcher held release {first['id']} --why … --target {target[:12]}" in shown
    assert f"Verwerfen: dispatcher held discard {first['id']} --why …" in shown
    await run("held", "show", "nothing", code=1)
    [line] = await run(
        "held", "release", first["id"], "--why", "geprüft", "--who", "a", "--target", target[:12]
    )
    assert line.startswith(
        f"{first['id']} freigegeben: neue Warnung, wird gesendet; Verlauf: dispatcher alerts show"
    )
    [document] = await run("alerts", "show", first["id"], "--json")
    assert json.loads(document)["alert"]["reason"] == "first_notice"
    [document] = await run("held", "show", first["id"], "--json")
    assert "held_for" not in json.loads(document), "it waits for nobody now"
    assert "Wartet wegen" not in "\n".join(await run("held", "show", first["id"]))
    again = ("held", "release", first["id"], "--why", "geprüft")
    for options, said in (
        ((), "Unter dieser Nummer wartet keine Meldung."),
        (("--language", "en"), "No message waits under this number."),
    ):
        assert await run(*again, *options, code=1) == [said]
    await run("held", "discard", second["id"], "--why", "Irrläufer")
    await run("held", "discard", second["id"], "--why", "Irrläufer", code=1)
    assert await run("held", "list") == ["keine Meldung wartet"]
    assert await run("held", "list", "--json") == []
    await run("alerts", "show", "01M8HFY360R14RVMK4YMSC5B5Q", code=1)


AT = desk(DeskLanguage.GERMAN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": AlertState.PLANNED, "audience": 4}, "A freigegeben: wird gesendet an 4 Empfänger"),
        (
            {"state": AlertState.SETTLED, "audience": 0},
            "A freigegeben: neue Warnung; Empfänger gibt es keine",
        ),
        (
            {"state": AlertState.HELD, "held_for": "audience: 9, not 5"},
            "A wartet wieder: audience: 9, not 5 (sie ginge",
        ),
        (
            {"state": AlertState.ACCEPTED},
            "A freigegeben: neue Warnung, wird gesendet; Verlauf: dispatcher alerts show A",
        ),
    ],
)
def test_who_releases_a_message_reads_what_happens_now(changes: Any, said: str) -> None:
    assert release_line(stored(**changes), AT).startswith(said)


def test_every_reason_to_hold_a_message_is_explained() -> None:
    assert why_held("area, sender", AT).startswith("area (welche Gemeinde")
    assert "; sender (dieser Absender" in why_held("area, sender", AT)
    assert why_held("audience: 9, not 5", AT).startswith("audience: 9, not 5 (sie ginge an")
    assert why_held("of a later version", AT) == "of a later version"


def test_a_held_messages_headline_controls_no_terminal() -> None:
    line = _line(stored(headline="Hoch\x9b2J\u202ewasser\x1b", held_for="area"))
    assert line.isprintable()
    assert json.loads(line)["headline"] == "Hoch\x9b2J\u202ewasser\x1b"


async def test_sms_that_no_budget_holds_are_let_go_once(run: Any, pool: Any, alerts: Any) -> None:
    await phones(pool, Subscriptions(pool, ADDRESSES), 5)
    await submit(alerts, "A", DUEREN)
    charges = Charges([Contract("a", parts_per_alert=1)])
    texts = TextParts({("alert", "", "a"): 2})
    plans = Plans(pool, 10, charges=charges)
    async for ready in plans.portions("A", in_flight=0, located=Located(texts=texts)):
        assert ready == []
    head, names, row, command = await run("held", "list")
    assert head == "SMS, die auf eine Freigabe warten, weil das Budget keines Gateways reicht:"
    assert names.split()[0] == "Nummer"
    assert row.split()[0] == "A"
    assert " Severe " in row
    assert re.search(r" 5 +a: 5 +Hochwasser", row)
    assert command == "Senden, was es auch kostet: dispatcher held sms A --why …"
    [line] = await run("held", "list", "--json")
    listed = json.loads(line)
    assert (listed["id"], listed["held_for"], listed["sms_recipients"]) == ("A", "budget", 5)
    assert (listed["sms_by_gateway"], listed["command"]) == ({"a": 5}, "dispatcher held sms A --why …")
    assert (await run("held", "list", "--language", "en"))[0].startswith("SMS that wait to be let go")
    [line] = await run("held", "sms", "A", "--why", "es eilt", "--json")
    assert json.loads(line) == {"id": "A", "recipients": 5}
    [batch] = await pool.fetch("SELECT id FROM batch")
    assert (await ledger_of(pool).acquire(batch["id"])).recipients
    [said] = await run("held", "sms", "A", "--why", "es eilt", code=1)
    assert said == "A: Keine SMS wartet auf eine Freigabe"
    assert await run("held", "list") == ["keine Meldung wartet"]


GATEWAY = {
    "name": "a",
    "url": "https://sms.example/send",
    "rate": 1,
    "price_per_part": "0.1",
    "parts_per_alert": 20,
    "parts_per_month": 1500,
}


async def test_whoever_decides_sees_what_the_sms_would_cost_and_what_is_left(
    run: Any, pool: Any, alerts: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([GATEWAY]))
    made = message(identifier="A", sent=datetime.now(UTC))
    held = {"reason": Reason.HELD, "held_for": "area", "raw": made.xml()}
    await submit(alerts, "A", DUEREN, **held)
    assert "SMS" not in "\n".join(await run("held", "show", "A")), "nobody gets one"
    await phones(pool, Subscriptions(pool, ADDRESSES), 30)
    shown = await run("held", "show", "A")
    first = shown.index(
        "Wird sie freigegeben, kosten ihre SMS höchstens (an alle Angemeldeten dieser Gemeinden):"
    )
    said = shown[first + 1 : first + 5]
    assert said[0] == "SMS: 20 Personen, je 1 Teil, etwa 2,00 €"
    assert "SMS-Budget: 10 Personen bekämen keine SMS, bis der Betreiber sie freigibt" in "\n".join(said)
    budget = "SMS-Budget von a, Teile: für diese Meldung noch 20 von 20, im Monat noch 1.500 von 1.500"
    assert budget in shown
    document = json.loads((await run("held", "show", "A", "--json"))[0])
    assert (document["sms"]["people"], document["sms"]["held"]) == (20, 10)
    assert document["sms_budgets"] == [
        {"gateway": "a", "alert": 20, "alert_limit": 20, "month": 1500, "month_limit": 1500}
    ]


async def test_of_sms_that_wait_for_a_budget_it_is_said_what_was_used_and_what_is_left(
    run: Any, pool: Any, alerts: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([GATEWAY]))
    await phones(pool, Subscriptions(pool, ADDRESSES), 30)
    await submit(alerts, "A", DUEREN, raw=message("A").xml())
    plans = Plans(pool, 100, charges=Charges([Contract("a", parts_per_alert=20)]))
    async for _ in plans.portions(
        "A", in_flight=0, located=Located(texts=TextParts({("alert", "", "a"): 1}))
    ):
        pass
    shown = await run("held", "show", "A", "--language", "en")
    assert "SMS budget: 10 people wait for the operator to let them go" in shown
    assert (
        "SMS budget of a, in parts: left for this message 0 of 20, left of the month 1,480 of 1,500" in shown
    )
    assert shown[-1] == "Send them, whatever they cost: dispatcher held sms A --why …"
    assert await run("held", "sms", "A", "--why", "es eilt") == [
        "A: SMS an 10 Empfänger freigegeben, sie werden gesendet"
    ]
