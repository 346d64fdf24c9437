"""Debian's Chromium without a screen, driven by its DevTools protocol: real keys, real sizes, pushes to a service worker,
and pictures of what is there. https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import DEVNULL
from base64 import b64decode
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support.histories import until

ANSWERS_WITHIN_S: Final = 90.0
"""On a machine with ten times its work; only a test that fails waits so long."""
NOWHERE: Final = "127.0.0.1:9"
"""A proxy on which nothing listens: whatever is not on this machine goes there."""
KEYS: Final = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "Home": ("Home", 36, ""),
}
"""By the key: its code, its number and what it types."""

UNTOLD: Final = frozenset({"InlineTextBox", "LineBreak", "generic", "none"})
"""Roles of what has no meaning of its own."""


class Failed(Exception):
    """The browser, or a script in it, has answered with an error."""


class Chromium:
    """The one connection to a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = iter(range(1, 1 << 30))
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.heard: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        """What came by itself, by session and name."""
        self._changed = asyncio.Event()

    async def listen(self) -> None:
        async for frame in self._socket:
            said = json.loads(frame.data)
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            else:
                self.heard[said.get("sessionId", ""), said["method"]].append(said["params"])
                self._changed.set()

    async def command(self, method: str, session: str = "", **parameters: Any) -> Any:
        """What the browser answers. Raises `Failed`."""
        number = next(self._numbers)
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        asked = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json(asked | ({"sessionId": session} if session else {}))
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            said = await answer
        if "error" in said:
            raise Failed(f"{method}: {said['error']}")
        return said["result"]

    async def hears(self, session: str, method: str, found: Any) -> Any:
        """The first of a session's events of this name that is meant, also one that came before."""
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while True:
                self._changed.clear()
                for said in self.heard[session, method]:
                    if found(said):
                        return said
                await self._changed.wait()

    async def worker(self) -> "Tab":
        """The service worker that is running."""
        found = (await self.command("Target.getTargets"))["targetInfos"]
        [target] = [one["targetId"] for one in found if one["type"] == "service_worker"]
        session = (await self.command("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        worker = Tab(self, session, target)
        await worker.command("Network.enable")
        return worker

    async def tab(self, url: str) -> "Tab":
        """Open a page."""
        target = (await self.command("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.command("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        tab = Tab(self, session, target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await tab.command(f"{domain}.enable")
        await tab.open(url)
        return tab


class Tab:
    """One page, or what else of the browser has a session of its own."""

    def __init__(self, browser: Chromium, session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target

    async def command(self, method: str, **parameters: Any) -> Any:
        return await self._browser.command(method, self._session, **parameters)

    async def hears(self, method: str, found: Any = lambda said: True) -> Any:
        return await self._browser.hears(self._session, method, found)

    def heard(self, method: str) -> list[Any]:
        return self._browser.heard[self._session, method]

    async def open(self, url: str) -> None:
        """Load a page, also one that is there already."""
        self.heard("Page.loadEventFired").clear()
        there = (await self.command("Page.getNavigationHistory"))["entries"][-1]["url"]
        if there.partition("#")[0] == url.partition("#")[0]:
            await self.command("Page.reload")
        else:
            await self.command("Page.navigate", url=url)
        await self.hears("Page.loadEventFired")

    async def before_each_page(self, program: str) -> None:
        """Run a program before any script of the pages that are opened from now on."""
        await self.command("Page.addScriptToEvaluateOnNewDocument", source=program)

    async def value(self, expression: str) -> Any:
        """What an expression comes to, or the promise that it is; the page's policy does not apply to it."""
        found = await self.command(
            "Runtime.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            awaitPromise=True,
            userGesture=True,
        )
        if "exceptionDetails" in found:
            raise Failed(found["exceptionDetails"]["exception"].get("description", "no description"))
        return json.loads(found["result"]["value"])

    async def until(self, expression: str) -> Any:
        """What an expression comes to as soon as that is true: it is looked at whenever something is drawn."""
        return await self.value(
            f"new Promise((done, failed) => {{ const end = performance.now() + {ANSWERS_WITHIN_S * 900};"
            f" const look = () => {{ let found; try {{ found = ({expression}); }} catch {{}}"
            " if (found) return done(found);"
            " if (performance.now() > end) return failed(new Error(document.body.innerText));"
            " setTimeout(look, 15); }; look(); })"
        )

    async def run(self, program: str) -> None:
        """Run a program in the page, as a script of its own would be."""
        found = await self.command("Runtime.evaluate", expression=program)
        if "exceptionDetails" in found:
            raise Failed(str(found["exceptionDetails"]))

    async def press(self, *keys: str) -> None:
        for key in keys:
            code, number, text = KEYS.get(key) or (f"Key{key.upper()}", ord(key.upper()), key)
            named = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            await self.command("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
            await self.command("Input.dispatchKeyEvent", type="keyUp", **named)

    async def type(self, text: str) -> None:
        await self.command("Input.insertText", text=text)

    async def shows(self, width: int, height: int = 800, *, dark: bool = False, **features: str) -> None:
        """Give it a window of this size in CSS pixels, light or dark."""
        wanted = {"prefers-color-scheme": "dark" if dark else "light", **features}
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await self.command(
            "Emulation.setEmulatedMedia",
            features=[{"name": name.replace("_", "-"), "value": value} for name, value in wanted.items()],
        )

    async def goes_offline(self, *, offline: bool = True) -> None:
        await self.command(
            "Network.emulateNetworkConditions",
            offline=offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def tree(self) -> list[str]:
        """What a screen reader is told, in its order: role and name of each element that it stops at, without those
        that only hold others.
        """
        nodes = (await self.command("Accessibility.getFullAXTree"))["nodes"]
        by_id = {one["nodeId"]: one for one in nodes}
        found, waiting = [], [nodes[0]["nodeId"]]
        while waiting:
            one = by_id[waiting.pop()]
            waiting += [child for child in reversed(one.get("childIds", [])) if child in by_id]
            role = one.get("role", {}).get("value", "")
            if not one["ignored"] and role not in UNTOLD:
                found.append(f"{role} {one.get('name', {}).get('value', '')}".strip())
        return found

    async def picture(self, file: Path) -> None:
        found = await self.command("Page.captureScreenshot", captureBeyondViewport=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(file.write_bytes, b64decode(found["data"]))

    async def close(self) -> None:
        await self._browser.command("Target.closeTarget", targetId=self._target)


@asynccontextmanager
async def chromium(command: str, folder: Path, *origins: str) -> AsyncIterator[Chromium]:
    """A Chromium (`command`) with a fresh profile in this folder, in which pages of these origins may notify."""
    profile = folder / "chromium"
    arguments = [
        "--headless=new",
        "--no-sandbox",  # as root there is none
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--accept-lang=de",
        f"--proxy-server={NOWHERE}",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
    ]
    process = await asyncio.create_subprocess_exec(
        *with_parent_death_signal([command, *arguments], death_signal=signal.SIGKILL),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        address = await _address(process, profile / "DevToolsActivePort")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, max_msg_size=1 << 26) as socket,
        ):
            browser = Chromium(socket)
            listening = asyncio.create_task(browser.listen())
            for origin in origins:
                await browser.command(
                    "Browser.grantPermissions", origin=origin, permissions=["notifications"]
                )
            yield browser
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its profile is of no use any more
        await process.wait()


async def _address(process: Any, file: Path) -> str:
    """Where the browser listens, as it writes it down once it does."""
    found: list[str] = []

    async def is_written() -> bool:
        assert process.returncode is None, "Chromium has ended"
        with contextlib.suppress(OSError):
            found[:] = (await asyncio.to_thread(file.read_text)).split()
        return len(found) == 2

    await until(is_written)
    return f"ws://127.0.0.1:{found[0]}{found[1]}"
