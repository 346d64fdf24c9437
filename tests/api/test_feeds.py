"""The feed page, the way in for those that push, and what an app is told of silent sources."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import cap
from dispatcher.readers.readers import ReadersBusy, ReaderStopped, StopReason
from dispatcher.settings import Settings
from dispatcher.store.feeds.quarantine import Quarantine
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Service, introduce, serving
from tests.support.feed_messages import NOW, nina_detail
from tests.support.messages import DUEREN, InfoPart, Message

MOWAS_KEY = f"wk_mowas-1_{SECRET}"
DWD_KEY = f"wk_dwd-1_{SECRET}"
FEEDS = """
[[feed]]
name = "mowas"
adapter = "push"
attribution = "Quelle: BBK / MoWaS"
licence = "mit Erlaubnis"

[[feed]]
name = "dwd"
adapter = "dwd"
urls = ["https://source.example/GEHEIM/list?apikey=GEHEIM", "https://source.example/other?apikey=GEHEIM"]
"""


@pytest.fixture
async def service(database_url: str, redis_url: str, tmp_path: Path) -> Any:
    file = tmp_path / "feeds.toml"
    file.write_text(FEEDS)
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=tmp_path,
        key_pepper="pepper of the tests",
        feeds=file,
    )
    async with serving(settings) as running:
        await introduce(running.parts)
        await running.parts.sources.add_key("feed-mowas", MOWAS_KEY)
        await running.parts.sources.add_key("feed-dwd", DWD_KEY)
        yield running


async def push(
    service: Service,
    body: bytes,
    *,
    key: str = MOWAS_KEY,
    name: str = "mowas",
    content_type: str = "application/cap+xml",
) -> Any:
    path = f"/v1/feeds/{name}/messages"
    return await service.request("POST", path, body, key=key, content_type=content_type)


def fresh(**changes: Any) -> Any:
    """A message of now, as the record's clock sees it."""
    from datetime import UTC, datetime, timedelta

    changes.setdefault("sent", datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
    return Message(**changes)


async def test_a_pushed_message_is_an_alert(service: Service) -> None:
    answer = await push(service, fresh().xml())
    assert answer.status == 200
    (message,) = answer.json["messages"]
    assert message["reason"] == "first_notice"
    stored = await service.parts.alerts.get(message["alert"])
    assert stored.source_id == "feed-mowas"
    assert stored.attribution == "Quelle: BBK / MoWaS; mit Erlaubnis"
    again = await push(service, fresh(sent=stored.sent).xml())
    assert again.json["messages"] == [{"reason": "duplicate", "alert": stored.id, "problem": None}]
    page = (await service.get("/v1/feeds/mowas")).json
    assert page["feed"]["last_successful_poll"] is not None
    assert page["feed"]["stale_since"] is None
    assert page["feed"]["attribution"] == "Quelle: BBK / MoWaS; mit Erlaubnis"


async def test_ninas_json_can_be_pushed(service: Service) -> None:
    sent = fresh().sent
    body = nina_detail("mow.DE-NW-DN-W001-20261122-1-000", sent=sent)
    answer = await push(service, body, content_type="application/json")
    assert [one["reason"] for one in answer.json["messages"]] == ["first_notice"]


async def test_what_cannot_be_read_is_kept(service: Service) -> None:
    answer = await push(service, b"<html>")
    answer.problem(400, "malformed")
    anonymous = fresh(sender="").xml()
    answer = await push(service, anonymous)
    assert answer.json["messages"] == [{"reason": None, "alert": None, "problem": "identity-missing"}]
    page = (await service.get("/v1/feeds/mowas")).json
    assert sorted(one["code"] for one in page["quarantine"]) == ["identity-missing", "not-xml"]
    assert page["feed"]["quarantined"] == 2
    await service.parts.publisher.look(afresh=True)
    for path, key in ((f"/v1/municipalities/{DUEREN}/alerts", ""), ("/v1/instance/alerts", INSTANCE_KEY)):
        body = (await service.get(path, key=key)).json
        assert (body["alerts"], [one["name"] for one in body["unread_feeds"]]) == ([], ["mowas"])
    answer = await service.get("/v1/public/alerts.atom", key="")
    assert answer.headers["Alerts-Unread-Feeds"].startswith('"mowas";since="')


async def test_one_broken_message_of_several_leaves_the_others(service: Service) -> None:
    inner = fresh().xml().decode().partition("?>")[2] or fresh().xml().decode()
    hopeless = "<info>" * 70 + "</info>" * 70
    body = f'<alerts xmlns="urn:oasis:names:tc:emergency:cap:1.2">{inner}<alert>{hopeless}</alert></alerts>'
    answer = await push(service, body.encode())
    assert answer.status in (200, 400)


async def test_who_may_push(service: Service) -> None:
    (await push(service, b"x", key="")).problem(401, "unauthenticated")
    (await push(service, b"x", key=KEY)).problem(403, "sender-not-allowed")
    (await push(service, b"x", name="nobody")).problem(404, "not-found")
    (await push(service, b"x", content_type="text/plain")).problem(415, "unsupported-media-type")


async def test_nobody_makes_a_polled_feed_look_alive_by_pushing(service: Service) -> None:
    answer = await push(service, fresh().xml(), key=DWD_KEY, name="dwd")
    answer.problem(403, "sender-not-allowed")
    page = (await service.get("/v1/feeds/dwd")).json["feed"]
    assert page["last_successful_poll"] is None
    assert page["stale_since"] is not None


class Failing:
    """Readers that read nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def run(self, *_: Any) -> Any:
        raise self._error


async def test_a_push_whose_readers_are_taken_is_to_be_sent_again(service: Service) -> None:
    service.parts.feed_services.sync._ingest._readers = Failing(ReadersBusy())
    answer = await push(service, fresh().xml())
    answer.problem(503, "overloaded")
    assert answer.headers["retry-after"]


async def test_a_push_that_stops_its_reader_is_no_error_of_ours(service: Service) -> None:
    service.parts.feed_services.sync._ingest._readers = Failing(ReaderStopped(StopReason.TIME))
    answer = await push(service, fresh().xml())
    assert (answer.status, answer.json["messages"][0]["problem"]) == (200, "too-complex")


async def test_a_repetition_is_no_change(service: Service) -> None:
    message = fresh().xml()
    await push(service, message)
    first = (await service.get("/v1/feeds/mowas")).json["feed"]
    await push(service, message)
    again = (await service.get("/v1/feeds/mowas")).json["feed"]
    assert again["last_change"] == first["last_change"]
    assert again["last_successful_poll"] > first["last_successful_poll"]


async def test_of_several_pushed_messages_the_newest_is_judged_first(service: Service) -> None:
    first = fresh()
    later = first.sent + timedelta(seconds=30)
    end = fresh(identifier="ende", msg_type="Cancel", references=(first,), sent=later)
    inner = "".join(one.xml().decode().partition("?>")[2] or one.xml().decode() for one in (first, end))
    answer = await push(service, f"<alerts>{inner}</alerts>".encode())
    assert [one["reason"] for one in answer.json["messages"]] == ["superseded", "nothing_to_end"]


async def test_who_may_look(service: Service) -> None:
    for key in (KEY, INSTANCE_KEY):
        names = [feed["name"] for feed in (await service.get("/v1/feeds", key=key)).json["feeds"]]
        assert names == ["mowas", "dwd"]
    (await service.get("/v1/feeds", key="")).problem(401, "unauthenticated")
    (await service.get("/v1/feeds/nobody")).problem(404, "not-found")


async def test_nobody_sees_the_key_in_a_feeds_address(service: Service) -> None:
    """Neither in the feed's own lines nor in what is told of lists and messages that nobody could read."""
    pool = service.parts.health.pool
    link = "https://source.example/GEHEIM/1.xml?apikey=GEHEIM"
    await pool.execute("UPDATE feed SET detail = $1 WHERE name = 'dwd'", f"no answer of {link}")
    for number, name in enumerate((link, "entry 2")):
        await Quarantine(pool).put("dwd", name, bytes([number]), "not-xml", f"{link}: no element", NOW)
    for key in (KEY, INSTANCE_KEY, MOWAS_KEY):
        for path in ("/v1/feeds", "/v1/feeds/dwd"):
            answer = await service.get(path, key=key)
            assert answer.status == 200
            assert b"GEHEIM" not in answer.body
    page = answer.json
    assert page["feed"]["origins"] == ["https://source.example"]
    assert page["feed"]["detail"] == "no answer of https://source.example/…"
    assert {one["name"] for one in page["quarantine"]} == {"https://source.example/…", "entry 2"}
    assert {one["detail"] for one in page["quarantine"]} == {"https://source.example/… no element"}
    assert b"GEHEIM" not in (await service.get("/v1/openapi.json")).body


async def test_an_app_is_told_that_nobody_knows(service: Service) -> None:
    body = (await service.get("/v1/instance/alerts", key=INSTANCE_KEY)).json
    assert body["alerts"] == []
    assert [one["name"] for one in body["stale_feeds"]] == ["mowas", "dwd"]
    await push(service, fresh().xml())
    body = (await service.get("/v1/instance/alerts", key=INSTANCE_KEY)).json
    assert [one["name"] for one in body["stale_feeds"]] == ["dwd"], "it has delivered"


async def test_without_feeds_there_are_none(database_url: str, redis_url: str, tmp_path: Path) -> None:
    settings = Settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path, key_pepper="pepper of the tests"
    )
    async with serving(settings) as running:
        await introduce(running.parts)
        assert (await running.get("/v1/feeds")).json == {"feeds": []}
        assert (await running.get("/v1/instance/alerts", key=INSTANCE_KEY)).json["stale_feeds"] == []
        (await running.get("/v1/feeds/dwd")).problem(404, "not-found")


