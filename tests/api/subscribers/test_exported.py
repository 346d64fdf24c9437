"""What is given to whoever asks what is kept of them, as it is described."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.api.subscribers.bodies import SubscriberWanted
from dispatcher.api.subscribers.exported import ExportBody, ExportedWish, export_body
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.subscribers import Quiet
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.store.audience.subscribers import Subscribers
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol


async def kept_of_anna(pool: Any) -> dict[str, Any]:
    """All that is kept of somebody who uses all there is."""
    area = WatchedArea(((50.8, 6.48),), 500.0, (DUEREN,))
    anna = await enrol(
        pool,
        "anna",
        "a",
        watched_areas=(area,),
        device="phone",
        languages=("uk",),
        min_severity=2,
        quiet=Quiet(time(22), time(6, 30)),
        escalate_after_s=60,
        expires_at=datetime.now(UTC) + timedelta(days=9),
    )
    found = await Subscribers(pool, ADDRESSES).export(anna, UNNAMED_OPERATOR)
    assert found is not None
    return found


async def test_all_that_the_record_gives_is_described_and_nothing_else(pool: Any) -> None:
    found = await kept_of_anna(pool)
    said = export_body(found).model_dump(mode="json")
    assert set(said) == set(found) == set(ExportBody.model_fields)
    assert said["wish"]["quiet_hours"] == {"begins": "22:00", "ends": "06:30"}
    assert (said["quiet_from"], said["quiet_until"], said["escalate_after_s"]) == ("22:00:00", "06:30:00", 60)
    assert said["endpoints"][0]["address"] == "https://push.example/a"
    assert datetime.fromisoformat(said["ends_at"]) == datetime.fromisoformat(found["ends_at"])
    assert set(ExportedWish.model_fields) <= set(SubscriberWanted.model_fields), "the words of the PUT"


async def test_what_nobody_has_described_is_not_given(pool: Any) -> None:
    found = await kept_of_anna(pool)
    with pytest.raises(ValidationError):
        export_body({**found, "installation_hash": "x"})


def test_who_is_not_there_any_more_is_not_found() -> None:
    with pytest.raises(RequestRefused) as refused:
        export_body(None)
    assert refused.value.type is ProblemType.NOT_FOUND
