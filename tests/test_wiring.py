"""What is built from settings does what they say: from the environment to what a gateway receives."""

import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from channels.base import (
    ChannelMisconfigured,
    Endpoint,
    Notice,
    Permanent,
    RateLimited,
    Transient,
    Urgency,
)
from channels.http.client import DEFAULT_HTTP2_AFTER, HttpClient
from channels.webpush.encoder import DirectEncoder
from channels.webpush.precomputed_keys import PrecomputedKeys
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from dispatcher import wiring
from dispatcher.access.fingerprints import SecretName
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.runtime.secrets.files import new_secret, secret_file, secret_path
from dispatcher.settings import Settings, SettingsError, explained
from tests.channels.far_side import answer, far_side
from tests.channels.sms.smpp.centre import scripted_centre

USER_AGENT = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
KEYS = {
    "p256dh": urlsafe_b64encode(
        USER_AGENT.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ).decode(),
    "auth": urlsafe_b64encode(AUTH).decode(),
}


@pytest.fixture(autouse=True)
def data_dir(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where keys are made."""
    env.setenv("WARN_DATA_DIR", str(tmp_path))


def notice() -> Notice:
    deadline = datetime.now(UTC) + timedelta(hours=1)
    return Notice("01ALERT", "k" * 32, "Titel", "Hochwasser", b'{"v":1}', "de", Urgency.HIGH, deadline)


async def sent(channel: Any, endpoint: Any) -> list[Any]:
    gateway = channel.gateway(endpoint)
    return [receipt async for known in channel.send(notice(), gateway, [endpoint]) for receipt in known]


@pytest.fixture
async def channels() -> AsyncIterator[Any]:
    """Makes the channels from the environment's settings, allowed to contact one origin."""
    clients = []

    def make(origin: Any, keys: Any = None) -> Any:
        settings = Settings(allowed_origins=frozenset({f"gateway={origin}", f"push={origin}"}))
        clients.append(HttpClient(wiring.exemptions(settings).policy()))
        return wiring.channels(settings, clients[-1], wiring.checking_keys(settings), keys=keys)

    yield make
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize(
    ("encoder", "taken"), [(None, 1), ("own", 1), ("pywebpush", 0)], ids=["default", "own", "pywebpush"]
)
async def test_the_chosen_encoder_encrypts_what_the_recipient_can_read(
    env: pytest.MonkeyPatch, channels: Any, encoder: str | None, taken: int
) -> None:
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
def test_each_name_stands_for_its_encoder(env: pytest.MonkeyPatch, encoder: str, kind: Any) -> None:
    env.setenv("WARN_PUSH_ENCODER", encoder)
    assert type(wiring.push_encoder(Settings(), None)) is kind


def test_another_encoder_is_refused(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_PUSH_ENCODER", "openssl")
    with pytest.raises(ValidationError, match="'own' or 'pywebpush'"):
        Settings()


@pytest.mark.parametrize(
    ("encoder", "most", "filled"), [("own", 7, True), ("own", 0, False), ("pywebpush", 7, False)]
)
async def test_a_worker_makes_keys_only_for_an_encoder_that_uses_them(
    env: pytest.MonkeyPatch, database_url: str, redis_url: str, encoder: str, most: int, filled: bool
) -> None:
    env.setenv("WARN_PUSH_ENCODER", encoder)
    env.setenv("WARN_READY_KEYS", str(most))
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with wiring.worker_dependencies(settings) as parts:
        assert (parts.key_precomputer is not None) is filled


def sms_gateway(origin: Any, **members: Any) -> Any:
    reading = {"reference": "message.id", "success": "status", "error": "error.code"}
    item = {"name": "haupt", "url": origin + "/messages", "answer": reading, **members}
    return json.dumps([item])


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("101", Permanent), (101, Permanent), ("BUSY", RateLimited), ("9", Transient), ("42", Transient)],
)
async def test_what_an_error_code_in_an_accepting_answer_means_is_a_setting(
    env: pytest.MonkeyPatch, channels: Any, code: int | str, meaning: Any
) -> None:
    refusal = json.dumps({"status": "failed", "error": {"code": code}}).encode()
    errors = {"101": "permanent", "BUSY": "rate_limited", "9": "transient"}
    async with far_side(answer(200, {}, refusal)) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors=errors))
        [receipt] = await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert len(side.seen) == 1
    assert (type(receipt.error), receipt.error.code) == (meaning, str(code))


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("", "WARN_SMS_GATEWAYS: haupt: url: is http; use https, or allow the origin: "),
        ("feed=http://10.0.0.7:13013", "add gateway=http://10.0.0.7:13013"),
    ],
)
def test_a_gateway_whose_address_is_not_allowed_stops_the_start(
    env: pytest.MonkeyPatch, allowed: str, said: str
) -> None:
    env.setenv("WARN_SMS_GATEWAYS", sms_gateway("http://10.0.0.7:13013"))
    env.setenv("WARN_ALLOWED_ORIGINS", allowed)
    with pytest.raises(SettingsError, match=said):
        wiring.check(Settings(), None)
    env.setenv("WARN_ALLOWED_ORIGINS", "gateway=http://10.0.0.7:13013")
    wiring.check(Settings(), None)