# the original of a copy


async def test_the_original_after_its_copy_tells_nobody_twice(service: Service) -> None:
    original = fresh()
    (copy,) = (await push(service, original.xml())).json["messages"]
    answer = await service.submit(original)
    assert answer.status == 201
    assert (answer.json["alert"]["reason"], answer.json["alert"]["merged_into"]) == ("merged", copy["alert"])
    assert (await service.submit(original)).status == 200
    (again,) = (await push(service, original.xml())).json["messages"]
    assert again["reason"] == "duplicate"


async def test_the_original_tells_those_whom_the_copy_left_out(service: Service) -> None:
    original = fresh(infos=(InfoPart(areas=("05358008", "05358024")),))
    narrow = fresh(sent=original.sent, infos=(InfoPart(areas=("05358008",)),))
    await push(service, narrow.xml())
    answer = await service.submit(original)
    assert answer.json["alert"]["reason"] == "update"


async def test_the_copy_after_its_original_is_a_duplicate(service: Service) -> None:
    original = fresh()
    await service.submit(original)
    changed = fresh(sent=original.sent, infos=(InfoPart(headline="von der Quelle gekürzt"),))
    (copy,) = (await push(service, changed.xml())).json["messages"]
    assert copy["reason"] == "duplicate"


async def test_the_owner_ends_what_came_by_feed(service: Service) -> None:
    first = fresh()
    await push(service, first.xml())
    end = fresh(identifier="ende", msg_type="Cancel", references=(first,))
    answer = await service.submit(end)
    assert (answer.status, answer.json["alert"]["reason"]) == (201, "cancel")


def test_times_of_the_material_are_aware() -> None:
    assert NOW.utcoffset() is not None
    assert str(cap.Status.ACTUAL) == "Actual"
