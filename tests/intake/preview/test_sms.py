"""A preview says what the SMS of a message would cost and how long they would take; a status what they have."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.plans import Plans
from dispatcher.wiring.sms.charges import sms_charges
from tests.store.sms.phones import phones
from tests.support.histories import finish, ledger_of, plan
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

URL = "https://sms.example/send"


@pytest.fixture
def settings(settings: Any) -> Any:
    gateways = (
        SmsGatewaySettings(
            name="a", url=URL, rate=2, price_per_part=Decimal("0.075"), weight=3, parts_per_alert=60
        ),
        SmsGatewaySettings(name="b", url=URL, rate=1, price_per_part=Decimal("0.1")),
    )
    return settings.model_copy(update={"sms_gateways": gateways})


async def preview(service: Any, message: Any) -> Any:
    answer = await service.submit(message, path="/v1/alerts/preview")
    assert answer.status == 200, answer.body
    return answer.json["sms"]


async def test_a_preview_and_then_the_status_say_what_it_takes(
    service: Any, pool: Any, settings: Any
) -> None:
    people = await phones(pool, service.parts.subscriptions, 40)
    message = warning(DUEREN)
    found = await preview(service, message)
    first, second = found["gateways"]
    assert (found["people"], found["parts"], found["parts_total"]) == (40, 1, 40)
    assert (first["gateway"], first["people"], second["people"]) == ("a", 30, 10)
    assert (found["seconds"], first["seconds"], second["seconds"]) == (15.0, 15.0, 10.0)
    assert (found["price"], found["currency"]) == (30 * 0.075 + 1.0, "EUR")
    assert (found["held"], found["parts_used"]) == (0, 0)
    alert_id = (await service.submit(message)).json["alert"]["id"]
    assert await preview(service, message) is None, "it was accepted before"
    plans = Plans(pool, 100, charges=sms_charges(settings))
    for ready in await plan(ledger_of(pool), plans, alert_id):
        ledger = ledger_of(pool)
        lease = await ledger.acquire(ready.batch_id)
        if lease.gateway == "a":
            size = len(lease.recipients)
            await ledger.release(
                lease, Progress(bytes([State.ACCEPTED] * size), text_parts=1, parts_sent=size)
            )
        else:
            await ledger.release(lease, Progress(bytes(len(lease.recipients)), text_parts=1))
    status = (await service.get(f"/v1/alerts/{alert_id}")).json["sms"]
    by_gateway = {one["gateway"]: one for one in status["gateways"]}
    sent = by_gateway["a"]["parts_used"]
    assert (status["people"], status["parts_used"]) == (len(people) - sent, sent)
    assert by_gateway["b"]["seconds"] == status["seconds"] == len(people) - sent
    assert status["price_used"] == pytest.approx(sent * 0.075)
    waiting = await preview(service, warning(DUEREN, event="Sturm", headline="Sturm über Düren"))
    assert waiting["gateways"][1]["before"] == len(people) - sent, "what waits goes first"


async def test_where_it_takes_too_long_nothing_says_that_it_costs_nothing(
    service: Any, pool: Any, database_url: str
) -> None:
    """Here the sum of what waits is waited for, for ever. So far the whole preview was a 503."""
    await phones(pool, service.parts.subscriptions, 3)
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        answer = await service.submit(warning(DUEREN), path="/v1/alerts/preview")
    await connection.close()
    assert answer.status == 200, answer.body
    assert (answer.json["uncounted"], answer.json["reach"], answer.json["sms"]) == ("timeout", None, None)
    assert [one["ags"] for one in answer.json["municipalities"]] == [DUEREN]
    assert (await preview(service, warning(DUEREN)))["people"] == 3


async def test_what_waits_for_nobody_or_for_a_few_is_not_quoted(service: Any, pool: Any) -> None:
    assert await preview(service, warning(DUEREN)) is None
    await phones(pool, service.parts.subscriptions, 3)
    assert (await preview(service, warning(DUEREN)))["people"] == 3
    assert await preview(service, warning(DUEREN, status="Exercise")) is None


async def test_a_budget_that_is_too_small_is_said_before(service: Any, pool: Any, settings: Any) -> None:
    await phones(pool, service.parts.subscriptions, 100)
    found = await preview(service, warning(DUEREN))
    first, second = found["gateways"]
    assert (first["over_budget"], first["people"], second["over_budget"], second["people"]) == (
        True,
        60,
        False,
        40,
    ), "the other gateway takes the rest"
    assert (found["held"], found["seconds"], found["price"]) == (0, 40.0, 60 * 0.075 + 40 * 0.1)


async def test_a_text_in_more_parts_takes_longer(service: Any, pool: Any) -> None:
    await phones(pool, service.parts.subscriptions, 4)
    long = warning(
        DUEREN,
        instruction="Schließen Sie alle Fenster und Türen, schalten Sie Lüftungen aus und suchen Sie einen Raum im Inneren auf. "
        * 3,
    )
    found = await preview(service, long)
    assert (found["parts"], found["parts_total"]) == (2, 8)


async def test_those_who_name_a_gateway_are_counted_there_as_the_plan_does(
    service: Any, pool: Any, settings: Any
) -> None:
    await phones(pool, service.parts.subscriptions, 30, gateway="b")
    await phones(pool, service.parts.subscriptions, 4, gateway="a", first=100)
    message = warning(DUEREN)
    found = await preview(service, message)
    assert {one["gateway"]: one["people"] for one in found["gateways"]} == {"a": 4, "b": 30}
    alert_id = (await service.submit(message)).json["alert"]["id"]
    await plan(ledger_of(pool), Plans(pool, 100, charges=sms_charges(settings)), alert_id)
    rows = await pool.fetch("SELECT gateway, sum(cardinality(recipients)) AS n FROM batch GROUP BY 1")
    assert {row["gateway"]: row["n"] for row in rows} == {"a": 4, "b": 30}


async def test_each_language_is_counted_with_its_own_text(service: Any, pool: Any, settings: Any) -> None:
    """A Ukrainian frame makes the text of a reader of Ukrainian one of 70 letters a part, and of no one else's."""
    await phones(pool, service.parts.subscriptions, 8, gateway="b")
    await phones(pool, service.parts.subscriptions, 2, gateway="b", first=100, language="uk")
    message = warning(DUEREN)
    found = await preview(service, message)
    [one] = [gateway for gateway in found["gateways"] if gateway["people"]]
    assert (one["people"], found["parts_total"]) == (10, 8 * 1 + 2 * one["parts"])
    assert one["parts"] > 1
    assert one["seconds"] == found["parts_total"]
    assert one["price"] == pytest.approx(found["parts_total"] * 0.1)


