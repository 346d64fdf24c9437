"""What a worker finds of certificates is shown, what cannot be looked at is shown as such, and neither ends it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import isnan
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.peers import Obstacle, Reached
from dispatcher.metrics import Metrics
from dispatcher.worker.health.certificates import CertificateExamination
from tests.doctor.test_peers import NOW, OURS, of_90_days
from tests.metrics.test_registry import samples
from tests.support.histories import until

GOOD = replace(OURS, chain=of_90_days(60))
LATE = replace(OURS, chain=of_90_days(10))
AWAY = replace(OURS, obstacle=Obstacle.TIME, detail="no answer in 5 s")
SELF_MADE = replace(OURS, obstacle=Obstacle.CERTIFICATE, detail="its certificate is not to be believed")


class Looks:
    """What is found next: what came of connecting, or an error that is raised."""

    def __init__(self, *found: Sequence[Reached] | Exception) -> None:
        self._found = iter(found)

    async def __call__(self) -> Sequence[Reached]:
        found = next(self._found)
        if isinstance(found, Exception):
            raise found
        return found


def examination(metrics: Metrics, **looks: Any) -> CertificateExamination:
    return CertificateExamination(
        {Part[name.upper()]: look for name, look in looks.items()}, metrics, now=lambda: NOW
    )


def level(metrics: Metrics, part: str = "public") -> float:
    return float(samples(metrics)["warn_certificate_diagnosis", frozenset({("part", part)})])


def days(metrics: Metrics, part: str = "public") -> float:
    end = samples(metrics)["warn_certificate_end_timestamp_seconds", frozenset({("part", part)})]
    return float((end - NOW.timestamp()) / timedelta(days=1).total_seconds())


def failed(metrics: Metrics) -> float:
    return float(samples(metrics)["warn_examinations_failed_total", frozenset({("subject", "certificates")})])


async def test_before_the_first_look_nothing_is_known() -> None:
    metrics = Metrics()
    examination(metrics, public=Looks())
    assert (level(metrics), failed(metrics)) == (-1, 0)
    assert isnan(days(metrics))


async def test_a_finding_is_shown_and_said_once_and_its_end_too() -> None:
    metrics, seen = Metrics(), []
    looking = examination(metrics, public=Looks([GOOD], [LATE], [LATE], [GOOD], [AWAY], [GOOD]))
    with capture_logs() as said:
        for _ in range(6):
            await looking.examine()
            seen.append((level(metrics), days(metrics)))
    assert seen[:4] == [(0, 60), (1, 10), (1, 10), (0, 60)]
    assert (seen[4][0], isnan(seen[4][1]), seen[5]) == (-1, True, (0, 60))
    assert [(one["log_level"], one["part"], one["grade"]) for one in said] == [
        ("warning", "public", "warning"),
        ("info", "public", "sound"),
        ("info", "public", "unknown"),
        ("info", "public", "sound"),
    ]
    assert (
        said[0]["seen"]
        == "WARN_PUBLIC_URL at warnung.example:443: its certificate ends on 2026-11-11 00:00 UTC"
    )


async def test_a_second_peer_of_a_part_is_named_and_neither_twice() -> None:
    second = replace(LATE, peer=replace(LATE.peer, host="zwei.example"))
    looking = examination(Metrics(), gateway=Looks([LATE], [LATE, second], [LATE, second], [second]))
    with capture_logs() as said:
        for _ in range(4):
            await looking.examine()
    assert [one["seen"].partition(":")[0] for one in said] == [
        "WARN_PUBLIC_URL at warnung.example",
        "WARN_PUBLIC_URL at zwei.example",
    ]


@pytest.mark.parametrize(
    "outage",
    [[AWAY], [SELF_MADE], TimeoutError()],
    ids=["not reached", "made by the proxy itself", "no look"],
)
async def test_what_is_to_be_renewed_stays_so_while_nobody_sees_it(outage: Any) -> None:
    metrics = Metrics()
    looking = examination(metrics, public=Looks([LATE], outage, outage, [GOOD], outage))
    seen = []
    for _ in range(5):
        await looking.examine()
        seen.append(level(metrics))
    assert seen == [1, 1, 1, 0, -1]


async def test_a_look_that_fails_is_counted_and_says_no_word_and_keeps_no_other_back() -> None:
    metrics = Metrics()
    error = OSError("cannot connect to postgresql://warn:geheim@127.0.0.1")
    looking = examination(metrics, callback=Looks(error), public=Looks([LATE]))
    with capture_logs() as said:
        await looking.examine()
    assert (level(metrics, "callback"), level(metrics), failed(metrics)) == (-1, 1, 1)
    assert "geheim" not in repr(said)
    assert [one["error"] for one in said if one["event"] == "examination_failed"] == ["OSError"]


async def test_a_look_that_fails_in_several_parts_is_counted_once() -> None:
    metrics = Metrics()
    failing = {part: Looks(TimeoutError(), TimeoutError()) for part in ("public", "gateway", "feed")}
    looking = examination(metrics, **failing, mail=Looks([LATE], [LATE]))
    await looking.examine()
    assert failed(metrics) == 1
    await looking.examine()
    assert (failed(metrics), level(metrics, "mail")) == (2, 1)


async def test_it_looks_at_once_shows_each_as_it_is_known_and_goes_on_until_it_is_cancelled() -> None:
    async def hangs() -> Sequence[Reached]:
        await asyncio.Event().wait()
        raise AssertionError

    metrics = Metrics()
    running = asyncio.create_task(examination(metrics, callback=hangs, public=Looks([LATE])).run())

    async def is_shown() -> bool:
        return level(metrics) == 1

    await until(is_shown)
    assert level(metrics, "callback") == -1
    running.cancel()
    assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], asyncio.CancelledError)
