"""The addresses of the console."""

from typing import Any

import pytest

from tests.support.console import Browser, text


@pytest.mark.parametrize("path", ["/console/test/sign-in", "/console/LIVE/sign-in", "/console/static/x.js"])
async def test_what_is_not_there_says_so(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status, "Diese Seite gibt es nicht." in text(answer)) == (404, True)


@pytest.mark.parametrize(("name", "kind"), [("console.css", "text/css"), ("passkeys.js", "text/javascript")])
async def test_files_are_kept_by_their_version(browser: Browser, name: str, kind: str) -> None:
    plain = await browser.get(f"/console/static/{name}")
    assert plain.headers["content-type"].startswith(kind)
    assert plain.headers["cache-control"] == "no-cache"
    named = await browser.get(f"/console/static/{name}?0123")
    assert "immutable" in named.headers["cache-control"]
    assert not browser.set


async def test_without_an_origin_nobody_signs_in(service: Any) -> None:
    browser = Browser(service)
    for path in ("sign-in", "", "invitation/x"):
        answer = await browser.get(path)
        assert (answer.status, "keine Konsole eingerichtet" in text(answer)) == (404, True)
    assert (await browser.post("sign-in", name="m.keller")).status == 404
