"""Web Push does what the settings say, to what the recipient can read."""

import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from channels.base import (
    Endpoint,
)
from channels.webpush.encoder import DirectEncoder
from channels.webpush.keys.precomputed_keys import PrecomputedKeys
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.runtime.secrets.files import secret_file
from dispatcher.settings import Settings
from dispatcher.wiring.webpush import key_maker, precomputed_keys, processors, push_encoder, vapid_keys
from tests.channels.far_side import far_side
from tests.wiring.sending import notice, sent

USER_AGENT = ec.generate_private_key(ec.SECP256R1())


AUTH = bytes(range(16))


KEYS = {
    "p256dh": urlsafe_b64encode(
        USER_AGENT.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ).decode(),
    "auth": urlsafe_b64encode(AUTH).decode(),
}


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
    assert type(push_encoder(Settings(), None)) is kind


@pytest.mark.parametrize(
    ("changes", "processors", "wanted"),
    [
        ({}, {0, 1}, True),
        ({}, {1}, False),
        ({"WARN_KEY_PROCESS": "false"}, {0, 1}, False),
        ({"WARN_READY_KEYS": "0"}, {0, 1}, False),
        ({"WARN_PUSH_ENCODER": "pywebpush"}, {0, 1}, False),
    ],
)
def test_keys_are_made_in_another_process_where_that_has_a_processor(
    env: pytest.MonkeyPatch, changes: dict[str, str], processors: set[int], wanted: bool
) -> None:
    env.setattr(os, "sched_getaffinity", lambda _pid: processors)
    for name, value in changes.items():
        env.setenv(name, value)
    settings = Settings()
    assert (key_maker(settings, precomputed_keys(settings)) is not None) is wanted


@pytest.mark.parametrize(
    ("limit", "found"),
    [("50000 100000\n", 0.5), ("max 100000\n", 2.0), ("400000 100000\n", 2.0), ("?", 2.0), (None, 2.0)],
)
def test_a_container_may_have_less_than_the_processors_it_sees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str | None, found: float
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    if limit is not None:
        (tmp_path / "cpu.max").write_text(limit)
    assert processors(tmp_path / "cpu.max") == found


def test_another_encoder_is_refused(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_PUSH_ENCODER", "openssl")
    with pytest.raises(ValidationError, match="'own' or 'pywebpush'"):
        Settings()


def test_a_key_that_is_made_while_a_worker_runs_is_found_where_it_lies(tmp_path: Path) -> None:
    settings, pems = (
        Settings(vapid_subject="mailto:leitstelle@kreis-dueren.de"),
        (generate_key(), generate_key()),
    )
    before, made = (VapidSigner(pem, settings.vapid_subject).name for pem in pems)
    place = tmp_path / "keys" / "vapid.pem"
    secret_file(place, pems[0])
    keys = vapid_keys(settings, pems[0])
    place.rename(place.with_name("vapid.pem.1"))
    secret_file(place, pems[1])
    assert [one.name for one in keys.candidates(made)] == [made, before]


def test_keys_that_cannot_be_read_again_change_nothing(tmp_path: Path) -> None:
    pem = generate_key()
    secret_file(tmp_path / "keys" / "vapid.pem", b"no key")
    keys = vapid_keys(Settings(), pem)
    assert [one.name for one in keys.candidates("made since")] == [keys.current.name]
