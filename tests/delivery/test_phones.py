"""From the record to the phone: what arrives at an SMS gateway and at an app, through the real channels."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import cap
from channels.app.channel import App
from channels.sms.channel import Sms
from channels.sms.contract import Contract
from channels.sms.gsm7 import encoding_of, split
from channels.sms.http.carrier import HttpCarrier
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import Reason
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from tests.channels import conftest as channel_fixtures
from tests.channels.far_side import answer, far_side
from tests.delivery.conftest import House
from tests.support.messages import DUEREN, HOUR, InfoPart, Message
from tests.support.sms_gateways import sms_gateway

authority = channel_fixtures.authority
ca_file = channel_fixtures.ca_file
client_for = channel_fixtures.client_for

Clients = Callable[..., Any]
NUMBER = "+4915100000001"
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests only").decode()


class Phones:
    """One number and one app that follow Düren, and what reached them."""

    def __init__(self, house: House, side: Any, client: Any) -> None:
        self._house, self._side = house, side
        gateway = sms_gateway("haupt", f"{side.origin}/sms")
        sms = Sms({"haupt": HttpCarrier(client, gateway)})
        self._deliverer = house.another(channels={"sms": sms, "app": App(client)})

    async def tell(self, alert_id: str, raw: bytes, **changes: Any) -> tuple[str, Any]:
        """Submit, plan and deliver; the SMS and the app's document."""
        before = len(self._side.seen)
        for batch in await self._house.planned(alert_id, raw=raw, **changes):
            await self._deliverer.deliver(batch)
        seen = {request.target: json.loads(request.body) for request in self._side.seen[before:]}
        assert seen.keys() == {"/sms", "/app"}
        return seen["/sms"]["text"], seen["/app"]


@asynccontextmanager
async def phones(house: House, client_for: Clients) -> AsyncIterator[Phones]:
    async with far_side(answer(200, {}, b'{"id": "1"}')) as side:
        await house.subscriptions.add_many(
            [
                NewSubscription("sms", "haupt", NUMBER, {}, (DUEREN,)),
                NewSubscription("app", side.origin, f"{side.origin}/app", {"secret": SECRET}, (DUEREN,)),
            ]
        )
        yield Phones(house, side, client_for(side.origin))


def message(
    identifier: str, lifetime: timedelta = 6 * HOUR, msg_type: str = "Alert", **changes: Any
) -> Message:
    info = InfoPart(lifetime=lifetime, **changes)
    return Message(
        identifier=identifier, sent=datetime.now(UTC).replace(microsecond=0), msg_type=msg_type, infos=(info,)
    )


def local(moment: datetime) -> str:
    here, now = (one.astimezone(ZoneInfo("Europe/Berlin")) for one in (moment, datetime.now(UTC)))
    return f"{here:%d.%m. %H:%M Uhr}" if here.year == now.year else f"{here:%d.%m.%Y %H:%M Uhr}"


async def test_one_sign_more_leaves_the_same_sms_but_for_the_word(house: House, client_for: Clients) -> None:
    said = (
        "Erhitzen Sie Leitungswasser auf 100{} und lassen Sie es abkühlen. "
        + "Geben Sie diese Nachricht an Nachbarn weiter. " * 9
        + "Fragen beantwortet das Gesundheitsamt unter 02421 22-100."
    )
    async with phones(house, client_for) as people:
        texts = [
            (await people.tell(name, message(name, instruction=said.format(sign)).xml()))[0]
            for name, sign in (("A", " °C"), ("B", " Grad"))
        ]
    assert texts[0] == texts[1]
    assert encoding_of(texts[0]) == "gsm7"
    assert len(split(texts[0], encoding_of(texts[0]))) == 1
    assert "auf 100 Grad und lassen Sie es abkühlen." in texts[0]
    assert "... 02421 22-100\nGebiet: Ort 05358008\n" in texts[0]
    assert "bis " in texts[0].splitlines()[-1]


async def test_what_begins_tomorrow_says_so(house: House, client_for: Clients) -> None:
    made = message("A", 34 * HOUR, urgency="Future")
    begins = made.sent + 26 * HOUR
    alert = cap.parse(made.xml()).alerts[0]
    raw = cap.render(
        replace(alert, infos=(replace(alert.infos[0], onset=begins, web="https://dueren.example/a"),))
    )
    async with phones(house, client_for) as people:
        text, document = await people.tell("A", raw, expires=made.sent + 34 * HOUR)
    ends = local(made.sent + 34 * HOUR)
    assert f"\nBeginn {local(begins)}\nGültig bis {ends}\nhttps://dueren.example/a" in text
    assert document["onset"] == begins.isoformat()


