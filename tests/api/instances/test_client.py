"""The client that the page on subscribing shows, run as it stands there against the service."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from dispatcher.settings import Settings
from tests.support import documents
from tests.support.messages import DUEREN
from tests.support.phones import KEYS, phones

PATIENCE_S = 20
DRIVER = """
import { createInterface } from "node:readline";
import { subscribe } from "./subscribe.mjs";
BRING_BACK
const store = {};
const subscription = { toJSON: () => JSON.parse(process.env.SUBSCRIPTION) };
const once = () => subscribe(process.env.WARN, "dueren", { places: ["05358008"] }, subscription, store);
console.log(JSON.stringify((await once()).state));
for await (const line of createInterface({ input: process.stdin })) {
  const url = `${process.env.WARN}/v1/instances/dueren/subscribers/${store.installation}`;
  console.log(await bringBack(JSON.parse(line), url, store.token));
  console.log(JSON.stringify((await once()).state));
  break;
}
process.exit(0);
"""

pytestmark = pytest.mark.processes


async def test_it_subscribes_brings_the_code_back_and_is_told_on_at_the_next_start(
    settings: Settings, tmp_path: Path
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    subscribe, worker = documents.blocks(documents.page("subscribing.md"), "js")
    (tmp_path / "subscribe.mjs").write_text(subscribe)
    (tmp_path / "driver.mjs").write_text(DRIVER.replace("BRING_BACK", worker))
    async with phones(settings) as world:
        subscription = {"endpoint": f"{world.push.origin}/browser", "keys": KEYS}
        process = await asyncio.create_subprocess_exec(
            *(node, str(tmp_path / "driver.mjs")),
            env={**os.environ, "WARN": world.service.url, "SUBSCRIPTION": json.dumps(subscription)},
            stdin=PIPE,
            stdout=PIPE,
        )
        assert process.stdin
        assert process.stdout

        async def said() -> Any:
            assert process.stdout
            return json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))

        first = await said()
        assert (first["active"], first["places"]) == (False, [DUEREN])
        [code] = (await world.codes()).values()
        process.stdin.write(json.dumps({"round_trip": "proof", "code": code}).encode() + b"\n")
        await process.stdin.drain()
        assert await said() is True
        again = await said()
        assert (again["active"], again["endpoints"][0]["state"], again["token"]) == (True, "active", None)
        await process.wait()
