"""The faults of a server of UnifiedPush: what it says means to the service what the lab takes it for."""

from typing import Any

import pytest

from channels.http.messages import Answer
from channels.webpush.services.answers import Judgement, meant
from channels.webpush.services.unifiedpush import UNIFIEDPUSH
from ops.lab.faults.cases import unifiedpush
from ops.lab.faults.cases.unifiedpush import AWAY, GONE, PASSING


def judged(rule: dict[str, Any]) -> Judgement:
    action = rule["action"]
    return meant(Answer(action["status"], body=action["body"].encode()), UNIFIEDPUSH.table)


@pytest.mark.parametrize("prefix", GONE)
def test_whoever_is_gone_is_gone_to_the_service_too(prefix: str) -> None:
    rule = unifiedpush.said(prefix, GONE[prefix])
    assert rule["match"] == {"recipient_prefix": prefix, "first_attempts": 0}
    assert judged(rule) is Judgement.GONE


def test_what_passes_ends_no_phone_and_the_gateway_stays_well() -> None:
    found = {
        prefix: judged(unifiedpush.said(prefix, one, first_attempts=2)) for prefix, one in PASSING.items()
    }
    transient = dict.fromkeys("EFH", Judgement.TRANSIENT)
    assert found == transient | {"D": Judgement.ABSENT, "G": Judgement.UNAUTHORIZED}
    assert PASSING["D"] is AWAY
    assert not GONE.keys() & PASSING.keys()
