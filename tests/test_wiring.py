"""What is built from settings does what they say: from the environment to what a gateway receives."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from channels.addresses import AddressPolicy
from channels.base import Endpoint, Notice, Urgency
from channels.http import HttpClient
from channels.webpush.encoder import DirectEncoder
from channels.webpush.precomputed_keys import PrecomputedKeys
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from dispatcher import wiring
from dispatcher.settings import Settings
from tests.channels.far_side import far_side

USER_AGENT = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
KEYS = {
    "p256dh": urlsafe_b64encode(
        USER_AGENT.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ).decode(),
    "auth": urlsafe_b64encode(AUTH).decode(),
}


@pytest.fixture(autouse=True)
def data_dir(env, tmp_path):
    """Where keys are made."""
    env.setenv("WARN_DATA_DIR", str(tmp_path))


def notice():
    deadline = datetime.now(UTC) + timedelta(hours=1)
    return Notice("01ALERT", "k" * 32, "Titel", "Hochwasser", b'{"v":1}', "de", Urgency.HIGH, deadline)


async def sent(channel, endpoint):
    return [receipt async for known in channel.send(notice(), [endpoint]) for receipt in known]


@pytest.fixture
async def channels():
    """Makes the channels from the environment's settings, allowed to contact one origin."""
    clients = []

    def make(origin, keys=None):
        clients.append(HttpClient(AddressPolicy(frozenset({origin}))))
        return wiring.channels(Settings(), clients[-1], keys=keys)

    yield make
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize(
    ("encoder", "taken"), [(None, 1), ("own", 1), ("pywebpush", 0)], ids=["default", "own", "pywebpush"]
)
async def test_the_chosen_encoder_encrypts_what_the_recipient_can_read(env, channels, encoder, taken):
    if encoder:
        env.setenv("WARN_PUSH_ENCODER", encoder)
    keys = PrecomputedKeys(1)
    async with far_side() as side:
        endpoint = Endpoint(1, side.origin + "/push/1", KEYS)
        assert keys.make(endpoint)
        [receipt] = await sent(channels(side.origin, keys)["webpush"], endpoint)
    assert receipt.accepted
    [seen] = side.seen
    plain = http_ece.decrypt(seen.body, private_key=USER_AGENT, auth_secret=AUTH, version="aes128gcm")
    assert plain == notice().payload
    assert keys.hits == taken, "our own encoder takes the key made before, pywebpush cannot"


@pytest.mark.parametrize(("encoder", "kind"), [("own", DirectEncoder), ("pywebpush", PywebpushEncoder)])
def test_each_name_stands_for_its_encoder(env, encoder, kind):
    env.setenv("WARN_PUSH_ENCODER", encoder)
    assert type(wiring.push_encoder(Settings(), None)) is kind


def test_another_encoder_is_refused(env):
    env.setenv("WARN_PUSH_ENCODER", "openssl")
    with pytest.raises(ValidationError, match="'own' or 'pywebpush'"):
        Settings()


@pytest.mark.parametrize(
    ("encoder", "most", "filled"), [("own", 7, True), ("own", 0, False), ("pywebpush", 7, False)]
)
async def test_a_worker_makes_keys_only_for_an_encoder_that_uses_them(
    env, database_url, redis_url, encoder, most, filled
):
    env.setenv("WARN_PUSH_ENCODER", encoder)
    env.setenv("WARN_READY_KEYS", str(most))
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with wiring.worker_dependencies(settings) as parts:
        assert (parts.key_precomputer is not None) is filled
