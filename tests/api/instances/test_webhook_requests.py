"""What is the same for an app and for an operator who minds its webhook."""

from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.api.instances import webhook_requests
from dispatcher.api.instances.webhook_requests import WebhookOwner
from dispatcher.model.problems import ProblemType, RequestRefused

GONE = WebhookOwner("gone", (), UNNAMED_OPERATOR, "operator")


async def test_an_instance_that_is_not_there_any_more_has_no_webhook(service: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        await webhook_requests.remove(service.parts, GONE)
    assert refused.value.type is ProblemType.NOT_FOUND
    for ask in (
        webhook_requests.shown(service.parts, GONE.id),
        webhook_requests.tried(service.parts, GONE),
    ):
        with pytest.raises(RequestRefused) as refused:
            await ask
        assert refused.value.type is ProblemType.NOT_FOUND
