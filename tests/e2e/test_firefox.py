"""Our Web Push through a real Firefox: it subscribes with the documents' page, decrypts what our channel sends, and the
documents' worker shows it. Mozilla's push service between them is a stand-in.
"""

import json
from base64 import urlsafe_b64encode
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.base import Endpoint, Gone, Notice, Receipt, Unauthorized, Urgency
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.webpush.channel import Notes, WebPush
from channels.webpush.learnt_keys import LearntKeys
from channels.webpush.locations import Locations
from channels.webpush.services.directory import Directory
from channels.webpush.vapid import VapidKeys, VapidSigner, generate_key
from channels.webpush.withdrawal import Withdrawer, Withdrawn
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.model.vocabulary import Kind
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from tests.api.conftest import introduce, serving
from tests.support.autopush import NOT_DECRYPTED, RECEIVED, Autopush, autopush
from tests.support.firefox import Browser, beside_push_service, opened
from tests.support.histories import until
from tests.support.messages import DUEREN
from tests.support.programs import program
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.sent_bodies import push as document

HOUR = timedelta(hours=1)
PEM = generate_key()
SUBJECT = "mailto:ops@warn.example"
SIGNER = VapidSigner(PEM, SUBJECT)
OTHER_SIGNER = VapidSigner(generate_key(), SUBJECT)
RECEIPTS = ReceiptTokens.of(ADDRESSES.sealing)


@dataclass
class Sender:
    """Our channel, as a worker has it for Mozilla's push service."""

    http: HttpClient
    push: Autopush

    async def send(
        self, notice: Notice, endpoint: Endpoint, signer: VapidSigner = SIGNER
    ) -> tuple[Receipt, list[str | bytes]]:
        """What became of it, and what is kept of where it can be taken back."""
        locations = Locations()
        channel = WebPush(
            self.http,
            VapidKeys(signer),
            services=Directory.parse([f"mozilla={self.push.origin}"]),
            notes=Notes(LearntKeys(), locations),
        )
        gateway = channel.gateway(endpoint)
        [[receipt]] = [receipts async for receipts in channel.send(notice, gateway, [endpoint])]
        return receipt, [one for _, one in locations.take().get((notice.alert_id, gateway), [])]

    async def withdraw(self, kept: list[str | bytes]) -> Counter[Withdrawn]:
        return await Withdrawer(self.http, self.http.policy).withdraw(self.push.origin, kept)


@asynccontextmanager
async def sending(push: Autopush) -> AsyncIterator[Sender]:
    http = HttpClient(AddressPolicy(frozenset({push.origin})))
    try:
        yield Sender(http, push)
    finally:
        await http.aclose()


def notice(kind: Kind = Kind.ALERT, title: str = "", **of: Any) -> Notice:
    """What phones get; `of` are members of the record."""
    said = document(kind, **of)
    said["notification"]["title"] = title or said["notification"]["title"]
    return Notice(
        alert_id=said["alert"],
        collapse_key=said["chain"],
        title=said["title"],
        text=said["headline"],
        payload=json.dumps(said, ensure_ascii=False).encode(),
        language="de",
        urgency=Urgency.HIGH,
        deadline=datetime.now(UTC) + HOUR,
        receipt_token=RECEIPTS.of_batch(1, 1, defaultdict(int)),
    )


@pytest.fixture
def firefox() -> str:
    return program("firefox-esr", "firefox-esr")


