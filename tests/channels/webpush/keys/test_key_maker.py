"""Message keys made in another process: the same as here, for whom they are missing, and no loss where it ends."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import http_ece
import pytest

from channels.webpush.encryption import padded
from channels.webpush.keys import key_maker, key_making
from channels.webpush.keys.kept_key import KEPT
from channels.webpush.keys.key_maker import MANY, KeyMaker
from channels.webpush.keys.key_making import ASKED_BYTES, answer, serve
from channels.webpush.keys.precomputed_keys import PrecomputedKeys
from tests.channels.webpush.keys.test_kept_key import sealed_with
from tests.channels.webpush.keys.test_precomputed_keys import AUTH, POINT, PRIVATE, each, endpoint, known
from tests.support.histories import until

RECORD = padded(b"flood")
_MODULE = b"channels.webpush.keys.key_making"


def opened(body: bytes) -> Any:
    return http_ece.decrypt(body, private_key=PRIVATE, auth_secret=AUTH, version="aes128gcm")


def children() -> list[int]:
    """Return the processes that this one has started and that make keys."""
    started = [
        pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    return [int(pid) for pid in started if _MODULE in Path("/proc", pid, "cmdline").read_bytes()]


@asynccontextmanager
async def at_work(keys: PrecomputedKeys, **options: Any) -> AsyncIterator[KeyMaker]:
    maker = KeyMaker(keys, **options)
    task = asyncio.create_task(maker.run())
    try:
        yield maker
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert not children()


async def so(condition: Callable[[], Any]) -> None:
    async def holds() -> Any:
        return condition()

    await until(holds)


@pytest.mark.processes
async def test_who_is_about_to_be_sent_to_gets_a_key_that_others_can_read() -> None:
    keys = PrecomputedKeys(1000)
    async with at_work(keys) as maker:
        crowd = [endpoint(number) for number in range(3 * MANY + 1)]
        maker.expect(crowd)
        await so(lambda: len(keys) == len(crowd))
        assert opened(keys.seal(RECORD, crowd[7]) or b"") == b"flood"
        assert len({keys.seal(RECORD, one) for one in crowd[8:]}) == len(crowd) - 8


@pytest.mark.processes
async def test_whoever_is_sent_to_meanwhile_is_left_out() -> None:
    keys = PrecomputedKeys(1000)
    async with at_work(keys) as maker:
        crowd = [endpoint(number) for number in range(10 * MANY)]
        maker.expect(crowd)
        for one in crowd[: 5 * MANY]:
            assert keys.seal(RECORD, one) is None
        await so(lambda: len(keys) == 5 * MANY)
        assert not any(number in keys for number in range(5 * MANY))


@pytest.mark.processes
async def test_a_store_is_filled_by_it_and_each_key_is_there_once() -> None:
    keys = PrecomputedKeys(1000)
    async with at_work(keys):
        await keys.fill(each([endpoint(number) for number in range(900)]), known)
        await so(lambda: len(keys) == 900)
        for number in range(900):
            keys.seal(RECORD, endpoint(number))
        await keys.refill(known)
        await so(lambda: len(keys) == 900)


@pytest.mark.processes
async def test_it_ends_when_no_key_is_missing_and_starts_again() -> None:
    keys = PrecomputedKeys(1000)
    async with at_work(keys, idle_s=0.0) as maker:
        for first in (0, 500):
            maker.expect([endpoint(number) for number in range(first, first + MANY)])
            await so(lambda: not children() and len(keys) == (MANY if not first else 2 * MANY))  # noqa: B023


@pytest.mark.processes
async def test_what_it_was_asked_for_when_it_was_killed_is_made_at_the_next_refill() -> None:
    keys = PrecomputedKeys(5000)
    async with at_work(keys, again_s=3600.0) as maker:
        filling = asyncio.create_task(keys.fill(each([endpoint(number) for number in range(3000)]), known))
        await so(lambda: children() and maker._planned)
        os.kill(children()[0], signal.SIGKILL)
        await filling  # the rest is made here
        await keys.refill(known)
        assert len(keys) == 3000


async def test_few_missing_keys_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_maker, "_start", None)
    keys = PrecomputedKeys(1000)
    async with at_work(keys) as maker:
        maker.expect([endpoint(number) for number in range(MANY - 1)])
        await keys.fill(each([endpoint(number) for number in range(MANY - 1)]), known)
    assert len(keys) == MANY - 1


async def test_a_part_of_a_few_at_a_time_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each warning of a small installation uses a few keys, which are made anew after it."""
    monkeypatch.setattr(key_maker, "_start", None)
    keys = PrecomputedKeys(1000)
    async with at_work(keys):
        for _ in range(MANY):
            await keys.fill(each([endpoint(1), endpoint(2)]), known)
            for number in (1, 2):
                keys.seal(RECORD, endpoint(number))


