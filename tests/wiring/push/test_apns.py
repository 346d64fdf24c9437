"""Apps on iPhones that are on record when a worker starts are known from its first batch."""

from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.settings import Settings
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.parties import Parties
from dispatcher.wiring.push.apns import apple_apps, own_apple_apps
from tests.store import conftest as on_record
from tests.support.apns_credentials import credential_file, credential_of
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

pool = on_record.pool
HERE = "http://127.0.0.1:9901"


@pytest.fixture
def settings(env: pytest.MonkeyPatch) -> Settings:
    env.setenv("WARN_APNS_SANDBOX_URL", HERE)
    return Settings()


async def test_those_on_record_are_known_before_the_first_batch(pool: Any, settings: Settings) -> None:
    await Parties(pool).add(
        Instance("dueren", "", (DUEREN,)), f"wi_dueren_{'s' * 43}", on_record.PEPPER, UNNAMED_OPERATOR
    )
    for environment in ("production", "sandbox"):
        plain = credential_file("de.a", environment=environment)
        known = ChannelCredential("dueren", "apns", credential_of("de.a", environment=environment).name)
        await InstanceCredentials(pool).put(known, plain, ADDRESSES, UNNAMED_OPERATOR)
    apps = apple_apps(settings)
    await own_apple_apps(settings, pool, ADDRESSES, apps)
    found = [apps.get(f"{environment}/de.a") for environment in ("production", "sandbox")]
    assert [one and one.url for one in found] == ["https://api.push.apple.com", HERE]
    assert None not in found
    connections = [one and apps.connections(one) for one in found]
    assert connections[0] is not connections[1]
    await apps.aclose()
