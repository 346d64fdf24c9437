"""A municipality's app has an SMS gateway of its own: it takes the numbers of that app alone, and hurts nobody else."""

import asyncio
import json
from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.channel_credentials import CredentialChannel, OfferedCredential
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.instances.credentials import InstanceCredentials
from tests.cases.test_broken_instances import planned
from tests.cases.town import ALDENHOVEN, CENTRE, JUELICH, Town
from tests.channels.far_side import answer, hang
from tests.support.histories import until
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

TAKEN = answer(201, {"Content-Type": "application/json"}, b'{"id": "1"}')
APP, ELSE = f"i{ALDENHOVEN}", f"i{JUELICH}"
OWN, OTHER, BOTH = "+491555000001", "+491555000002", "+491555000003"


async def own_gateway(town: Town, **more: Any) -> None:
    """Let the app have a gateway of its own, at the path `/own`."""
    plain = json.dumps({"url": f"{town.gateways.origin}/own", **more}).encode()
    known = OfferedCredential(CredentialChannel.SMS, plain).known_as(APP, ADDRESSES.sealing.keyed_hash)
    await InstanceCredentials(town.pool).put(known, plain, ADDRESSES, UNNAMED_OPERATOR)
    assert town.worker.own_gateways
    await town.worker.own_gateways.look()


async def subscribe(town: Town) -> None:
    """One number in the app, one in another's, one in both."""
    for number, instances in ((OWN, (APP,)), (OTHER, (ELSE,)), (BOTH, (APP, ELSE))):
        for instance in instances:
            one = NewSubscription("sms", "sms", number, {}, (ALDENHOVEN, JUELICH), instance=instance)
            await Subscriptions(town.pool, ADDRESSES).add_many([one])


def paths(town: Town) -> dict[str, str]:
    """Where each number was told, by whom."""
    return {json.loads(one.body)["to"]: one.target for one in town.gateways.seen}


async def test_an_own_gateway_that_never_answers_keeps_no_other_waiting(town: Town) -> None:
    await subscribe(town)
    await own_gateway(town)

    async def react(seen: Any, writer: Any) -> None:
        await (hang if seen.target == "/own" else TAKEN)(seen, writer)

    town.gateways.react = react
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE, headline="Sturm"))
    tasks = [asyncio.create_task(town.worker.deliverer.deliver(batch)) for batch in await planned(town)]
    try:

        async def all_were_asked() -> bool:
            return paths(town).keys() == {OWN, OTHER, BOTH}

        await until(all_were_asked)
        assert paths(town) == {OWN: "/own", OTHER: "/sms", BOTH: "/sms"}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done = await town.pool.fetch("SELECT gateway FROM batch WHERE state = 'done'")
        assert [row["gateway"] for row in done] == ["sms"]
        assert await town.pool.fetchval("SELECT count(*) FROM gateway WHERE name = 'sms'") == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
