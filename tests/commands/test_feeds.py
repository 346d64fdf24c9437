"""The command line of feeds, against a real record."""

import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cap
from cap.signatures.signing import sign
from dispatcher.feeds.replay.recording import Recorded, read, write
from dispatcher.store import record
from dispatcher.store.feeds.quarantine import Quarantine
from ops.lab.faults.feeds.server import FeedFault, FeedServer
from tests.support.feed_messages import (
    HOUR,
    NOW,
    archive,
    dashboard_entry,
    listing_body,
    nina_detail,
    update,
    warning,
)
from tests.support.feed_world import BOARD, FIRE, key_pair

ATOM = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id>
<title>t</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""
Run = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Any]:
    """The record that the commands work on."""
    opened = await record.connect(database_url, size=1)
    yield opened
    await opened.close()


@pytest.fixture
def run(run_with_feeds: Run) -> Run:
    return run_with_feeds


async def test_polling_and_listing(run: Any, server: FeedServer) -> None:
    server.put("/list", archive(warning(1, lasts=None)))
    (line,) = await run("feeds", "poll", "dwd")
    assert json.loads(line) == {"result": "changed", "detail": "", "fresh": 1, "gone": 0, "broken": 0}
    server.fail("/list", FeedFault.SERVER_ERROR)
    await run("feeds", "poll", "dwd", code=1)
    bodies = {body["name"]: body for body in map(json.loads, await run("feeds", "list", "--json"))}
    assert bodies["dwd"]["detail"] == "http 500"
    assert bodies["dwd"]["entries"] == 1
    assert bodies["nina"]["stale_since"] is not None
    assert bodies["mowas"]["stale_since"] is not None, "it never delivered"
    await run("feeds", "poll", "nobody", code=2)


