"""All that stands in front of the service, as `ops/nginx` has it: a real nginx with this very file."""

import asyncio
import io
import re
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from dispatcher.access.table import OPEN_ROUTES, REQUIRED_BY_ROUTE
from dispatcher.api.citizens.application import is_for_citizens
from tests.api.citizens.test_application import path_of, targets, upstream
from tests.api.conftest import KEY, Service
from tests.support.documents import blocks, page
from tests.support.messages import DUEREN
from tests.support.nginx import HOST, free_port, nginx
from tests.support.submissions import warning

FILE = Path(__file__).parents[2] / "ops/nginx/cap-dispatcher.conf"
LIST = f"/v1/municipalities/{DUEREN}/alerts"
READING = re.compile(r"/(v1/(municipalities|districts|public)|api31|api/appdata)/")
AUTHORITY = trustme.CA()


def front(
    home: Path, plain: int, port: int, api: str, citizens: str, reading: str, *, bound: bool = False
) -> str:
    """The file, with the addresses and the folder of a test; `bound`: with the lines for clients' certificates."""
    server = AUTHORITY.issue_cert(HOST)
    server.cert_chain_pems[0].write_to_path(str(home / "warn.pem"))
    server.private_key_pem.write_to_path(str(home / "warn.key"))
    AUTHORITY.cert_pem.write_to_path(str(home / "control-centres.pem"))
    lines = FILE.read_text()
    for written, here in {
        "  listen [::]:80;\n": "",
        "  listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen {HOST}:{plain};",
        "listen 443 ssl http2;": f"listen {HOST}:{port} ssl http2;",
        "server 127.0.0.1:8082 ": f"server {citizens} ",
        "server 127.0.0.1:8081 ": f"server {reading} ",
        "server 127.0.0.1:8080;": f"server {api};",
        "/var/cache/nginx/warn": str(home / "cache"),
    }.items():
        assert lines.count(written) == 1, written
        lines = lines.replace(written, here)
    if bound:
        assert lines.count("  #ssl") == 2
        lines = lines.replace("  #ssl", "  ssl")
    return (
        lines.replace("127.0.0.1:8080 backup", f"{api} backup")
        .replace("/etc/nginx/", f"{home}/")
        .replace("/var/log/nginx/", f"{home}/")
    )


def trusting() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    AUTHORITY.configure_trust(tls)
    return tls


def test_it_has_every_line_that_the_pages_have() -> None:
    """The pages show each part alone; `keepalive_timeout` and the like are not to be two truths."""
    own = {line.strip().lstrip("#") for line in FILE.read_text().splitlines()}
    own |= {line.replace(" max_fails=0", "") for line in own}
    apart = {
        "listen 443 ssl;",
        "location ~ ^/(app|assets|api31|api/appdata|v1/(municipalities|districts|public|instances|leave|leave-number))/ {",
        "proxy_pass http://127.0.0.1:8080;",
    }
    for name in ("citizens-page.md", "reading.md", "client-certificates.md"):
        (lines,) = blocks(page(name), "nginx")
        assert {line.strip() for line in lines.splitlines()} - own <= apart, name


def test_it_writes_no_request_down() -> None:
    """Their addresses have numbers of people, texts of SMS and secrets; Debian's nginx logs all there are."""
    servers = FILE.read_text().split("\nserver {")[1:]
    for server in servers:
        assert "\n  access_log off;\n" in server
        assert re.search(r"\n  error_log \S+ crit;\n", server)
    assert len(servers) == 2


@pytest.mark.processes
async def test_each_route_goes_to_its_process(tmp_path: Path) -> None:
    asked: dict[str, str] = {}
    port = free_port()
    async with (
        upstream("api", asked) as api,
        upstream("citizens", asked) as citizens,
        upstream("reading", asked) as reading,
    ):
        lines = front(tmp_path, free_port(), port, api, citizens, reading, bound=True)
        with nginx(tmp_path / "nginx", lines, port):
            async with aiohttp.ClientSession() as session:
                for target in targets():
                    method, path = target.split(" ")
                    url = f"https://{HOST}:{port}{path}"
                    async with session.request(method, url, ssl=trusting()) as answer:
                        assert answer.status == 204, target
    assert len(asked) == len({*OPEN_ROUTES, *REQUIRED_BY_ROUTE})
    for target, name in asked.items():
        path = path_of(target)
        wanted = "reading" if READING.match(path) else "citizens" if is_for_citizens(path) else "api"
        assert name == wanted, target


@pytest.mark.processes
async def test_one_process_serves_all_and_each_through_tls(service: Service, tmp_path: Path) -> None:
    """No process for citizens nor for reading runs: what is theirs the API serves."""
    plain, port, none = free_port(), free_port(), f"{HOST}:{free_port()}"
    url, tls = f"https://{HOST}:{port}", trusting()
    signed = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cap+xml"}
    lines = front(tmp_path, plain, port, service.url.removeprefix("http://"), none, none)
    with nginx(tmp_path / "nginx", lines, port):
        async with aiohttp.ClientSession(headers={"Connection": "close"}) as session:

            async def ask(method: str, path: str, at: str = url, **more: Any) -> Any:
                async with session.request(
                    method, at + path, ssl=tls, allow_redirects=False, **more
                ) as answer:
                    return answer.status, answer.headers, await answer.read()

            status, headers, _ = await ask("POST", "/v1/alerts", data=warning().xml(), headers=signed)
            assert status == 201
            assert headers["strict-transport-security"].startswith("max-age=")
            await service.parts.publisher.look(afresh=True)
            status, _, body = await ask("GET", LIST)
            assert (status, b"alerts" in body) == (200, True)
            large = service.parts.settings.max_body_bytes + 1
            status, headers, _ = await ask(
                "POST", "/v1/alerts", data=io.BytesIO(b"x" * large), headers=signed
            )
            assert (status, headers["content-type"]) == (413, "application/problem+json"), (
                "the service says why"
            )
            assert (await ask("POST", "/v1/alerts", data=io.BytesIO(b"x" * 2 * large), headers=signed))[
                0
            ] == 413
            assert (await ask("GET", "/app/dueren/"))[0] == 200
            status, headers, _ = await ask("GET", "/app/dueren/?x=1", f"http://{HOST}:{plain}")
            assert (status, headers["location"]) == (308, f"https://{HOST}/app/dueren/?x=1")
            status, _, _ = await ask(
                "POST", "/v1/alerts", f"http://{HOST}:{plain}", data=b"x", headers=signed
            )
            assert status == 403, "a key in the clear is not to go unnoticed"
            async with asyncio.timeout(60), session.get(f"{url}{LIST}.events", ssl=tls) as stream:
                assert stream.status == 200
                assert await stream.content.readline(), "nothing is collected before it is passed on"
