"""Judge the queue: what Redis or Valkey says of itself in INFO. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.diagnosis import Diagnosis, Part, sound, unknown, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDEST: Final = 7
"""The oldest Redis that commands are written for. Valkey says that it is Redis 7.2.4, and its own version beside."""
MAY_NOT_ASK: Final = (
    "our user may not ask INFO, so that nobody can say how it is set: ACL SETUSER … +info lets it"
)
FULL: Final = 0.8
"""The share of its memory limit above which it is said: then it refuses writes, as it must."""


@dataclass(frozen=True, slots=True)
class QueueCondition:
    """What the server says."""

    name: str
    """Redis 7.0.15, Valkey 8.1.4."""
    major: int
    """Of the Redis that it is, or says that it is."""
    role: str
    policy: str
    """What it does where memory ends (maxmemory-policy)."""
    memory: int
    """Bytes that it uses."""
    memory_max: int
    """Bytes that it may use; 0: as many as there are."""
    appends: bool
    """Whether it writes a log of what is written (appendonly)."""
    append_failed: bool
    save_failed: bool
    is_loading: bool
    may_write: bool = True
    """Whether our user may write there."""

    @classmethod
    def of_info(cls, info: Mapping[str, object]) -> QueueCondition:
        """Read the answer to INFO, as redis-py parses it. Raises ValueError."""
        redis, valkey = str(info.get("redis_version", "")), str(info.get("valkey_version", ""))
        return cls(
            f"Valkey {valkey}" if valkey else f"Redis {redis}",
            int(redis.partition(".")[0]),
            str(info.get("role", "")),
            str(info.get("maxmemory_policy", "")),
            _number(info, "used_memory"),
            _number(info, "maxmemory"),
            bool(_number(info, "aof_enabled")),
            str(info.get("aof_last_write_status", "ok")) != "ok",
            str(info.get("rdb_last_bgsave_status", "ok")) != "ok",
            bool(_number(info, "loading")),
        )


@dataclass(frozen=True, slots=True)
class UntoldQueue:
    """A server of which our user may not ask INFO."""

    may_write: bool


def _number(info: Mapping[str, object], name: str) -> int:
    return int(str(info.get(name, 0)))


def diagnose_queue(queue: QueueCondition | UntoldQueue) -> list[Diagnosis]:
    """Return how the queue was found. Nothing is lost with it: the record knows what waits."""
    if isinstance(queue, UntoldQueue):
        found = [] if queue.may_write else [_not_writable("it")]
        return [*found, unknown(Part.QUEUE, MAY_NOT_ASK)]
    found = [*_server(queue), *_memory(queue), *_disk(queue)]
    return found or [sound(Part.QUEUE, queue.name)]


def _not_writable(name: str) -> Diagnosis:
    return wrong(
        Part.QUEUE,
        f"our user may not write to {name}",
        "it takes no wake-ups: workers hear of an alert only by their sweep, and mass sends crawl",
        "let the user of REDIS_URL write keys warn:* and arq:* (ACL SETUSER), and say the same in its file",
    )


def _server(queue: QueueCondition) -> list[Diagnosis]:
    found = []
    if not queue.may_write:
        found.append(_not_writable(queue.name))
    if queue.major < OLDEST:
        found.append(
            wrong(
                Part.QUEUE,
                queue.name,
                f"it lacks commands that Redis {OLDEST} has",
                f"upgrade it to Redis {OLDEST} or to Valkey",
            )
        )
    if queue.role != "master":
        found.append(
            wrong(
                Part.QUEUE,
                f"{queue.name} is a replica",
                "it takes no writes: workers hear of an alert only by their sweep, and mass sends crawl",
                "let REDIS_URL name the primary, or its Sentinels: redis+sentinel://host:26379/mymaster",
            )
        )
    if queue.is_loading:
        found.append(
            warning(
                Part.QUEUE,
                f"{queue.name} is loading its data",
                "until it has it answers nothing, and workers hear of an alert only by their sweep",
                "wait, and ask again",
            )
        )
    return found


def _memory(queue: QueueCondition) -> list[Diagnosis]:
    found = []
    if queue.policy != "noeviction":
        found.append(
            wrong(
                Part.QUEUE,
                f"maxmemory-policy = {queue.policy or 'not said'}",
                "where memory is short it throws wake-ups and shared rates away instead of saying so",
                "CONFIG SET maxmemory-policy noeviction, and the same in its file; a server of the service's own",
            )
        )
    if queue.memory_max and queue.memory > FULL * queue.memory_max:
        found.append(
            warning(
                Part.QUEUE,
                f"{queue.memory / queue.memory_max:.0%} of maxmemory are used",
                "when it is full it takes no wake-ups, and workers hear of an alert only by their sweep",
                "raise maxmemory; the service itself needs some 50 MB: see who else writes there",
            )
        )
    return found


def _disk(queue: QueueCondition) -> list[Diagnosis]:
    failed = [
        name
        for name, is_so in (("its log", queue.append_failed), ("its last copy", queue.save_failed))
        if is_so
    ]
    if failed:
        return [
            wrong(
                Part.QUEUE,
                f"{queue.name} could not write {' and '.join(failed)}",
                "as long as that fails it refuses writes",
                "look into its log; most often its disk is full or not writable",
            )
        ]
    if queue.appends:
        return []
    return [
        warning(
            Part.QUEUE,
            "appendonly = no",
            "after a crash it starts empty or old: nothing is lost, but what waits is found by the sweep alone",
            "CONFIG SET appendonly yes, and the same in its file",
        )
    ]
