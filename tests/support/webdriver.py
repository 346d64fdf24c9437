"""Debian's Firefox without a screen, driven by WebDriver BiDi, which it speaks itself: real keys, real sizes, and what
the page has come to. https://w3c.github.io/webdriver-bidi/
"""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support.firefox import preferences
from tests.support.histories import until

ANSWERS_WITHIN_S: Final = 90.0
"""On a machine with ten times its work; only a test that fails waits so long."""
TAB, ENTER, SPACE = "\ue004", "\ue007", " "
"""Keys, as WebDriver calls them."""


class Page:
    """One tab of a browser."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self._context = ""

    async def begin(self) -> None:
        await self.command("session.new", capabilities={})
        found = await self.command("browsingContext.create", type="tab")
        self._context = found["context"]

    async def command(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("id") == self._number:
                    break
        assert answer["type"] == "success", answer
        return answer["result"]

    async def open(self, url: str) -> None:
        await self.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        await self.command("browsingContext.setViewport", context=self._context, viewport=viewport)

    async def press(self, *keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        await self.command(
            "input.performActions",
            context=self._context,
            actions=[{"type": "key", "id": "keyboard", "actions": actions}],
        )

    async def value(self, expression: str) -> Any:
        """What an expression comes to, or the promise that it is; the page's policy does not apply to it."""
        found = await self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    async def run(self, program: str) -> None:
        """Run a program in the page, as a script of its own would be."""
        found = await self.command(
            "script.evaluate", expression=program, target={"context": self._context}, awaitPromise=False
        )
        assert found["type"] == "success", found


@asynccontextmanager
async def firefox(command: str, folder: Path, more: Mapping[str, Any] | None = None) -> AsyncIterator[Page]:
    """A tab of a Firefox (`command`) with a fresh profile in this folder, and `more` preferences."""
    profile = folder / "profile"
    profile.mkdir()
    wanted = preferences("ws://127.0.0.1:9/") | dict(more or {})
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (profile / "user.js").write_text("".join(lines))
    arguments = ["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)]
    process = await asyncio.create_subprocess_exec(
        *with_parent_death_signal([command, *arguments], death_signal=signal.SIGKILL),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        address = await _address(profile / "WebDriverBiDiServer.json")
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            page = Page(socket)
            await page.begin()
            yield page
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its profile is of no use any more
        await process.wait()


async def _address(file: Path) -> str:
    """Where the browser listens, as it writes it down once it does."""

    async def is_written() -> bool:
        with suppress(FileNotFoundError, ValueError):
            found.update(json.loads(file.read_text()))  # noqa: ASYNC240 - a line
        return bool(found)

    found: dict[str, Any] = {}
    await until(is_written)
    return f"ws://{found['ws_host']}:{found['ws_port']}/session"
