"""The server of an app that moves, ends its webhook or was ended, in the middle of a warning."""

import json
from typing import Any

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import ALDENHOVEN, DUEREN, JUELICH, Town
from tests.channels.far_side import FarSide, answer
from tests.support.submissions import warning

PATH = "/v1/instance/webhook"
TEXT = "Rauch über dem Tal"


class App:
    """An instance's maker, and what came to each path of its servers."""

    def __init__(self, town: Town, ags: str = ALDENHOVEN) -> None:
        self.town = town
        self.side, self.other = town.apps
        self.key = f"wi_i{ags}_{SECRET}"

    async def register(self, path: str = "/one", side: FarSide | None = None) -> None:
        body = json.dumps({"url": (side or self.side).origin + path}).encode()
        put = await self.town.service.request("PUT", PATH, body, key=self.key)
        assert put.status == 200, put.body

    async def take_back(self) -> None:
        assert (await self.town.service.request("DELETE", PATH, key=self.key)).status == 204

    def heard(self, path: str = "/one", side: FarSide | None = None) -> list[str]:
        seen = (side or self.side).seen
        return [json.loads(one.body)["kind"] for one in seen if one.target == path]


async def warned(town: Town, app: App, *areas: str) -> Any:
    await app.register()
    first = warning(*(areas or (ALDENHOVEN,)), sender="leitstelle@dueren.example", headline=TEXT)
    await town.accepted(first)
    await town.work()
    assert app.heard() == ["alert"]
    return first


async def gone(town: Town) -> None:
    """The app's server answers 410 to another warning."""
    town.apps[0].react = answer(410)
    await town.accepted(warning(ALDENHOVEN, sender="leitstelle@dueren.example", event="Sturm"))
    await town.work()
    town.apps[0].react = answer(204)


@pytest.mark.parametrize("by", ["delete", "410", "410 and delete"])
@pytest.mark.parametrize("path", ["/one", "/two"])
async def test_who_was_warned_hears_the_end_at_the_webhook_registered_since(
    town: Town, by: str, path: str
) -> None:
    app = App(town)
    first = await warned(town, app)
    if "410" in by:
        await gone(town)
    if "delete" in by:
        await app.take_back()
    before = len(town.apps[0].seen)
    await app.register(path)
    await town.accepted(first.later("ende", "Cancel", minutes=10, infos=()))
    await town.work()
    assert [json.loads(one.body)["kind"] for one in town.apps[0].seen[before:]] == ["cancel"]
    assert town.apps[0].seen[-1].target == path


async def test_an_update_of_what_was_accepted_is_an_update_and_elsewhere_an_end(town: Town) -> None:
    app = App(town)
    first = await warned(town, app, ALDENHOVEN, DUEREN)
    await app.take_back()
    await app.register("/two")
    second = first.later("update", minutes=5)
    await town.accepted(second)
    await town.work()
    assert app.heard("/two") == ["update"]


async def test_an_end_that_comes_between_is_in_the_pull_and_not_sent_to_the_old_url(town: Town) -> None:
    app = App(town)
    first = await warned(town, app)
    await app.take_back()
    await town.accepted(first.later("ende", "Cancel", minutes=10, infos=()))
    await town.work()
    await app.register("/two")
    await town.work()
    assert (app.heard(), app.heard("/two")) == (["alert"], [])
    pulled = (await town.service.get("/v1/instance/alerts", key=app.key)).json
    assert [one["kind"] for one in pulled["ended"]] == ["cancel"]


async def test_what_waits_when_the_webhook_is_taken_back_goes_to_the_new_url_alone(town: Town) -> None:
    """A worker died before it began."""
    app = App(town)
    await app.register()
    await town.accepted(warning(ALDENHOVEN, sender="leitstelle@dueren.example", headline=TEXT))
    (alert,) = [row["id"] for row in await town.pool.fetch("SELECT id FROM alert")]
    await town.worker.planner.plan(alert)
    await app.take_back()
    await app.register("/two")
    await town.work()
    assert (app.heard(), app.heard("/two")) == ([], ["alert"])


async def test_another_apps_end_stays_its_own(town: Town) -> None:
    app, neighbour = App(town), App(town, JUELICH)
    first = await warned(town, app)
    await app.take_back()
    await neighbour.register()
    await town.accepted(first.later("ende", "Cancel", minutes=10, infos=()))
    await town.work()
    assert app.heard() == ["alert"], "who has the URL now was not warned"


async def test_whoever_is_asked_is_paused_logged_and_shown(town: Town) -> None:
    """The webhook moves to another server while its notice waits for the one that is down."""
    app, stays = App(town), App(town, JUELICH)
    app.side.react = answer(503)
    await app.register()
    await stays.register("/stays")
    await town.accepted(warning(ALDENHOVEN, JUELICH, sender="leitstelle@dueren.example", headline=TEXT))
    await town.work()
    assert (app.heard(), stays.heard("/stays")) == (["alert"], ["alert"])
    await town.pool.execute("UPDATE gateway SET paused_until = clock_timestamp() + interval '1 hour'")
    await app.register("/one", app.other)
    rows = await town.pool.fetch("SELECT gateway, cardinality(recipients) AS n FROM batch ORDER BY gateway")
    assert {(row["gateway"], row["n"]) for row in rows} == {(app.side.origin, 1), (app.other.origin, 1)}
    attempts = await town.pool.fetch(
        "SELECT b.gateway, p.attempts FROM problem p JOIN batch b ON b.id = p.batch_id"
    )
    assert {tuple(row) for row in attempts} == {(app.side.origin, 1), (app.other.origin, 1)}, "kept for both"
    await all_due(town)
    app.other.react = answer(401)
    await town.work()
    assert app.heard("/one", app.other) == ["alert"], "it does not wait for the server it left"
    paused = await town.pool.fetch("SELECT name FROM gateway WHERE reason <> 'breaker'")
    assert app.side.origin not in {row["name"] for row in paused}
    assert [one.headers["webhook-id"] for one in app.side.seen if one.target == "/one"] == [
        one.headers["webhook-id"] for one in app.other.seen
    ], "it is one notice, to the receiver too"


async def test_a_worker_that_held_it_meanwhile_asks_the_new_server_under_its_own_name(town: Town) -> None:
    """As a registration leaves it that found the batch locked."""
    app, stays = App(town), App(town, JUELICH)
    await app.register()
    await stays.register("/stays")
    await town.accepted(warning(ALDENHOVEN, JUELICH, sender="leitstelle@dueren.example", headline=TEXT))
    (alert,) = [row["id"] for row in await town.pool.fetch("SELECT id FROM alert")]
    await town.worker.planner.plan(alert)
    await town.pool.execute("UPDATE batch SET lease_until = clock_timestamp() + interval '1 hour'")
    await app.register("/one", app.other)
    await town.pool.execute("UPDATE batch SET lease_until = NULL")
    assert await town.pool.fetchval("SELECT count(*) FROM batch") == 1
    await town.work()
    assert (app.heard("/one", app.other), app.heard(), stays.heard("/stays")) == (["alert"], [], ["alert"])
    rows = await town.pool.fetch("SELECT gateway, outcomes, state FROM batch ORDER BY id")
    assert [tuple(row) for row in rows] == [(one.origin, b"\x10", "done") for one in town.apps]
    assert await town.pool.fetchval("SELECT state FROM alert") == "settled"


async def all_due(town: Town) -> None:
    await town.pool.execute("UPDATE batch SET not_before = clock_timestamp() - interval '1 s'")
    await town.pool.execute(
        "UPDATE problem SET due = clock_timestamp() - interval '1 s' WHERE due IS NOT NULL"
    )