async def test_replaying_files(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "stat.zip"
    file.write_bytes(archive(warning(1), update(2, warning(1))))
    (line,) = await run("feeds", "replay", "dwd", file, "--shift")
    assert json.loads(line)["fresh"] == 2
    single = tmp_path / "fire.json"
    single.write_bytes(nina_detail(FIRE))
    (line,) = await run("feeds", "replay", "nina", single, "--shift")
    assert json.loads(line)["fresh"] == 1
    board = tmp_path / "board.json"
    board.write_bytes(listing_body(dashboard_entry(FIRE.replace("-000", "-007"))))
    (line,) = await run("feeds", "replay", "nina", board, "--shift")
    assert json.loads(line)["fresh"] == 1
    await run("feeds", "replay", "dwd", code=2)
    await run("feeds", "replay", "dwd", "--quarantined", "1", code=2)


async def test_what_lies_aside_is_taken_in_again(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "broken.zip"
    file.write_bytes(archive(warning(1))[:-30])
    await run("feeds", "replay", "dwd", file, code=1)
    await run("feeds", "replay", "dwd", "--quarantined", "1", code=1)


async def test_what_lies_aside_is_listed_until_somebody_has_dealt_with_it(run: Any, pool: Any) -> None:
    at = NOW - timedelta(days=1)
    for content in (
        b"<html>",
        b"<html>2",
        cap.render(warning(1, sent=datetime.now(UTC).replace(microsecond=0))),
    ):
        await Quarantine(pool).put("dwd", "x\x1b[2J.xml", content, "not-xml", "no element", at)
    listed = [json.loads(line) for line in await run("feeds", "aside", "dwd", "--json")]
    assert {item["id"]: (item["code"], item["detail"], item["times"]) for item in listed} == dict.fromkeys(
        (1, 2, 3), ("not-xml", "no element", 1)
    )
    assert all(len(item["sha256"]) == 64 for item in listed)
    table = await run("feeds", "aside", "dwd", "--language", "en")
    assert len(table) == 4
    assert "\x1b" not in "".join(table)
    assert {"not-xml", "no", "element"} <= set(table[1].split())
    assert await run("feeds", "discard", "dwd", "1", "--why", "error page") == [
        "dwd: 1 verworfen, liegt nicht mehr beiseite"
    ]
    await run("feeds", "discard", "dwd", "1", "2", "--why", "error page", code=1)
    await run("feeds", "discard", "nina", "3", "--why", "of another feed", code=1)
    await run("feeds", "replay", "dwd", "--quarantined", "3")
    assert await run("feeds", "aside", "dwd", "--json") == []
    told = await pool.fetch("SELECT action, detail FROM audit WHERE action LIKE 'quarantine.%' ORDER BY id")
    assert [(row["action"], row["detail"]["number"], row["detail"]["why"]) for row in told] == [
        ("quarantine.discard", 1, "error page"),
        ("quarantine.discard", 2, "error page"),
        ("quarantine.replay", 3, ""),
    ]


@pytest.mark.parametrize(("days", "held"), [(31, False), (29, True), (401, True)])
async def test_what_lay_aside_is_verified_as_of_its_receipt(
    run: Any, tmp_path: Path, env: pytest.MonkeyPatch, database_url: str, *, days: int, held: bool
) -> None:
    """Its certificate was in force from 400 to 30 days ago."""
    now = datetime.now(UTC)
    pair = key_pair(now - timedelta(days=400), now - timedelta(days=30))
    (tmp_path / "pin.pem").write_bytes(pair[1])
    alert = warning(1, sent=now.replace(microsecond=0), lasts=HOUR)
    feeds = tmp_path / "signed.toml"
    feeds.write_text(
        f"""
        [[feed]]
        name = "dwd"
        adapter = "push"
        signature = "required"
        certificates = {{ "{alert.sender}" = ["{tmp_path}/pin.pem"] }}
        """
    )
    env.setenv("WARN_FEEDS", str(feeds))
    await run("feeds", "list")
    pool = await record.connect(database_url, size=1)
    content = sign(alert, *pair)
    await Quarantine(pool).put("dwd", "x.xml", content, "not-xml", "why", now - timedelta(days=days))
    await run("feeds", "replay", "dwd", "--quarantined", "1")
    found = await pool.fetchval("SELECT held_for FROM alert")
    assert ("signature" in (found or [])) is held
    await pool.close()


@pytest.mark.parametrize(("days", "held"), [(31, False), (29, True)])
async def test_a_recording_is_verified_as_of_its_own_times(
    run: Any, tmp_path: Path, env: pytest.MonkeyPatch, database_url: str, *, days: int, held: bool
) -> None:
    now = datetime.now(UTC)
    pair = key_pair(now - timedelta(days=400), now - timedelta(days=30))
    (tmp_path / "pin.pem").write_bytes(pair[1])
    alert = warning(1, sent=now.replace(microsecond=0), lasts=HOUR)
    urls = "https://source.example/list", "https://source.example/1.xml"
    feeds = tmp_path / "signed.toml"
    feeds.write_text(
        f"""
        [[feed]]
        name = "office"
        adapter = "index"
        urls = ["{urls[0]}"]
        signature = "required"
        certificates = {{ "{alert.sender}" = ["{tmp_path}/pin.pem"] }}
        """
    )
    env.setenv("WARN_FEEDS", str(feeds))
    at = now - timedelta(days=days)
    bodies = ATOM.format(f'<entry><id>1</id><link href="{urls[1]}"/></entry>').encode(), sign(alert, *pair)
    file = tmp_path / "day.jsonl"
    file.write_text(
        "".join(write(Recorded(at, url, 200, body)) + "\n" for url, body in zip(urls, bodies, strict=True))
    )
    await run("feeds", "replay", "office", file)
    pool = await record.connect(database_url, size=1)
    assert ("signature" in (await pool.fetchval("SELECT held_for FROM alert") or [])) is held
    await pool.close()


async def test_recording_and_replaying_a_recording(run: Any, server: FeedServer, tmp_path: Path) -> None:
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    file = tmp_path / "day.jsonl"
    assert await run("feeds", "record", "nina", file) == ["1 message behind links"]
    server.fail(BOARD, FeedFault.SERVER_ERROR)
    await run("feeds", "record", "nina", file)
    assert [one.status for one in read(file.read_text().splitlines())] == [200, 200, 404, 500]
    lines = await run("feeds", "replay", "nina", file, "--shift", "--speed", "100000")
    assert [json.loads(line)["fresh"] for line in lines] == [1]
    (tmp_path / "bad.jsonl").write_text("{}\n")
    await run("feeds", "replay", "nina", tmp_path / "bad.jsonl", code=2)


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        (b"\xff\xfe\x00", ()),
        (b"[]\n", ()),
        (b'{"v":1,"at":"2026-01-01T00:00:00","url":"x","status":200,"detail":"","body":""}\n', ("--shift",)),
        (b'{"v":2,"at":"2026-01-01T00:00:00Z","url":"x","status":200,"detail":"","body":""}\n', ()),
    ],
)
async def test_a_file_that_is_no_recording_is_named(
    run: Any, tmp_path: Path, content: bytes, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    lines = await run("feeds", "replay", "nina", tmp_path / "bad.jsonl", *arguments, code=2)
    assert "line" in " ".join(lines)


async def test_a_recording_of_nothing_that_the_feed_lists_is_no_success(run: Any, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text(write(Recorded(NOW, "https://other.example/", 200)) + "\n")
    lines = await run("feeds", "replay", "nina", tmp_path / "other.jsonl", code=1)
    assert "no answer" in lines[-1]


async def test_what_makes_no_sense_is_said(run: Any, tmp_path: Path, env: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(archive(warning(1)))
    await run("feeds", "replay", "dwd", tmp_path / "gone.zip", code=2)
    await run("feeds", "replay", "dwd", file, "--geometry", tmp_path / "gone.json", code=2)
    await run("feeds", "replay", "dwd", file, "--url", "https://other.example/", code=2)
    await run("feeds", "replay", "dwd", "--quarantined", str(10**20), code=2)
    await run("feeds", "poll", "mowas", code=2)
    await run("feeds", "record", "mowas", tmp_path / "x.jsonl", code=2)
    env.delenv("WARN_FEEDS")
    assert "WARN_FEEDS" in " ".join(await run("feeds", "list", "--json"))
    assert "WARN_FEEDS" in " ".join(await run("feeds", "poll", "dwd", code=2))


async def test_a_list_of_a_feed_with_several_addresses_says_which(
    run: Any, server: FeedServer, tmp_path: Path, env: pytest.MonkeyPatch
) -> None:
    feeds = tmp_path / "two.toml"
    urls = f"{server.origin}/a", f"{server.origin}/b"
    feeds.write_text(f"[[feed]]\nname = 'dwd'\nadapter = 'dwd'\nurls = {list(urls)}")
    env.setenv("WARN_FEEDS", str(feeds))
    file = tmp_path / "x.zip"
    file.write_bytes(archive(warning(1)))
    await run("feeds", "replay", "dwd", file, code=2)
    (line,) = await run("feeds", "replay", "dwd", file, "--url", urls[1])
    assert json.loads(line)["fresh"] == 1


async def test_messages_handed_in_one_by_one_are_not_missed_later(
    run: Any, tmp_path: Path, database_url: str
) -> None:
    for number in range(1, 5):
        file = tmp_path / f"{number}.xml"
        file.write_bytes(cap.render(warning(number, event=f"E{number}")))
        (line,) = await run("feeds", "replay", "dwd", file, "--shift")
        assert json.loads(line) == {"result": "changed", "detail": "", "fresh": 1, "gone": 0, "broken": 0}
    pool = await record.connect(database_url, size=1)
    assert [row["reason"] for row in await pool.fetch("SELECT reason FROM alert")] == ["first_notice"] * 4
    await pool.close()


async def test_the_operator_alone_sees_addresses_in_full(
    run: Any, server: FeedServer, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in await run("feeds", "list", "--json")]
    assert [(line["origins"], line["urls"]) for line in lines] == [
        ([server.origin], [f"{server.origin}/list"]),
        ([server.origin], [server.origin + BOARD]),
        ([], []),
    ]
    server.put("/list", archive(warning(1)))
    await run("feeds", "record", "dwd", tmp_path / "day.jsonl")
    assert stat.S_IMODE((tmp_path / "day.jsonl").stat().st_mode) == 0o600


async def test_keys_for_pushing(run: Any) -> None:
    (key,) = await run("feeds", "key", "mowas")
    assert key.startswith("wk_mowas-")
    await run("feeds", "key", "dwd", code=2)
