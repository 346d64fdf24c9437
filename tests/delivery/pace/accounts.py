"""Accounts that several processes share by the real script on the real server, on virtual time."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import redis

from dispatcher.delivery.gateway_limiter import GatewayLimiter, Holder, Slots
from dispatcher.delivery.pace.allowance import Allowance
from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace
from dispatcher.queue.rate_bucket import RateBucket
from tests.delivery.pace.gateway_policies import ANSWER_S, JITTER_S, Policy

BEGAN = 1_800_000_000
CALL_S = 0.002


class VirtualRedis:
    """Runs scripts with the loop's time in place of the server's; while it is `away` a call is an error."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self.away, self.calls = False, 0

    def register_script(self, text: str) -> Any:
        timed = text.replace("redis.call('TIME')", "{ARGV[2], ARGV[3]}")
        assert timed != text
        script = self._client.register_script(timed)

        async def run(keys: Any, args: Any) -> Any:
            self.calls += 1
            await asyncio.sleep(CALL_S)
            if self.away:
                raise ConnectionError
            seconds, part = divmod(asyncio.get_running_loop().time(), 1)
            return script(keys, [*args, BEGAN + int(seconds), int(part * 1e6)])

        return run

    def process(self, rate: float | None = None, name: str = "a", in_flight: int = 50) -> GatewayLimiter:
        """Return what one process lets leave on the account `konto`, of a declared rate or one that is learnt."""
        loop = asyncio.get_running_loop()
        shared: Any = self
        bucket = RateBucket(shared, "konto", None if rate is None else KEPT_BELOW * rate, name)
        return GatewayLimiter(in_flight, loop.time, Pace(rate, Allowance(bucket, loop.time)))


@dataclass
class Journal:
    """What a gateway saw: when it took a message of which process, and when it refused one."""

    taken: list[tuple[float, str]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def of(self, name: str) -> list[float]:
        return [at for at, sender in self.taken if sender == name]


async def send(
    limiter: GatewayLimiter,
    count: int,
    gateway: Policy,
    journal: Journal,
    name: str = "a",
    asks_s: float = 0.0,
) -> None:
    """Send so many through a network that jitters; what is refused goes again when something may leave. A gateway that
    `asks_s` says with each refusal for how long to leave it alone."""
    loop, chance, under_way = asyncio.get_running_loop(), random.Random(name), set()
    todo, landed = count, asyncio.Event()

    async def one(slots: Slots) -> None:
        nonlocal todo
        await asyncio.sleep(ANSWER_S / 2 + chance.random() * JITTER_S)
        if gateway.takes(loop.time()):
            journal.taken.append((loop.time(), name))
            await asyncio.sleep(ANSWER_S / 2)
            limiter.accepted(1)
            slots.give_back(1)
        else:
            journal.refused.append(loop.time())
            await asyncio.sleep(ANSWER_S / 10)
            wait_s = limiter.refused(slots.left_at, asks_s)
            slots.give_back(1)
            await asyncio.sleep(max(asks_s, wait_s))
            todo += 1
        landed.set()

    while todo or under_way:
        under_way = {task for task in under_way if not task.done()}
        if not todo:
            landed.clear()
            await (landed.wait() if under_way else asyncio.sleep(0))
            continue
        wanted, todo = min(todo, 20), todo - min(todo, 20)
        slots = await limiter.acquire(wanted, Holder(0, "centre"))
        todo += wanted - slots.held
        await limiter.depart(slots)
        under_way |= {loop.create_task(one(slots)) for _ in range(slots.held)}