async def test_an_error_code_that_is_about_the_account_stops_the_channel(
    env: pytest.MonkeyPatch, channels: Any
) -> None:
    async with far_side(answer(200, {}, b'{"status": "failed", "error": {"code": "CREDIT"}}')) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors={"CREDIT": "misconfigured"}))
        with pytest.raises(ChannelMisconfigured) as caught:
            await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert (caught.value.code, caught.value.gateway) == ("CREDIT", "haupt")


async def test_a_success_in_an_answer_that_is_read_is_a_success(
    env: pytest.MonkeyPatch, channels: Any
) -> None:
    async with far_side(answer(200, {}, b'{"status": "OK", "message": {"id": "s-1"}}')) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors={"101": "permanent"}))
        [receipt] = await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert (receipt.accepted, receipt.reference) == (True, "s-1")


@pytest.mark.parametrize(
    ("settings", "answers"),
    [({}, DEFAULT_HTTP2_AFTER), ({"http2_pool_after": 1}, 1), ({"http2_pool_after": 0}, sys.maxsize)],
)
def test_the_operator_says_after_how_many_answers_we_open_our_own_connections(
    settings: dict[Any, Any], answers: Any, tmp_path: Path
) -> None:
    client = wiring.http_client(Settings(data_dir=tmp_path, **settings))
    assert client._http2_after == answers


MISTAKES: dict[str, dict[str, Any]] = {
    "WARN_ALLOWED_ORIGINS": {"allowed_origins": frozenset({"gatway=http://10.0.0.5"})},
    "WARN_OUTBOUND_CA_FILE": {"outbound_ca_file": Path("/nowhere")},
    "WARN_VAPID_KEY": {"vapid_key": Path("/dev/null")},
    "REDIS_URL": {"redis_url": "http://h/0"},
    "pepper": {},
    "feeds.toml": {"feeds": Path("/nowhere/feeds.toml")},
}


@pytest.mark.parametrize("said", MISTAKES)
def test_what_processes_take_from_the_settings_is_checked_at_once(
    tmp_path: Path, boundaries: Boundaries, said: str
) -> None:
    assert wiring.check(Settings(data_dir=tmp_path), boundaries) == ()
    assert not list(tmp_path.iterdir()), "nothing is made before the record was asked"
    if said == "pepper":
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "pepper").write_bytes(b"")
    with pytest.raises(SettingsError, match=said):
        wiring.check(Settings(data_dir=tmp_path, **MISTAKES[said]), boundaries)