@pytest.mark.processes
async def test_firefox_decrypts_what_we_send_and_the_documents_worker_shows_it(
    firefox: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with beside_push_service() as browser, sending(browser.push) as sender:
        push = browser.push
        settings = Settings(
            database_url=database_url,
            redis_url=redis_url,
            data_dir=tmp_path / "data",
            key_pepper="pepper of the tests",
            vapid_pem=PEM.decode(),
            push_hosts=f"mozilla={push.origin}",
            allowed_origins={f"push={push.origin}"},
        )
        async with serving(settings) as service, worker_dependencies(settings) as worker:
            await introduce(service.parts)
            wish = {"places": [DUEREN], "languages": ["de"]}
            async with opened(browser, firefox, tmp_path, warn=service.url, instance="dueren", wish=wish):
                endpoint = await enrolled(browser, service.parts.health.pool, worker)
                await reads_warnings(browser, sender, endpoint)

                async def each_is_displayed() -> bool:
                    posted = partial(service.count, "warn_device_receipts_posted_total")
                    return (posted(result="taken"), posted(result="forged")) == (3, 0)

                await until(each_is_displayed)
                await leaves(browser, sender, endpoint)


async def enrolled(browser: Browser, pool: Any, worker: WorkerDependencies) -> Endpoint:
    """The browser subscribes with our key, and its worker brings the code back. What the record has of it."""
    state = await browser.answer()
    assert (state["active"], list(browser.push.registered.values())) == (False, [SIGNER.public_key])
    assert worker.endpoint_messages
    assert await worker.endpoint_messages.send() == 1
    assert await browser.push.acknowledged() == RECEIVED
    await browser.shows(lambda shown: shown.keys() == {"round-trip"})
    await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM subscription WHERE active"))
    [endpoint] = await endpoints(pool)
    return endpoint


async def reads_warnings(browser: Browser, sender: Sender, endpoint: Endpoint) -> None:
    push = browser.push

    # A warning, word for word.
    warning = notice()
    receipt, delivered = await sender.send(warning, endpoint)
    assert (receipt.accepted, await push.acknowledged()) == (True, RECEIVED)
    said = json.loads(warning.payload)
    chain, words = said["chain"], said["notification"]
    shown = (await browser.shows(lambda shown: chain in shown))[chain]
    assert shown["data"]["navigate"] == words["navigate"]
    assert {name: shown[name] for name in ("title", "body", "lang")} == {
        name: words[name] for name in ("title", "body", "lang")
    }
    sent = push.seen[-1].headers
    assert (sent["urgency"], sent["content-encoding"], len(sent["topic"])) == ("high", "aes128gcm", 32)
    assert 3500 < int(sent["ttl"]) <= 3600

    # While the browser is away, an update takes the place of the one before it.
    push.away = True
    for number, title in enumerate(("Überholt", "Aktualisiert"), said["sequence"] + 1):
        update = notice(Kind.UPDATE, title, sequence=number)
        assert (await sender.send(update, endpoint))[0].accepted
    assert len(push.waiting) == 1
    await push.deliver()
    assert await push.acknowledged() == RECEIVED
    await browser.shows(lambda shown: shown[chain]["title"] == "Aktualisiert")

    # What it has not got is taken back; what it has got is not there any more.
    push.away = True
    _, undelivered = await sender.send(notice(title="Zurückgenommen", thread="another"), endpoint)
    assert len(push.waiting) == 1
    assert await sender.withdraw(undelivered) == Counter({Withdrawn.WITHDRAWN: 1})
    assert await sender.withdraw(delivered) == Counter({Withdrawn.DELIVERED: 1})
    await push.deliver()

    # Encrypted for somebody else, nothing is read; signed by somebody else, nothing is taken.
    keys = {**endpoint.keys, "auth": urlsafe_b64encode(bytes(16)).decode()}
    stranger = Endpoint(endpoint.id, endpoint.address, keys)
    receipt, _ = await sender.send(notice(title="Unlesbar", thread="another"), stranger)
    assert (receipt.accepted, await push.acknowledged()) == (True, NOT_DECRYPTED)
    receipt, _ = await sender.send(notice(title="Fremd", thread="another"), endpoint, OTHER_SIGNER)
    assert isinstance(receipt.error, Unauthorized)

    end = notice(Kind.CANCEL, sequence=said["sequence"] + 3)
    assert (await sender.send(end, endpoint))[0].accepted
    assert await push.acknowledged() == RECEIVED
    over = json.loads(end.payload)["notification"]["title"]
    last = await browser.shows(lambda shown: shown[chain]["title"] == over)
    assert last.keys() == {"round-trip", chain}
    assert not browser.titles() & {"Überholt", "Zurückgenommen", "Unlesbar", "Fremd"}


async def leaves(browser: Browser, sender: Sender, endpoint: Endpoint) -> None:
    """The page unsubscribes, and whoever still sends learns it."""
    browser.leave.set()

    async def nobody_is_subscribed() -> bool:
        return not browser.push.registered

    await until(nobody_is_subscribed)
    receipt, _ = await sender.send(notice(), endpoint)
    assert isinstance(receipt.error, Gone)


CHANNEL = "e7a2b1f0-0000-4000-8000-000000000000"
OTHER_KEY = 401, 109, "VAPID public key mismatch"


@pytest.mark.parametrize(
    ("headers", "body", "refused"),
    [
        ({}, b"x", None),
        ({"TTL": None}, b"x", (400, 111, "TTL missing")),
        ({"TTL": "1.5"}, b"x", (400, 111, "TTL missing")),
        ({"TTL": "-1"}, b"x", (400, 112, "TTL negative")),
        ({"Topic": "k" * 33}, b"x", (400, 113, "Topic invalid")),
        ({"Topic": "urn:oid:2.49"}, b"x", (400, 113, "Topic invalid")),
        ({"Content-Encoding": "aesgcm"}, b"x", (400, 110, "encryption headers invalid")),
        ({"Crypto-Key": "dh=BA"}, b"x", (400, 110, "encryption headers invalid")),
        ({}, bytes(4097), (413, 104, "too large")),
        ({"Authorization": None}, b"x", (401, 109, "no VAPID header")),
        ({"Authorization": "WebPush token"}, b"x", (401, 109, "no VAPID header")),
        ({"Authorization": OTHER_SIGNER}, b"x", OTHER_KEY),
        ({"Authorization": "https://other.example"}, b"x", (401, 109, "Invalid VAPID audience")),
        ({"Authorization": -HOUR * 13}, b"x", (401, 109, "Invalid VAPID expiry")),
        ({"Authorization": HOUR * 13}, b"x", (401, 109, "Invalid VAPID expiry")),
        ({"Authorization": "flipped"}, b"x", (401, 109, "signature wrong")),
    ],
)
async def test_the_stand_in_refuses_what_autopush_refuses(headers: Any, body: bytes, refused: Any) -> None:
    async with autopush() as push:
        push.registered[CHANNEL] = SIGNER.public_key
        push.away = True
        usual = {"TTL": "60", "Topic": "k" * 32, "Content-Encoding": "aes128gcm"}
        sent = usual | headers | {"Authorization": authorization(push, **headers)}
        given = {name: value for name, value in sent.items() if value is not None}
        url = f"{push.origin}/wpush/v2/{CHANNEL}"
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=given) as answer:
            found = None if answer.status == 201 else tuple((await answer.json()).values())
    assert (found, len(push.waiting)) == (refused, 0 if refused else 1)


