"""What benchmarks stand on: the messages of a burst, what /proc says, a line of metrics."""

import asyncio
import dataclasses
import importlib
import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

import cap
from channels.base import Endpoint
from channels.fcm.message import require_target
from dispatcher.access.receipt_tokens import ReceiptTokens
from ops.lab.bench import burst, idle_latency
from ops.lab.bench.__main__ import module_of, names
from ops.lab.bench.dispatch import SendMeasurement, cold_summary, summary, with_phones
from ops.lab.bench.fixtures import (
    floor,
    front,
    list_reader,
    plain_list,
    receipt_poster,
    slow_readers,
    stream_listeners,
)
from ops.lab.bench.fixtures.crowd import Crowd
from ops.lab.bench.fixtures.processes import Process, metric
from ops.lab.bench.fixtures.receipt_poster import PosterOrders
from ops.lab.gateways.state import UserAgent
from ops.lab.world.population import INHABITANTS
from tests.support.bounded_server import serving
from tests.support.conditions import comes_true


def test_a_burst_is_a_hundred_messages_of_fifty_centres_with_thirty_that_say_the_same() -> None:
    everybody = burst.posts("r1", random.Random(1))
    assert len(everybody) == 100
    assert len({post.source for post in everybody}) == 50
    assert Counter(post.source for post in everybody)[0] == 51
    alerts = [cap.parse(post.xml).alerts[0] for post in everybody]
    assert len({(alert.sender, alert.identifier) for alert in alerts}) == 100
    assert all(not cap.check(alert, cap.STRICT) for alert in alerts)
    assert Counter(alert.infos[0].headline for alert in alerts).most_common(1)[0][1] == 30
    [flash] = [post for post in everybody if post.flash]
    assert cap.parse(flash.xml).alerts[0].infos[0].severity is cap.Severity.EXTREME


def test_every_name_is_a_benchmark_with_a_command_line() -> None:
    assert {"burst", "cap", "dispatch", "idle-latency", "import", "webpush"} <= set(names())
    for name in names():
        module = importlib.import_module(module_of(name))
        assert callable(module.main)


@pytest.mark.processes
def test_the_least_that_a_warning_takes_leaves_the_record_as_it_was(database_url: str) -> None:
    values = floor.measure(database_url, 3)
    assert len(values) == 3
    assert min(values) > 0
    assert len(floor.measure(database_url, 1)) == 1, "the first left its table behind"


def test_warnings_are_printed_as_so_many_times_the_least() -> None:
    found = idle_latency.summary([40.0, 10.0, 20.0], [4.0, 5.0, 1.0])
    assert (found["p50_ms"], found["p99_ms"], found["floor_p50_ms"], found["floor_p99_ms"]) == (20, 40, 4, 5)
    assert (found["p50_over_floor"], found["p99_over_floor"]) == (5, 8)


