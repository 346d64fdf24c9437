"""A key that is bound to a certificate, behind a real nginx with the very lines of the page."""

import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from dispatcher.access.credentials import Bearer
from dispatcher.access.fingerprints import public_key_digest
from dispatcher.access.keys import KeyKind, fresh_key, read_key
from dispatcher.store.keys import Keys
from tests.support.nginx import free_port, nginx, with_certificates

pytestmark = pytest.mark.processes
PATH = "/v1/alerts"


def connecting(authority: trustme.CA, certificate: Any = None) -> ssl.SSLContext:
    """How a client connects: with this certificate, or without any."""
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    if certificate is not None:
        certificate.configure_cert(tls)
    return tls


async def test_a_bound_key_is_good_with_its_certificate_only(service: Any, pool: Any, tmp_path: Path) -> None:
    ours, theirs, foreign = trustme.CA(), trustme.CA(), trustme.CA()
    server = ours.issue_cert("localhost")
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "warn.pem"))
    server.private_key_pem.write_to_path(str(tmp_path / "warn.key"))
    theirs.cert_pem.write_to_path(str(tmp_path / "control-centres.pem"))
    own, other, stranger = (one.issue_cert("centre.example") for one in (theirs, theirs, foreign))
    pem = own.cert_chain_pems[0].bytes()
    bound, free = (fresh_key(KeyKind.SOURCE, "leitstelle") for _ in range(2))
    for key, digest in ((bound, public_key_digest(pem)), (free, None)):
        await Keys(pool).issue(Bearer.of("leitstelle", None), key, b"pepper of the tests", certificate=digest)
    forged = {"X-Client-Certificate": "".join(f"%{byte:02X}" for byte in pem)}
    port = free_port()

    async def status(key: str, certificate: Any = None, headers: Any = None, url: str = "") -> int:
        tls = connecting(ours, certificate)
        wanted = {"Authorization": f"Bearer {key}", **(headers or {})}
        async with aiohttp.ClientSession() as session:
            target = f"{url or f'https://localhost:{port}'}{PATH}"
            async with session.post(target, data=b"x", headers=wanted, ssl=tls) as answer:
                return answer.status

    lines = with_certificates(service.url.removeprefix("http://"), port, tmp_path)
    with nginx(tmp_path / "nginx", lines, port):
        let_in = await status(bound, own)
        assert let_in not in (401, 403), "it is no message, and the key is good"
        assert await status(bound) == 401
        assert await status(bound, other) == 401, "of the same authority, and not the key's"
        assert await status(bound, stranger) == 400, "nginx does not know who issued it"
        assert await status(bound, None, forged) == 401
        assert await status(bound, other, forged) == 401
        assert await status(free) == let_in
        assert await status(free, other) == let_in
    for headers in (forged, forged | {"X-Forwarded-For": ""}):
        assert await status(bound, None, headers, service.url) == 401, "past the proxy"
    refused = service.count("warn_credentials_refused_total", kind="source", reason="wrong_certificate")
    assert refused == 6
    trail = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'key.refuse'")
    assert [(row["actor"], row["detail"]) for row in trail] == [
        ("source:leitstelle", {"key": str(read_key(bound))})
    ], "once a minute"
