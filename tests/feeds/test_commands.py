"""The command line of feeds and of what waits for a person, against a real record."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

import cap
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from dispatcher.__main__ import app
from dispatcher.feeds.replay.recording import Recorded, Recorder, RecordingError, read, write
from dispatcher.store import record
from ops.lab.faults.feeds.server import Fault, FeedServer
from tests.feeds.material import NOW, archive, dashboard_entry, listing_body, nina_detail, update, warning

FIRE = "mow.DE-NW-DN-W001-20261122-1-000"
BOARD = "/api31/dashboard/053580000000.json"


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
def run(env, database_url, redis_url, tmp_path, server):
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        f"""
        [[feed]]
        name = "dwd"
        adapter = "dwd"
        urls = ["{server.origin}/list"]
        severities = ["Minor", "Moderate", "Severe"]
        timeout_s = 1

        [[feed]]
        name = "nina"
        adapter = "nina"
        urls = ["{server.origin}{BOARD}"]

        [[feed]]
        name = "mowas"
        adapter = "push"
        """
    )
    for name, value in {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WARN_DATA_DIR": str(tmp_path / "var"),
        "WARN_FEEDS": str(feeds),
        "WARN_ALLOWED_ORIGINS": server.origin,
        "WARN_KEY_PEPPER": "pepper",
    }.items():
        env.setenv(name, value)

    async def run(*arguments, code=0):
        result = await asyncio.to_thread(CliRunner().invoke, app, [str(part) for part in arguments])
        assert result.exit_code == code, result.output
        return [line for line in result.output.splitlines() if line]

    return run


async def test_polling_and_listing(run, server):
    server.put("/list", archive(warning(1, lasts=None)))
    (line,) = await run("feeds", "poll", "dwd")
    assert json.loads(line) == {"result": "changed", "detail": "", "fresh": 1, "gone": 0, "broken": 0}
    server.fail("/list", Fault.SERVER_ERROR)
    await run("feeds", "poll", "dwd", code=1)
    bodies = {body["name"]: body for body in map(json.loads, await run("feeds", "list"))}
    assert bodies["dwd"]["detail"] == "http 500"
    assert bodies["dwd"]["entries"] == 1
    assert bodies["nina"]["stale_since"] is not None
    assert bodies["mowas"]["stale_since"] is None
    await run("feeds", "poll", "nobody", code=2)


async def test_replaying_files(run, tmp_path):
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


async def test_what_lies_aside_is_taken_in_again(run, tmp_path):
    file = tmp_path / "broken.zip"
    file.write_bytes(archive(warning(1))[:-30])
    await run("feeds", "replay", "dwd", file, code=1)
    await run("feeds", "replay", "dwd", "--quarantined", "1", code=1)


async def test_recording_and_replaying_a_recording(run, server, tmp_path):
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    file = tmp_path / "day.jsonl"
    assert await run("feeds", "record", "nina", file) == ["1 messages behind links"]
    server.fail(BOARD, Fault.SERVER_ERROR)
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
async def test_a_file_that_is_no_recording_is_named(run, tmp_path, content, arguments):
    (tmp_path / "bad.jsonl").write_bytes(content)
    lines = await run("feeds", "replay", "nina", tmp_path / "bad.jsonl", *arguments, code=2)
    assert "line" in " ".join(lines)


async def test_a_recording_of_nothing_that_the_feed_lists_is_no_success(run, tmp_path):
    (tmp_path / "other.jsonl").write_text(write(Recorded(NOW, "https://other.example/", 200)) + "\n")
    lines = await run("feeds", "replay", "nina", tmp_path / "other.jsonl", code=1)
    assert "no answer" in lines[-1]


async def test_what_makes_no_sense_is_said(run, tmp_path, env):
    file = tmp_path / "x.zip"
    file.write_bytes(archive(warning(1)))
    await run("feeds", "replay", "dwd", tmp_path / "gone.zip", code=2)
    await run("feeds", "replay", "dwd", file, "--geometry", tmp_path / "gone.json", code=2)
    await run("feeds", "replay", "dwd", file, "--url", "https://other.example/", code=2)
    await run("feeds", "replay", "dwd", "--quarantined", str(10**20), code=2)
    await run("feeds", "poll", "mowas", code=2)
    await run("feeds", "record", "mowas", tmp_path / "x.jsonl", code=2)
    env.delenv("WARN_FEEDS")
    assert "WARN_FEEDS" in " ".join(await run("feeds", "list"))
    assert "WARN_FEEDS" in " ".join(await run("feeds", "poll", "dwd", code=2))


async def test_a_list_of_a_feed_with_several_addresses_says_which(run, server, tmp_path, env):
    feeds = tmp_path / "two.toml"
    urls = f"{server.origin}/a", f"{server.origin}/b"
    feeds.write_text(f"[[feed]]\nname = 'dwd'\nadapter = 'dwd'\nurls = {list(urls)}")
    env.setenv("WARN_FEEDS", str(feeds))
    file = tmp_path / "x.zip"
    file.write_bytes(archive(warning(1)))
    await run("feeds", "replay", "dwd", file, code=2)
    (line,) = await run("feeds", "replay", "dwd", file, "--url", urls[1])
    assert json.loads(line)["fresh"] == 1


async def test_messages_handed_in_one_by_one_are_not_missed_later(run, tmp_path, database_url):
    for number in range(1, 5):
        file = tmp_path / f"{number}.xml"
        file.write_bytes(cap.render(warning(number, event=f"E{number}")))
        (line,) = await run("feeds", "replay", "dwd", file, "--shift")
        assert json.loads(line) == {"result": "changed", "detail": "", "fresh": 1, "gone": 0, "broken": 0}
    pool = await record.connect(database_url, size=1)
    assert [row["reason"] for row in await pool.fetch("SELECT reason FROM alert")] == ["first_notice"] * 4
    await pool.close()


async def test_keys_for_pushing(run):
    (key,) = await run("feeds", "key", "mowas")
    assert key.startswith("wk_mowas-")
    await run("feeds", "key", "dwd", code=2)


async def test_deciding_what_waits(run, tmp_path):
    for number in (1, 2):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(archive(warning(number, event=f"E{number}", severity=cap.Severity.EXTREME)))
        await run("feeds", "replay", "dwd", file, "--shift")
    first, second = (json.loads(line) for line in await run("held", "list"))
    assert first["held_for"] == "severity"
    shown = "\n".join(await run("held", "show", first["id"]))
    assert "STARKREGEN" in shown or "E1" in shown
    assert "05358008 Düren" in shown
    await run("held", "show", "nothing", code=1)
    await run("held", "release", first["id"], "--why", "geprüft", "--who", "a")
    await run("held", "release", first["id"], "--why", "geprüft", code=1)
    await run("held", "discard", second["id"], "--why", "Irrläufer")
    await run("held", "discard", second["id"], "--why", "Irrläufer", code=1)
    assert await run("held", "list") == []


def test_a_recorded_answer_is_one_line():
    one = Recorded(NOW, "https://x.example/", 200, b"\x00\xff", "")
    assert list(read([write(one)])) == [one]


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"at": 1}'])
def test_a_line_that_is_no_answer_is_named(line):
    with pytest.raises(RecordingError, match="line 2"):
        list(read([write(Recorded(NOW, "u", 200)), line]))


async def test_no_answer_is_recorded_too(tmp_path):
    bundle = tmp_path / "none.pem"
    bundle.write_text("")
    client = HttpClient(AddressPolicy(), ca_file=str(bundle))
    with (tmp_path / "x.jsonl").open("w+") as file:
        recorder = Recorder(client, file, lambda: NOW)
        with pytest.raises(Exception, match="url_not_https"):
            await recorder.get("http://x.example/", {}, 1, 1000)
        file.seek(0)
        assert [(one.status, one.detail) for one in read(file)] == [(0, "url_not_https")]
    await client.aclose()
