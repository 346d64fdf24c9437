"""A hundred submissions at one instant from fifty control centres: one floods, thirty say the same, one is grave.

That is the nation-wide test day of 2020, when warnings came half an hour late because so many were triggered at once.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING, Any

import aiohttp

from dispatcher.model.vocabulary import Reason
from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.world.district import TERRITORY, District, Layout
from ops.lab.world.population import INHABITANTS, PopulationPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCES, SUBMISSIONS = 50, 100
EQUAL = 30
"""How many of the centres send the same warning."""
FLASH_PLACE = "053580012012"
"""The municipality of the flash warning: Heimbach."""
EQUAL_PLACE = "053580024024"
"""The municipality of the equal warnings: Jülich."""
ANSWER_WITHIN_S = 60.0
HEADERS = {"Content-Type": "application/cap+xml"}


@dataclass(frozen=True, slots=True)
class Post:
    """A submission of the burst."""

    source: int
    xml: bytes
    flash: bool = False


@dataclass(frozen=True, slots=True)
class PostResult:
    """The response to a submission, and the seconds since the common start."""

    post: Post
    status: int
    alert: Mapping[str, Any]
    seconds: float


def sender_of(source: int) -> str:
    return f"centre-{source}@land.example"


def posts(run: str, chance: random.Random) -> list[Post]:
    """Make the submissions in random order. The first centre floods, the second has a grave warning."""
    flood = SUBMISSIONS - SOURCES + 1
    everybody = [_own(run, 0, number, chance) for number in range(flood)]
    everybody.append(Post(1, _write(run, 1, 0, FLASH_PLACE, flash=True), flash=True))
    everybody += [Post(source, _equal(run, source)) for source in range(2, 2 + EQUAL)]
    everybody += [_own(run, source, 0, chance) for source in range(2 + EQUAL, SOURCES)]
    chance.shuffle(everybody)
    return everybody


def _own(run: str, source: int, number: int, chance: random.Random) -> Post:
    ags = chance.choice(sorted(INHABITANTS))
    return Post(source, _write(run, source, number, f"{ags[:5]}0{ags[5:]}{ags[5:]}"))


def _equal(run: str, source: int) -> bytes:
    """Write one of the equal warnings. Its headline names no submission, so that all of these say the same."""
    xml = _write(run, source, 0, EQUAL_PLACE)
    return xml.replace(
        b"Messung: Messung " + _name(run, source, 0).encode(), b"Messung: alle zugleich " + run.encode()
    )


def _name(run: str, source: int, number: int) -> str:
    return f"{run}-{source}-{number}"


def _write(run: str, source: int, number: int, ars: str, *, flash: bool = False) -> bytes:
    grade = warning.FLASH if flash else warning.ROUTINE
    return warning.write(_name(run, source, number), sender=sender_of(source), ars=ars, grade=grade)


async def submit_all(url: str, keys: Sequence[str], everybody: Sequence[Post]) -> list[PostResult]:
    """Submit all at one instant, each on a connection of its own."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        began = time.perf_counter()

        async def submit(post: Post) -> PostResult:
            headers = {**HEADERS, "Authorization": f"Bearer {keys[post.source]}"}
            async with session.post(f"{url}/v1/alerts", data=post.xml, headers=headers) as answer:
                body = await answer.json()
                return PostResult(post, answer.status, body.get("alert", {}), time.perf_counter() - began)

        return list(await asyncio.gather(*map(submit, everybody)))


class Region:
    """A district with fifty control centres that may warn in it."""

    def __init__(self, district: District) -> None:
        self._district = district
        commands = [
            ["source", "add", f"centre-{number}", "--sender", sender_of(number), "--territory", TERRITORY]
            for number in range(SOURCES)
        ]
        self._keys = [key.strip() for key in district.service.commands(*commands)]

    def burst(self, run: str, chance: random.Random) -> dict[str, Any]:
        """Run one burst and measure it."""
        service = self._district.service
        answered = asyncio.run(submit_all(service.url, self._keys, posts(run, chance)))
        accepted = [one for one in answered if one.status == 201]
        durable = sum(map(self._is_there, accepted))
        sent = [one for one in accepted if one.alert["reason"] == Reason.FIRST_NOTICE]
        for one in sent:
            self._as(one)
            service.wait_settled(one.alert["id"], ANSWER_WITHIN_S)
        return {
            "submitted": len(answered),
            "durable": durable,
            "merged": Counter(one.alert["reason"] for one in accepted)[Reason.MERGED],
            "seconds": [one.seconds for one in answered],
            "others": [one.seconds for one in answered if one.post.source],
            **self._order(sent),
        }

    def _as(self, one: PostResult) -> None:
        self._district.service.key = self._keys[one.post.source]

    def _is_there(self, one: PostResult) -> bool:
        """Return whether the record has exactly these bytes."""
        self._as(one)
        kept = self._district.service.request("GET", f"/v1/alerts/{one.alert['id']}/cap")
        return (
            kept.status == 200 and hashlib.sha256(kept.body).digest() == hashlib.sha256(one.post.xml).digest()
        )

    def _order(self, sent: Sequence[PostResult]) -> dict[str, Any]:
        """Return when the push services first took each, by their own ledgers."""
        firsts = warning.first_accepts(
            warning.push_ledgers(self._district.home), [one.alert["id"] for one in sent]
        )
        [flash] = [one for one in sent if one.post.flash]
        if flash.alert["id"] not in firsts:
            raise RuntimeError(
                "nobody follows the place of the flash warning: more --subscriptions are needed"
            )
        first = firsts[flash.alert["id"]]
        received = {one.alert["id"]: datetime.fromisoformat(one.alert["received_at"]) for one in sent}
        at = received[flash.alert["id"]]
        overtook = [firsts[other] for other, when in received.items() if when > at and other in firsts]
        waits = [
            (firsts[other] - when).total_seconds() for other, when in received.items() if other in firsts
        ]
        return {
            "flash_first": all(first <= other for other in overtook),
            "flash_s": (first - at).total_seconds(),
            "routine_s": max(waits),
        }


def run(rounds: int, subscriptions: int, seed: int) -> dict[str, Any]:
    """Run several bursts on one district; counts are the worst of them, times medians."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=subscriptions, outside=100), decrypt="later", push_tls=False
        )
        with District(home, layout) as district:
            region = Region(district)
            found = [
                region.burst(f"r{number}", random.Random(f"{seed}|{number}")) for number in range(rounds)
            ]
    return {
        "submitted": min(one["submitted"] for one in found),
        "durable": min(one["durable"] for one in found),
        "p50_ms": _ms(median(report.quantile(one["seconds"], 0.5) for one in found)),
        "p99_ms": _ms(median(report.quantile(one["seconds"], 0.99) for one in found)),
        "others_p99_ms": _ms(median(report.quantile(one["others"], 0.99) for one in found)),
        "merged": min(one["merged"] for one in found),
        "flash_first": all(one["flash_first"] for one in found),
        "flash_ms": _ms(median(one["flash_s"] for one in found)),
        "last_first_ms": _ms(median(one["routine_s"] for one in found)),
        "sources": SOURCES,
        "rounds": rounds,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench burst", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--subscriptions", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    report.show("burst", run(options.rounds, options.subscriptions, options.seed), as_json=options.json)
    return 0
