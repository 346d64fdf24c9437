"""Apps on iPhones are sent for soon after their keys are on record."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from channels.apns.apple_apps import AppleApps
from dispatcher.apps.push.own_apple_apps import OwnAppleApps
from dispatcher.model.principals import ChannelCredential
from tests.support.apns_credentials import credential_file, credential_of, signing_key
from tests.support.service_accounts import pem_of

URLS = {"production": "https://api.push.apple.com", "sandbox": "https://api.sandbox.push.apple.com"}
REPLACED = datetime(2026, 11, 22, tzinfo=UTC)


class Kept:
    """Credentials as the record would give them, and the apps that are known by that."""

    def __init__(self) -> None:
        self.found: list[tuple[ChannelCredential, bytes]] = []
        nobody: Any = None
        self.apps = AppleApps(nobody)
        self.own = OwnAppleApps(self.apps, self.opened, URLS)

    async def opened(self) -> Sequence[tuple[ChannelCredential, bytes]]:
        return self.found

    def add(self, key_id: str, *topics: str, replaced: datetime | None = None, **other: str) -> None:
        known = credential_of(*topics, key_id=key_id, **other).name
        credential = ChannelCredential("dueren", "apns", known, replaced_at=replaced)
        self.found.append((credential, credential_file(*topics, key_id=key_id, **other)))

    def key_of(self, gateway: str) -> tuple[str, str] | None:
        found = self.apps.get(gateway)
        return None if found is None else (found.credential.key_id, found.url)


async def test_the_newest_key_sends_for_an_app_and_those_before_for_what_it_does_not() -> None:
    kept = Kept()
    kept.add("NEW4567890", "de.a", "de.b")
    kept.add("OLD4567890", "de.b", "de.c", replaced=REPLACED)
    kept.add("XCODE67890", "de.a", replaced=REPLACED, environment="sandbox")
    await kept.own.look()
    production, sandbox = URLS.values()
    assert {name: kept.key_of(f"production/de.{name}") for name in "abcd"} == {
        "a": ("NEW4567890", production),
        "b": ("NEW4567890", production),
        "c": ("OLD4567890", production),
        "d": None,
    }
    assert kept.key_of("sandbox/de.a") == ("XCODE67890", sandbox)


async def test_of_those_that_were_replaced_the_one_that_was_put_last_sends() -> None:
    kept = Kept()
    kept.add("TWO4567890", "de.a", replaced=REPLACED)
    kept.add("ONE4567890", "de.a", replaced=REPLACED)
    kept.add("NEW4567890", "de.b")
    await kept.own.look()
    assert kept.key_of("production/de.a") == ("ONE4567890", URLS["production"])
    kept.found[:2] = kept.found[1::-1]
    await kept.own.look()
    assert kept.key_of("production/de.a") == ("TWO4567890", URLS["production"]), "it was put once more since"


async def test_the_right_file_takes_the_place_of_a_wrong_one_under_the_same_number() -> None:
    kept, right = Kept(), pem_of(signing_key(2))
    kept.add("KEY4567890", "de.a")
    await kept.own.look()
    wrong, content = kept.found.pop()
    kept.found.append((dataclasses.replace(wrong, replaced_at=REPLACED), content))
    kept.add("KEY4567890", "de.a", key=right)
    await kept.own.look()
    found = kept.apps.get("production/de.a")
    assert found is not None
    assert found.credential.key_name == credential_of("de.a", key=right).key_name != wrong.fingerprint


async def test_one_that_is_none_hurts_its_app_alone() -> None:
    kept = Kept()
    kept.found.append((ChannelCredential("juelich", "apns", "f00"), b"GEHEIM"))
    kept.add("NEW4567890", "de.a")
    await kept.own.look()
    assert kept.key_of("production/de.a") == ("NEW4567890", URLS["production"])