@pytest.mark.processes
def test_a_process_is_seen_with_its_children() -> None:
    code = """import subprocess, sys
subprocess.run([sys.executable, '-c', 'sum(range(3 * 10**6))'])
print(flush=True)
input()"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()  # from here on it waits, and grows no more
        process = Process(child.pid)
        process.forget_peak()
        assert process.peak_mb() >= process.rss_mb() * 0.5 > 0
        assert process.family_cpu_s() >= process.cpu_s() >= 0
        process.pin({min(os.sched_getaffinity(0))})
        assert len(os.sched_getaffinity(child.pid)) == 1
        assert child.pid in {one.pid for one in Process(os.getpid()).family()}
        child.communicate(b"\n")
    process.pin({0})  # it is gone: there is nothing to be pinned


def test_a_metric_is_found_by_its_whole_name() -> None:
    text = 'a_total{x="1"} 2.0\na_total_more 7\na 3\n'
    assert metric(text, 'a_total{x="1"}') == 2
    assert metric(text, "a") == 3
    assert metric(text, "b") == 0


def test_a_crowd_is_spread_over_the_district() -> None:
    crowd = Crowd("https://127.0.0.1:1", [UserAgent("t", "s", "p", "a")], 45)
    people = list(crowd.subscriptions())
    assert len({one.address for one in people}) == 45
    assert Counter(one.places[0] for one in people) == dict.fromkeys(INHABITANTS, 3)


def test_a_crowd_without_browsers_is_one_of_phones() -> None:
    people = list(Crowd("https://127.0.0.1:1", [], 45).subscriptions())
    assert len({one.address for one in people}) == 45
    assert {(one.channel, one.gateway, one.keys["project"]) for one in people} == {
        ("fcm", "warn-lab-1", "warn-lab-1")
    }
    for one in people:
        require_target(Endpoint(1, one.address, one.keys))


@pytest.mark.parametrize(("workers", "ratio"), [((1, 2), 0.5), ((2,), None)])
def test_the_ratio_is_that_of_one_worker_alone(workers: tuple[Any, ...], ratio: float | None) -> None:
    found = {
        count: [SendMeasurement(10.0 / count, 40.0, 9.0, 1.0, 0.1, 200.0, 30.0, 1.0, 0.0, 0.0)] * 3
        for count in workers
    }
    result = summary(100_000, found, 20_000.0)
    assert result["ratio_webpush"] == ratio
    assert (result["seconds"], result["per_s"], result["workers"]) == (5.0, 20_000, 2)
    slower = {
        count: [dataclasses.replace(one, seconds=one.seconds * 1.2) for one in sent]
        for count, sent in found.items()
    }
    both = with_phones(result, slower)
    assert both["fcm_seconds_ratio"] == pytest.approx(1.2)
    assert [run["workers"] for run in both["fcm_runs"]] == sorted(found)


def test_the_ratio_of_a_start_is_that_of_its_pairs() -> None:
    def took(*seconds: float) -> list[SendMeasurement]:
        return [SendMeasurement(one, 40.0, 9.0, 1.0, 0.1, 200.0, 30.0, 0.5, 0.0, 0.0) for one in seconds]

    result = cold_summary(100_000, 1, {True: took(6.0, 10.0, 5.0), False: took(10.0, 10.0, 10.0)})
    assert result["seconds_ratio"] == 0.6
    assert (result["with_process"]["seconds"], result["without_process"]["seconds"]) == (6.0, 10.0)


def test_posters_let_every_device_post_once_with_a_token_that_is_read() -> None:
    orders = PosterOrders(
        1, bytes(32).hex(), [7, 8], 30, singly=6, together=20, instance_key="", connections=1, seconds=0
    )
    written = receipt_poster.requests(orders)
    assert [b"/v1/instance/" in one for one in written].count(True) == 3
    bodies = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in written]
    receipts = [one for body in bodies for one in body.get("receipts", [body])]
    tokens = ReceiptTokens(bytes(32))
    found = [tokens.position(one["receipt"]) for one in receipts]
    assert sorted(one for one in found if one) == [(batch, 0, n) for batch in (7, 8) for n in range(30)]


async def test_a_list_is_read_as_often_as_it_is_answered_and_refusals_are_counted() -> None:
    body = b"x" * 300_000
    app = plain_list.bare(body)

    async def sometimes(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/refused":
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    async with serving(sometimes) as server:
        orders = list_reader.ReaderOrders(server.port, ["/a", "/b"], 2, 0.2, 100.0)
        found = await list_reader.read(orders)
        assert 2 <= found.requests <= 24
        assert found.refused == 0
        orders = list_reader.ReaderOrders(server.port, ["/a", "/refused"], 2, 0.1, 400.0)
        found = await list_reader.read(orders)
        assert 0 < found.refused < found.requests


async def test_a_reader_whose_connection_the_server_ends_asks_on_by_the_next() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with serving(app) as server:
        found = await list_reader.read(list_reader.ReaderOrders(server.port, ["/a"], 2, 0.1, 100.0))
    assert found.requests > 2
    assert found.refused == 0


async def test_a_reader_whose_connection_breaks_says_so() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"9"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        raise ConnectionError

    async with serving(app) as server:
        with pytest.raises(ConnectionError, match="closed"):
            await list_reader.read(list_reader.ReaderOrders(server.port, ["/a"], 2, 0.1, 0.0))


async def test_streams_are_held_open_until_all_have_heard(capsys: pytest.CaptureFixture[str]) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for event in (b"event: snapshot\n\n", b"event: new\n\n"):
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async with serving(app) as server:
        heard = await stream_listeners.listen(stream_listeners.ListenerOrders(server.port, ["/a", "/b"], 3))
    assert heard.streams == 3
    assert heard.first <= heard.last
    assert capsys.readouterr().out == "ready\n"


async def test_slow_readers_ask_and_take_next_to_nothing_until_they_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    told = threading.Event()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 100_000})

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=told.wait))
    async with serving(app) as server:
        orders = slow_readers.SlowOrders(server.port, ["/a", "/b"], readers=4, requests=2)
        reading = asyncio.create_task(slow_readers.read(orders))
        await comes_true(lambda: {"/a", "/b"} <= set(asked))
        told.set()
        found = await reading
    assert found.let_go == 0
    assert len(asked) >= 4, "each has a first byte"
    assert capsys.readouterr().out == "ready\n"


@pytest.mark.processes
async def test_what_gets_through_a_cache_is_counted(tmp_path: Path) -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"cache-control", b"max-age=60" if scope["path"] == "/v1/public/kept" else b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    async with serving(app) as server:
        with front.front(server.port, tmp_path / "nginx") as proxy:
            async with aiohttp.ClientSession() as session:
                for path in ("/v1/public/kept", "/v1/public/not") * 3:
                    async with session.get(f"http://127.0.0.1:{proxy.port}{path}") as answer:
                        assert await answer.read() == b"x"
            await comes_true(lambda: len(proxy.passed().get("/v1/public/not", ())) == 3)
            assert len(proxy.passed()["/v1/public/kept"]) == 1
    assert front.most_in_a_second([1.0, 1.9, 2.0, 3.5]) == 2
    assert front.most_in_a_second([]) == 0
