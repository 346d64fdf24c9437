"""Whose token it is."""

from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import of_subscriber
from dispatcher.api.subscribers.management_token import subscriber_of
from dispatcher.model.principals import CredentialState

TOKEN = "wt_" + "t" * 43


class Owners:
    """Knows one installation's token."""

    def installation(self, *names: str) -> Any:
        return names

    async def owner(self, installation: Any, token: str) -> int | None:
        return 7 if (installation, token) == (("dueren", "anna-anna-anna-anna"), TOKEN) else None


@pytest.mark.parametrize(
    ("installation", "token", "state"),
    [
        ("anna-anna-anna-anna", TOKEN, CredentialState.VALID),
        ("anna-anna-anna-anna", "wt_" + "u" * 43, CredentialState.UNKNOWN),
        ("another-another-another", TOKEN, CredentialState.UNKNOWN),
    ],
)
async def test_a_token_is_of_the_installation_that_the_path_names(
    installation: str, token: str, state: CredentialState
) -> None:
    owners: Any = Owners()
    names = {"instance_id": "dueren", "installation": installation}
    shown = await subscriber_of(Request({"type": "http", "path_params": names}), owners, token)
    assert (shown.state, shown.kind) == (state, PrincipalKind.SUBSCRIBER)
    assert shown.principal == (of_subscriber(7) if state is CredentialState.VALID else None)
