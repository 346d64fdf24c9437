"""What the API says of itself."""

import asyncio
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import ChannelCredential
from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.secrets.files import fingerprint
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.runtime.strangers import StrangerLimits
from dispatcher.settings import Settings
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.record import Pool
from tests.api.conftest import KEY, Service, introduce, serving
from tests.support.histories import until
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

STRANGERS = 100
SUBMISSIONS = 5


async def test_the_boundaries_in_use_are_named_with_their_attribution(service: Service) -> None:
    boundaries = (await service.get("/v1/boundaries", key="")).json
    assert boundaries["municipalities"] > 80
    assert "BKG" in boundaries["attribution"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", boundaries["vintage"])


async def test_the_description_of_the_api_is_complete_and_loads_nothing_from_elsewhere(
    service: Service,
) -> None:
    description = (await service.get("/v1/openapi.json", key="")).json
    submission = description["paths"]["/v1/alerts"]["post"]
    assert "application/cap+xml" in submission["requestBody"]["content"]
    for status in ("201", "200", "400", "401", "403", "409", "413", "415", "422", "503"):
        assert status in submission["responses"]
    assert (await service.get("/docs", key="")).status == 404


async def test_sources_known_at_the_start_show_their_counters(settings: Settings) -> None:
    async with serving(settings) as service:
        await introduce(service.parts)
    async with serving(settings) as service:
        text = (await service.operator("/metrics")).body.decode()
        assert 'warn_alerts_repeated_total{source="leitstelle"} 0.0' in text


@pytest.mark.parametrize("sent", [b"", b"POST /v1/alerts HTTP/1.1\r\nX: "], ids=["nothing", "half a head"])
async def test_a_stranger_with_all_connections_keeps_no_centre_from_submitting(
    settings: Settings, sent: bytes
) -> None:
    most = 10
    async with serving(settings, HttpLimits(connections=most)) as service:
        await introduce(service.parts)
        port = int(service.url.rpartition(":")[2])
        opened = []
        for _ in range(3 * most):
            opened.append(await asyncio.open_connection("127.0.0.1", port))
            opened[-1][1].write(sent)
        for _ in range(5):
            assert (await service.submit(warning())).status == 201
            opened.append(await asyncio.open_connection("127.0.0.1", port))
        assert service.count("warn_http_connections_ended_total", reason="gave_way") >= 2 * most
        assert service.count("warn_http_connections_ended_total", reason="no_place") == 0
        assert service.count("warn_http_connections") <= most
        for _, writer in opened:
            writer.close()


async def test_a_refused_key_ends_its_connection(service: Service) -> None:
    refused = await service.get("/v1/alerts", key=KEY[:-1] + "x")
    assert (refused.status, refused.headers["connection"]) == (401, "close")
    assert "connection" not in (await service.get("/v1/alerts")).headers


@dataclass
class Tally:
    count: int = 0


async def count(turns: Tally) -> None:
    while True:
        turns.count += 1
        await asyncio.sleep(0)


async def ask_without_end(port: int, request: bytes, answered: Tally) -> None:
    """Ask on one connection after the other, each until the service closes it."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = b""
            while b"connection: close" not in head:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                answered.count += 1
        finally:
            writer.close()


@pytest.mark.parametrize("key", [b"", b"Authorization: Bearer wk_leitstelle_" + b"x" * 43 + b"\r\n"])
async def test_strangers_who_ask_without_end_take_few_turns_of_a_submission(
    service: Service, key: bytes
) -> None:
    assert (await service.submit(warning())).status == 201
    port = int(service.url.rpartition(":")[2])
    answered = Tally()
    path = b"alerts" if key else b"openapi.json"
    head = b"GET /v1/" + path + b" HTTP/1.1\r\nHost: x\r\n" + key + b"\r\n"
    crowd = [asyncio.create_task(ask_without_end(port, head, answered)) for _ in range(STRANGERS)]

    async def all_are_here() -> bool:
        return answered.count > 2 * STRANGERS

    await until(all_are_here)
    turns = Tally()
    crowd.append(asyncio.create_task(count(turns)))
    before = answered.count
    for _ in range(SUBMISSIONS):
        assert (await service.submit(warning())).status == 201
    taken = answered.count - before
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)
    if key:
        assert taken < SUBMISSIONS * 2 * STRANGERS
    else:
        assert taken < turns.count * 3 * StrangerLimits().at_once


async def test_a_browser_is_given_the_key_by_which_push_services_know_us(
    service: Service, pool: Pool
) -> None:
    assert (await service.get("/v1/webpush/key", key="")).status == 404  # no worker has started yet
    pem = await agreed_secret(pool, SecretName.VAPID, service.parts.settings)
    answer = await service.get("/v1/webpush/key", key="")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    point = urlsafe_b64decode(answer.json["application_server_key"] + "=")
    assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    assert answer.json == {"application_server_key": fingerprint(SecretName.VAPID, pem)}
    credential = ChannelCredential("dueren", "webpush", "BOwn")
    await InstanceCredentials(pool).put(credential, b"x", ADDRESSES, UNNAMED_OPERATOR)
    service.parts.own_push_keys._read_at = float("-inf")
    for path, key in (
        ("?instance=dueren", "BOwn"),
        ("?instance=nobody", answer.json["application_server_key"]),
    ):
        found = await service.get(f"/v1/webpush/key{path}", key="")
        assert found.json == {"application_server_key": key}
