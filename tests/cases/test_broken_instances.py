"""One app is broken: its server takes every request and never answers, or its own VAPID key is wrong. Others hear of the
warning as if there were no such app.
"""

import asyncio
from typing import Any

from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.cases.test_apps import App
from tests.cases.town import ALDENHOVEN, CENTRE, JUELICH, Town
from tests.channels.far_side import answer, hang
from tests.channels.webpush import subscription as browser
from tests.support.histories import until
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

BROKEN = 60
"""More than the twenty in a row whose refusals would stop a push service for all."""


async def planned(town: Town) -> list[int]:
    """Plan what is due; the batches to be delivered."""
    for _, alert in await town._jobs():
        await town.worker.planner.plan(alert)
    # Where SMS are sent, their parts are counted by a plan's second job.
    return [int(argument) for function, argument in await town._jobs() if function == "deliver"]


async def test_an_app_that_never_answers_keeps_no_other_waiting(town: Town) -> None:
    broken, well = App(town, ALDENHOVEN), App(town, JUELICH)
    await broken.register()
    await well.register(side=well.other)
    town.apps[0].react = hang
    await town.accepted(warning(ALDENHOVEN, JUELICH, sender=CENTRE, headline="Sturm"))
    tasks = [asyncio.create_task(town.worker.deliverer.deliver(batch)) for batch in await planned(town)]
    try:

        async def both_were_asked() -> bool:
            return bool(broken.heard() and well.heard(side=well.other))

        await until(both_were_asked)
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(waiting)) == (1, 1), "the one that hangs is still being waited for"
        assert well.heard(side=well.other) == ["alert"]
        assert await town.pool.fetchval("SELECT count(*) FROM gateway") == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_own_vapid_key_that_is_wrong_stops_no_push_service(town: Town) -> None:
    own = VapidSigner(generate_key(), "mailto:app@stolberg.example")
    town.worker.deliverer._dependencies.channels["webpush"]._vapid.admit([own])  # type: ignore[attr-defined]
    refused: list[str] = []

    async def react(seen: Any, writer: Any) -> None:
        is_own = own.public_key in seen.headers.get("authorization", "")
        refused.extend([seen.target] if is_own else [])
        await answer(403 if is_own else 201)(seen, writer)

    town.gateways.react = react
    origin, keys = town.gateways.origin, {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}
    of_app = [
        NewSubscription("webpush", origin, f"{origin}/own/{n}", {**keys, "vapid": own.name}, (ALDENHOVEN,))
        for n in range(BROKEN)
    ]
    other = NewSubscription("webpush", origin, f"{origin}/other", keys, (JUELICH,))
    await Subscriptions(town.pool, ADDRESSES).add_many([*of_app, other])
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE, headline="Sturm"))
    for batch in await planned(town):
        await town.worker.deliverer.deliver(batch)
    asked = [one.target for one in town.gateways.seen]
    assert (len(set(refused)), asked) == (BROKEN, refused), "all were asked, with their own key alone"
    assert await town.pool.fetchval("SELECT count(*) FROM gateway") == 0, "nobody waits for the push service"
    await town.accepted(warning(JUELICH, sender=CENTRE, event="Giftwolke", headline="Giftwolke"))
    for batch in await planned(town):
        await town.worker.deliverer.deliver(batch)
    assert [one.target for one in town.gateways.seen if one.target == "/other"] == ["/other"]
