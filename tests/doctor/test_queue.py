"""What Redis or Valkey says in INFO becomes a line that says why it matters and how it is mended."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part
from dispatcher.doctor.queue import MAY_NOT_ASK, QueueCondition, UntoldQueue, diagnose_queue

INFO = {
    "redis_version": "7.0.15",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "maxmemory": 0,
    "used_memory": 5_000_000,
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
    "loading": 0,
}


def found(**said: object) -> list[Diagnosis]:
    return diagnose_queue(QueueCondition.of_info({**INFO, **said}))


def test_a_good_queue_is_sound() -> None:
    (only,) = found()
    assert (only.grade, only.seen) == (Grade.SOUND, "Redis 7.0.15")
    (only,) = found(redis_version="7.2.4", valkey_version="8.1.4")
    assert only.seen == "Valkey 8.1.4"


@pytest.mark.parametrize(
    ("said", "grade", "seen"),
    [
        ({"redis_version": "6.2.7"}, Grade.WRONG, "Redis 6.2.7"),
        ({"role": "slave"}, Grade.WRONG, "Redis 7.0.15 is a replica"),
        ({"loading": 1}, Grade.WARNING, "Redis 7.0.15 is loading its data"),
        ({"maxmemory_policy": "allkeys-lru"}, Grade.WRONG, "maxmemory-policy = allkeys-lru"),
        ({"maxmemory": 6_000_000}, Grade.WARNING, "83% of maxmemory are used"),
        ({"aof_last_write_status": "err"}, Grade.WRONG, "Redis 7.0.15 could not write its log"),
        ({"rdb_last_bgsave_status": "err"}, Grade.WRONG, "Redis 7.0.15 could not write its last copy"),
        ({"aof_enabled": 0}, Grade.WARNING, "appendonly = no"),
    ],
)
def test_what_is_against_it_says_why_and_what_to_do(said: dict[str, Any], grade: Grade, seen: str) -> None:
    (only,) = found(**said)
    assert (only.part, only.grade, only.seen) == (Part.QUEUE, grade, seen)
    assert only.why
    assert only.mend


def test_a_user_who_may_ask_and_not_write_is_said() -> None:
    (only,) = diagnose_queue(replace(QueueCondition.of_info(INFO), may_write=False))
    assert (only.grade, only.seen) == (Grade.WRONG, "our user may not write to Redis 7.0.15")


def test_of_a_user_who_may_not_ask_is_said_whether_it_may_write() -> None:
    (only,) = diagnose_queue(UntoldQueue(may_write=True))
    assert (only.grade, only.seen) == (Grade.UNKNOWN, MAY_NOT_ASK)
    first, second = diagnose_queue(UntoldQueue(may_write=False))
    assert (first.grade, first.seen) == (Grade.WRONG, "our user may not write to it")
    assert second == only


def test_memory_without_a_bound_is_never_full() -> None:
    (only,) = found(maxmemory=0, used_memory=10**12)
    assert only.grade is Grade.SOUND


def test_what_is_no_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        QueueCondition.of_info({"role": "master"})
