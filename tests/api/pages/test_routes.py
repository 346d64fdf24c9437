"""What browsers are answered that open an app."""

import re
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.pages.assets import OWN, assets
from tests.support.messages import DUEREN

KINDS = {
    "": "text/html; charset=utf-8",
    "worker.js": "text/javascript; charset=utf-8",
    "about.json": "application/json",
    "brand.css": "text/css; charset=utf-8",
    "manifest.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
    "icon-192.png": "image/png",
}


@pytest.mark.parametrize("name", KINDS)
async def test_a_part_of_an_app_is_served_with_its_policy(service: Any, name: str) -> None:
    found = await service.request("GET", f"/app/dueren/{name}", key=None)
    assert (found.status, found.headers["content-type"]) == (200, KINDS[name])
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert found.headers["x-content-type-options"] == "nosniff"
    kept = found.headers["cache-control"]
    assert kept == "no-cache" if name == "worker.js" else "max-age=60" in kept
    again = await service.request("GET", f"/app/dueren/{name}", key=None, if_none_match=found.headers["etag"])
    assert (again.status, again.body) == (304, b"")


async def test_the_page_names_files_that_are_there_for_good(service: Any) -> None:
    page = (await service.request("GET", "/app/dueren/", key=None)).body.decode()
    named = re.findall(r'"(/assets/[^"]+\.\w+)"', page)
    assert len(named) == 2
    assert {"brand.css", "manifest.webmanifest"} <= set(re.findall(r'href="([\w.]+)"', page))
    for path in [*named, *(assets().path + name for name in assets().files)]:
        found = await service.request("GET", path, key=None)
        assert (found.status, "immutable" in found.headers["cache-control"]) == (200, True), path
    for name in OWN:
        assert (await service.request("GET", f"/app/dueren/{name}", key=None)).status == 200, name


async def test_a_page_of_an_earlier_version_gets_what_there_is_and_nobody_keeps_it(service: Any) -> None:
    found = await service.request("GET", "/assets/0123456789abcdef/page.js", key=None)
    assert (found.status, found.headers["cache-control"]) == (200, "no-store")
    assert found.body == assets().files["page.js"].plain.body


async def test_an_address_without_its_slash_leads_to_it(service: Any) -> None:
    async with service.session.get(f"{service.url}/app/dueren", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (308, "dueren/")
    assert (await service.request("GET", "/app/dueren", key=None)).status == 200


@pytest.mark.parametrize(
    "path", ["/app/nobody/", "/app/probe/", "/app/dueren/secret.txt", "/app/D%C3%BCren/", "/assets/0/x.js"]
)
async def test_what_is_not_there_is_said_to_a_person(service: Any, path: str) -> None:
    await service.parts.sources.put_instance(
        Instance("probe", "Probe", (DUEREN,), sandbox=True), f"wi_probe_{'s' * 43}"
    )
    found = await service.request("GET", path, key=None)
    assert (found.status, found.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "nichts darüber, ob Warnungen gelten" in found.body.decode()


async def test_it_is_answered_while_the_record_is_away(service: Any, pool: Any) -> None:
    assert (await service.request("GET", "/app/dueren/", key=None)).status == 200
    service.parts.pages._due_at = 0.0
    await pool.execute("ALTER TABLE instance RENAME TO gone")
    assert (await service.request("GET", "/app/dueren/", key=None)).status == 200


async def test_it_is_changed_by_nobody(service: Any) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert (await service.request(method, "/app/dueren/", key=None)).status == 405


@pytest.mark.parametrize("path", ["/app/dueren/", "/app/dueren/worker.js", f"{assets().path}page.js"])
async def test_what_is_ready_is_answered_as_the_routes_answer_it(service: Any, path: str) -> None:
    first = await service.request("GET", path, key=None)
    again = await service.request("GET", path, key=None)
    head = await service.request("HEAD", path, key=None)
    assert (again.status, again.body, head.status, head.body) == (200, first.body, 200, b"")
    for name in ("cache-control", "content-security-policy", "content-type", "etag"):
        assert again.headers[name] == first.headers[name] == head.headers[name]
