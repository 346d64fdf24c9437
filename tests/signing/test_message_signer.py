"""Each message is signed once, by the key that signs now, whatever happens to the record meanwhile."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

import cap
from cap.errors import SignatureError
from cap.signatures.verification import Verdict, verify
from dispatcher.access.principals import SERVICE
from dispatcher.access.signing_plan import next_signs_from
from dispatcher.signing import message_signer
from dispatcher.signing.message_signer import KNOWN_FOR_S, MessageSigner
from dispatcher.store.signing_keys import SigningKeys
from tests.store import conftest as on_record
from tests.support.messages import Message
from tests.support.sealed import ADDRESSES

pool = on_record.pool


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_time(self) -> None:
        self.now += KNOWN_FOR_S


@pytest.fixture
def keys(pool: Any) -> SigningKeys:
    return SigningKeys(pool, ADDRESSES)


def alert(**changes: Any) -> cap.Alert:
    return cap.parse(Message(**changes).xml()).alerts[0]


def certificates(bundle: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [one + end for one in bundle.split(end) if one]


async def verdict(signed: bytes, signer: MessageSigner, keys: SigningKeys) -> Verdict:
    _, now = await keys.listed()
    (read,) = cap.parse(signed).alerts
    return verify(signed, {read.sender: certificates(await signer.certificates())}, now).verdict


async def test_all_processes_sign_with_the_same_bytes_and_say_the_same(keys: SigningKeys) -> None:
    one, other = MessageSigner(keys), MessageSigner(keys)
    message = alert()
    signed = await one.signed("A", message)
    assert signed == await other.signed("A", message)
    assert await one.certificates() == await other.certificates()
    assert await verdict(signed, one, keys) is Verdict.VALID
    assert cap.parse(signed).alerts == (message,)
    assert await verdict(signed.replace(b"Severe", b"Minor"), one, keys) is Verdict.INVALID


async def test_a_message_is_signed_once(keys: SigningKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = MessageSigner(keys)
    first = await signer.signed("A", alert())
    assert await signer.signed("A", alert()) is first
    second = await signer.signed("B", alert(identifier="b"))
    assert second != first
    monkeypatch.setattr(message_signer, "KEPT_BYTES", len(first))
    await signer.signed("C", alert(identifier="c"))
    assert await signer.signed("A", alert()) == first
    assert await signer.signed("A", alert()) is not first, "there was no room for it"


async def test_a_key_that_is_revoked_signs_no_more_and_its_certificate_is_gone(keys: SigningKeys) -> None:
    clock = Clock()
    signer = MessageSigner(keys, clock)
    before = await signer.signed("A", alert())
    [revoked] = (await keys.listed())[0]
    await keys.revoke(revoked.fingerprint, SERVICE)
    assert await signer.signed("A", alert()) == before, "not known yet"
    clock.pass_time()
    after = await signer.signed("A", alert())
    assert after != before
    assert revoked.certificate not in await signer.certificates()
    assert await verdict(after, signer, keys) is Verdict.VALID
    assert await verdict(before, signer, keys) is Verdict.INVALID


async def test_the_next_key_is_published_before_it_signs(keys: SigningKeys) -> None:
    clock = Clock()
    signer = MessageSigner(keys, clock)
    before = await signer.signed("A", alert())
    made = await keys.make(lambda listed, _now: listed[0].ends_at, SERVICE)
    assert made
    clock.pass_time()
    assert await signer.signed("A", alert()) == before
    assert certificates(await signer.certificates()).pop(0) == made.certificate


async def test_while_the_record_is_away_the_key_of_before_signs(keys: SigningKeys) -> None:
    clock, store = Clock(), Store(keys)
    signer = MessageSigner(store, clock)
    store.away = True
    with pytest.raises(OSError, match="away"):
        await signer.signed("A", alert())
    store.away = False
    before = await signer.signed("A", alert())
    store.away, store.asked = True, 0
    clock.pass_time()
    assert await signer.signed("A", alert()) is before
    assert (await signer.signed("B", alert(identifier="b"))).endswith(b"</alert>")
    assert store.asked == 1, "each question may take seconds, for which all wait"
    store.away = False
    clock.pass_time()
    await signer.certificates()
    assert store.asked == 2


async def test_nobody_waits_long_for_a_record_that_does_not_answer(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, store = Clock(), Store(keys)
    signer = MessageSigner(store, clock)
    before = await signer.certificates()
    store.is_stuck, store.asked = True, 0
    clock.pass_time()
    monkeypatch.setattr(message_signer, "ANSWER_WITHIN_S", 0.01)
    async with asyncio.timeout(30):
        assert await asyncio.gather(*(signer.certificates() for _ in range(3))) == [before] * 3
    assert store.asked == 1


async def test_what_cannot_be_signed_is_said_each_time(keys: SigningKeys) -> None:
    signer = MessageSigner(keys)
    for _ in range(2):
        with pytest.raises(SignatureError):
            await signer.signed("A", replace(alert(), note=" outer "))


class Store:
    """The keys of a record that may be away."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys
        self.away = self.is_stuck = False
        self.asked = 0

    async def listed(self) -> Any:
        self.asked += 1
        if self.is_stuck:
            await asyncio.Event().wait()
        if self.away:
            raise OSError("away")
        return await self._keys.listed()

    async def private(self, key: Any) -> bytes:
        return await self._keys.private(key)

    async def make(self, *arguments: Any) -> Any:
        return await self._keys.make(*arguments)


async def test_the_first_key_is_made_when_it_is_first_needed(keys: SigningKeys) -> None:
    assert (await keys.listed())[0] == []
    bundle = await MessageSigner(keys).certificates()
    [made], _ = await keys.listed()
    assert bundle == made.certificate
    assert await keys.make(next_signs_from, SERVICE) is None