async def test_what_is_expected_is_bounded_by_what_has_room() -> None:
    for most, kept in ((10**6, key_maker._EXPECTED), (100, 100), (0, 0)):
        maker = KeyMaker(PrecomputedKeys(most))
        maker.expect(endpoint(number) for number in range(20_000))
        assert len(maker._expected) == kept


async def test_few_who_lack_a_key_are_not_kept_in_mind() -> None:
    maker = KeyMaker(PrecomputedKeys(1000))
    maker.expect(endpoint(number) for number in range(MANY - 1))
    assert not maker._expected


async def test_nobody_is_looked_at_while_nobody_lacks_a_key() -> None:
    keys = PrecomputedKeys(1000)
    maker = KeyMaker(keys)
    await keys.fill(each([endpoint(1)]), known)
    assert keys.is_complete
    maker.expect(endpoint(number) for number in range(MANY + 1))
    assert not maker._expected
    assert keys.seal(RECORD, endpoint(2)) is None
    maker.expect(endpoint(number) for number in range(MANY + 1))
    assert len(maker._expected) == MANY


ANSWERS = {
    "another version's": "head + answer(asked)[::-1]",
    "too many": "head + answer(asked) + bytes(8)",
    "to another request": "bytes(2) + answer(asked)",
    "no key": "head + bytes(len(answer(asked)))",
}


def make_another(folder: Path, wrong: str) -> None:
    """Write a module that answers so."""
    source, right = Path(key_making.__file__).read_text(), "connection.sendall(head + answer(asked))"
    assert right in source
    (folder / "other_key_making.py").write_text(source.replace(right, f"connection.sendall({wrong})"))


@pytest.mark.processes
@pytest.mark.parametrize("wrong", ANSWERS.values(), ids=ANSWERS)
async def test_a_process_that_answers_otherwise_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Its version may have been installed since: gateways take what no device can read."""
    make_another(tmp_path, wrong)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setattr(key_maker, "_MODULE", "other_key_making")
    keys = PrecomputedKeys(1000)
    ended = asyncio.Event()
    monkeypatch.setattr(key_maker.log, "warning", lambda *_, **__: ended.set())
    async with at_work(keys, again_s=3600.0) as maker:
        maker.expect([endpoint(number) for number in range(3 * MANY)])
        await asyncio.wait_for(ended.wait(), 60)
    assert sum(number in keys for number in range(3 * MANY)) in {0, MANY}
    assert all(
        opened(keys.seal(RECORD, endpoint(number)) or b"") == b"flood"
        for number in range(999)
        if number in keys
    )


async def test_what_fails_in_any_way_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the kernel gives no further process."""

    def refused(_: socket.socket) -> None:
        raise RuntimeError

    monkeypatch.setattr(key_maker, "_start", refused)
    keys = PrecomputedKeys(1000)
    async with at_work(keys, again_s=0.0) as maker:
        for _ in range(3):
            maker.expect([endpoint(number) for number in range(MANY)])
            await so(lambda: not maker._expected)
        await keys.fill(each([endpoint(1)]), known)
    assert 1 in keys


@pytest.mark.processes
async def test_who_waits_for_a_process_that_stands_still_makes_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_maker, "PLAN_S", 0.05)
    keys = PrecomputedKeys(5000)
    async with at_work(keys) as maker:
        maker.expect([endpoint(number) for number in range(10_000, 10_000 + MANY)])
        await so(lambda: len(keys) == MANY)
        os.kill(children()[0], signal.SIGSTOP)
        await keys.fill(each([endpoint(number) for number in range(1000)]), known)
        assert len(keys) > 500
        os.kill(children()[0], signal.SIGCONT)
        await so(lambda: len(keys) == 1000)


@pytest.fixture
def served() -> Iterator[socket.socket]:
    """The caller's end of a connection at whose other end keys are made."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(theirs,))
    thread.start()
    yield ours
    ours.close()
    thread.join(10)
    theirs.close()
    assert not thread.is_alive()


def test_answers_follow_the_order_of_what_was_asked(served: socket.socket) -> None:
    asked = [POINT + AUTH, bytes(ASKED_BYTES), POINT + AUTH]
    served.sendall(len(asked).to_bytes(2, "big") + b"".join(asked))
    with served.makefile("rb") as answers:
        assert answers.read(2) == b"\0\3"
        made = [answers.read(KEPT.size) for _ in asked]
    assert made[1] == bytes(KEPT.size), "no point of P-256"
    assert made[0] != made[2]
    assert opened(sealed_with(RECORD, made[0])) == opened(sealed_with(RECORD, made[2])) == b"flood"


def test_who_breaks_off_ends_it(served: socket.socket) -> None:
    served.sendall((2).to_bytes(2, "big") + POINT)


def test_nobody_asked_for_is_answered_with_nothing() -> None:
    assert answer(b"") == b""