async def test_an_all_clear_without_info_names_what_is_over(house: House, client_for: Clients) -> None:
    """The record has the headline of what it ends."""
    first = message("A", headline="Gefahr am Bahnhof")
    async with phones(house, client_for) as people:
        await people.tell("A", first.xml())
        over = first.later("B", "Cancel", infos=()).xml()
        headline = {"headline": "Warnung: Gefahr am Bahnhof", "event": ""}
        text, document = await people.tell("B", over, chain="A", reason=Reason.CANCEL, **headline)
    what, where, since = text.split("\n")
    assert (what, where) == ("WARNUNG AUFGEHOBEN: Gefahr am Bahnhof", "Gebiet: Ort 05358008")
    assert since.startswith("Aufgehoben seit ")
    assert (document["title"], document["headline"]) == ("WARNUNG AUFGEHOBEN", "Gefahr am Bahnhof")


async def test_nothing_that_is_not_seen_arrives(house: House, client_for: Clients) -> None:
    made = message(
        "A",
        headline="Hoch\u202ewasser\x9b an\u200b der Rur",
        instruction="\u2066Meiden\u2069 Sie\u2028das Ufer.",
    )
    async with phones(house, client_for) as people:
        text, document = await people.tell("A", made.xml())
    assert text.startswith("WARNUNG: Hochwasser an der Rur\nMeiden Sie\ndas Ufer.\nGebiet: ")
    assert (document["headline"], document["instruction"]) == (
        "Hochwasser an der Rur",
        "Meiden Sie\ndas Ufer.",
    )


async def test_who_waits_at_a_gateway_that_was_removed_moves_on_record_and_his_parts_count_there(
    house: House, client_for: Clients
) -> None:
    """The worker sends by no gateway of its own choice: it waits for the sweep."""
    await house.subscriptions.add_many([NewSubscription("sms", "old", NUMBER, {}, (DUEREN,))])
    before = Charges([Contract("old", max_parts=6), Contract("b", weight=0, max_parts=6)])
    after = Charges([Contract("b", weight=0, max_parts=6)])
    house.planner._plans = Plans(house.pool, 100, charges=before)
    [batch] = await house.planned()
    async with far_side(answer(200, {}, b'{"id": "1"}')) as side:
        carrier = HttpCarrier(client_for(side.origin), sms_gateway("b", f"{side.origin}/sms"))
        deliverer = house.another(channels={"sms": Sms({"b": carrier})})
        await deliverer.deliver(batch)
        assert (await house.outcomes(batch), side.seen) == (bytes(1), [])
        [moved] = await Failover(house.pool, after).sweep()
        assert (moved.gateway, moved.recipients) == ("old", {"b": 1})
        for ready in moved.ready:
            await deliverer.deliver(ready.batch_id)
    assert len(side.seen) == 1
    assert tuple(await house.pool.fetchrow("SELECT gateway, to_gateway, reason FROM handover")) == (
        "old",
        "b",
        "removed",
    )
    alert_id = await house.pool.fetchval("SELECT alert_id FROM batch")
    assert (await after.spent(house.pool, alert_id))["b"].alert == 1
    standing = await after.standing(house.pool, alert_id)
    assert standing is not None
    assert [(one.gateway, one.parts_used) for one in standing.gateways] == [("b", 1)]


async def test_when_a_gateway_takes_nothing_the_other_one_takes_over_once(
    house: House, client_for: Clients
) -> None:
    """Through the real deliverer: refused by the one, paused, handed over on record, accepted by the other."""
    contracts = [Contract("a", failover_after_s=1, max_parts=6), Contract("b", weight=0, max_parts=6)]
    charges = Charges(contracts)
    async with far_side(answer(503)) as broken, far_side(answer(200, {}, b'{"id": "1"}')) as well:
        client = client_for(broken.origin, well.origin)
        carriers = {
            name: HttpCarrier(client, sms_gateway(name, f"{side.origin}/sms"))
            for name, side in (("a", broken), ("b", well))
        }
        numbers = [f"+49151{n:08}" for n in range(30)]
        await house.subscriptions.add_many(
            [NewSubscription("sms", "a", number, {}, (DUEREN,)) for number in numbers]
        )
        house.planner._plans = Plans(house.pool, 100, charges=charges)
        deliverer = house.another(channels={"sms": Sms(carriers)}, slice_size=30)
        [batch] = await house.planned()
        await deliverer.deliver(batch)
        assert await house.pool.fetchval("SELECT count(*) FROM gateway WHERE name = 'a'") == 1, "it is paused"
        assert await Failover(house.pool, charges).sweep() == [], "not for so short a time"
        await house.pool.execute("UPDATE gateway SET out_since = out_since - interval '2 s'")
        [moved] = await Failover(house.pool, charges).sweep()
        assert moved.recipients == {"b": 30}
        for ready in moved.ready:
            await deliverer.deliver(ready.batch_id)
    reached = [json.loads(request.body)["to"] for request in well.seen]
    assert sorted(reached) == numbers, "each once"
    rows = await house.pool.fetch("SELECT gateway, parts_sent, state FROM batch")
    assert [tuple(row) for row in rows] == [("b", 30, "done")]
