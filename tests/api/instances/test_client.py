"""The page and the service worker that the documents show, run as they stand there against the service."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dispatcher.model.vocabulary import Kind
from dispatcher.settings import Settings
from tests.channels.webpush import subscription as browser
from tests.support import documents
from tests.support.browser import BROWSER
from tests.support.messages import DUEREN
from tests.support.phones import KEYS, World, phones
from tests.support.sent_bodies import push

PATIENCE_S = 20
DRIVER = """
import { createInterface } from "node:readline";
BROWSER
WORKER
const { subscribe } = await import("./subscribe.mjs");
const start = () => subscribe(process.env.WARN, "dueren", { places: ["05358008"] });
const real = globalThis.fetch, asked = [];
let offline = false;
globalThis.fetch = async (url, options = {}) => {
  if (offline) throw new TypeError("no network");
  const answer = await real(url, options);
  asked.push([options.method ?? "GET", new URL(url).pathname.split("/").pop(), answer.status]);
  return answer;
};
for await (const line of createInterface({ input: process.stdin })) {
  const { started, message, tag, ...how } = JSON.parse(line);
  offline = how.offline ?? false;
  const state = started ? await start() : null;
  if (message) await push(message).catch((failed) => { if (!offline) throw failed; });
  if (tag) await click(shown.get(tag));
  console.log(JSON.stringify({ state, shown: [...shown.values()], opened, asked: asked.splice(0) }));
}
"""

pytestmark = pytest.mark.processes


@asynccontextmanager
async def page(world: World, folder: Path) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """The page and its worker in one process; what is done there, and what then stands on the screen."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    assert world.push
    [worker] = (
        one for one in documents.blocks(documents.page("apps.md"), "js") if one.startswith("// sw.js")
    )
    subscribe = documents.blocks(documents.page("subscribing.md"), "js")[0]
    (folder / "subscribe.mjs").write_text(subscribe)
    (folder / "driver.mjs").write_text(DRIVER.replace("BROWSER", BROWSER).replace("WORKER", worker))
    subscription = {"endpoint": f"{world.push.origin}/browser", "keys": KEYS}
    process = await asyncio.create_subprocess_exec(
        *(node, str(folder / "driver.mjs")),
        env={**os.environ, "WARN": world.service.url, "SUBSCRIPTION": json.dumps(subscription)},
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdin
    assert process.stdout

    async def does(**what: Any) -> Any:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(what).encode() + b"\n")
        return json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))

    try:
        yield does
    finally:
        process.stdin.close()
        await process.wait()


async def test_a_page_subscribes_and_its_worker_shows_every_kind_of_push(
    settings: Settings, tmp_path: Path
) -> None:
    async with phones(settings) as world, page(world, tmp_path) as does:
        assert world.push

        async def sent_code() -> Any:
            await world.codes()
            assert world.push
            return json.loads(browser.decrypt(world.push.seen[-1].body))

        first = await does(started=True)
        assert (first["state"]["active"], first["state"]["places"]) == (False, [DUEREN])
        proof = await sent_code()
        unanswered = await does(message=proof, offline=True)
        assert unanswered["asked"] == []
        assert [one["title"] for one in unanswered["shown"]] == [proof["title"]]
        restarted = await does(started=True)
        assert restarted["asked"][0] == ["POST", "proof", 204], (
            "the page brings back what the worker could not"
        )
        again = restarted["state"]
        assert (again["active"], again["endpoints"][0]["state"], again["token"]) == (True, "active", None)

        await world.service.parts.health.pool.execute(
            "UPDATE subscriber_endpoint SET due_at = now(), answer = NULL"
        )
        test = await sent_code()
        assert test["round_trip"] == "test"
        tested = await does(message=test)
        assert tested["asked"] == [["POST", "proof", 204]]
        assert [one["title"] for one in tested["shown"]] == [test["title"]]
        assert ["POST", "proof", 204] not in (await does(started=True))["asked"], "it was brought back"

        warning = push() | {"receipt": "not-a-token"}
        for page_of in ("https://warnung.example/", ""):
            message = push(page=page_of, thread=f"chain {page_of}") | {"receipt": "not-a-token"}
            warned = await does(message=message)
            assert warned["shown"][-1]["title"] == message["notification"]["title"]
            assert [one[:2] for one in warned["asked"]] == [["POST", "receipts"]]
        assert (await does(message=push(language="ar", thread="R")))["shown"][-1]["dir"] == "rtl"
        shown = (await does(message=warning))["shown"][-1]
        clicked = await does(tag=shown["tag"])
        assert clicked["opened"] == [warning["notification"]["navigate"]]
        assert [one[:2] for one in clicked["asked"]] == [["POST", "receipts"]]
        for number, kind in enumerate(sorted(set(Kind) - {Kind.ALERT}), 2):
            message = push(kind, sequence=warning["sequence"] + number)
            over = await does(message=message)
            assert over["shown"][-1]["title"] == message["notification"]["title"], "in place of the warning"
            assert len(over["shown"]) == len(warned["shown"]) + 2

        await world.service.parts.health.pool.execute("UPDATE subscriber SET token_digest = sha256('lost')")
        anew = await does(started=True)
        assert [status for method, _, status in anew["asked"] if method == "PUT"] == [401, 200]
        assert anew["state"]["token"], "another installation"
