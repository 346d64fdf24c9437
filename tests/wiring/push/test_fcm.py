"""Projects that are on record when a worker starts are known from its first batch, and their messages go where it says."""

from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.settings import Settings
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.parties import Parties
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.push.fcm import fcm_projects, own_projects
from dispatcher.wiring.webpush import checking_keys
from tests.store import conftest as on_record
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.service_accounts import key_file

pool = on_record.pool
HERE = "http://127.0.0.1:9901"


@pytest.fixture
def settings(env: pytest.MonkeyPatch) -> Settings:
    env.setenv("WARN_FCM_URL", HERE)
    env.setenv("WARN_FCM_PER_MINUTE", "1200")
    env.setenv("WARN_ALLOWED_ORIGINS", f"gateway={HERE}")
    return Settings()


async def test_those_on_record_are_known_before_the_first_batch(pool: Any, settings: Settings) -> None:
    await Parties(pool).add(
        Instance("dueren", "", (DUEREN,)), f"wi_dueren_{'s' * 43}", on_record.PEPPER, UNNAMED_OPERATOR
    )
    credential = ChannelCredential("dueren", "fcm", "warn-app-1/key")
    plain = key_file("warn-app-1", f"{HERE}/token")
    await InstanceCredentials(pool).put(credential, plain, ADDRESSES, UNNAMED_OPERATOR)
    http = http_client(settings)
    projects = fcm_projects(settings, http)
    await own_projects(settings, pool, ADDRESSES, projects)
    project = projects.get("warn-app-1")
    assert project is not None
    assert (project.url, project.account.token_url) == (HERE, f"{HERE}/token")
    await http.aclose()


async def test_each_project_has_the_rate_that_the_operator_names(settings: Settings) -> None:
    http = http_client(settings)
    channel = channel_registry(settings, http, checking_keys(settings))["fcm"]
    assert channel.gateway_limits("warn-app-1").rate == 20.0
    await http.aclose()