@pytest.mark.parametrize(
    ("process", "made"),
    [(wiring.api_dependencies, {"pepper"}), (wiring.worker_dependencies, {"vapid.pem"})],
)
async def test_a_process_makes_no_secret_that_it_does_not_use(
    tmp_path: Path, database_url: str, redis_url: str, process: Any, made: set[str]
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url, redis_url=redis_url)
    async with process(settings):
        pass
    assert {file.name for file in (tmp_path / "keys").iterdir()} == made


@pytest.mark.parametrize("process", [wiring.api_dependencies, wiring.worker_dependencies])
@pytest.mark.parametrize("other", ["pepper", "vapid.pem"])
async def test_no_process_starts_on_the_record_of_another_service(
    tmp_path: Path, database_url: str, redis_url: str, process: Any, other: str
) -> None:
    ours = Settings(data_dir=tmp_path / "ours", database_url=database_url, redis_url=redis_url)
    theirs = Settings(data_dir=tmp_path / "theirs", database_url=database_url, redis_url=redis_url)
    await wiring.agree_on_secrets(ours, database_url)
    for name in SecretName:
        path = secret_path(name, theirs)
        secret_file(path, new_secret(name) if path.name == other else secret_path(name, ours).read_bytes())
    with pytest.raises(SettingsError, match="of the service whose record DATABASE_URL names"):
        async with process(theirs):
            pass
    with pytest.raises(SettingsError, match="or correct DATABASE_URL"):
        await wiring.agree_on_secrets(theirs, database_url)


async def test_an_smpp_gateway_by_settings(env: pytest.MonkeyPatch) -> None:
    async with scripted_centre() as centre:
        settings = [{"name": "smsc", "hosts": [f"smpp://127.0.0.1:{centre.port}"], "system_id": "kreis"}]
        env.setenv("WARN_SMPP_GATEWAYS", json.dumps(settings))
        http = wiring.http_client(Settings())
        channel = wiring.channels(Settings(), http, wiring.checking_keys(Settings()))["sms"]
        receipts = await sent(channel, Endpoint(1, "+4915100000001", {}))
        await channel.aclose()
        await http.aclose()
    assert [(receipt.accepted, receipt.reference) for receipt in receipts] == [(True, "m-1")]
    assert centre.submits[0].text == b"Hochwasser"
    assert channel.gateway_limits("smsc").concurrency == 10


@pytest.mark.parametrize(
    ("smpp", "words"),
    [
        ({"name": "a"}, "2 gateways are called a"),
        ({"hosts": ["ftp://h:1"]}, "begins with smpp:// or smpps://"),
        (
            {"passwort": "x"},
            "WARN_SMPP_GATEWAYS.0.passwort: there is no member of this name; the nearest is password",
        ),
    ],
)
def test_an_smpp_gateway_that_cannot_be_is_named(env: pytest.MonkeyPatch, smpp: Any, words: str) -> None:
    env.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    gateway = {"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis", **smpp}
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([gateway]))
    with pytest.raises((SettingsError, ValidationError)) as raised:
        wiring.check(Settings(), None)
    found = raised.value
    said = (
        [explained(dict(one)) for one in found.errors()]
        if isinstance(found, ValidationError)
        else [str(found)]
    )
    assert words in said[0]
    assert "WARN_SMPP_GATEWAYS" in said[0]


def test_workers_open_no_more_sessions_than_a_contract_allows(env: pytest.MonkeyPatch) -> None:
    gateway = {"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis", "sessions_allowed": 1}
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([gateway]))
    env.setenv("WARN_WORKERS", "1")
    wiring.require_allowed_sessions(Settings())
    env.setenv("WARN_WORKERS", "2")
    with pytest.raises(SettingsError, match="2 workers open 2 sessions and the contract allows 1"):
        wiring.require_allowed_sessions(Settings())
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([{**gateway, "sessions_allowed": None}]))
    wiring.require_allowed_sessions(Settings())
