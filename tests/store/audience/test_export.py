"""All that is kept of one subscriber."""

import json
from datetime import time
from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.api.subscribers.bodies import SubscriberWanted
from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import Quiet
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.store.audience.export import everything
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol


async def test_everything_is_there_as_json_and_nothing_of_others(pool: Any, sources: Sources) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}")
    area = WatchedArea(((50.8, 6.48),), 500.0, (DUEREN,))
    wanted = {"languages": ("uk",), "min_severity": 2, "quiet": Quiet(time(22), time(6, 30))}
    anna = await enrol(pool, "anna", "a", watched_areas=(area,), device="phone", **wanted)
    await enrol(pool, "bernd", "b")
    found = await Subscribers(pool, ADDRESSES).export(anna, UNNAMED_OPERATOR)
    assert found is not None
    kept = json.loads(json.dumps(found))
    assert (kept["instance"], kept["languages"], kept["names_a_device"]) == ("dueren", ["uk"], True)
    assert [one["address"] for one in kept["endpoints"]] == ["https://push.example/a"]
    assert kept["areas"] == [{"lat": [50.8], "lon": [6.48], "radius_m": 500.0, "ags": [DUEREN]}]
    asked = {name: value for name, value in kept["wish"].items() if value is not None}
    assert asked == {
        "languages": ["uk"],
        "min_severity": "Moderate",
        "quiet_hours": {"begins": "22:00", "ends": "06:30"},
        "drills": False,
        "places": [DUEREN, {"lat": 50.8, "lon": 6.48, "radius_m": 500.0}],
    }
    assert set(kept["wish"]) <= set(SubscriberWanted.model_fields), "the words of the PUT"
    line = await pool.fetchrow("SELECT action, detail FROM audit ORDER BY id DESC LIMIT 1")
    assert tuple(line) == ("subscriber.export", {"instance": "dueren", "subscriber": anna})
    assert await everything(pool, ADDRESSES, 0) is None