def authorization(push: Autopush, Authorization: Any = "", **_: Any) -> str | None:  # noqa: N803 - the header's name
    """The header as we make it, with what is wrong about it."""
    wrong, now = Authorization, datetime.now(UTC)
    if isinstance(wrong, VapidSigner):
        return wrong.authorization(push.origin, now)
    if isinstance(wrong, timedelta):
        return VapidSigner(PEM, SUBJECT).authorization(push.origin, now + wrong)
    if wrong is None or wrong.startswith("WebPush"):
        return wrong
    right = VapidSigner(PEM, SUBJECT).authorization(wrong if "://" in wrong else push.origin, now)
    token, comma, key = right.partition(", k=")
    return f"{token[:-2]}AA{comma}{key}" if wrong == "flipped" else right


async def test_the_stand_in_says_of_each_message_whether_it_waits() -> None:
    async with autopush() as push, aiohttp.ClientSession() as session:
        push.registered[CHANNEL] = SIGNER.public_key
        push.away = True
        headers = {"TTL": "60", "Content-Encoding": "aes128gcm", "Authorization": authorization(push)}
        places = []
        for topic in ("a", "a", "b", ""):
            more = {"Topic": topic} if topic else {}
            url = f"{push.origin}/wpush/v2/{CHANNEL}"
            async with session.post(url, data=b"x", headers=headers | more) as answer:
                places.append(answer.headers["Location"])
        assert (len(push.seen), len(push.waiting), len(set(places))) == (4, 3, 3)
        statuses = []
        for place in [*places, f"{push.origin}/m/another"]:
            async with session.delete(place) as answer:
                statuses.append(answer.status)
        assert statuses == [204, 404, 204, 204, 404]
        async with session.post(f"{push.origin}/wpush/v2/gone", data=b"x", headers=headers) as answer:
            assert (answer.status, (await answer.json())["errno"]) == (404, 102)