async def test_what_would_wait_for_a_second_person_is_counted_and_quoted_like_what_is_sent(
    service: Any, pool: Any
) -> None:
    await phones(pool, service.parts.subscriptions, 40)
    message = warning(DUEREN)
    sent = (await service.submit(message, path="/v1/alerts/preview")).json
    await pool.execute(
        "INSERT INTO approval_rule VALUES ('*', 'Severe', 10, true, 'PT5M', NULL, 'PT10H')",
    )
    waits = (await service.submit(message, path="/v1/alerts/preview")).json
    assert (waits["reason"], waits["sent_to_people"], sent["approval"]) == ("held", False, None)
    assert waits["approval"] == {
        "is_author_known": False,
        "source": "*",
        "severity": "Severe",
        "people": 10,
        "remind_after_s": 300,
        "escalate_after_s": None,
        "release_after_s": None,
    }, "by the time of its release it has expired"
    counted = ("reach", "reach_by_municipality", "population", "municipalities", "lane", "expires")
    assert {name: waits[name] for name in counted} == {name: sent[name] for name in counted}
    quoted = ("people", "parts", "parts_total", "price", "seconds", "held")
    assert {name: waits["sms"][name] for name in quoted} == {name: sent["sms"][name] for name in quoted}


async def test_the_preview_of_an_update_that_would_wait_says_whom_it_leaves(
    service: Any, pool: Any, settings: Any
) -> None:
    await phones(pool, service.parts.subscriptions, 4)
    first = warning(DUEREN, JUELICH)
    alert_id = (await service.submit(first)).json["alert"]["id"]
    ledger = ledger_of(pool)
    for ready in await plan(ledger, Plans(pool, 100, charges=sms_charges(settings)), alert_id):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    update = first.later("update-1", infos=(replace(first.infos[0], areas=(JUELICH,)),))
    found = (await service.submit(update, path="/v1/alerts/preview")).json
    assert found["approval"]["people"] == 0
    assert found["no_longer_affected"]["reach"] == {"sms": 4}
