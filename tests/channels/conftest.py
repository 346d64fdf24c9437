"""A certification authority, TLS for both sides, and clients that are closed at the end."""

import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import trustme

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """Makes a server's side of TLS; with ALPN if protocols are named."""

    def make(*protocols: str, name: str = "127.0.0.1") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    return make


@pytest.fixture
async def client_for(ca_file: str) -> AsyncIterator[Callable[..., HttpClient]]:
    """Makes clients that may contact the given origins, wherever they lie."""
    clients: list[HttpClient] = []

    def make(*origins: str, **options: Any) -> HttpClient:
        client = HttpClient(AddressPolicy(frozenset(origins)), **{"ca_file": ca_file, **options})
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()
