"""Stand-in gateways as real processes, a small population, and clients that speak to them."""

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import http_ece
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.world import ledger, population

TIMEOUT_S = 20
SUBJECT = "mailto:lab@example.org"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Client:
    """One kept-alive connection to a stand-in."""

    url: str
    tls: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        kind: Any = http.client.HTTPConnection
        options: dict[str, Any] = {}
        if self.tls:
            kind, options = http.client.HTTPSConnection, {"context": self.tls}
        self.connection = kind(parts.hostname, parts.port, timeout=self.timeout_s, **options)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()

    def request(self, method: Any, path: Any, body: bytes = b"", headers: Any = None) -> Reply:
        self.connection.request(method, path, body, headers or {})
        response = self.connection.getresponse()
        return Reply(response.status, dict(response.headers), response.read())


@dataclass
class Running:
    """A stand-in in its own process, and the connections a test has to it."""

    standin: Standin
    clients: list[Any] = field(default_factory=list)

    def __getattr__(self, name: Any) -> Any:
        return getattr(self.standin, name)

    def entries(self) -> Any:
        return ledger.read(self.ledger).entries

    def client(self, url: str = "", timeout_s: Any = TIMEOUT_S) -> Client:
        self.clients.append(Client(url or self.url, self.standin.tls, timeout_s))
        return self.clients[-1]

    def request(self, method: Any, path: Any, body: bytes = b"", headers: Any = None) -> Reply:
        with self.client() as client:
            return client.request(method, path, body, headers)

    def close(self) -> None:
        for client in self.clients:
            client.connection.close()
        self.standin.stop()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Any:
    directory = tmp_path_factory.mktemp("population")
    population.make(directory, population.PopulationPlan(seed=7, subscriptions=300, outside=40))
    return directory


@pytest.fixture(scope="session")
def recipients(state: Any) -> tuple[Any, ...]:
    return tuple(population.read(state))


@pytest.fixture
def subscriber(recipients: tuple[Any, ...]) -> Any:
    return next(one for one in recipients if one.channel == "webpush")


@pytest.fixture
def start(processes: Any, state: Any, tmp_path: Path) -> Iterator[Any]:
    """Starts a stand-in: `start("webpush", "--decrypt", "later", ledger=PATH, tls=CONTEXT)`."""
    running = []

    def run(channel: Any, *options: Any, ledger: Any = None, tls: Any = None) -> Any:
        path = ledger or tmp_path / f"{channel}.ndjson"
        running.append(Running(launch.start(channel, ledger=path, state=state, options=options, tls=tls)))
        return running[-1]

    yield run
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """(PEM file with key and chain, a client's context that trusts it)"""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(path)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return path, context


@pytest.fixture(scope="session")
def trusting() -> Any:
    """Makes a client's side of TLS that trusts this PEM file, as strictly as Python 3.13 does by itself."""

    def make(authority: Any) -> Any:
        context = ssl.create_default_context(cafile=authority)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    return make


def document(alert: str = "A1", kind: str = "alert") -> bytes:
    return json.dumps({"alert": alert, "kind": kind, "headline": "Hochwasser an der Rur"}).encode()


@dataclass
class Pusher:
    """An application server with its VAPID key; encrypts by an implementation that is not the gateway's."""

    vapid: Vapid02

    @property
    def key(self) -> Any:
        return self.authorization("http://localhost:1").rpartition("k=")[2]

    def authorization(self, aud: Any, exp: Any = None) -> Any:
        claims = {"aud": aud, "exp": exp or int(time.time()) + 3600, "sub": SUBJECT}
        return self.vapid.sign(claims)["Authorization"]

    def headers(self, origin: Any, **other: Any) -> dict[Any, Any]:
        headers = {"TTL": "60", "Content-Encoding": "aes128gcm", "Authorization": self.authorization(origin)}
        headers |= {name.replace("_", "-"): value for name, value in other.items()}
        return {name: value for name, value in headers.items() if value is not None}

    @staticmethod
    def body(subscriber: Any, plain: Any, record_size: int = 4096) -> Any:
        return http_ece.encrypt(
            plain,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_bytes(subscriber.keys["p256dh"]),
            auth_secret=_bytes(subscriber.keys["auth"]),
            rs=record_size,
            version="aes128gcm",
        )

    def push(self, client: Any, subscriber: Any, plain: Any = None, **headers: Any) -> Any:
        return client.request(
            "POST",
            subscriber.address,
            self.body(subscriber, plain or document()),
            self.headers(client.url, **headers),
        )


def _bytes(text: Any) -> Any:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="session")
def pusher() -> Pusher:
    vapid = Vapid02()
    vapid.generate_keys()
    return Pusher(vapid)


@pytest.fixture(scope="session")
def doc() -> Any:
    return document


def signed(
    instance: Any, body: Any, *, identity: str = "msg_1", timestamp: Any = None, secret: Any = None
) -> dict[Any, Any]:
    timestamp = str(timestamp or int(time.time()))
    key = base64.b64decode((secret or instance.keys["secret"]).removeprefix("whsec_"))
    content = f"{identity}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,AAAA v1,{signature}",
    }


@pytest.fixture(scope="session")
def sign() -> Any:
    return signed
