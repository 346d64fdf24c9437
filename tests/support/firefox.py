"""Debian's Firefox without a screen, on the page that the documents show: its worker, its subscription."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.support import documents
from tests.support.autopush import PATIENCE_S, Autopush, autopush

# The page asks only when the browser's connection to the push service stands: Firefox 153.8 ESR never registers what is
# asked for while it is being made (`hello`), and never settles that promise.
PAGE = """<!doctype html><title>Warnungen</title><script type="module">
import { subscribe } from "./subscribe.js";
const report = (what) => fetch("/report", { method: "POST", body: JSON.stringify(what) });
try {
  const { warn, instance, wish } = await (await fetch("/begin")).json();
  await navigator.serviceWorker.register("/sw.js");
  await report({ state: await subscribe(warn, instance, wish) });
  const registration = await navigator.serviceWorker.ready;
  fetch("/leave").then(async () => (await registration.pushManager.getSubscription()).unsubscribe());
  for (let before = "[]"; ; await new Promise((done) => setTimeout(done, 20))) {
    const shown = (await registration.getNotifications()).map(
      ({ title, body, lang, tag, data }) => ({ title, body, lang, tag, data }));
    const now = JSON.stringify(shown);
    if (now !== before) await report({ shown });
    before = now;
  }
} catch (error) {
  await report({ error: String(error) });
}
</script>"""
NOBODY = 9
"""A port on which nothing listens (RFC 863's `discard`): whatever is not on this machine goes there."""


def preferences(push_socket: str) -> dict[str, Any]:
    """What makes a browser that pushes over this socket, asks nobody for anything, and leaves the machine alone."""
    return {
        "dom.push.serverURL": push_socket,
        "dom.push.alwaysConnect": True,
        "dom.push.testing.allowInsecureServerURL": True,
        "dom.push.testing.ignorePermission": True,
        "permissions.default.desktop-notification": 1,
        "alerts.useSystemBackend": False,
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": NOBODY,
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": NOBODY,
        "app.update.enabled": False,
        "browser.aboutwelcome.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.homepage_override.mstone": "ignore",
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "toolkit.telemetry.enabled": False,
    }


@dataclass
class Browser:
    """What the page has reported."""

    push: Autopush
    beginning: dict[str, Any] = field(default_factory=dict)
    screens: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    """The notifications by tag, as they were one after another."""
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it, and the page unsubscribes."""
    _state: Any = None
    _error: str = ""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self) -> Any:
        """What the service has answered when the page subscribed."""
        return await self._until(lambda: self._state)

    async def shows(self, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The notifications by tag, as soon as it is so."""
        await self._until(lambda: is_so(self.screens[-1]))
        return self.screens[-1]

    def titles(self) -> set[str]:
        """Of all notifications that ever were on the screen."""
        return {one["title"] for screen in self.screens for one in screen.values()}

    async def _until(self, found: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not found():
                assert not self._error, self._error
                self._changed.clear()
                await self._changed.wait()
        return found()

    def serve(self) -> None:
        """The page, beside the push service."""
        [worker] = (
            one for one in documents.blocks(documents.page("apps.md"), "js") if one.startswith("// sw.js")
        )
        [client] = (
            one for one in documents.blocks(documents.page("subscribing.md"), "js")
            if one.startswith("// subscribe.js")
        )  # fmt: skip
        files = {
            "/page": (PAGE, "text/html"),
            "/sw.js": (worker, "text/javascript"),
            "/subscribe.js": (client, "text/javascript"),
        }
        for path, (text, kind) in files.items():
            self.push.app.router.add_get(path, _handler(text, kind))
        self.push.app.router.add_get("/begin", self._begin)
        self.push.app.router.add_get("/leave", self._leave)
        self.push.app.router.add_post("/report", self._report)

    async def _begin(self, _request: web.Request) -> web.Response:
        await self.push.greeted.wait()
        return web.json_response(self.beginning)

    async def _leave(self, _request: web.Request) -> web.Response:
        await self.leave.wait()
        return web.Response()

    async def _report(self, request: web.Request) -> web.Response:
        reported = await request.json()
        if "shown" in reported:
            self.screens.append({one["tag"]: one for one in reported["shown"]})
        self._state = reported.get("state", self._state)
        self._error = reported.get("error", self._error)
        self._changed.set()
        return web.Response()


def _handler(text: str, kind: str) -> Any:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind)

    return serve


@asynccontextmanager
async def beside_push_service() -> AsyncIterator[Browser]:
    """A push service and the page of an app, which no browser has opened yet."""
    push = Autopush()
    browser = Browser(push)
    browser.serve()
    async with autopush(push):
        yield browser


@asynccontextmanager
async def opened(browser: Browser, command: str, folder: Path, **beginning: Any) -> AsyncIterator[None]:
    """Firefox (`command`) with a fresh profile in this folder. It opens the page, which subscribes as `beginning` says:
    at the service `warn`, to an `instance`, with a `wish`.
    """
    browser.beginning = beginning
    profile = folder / "profile"
    profile.mkdir()
    wanted = preferences(browser.push.origin.replace("http:", "ws:") + "/")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (profile / "user.js").write_text("".join(lines))
    # Only on `localhost` and with TLS are there service workers.
    page = browser.push.origin.replace("127.0.0.1", "localhost") + "/page"
    arguments = ["--headless", "--no-remote", "--profile", str(profile), page]
    process = await asyncio.create_subprocess_exec(
        *with_parent_death_signal([command, *arguments], death_signal=signal.SIGKILL),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its profile is of no use any more
        await process.wait()
