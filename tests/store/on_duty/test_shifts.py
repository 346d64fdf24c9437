"""Who took over a desk, as the trail has it."""

import asyncio
from typing import Any

from dispatcher.access.principals import WORKER, Actor
from dispatcher.model.vocabulary import Environment
from dispatcher.store import audit
from dispatcher.store.on_duty.shifts import BEGUN, TAKEN_OVER, begin, begun

LIVE, EXERCISE = Environment.LIVE, Environment.EXERCISE
LANG, OTT = Actor("person:b.lang"), Actor("person:j.ott")


def detail(note: str, environment: Environment = LIVE, source: str | None = None) -> dict[str, Any]:
    return {"environment": environment.value, "source": source, "note": note, "open": 0}


async def test_shifts_are_those_of_the_environment_and_of_the_desk_the_latest_first(pool: Any) -> None:
    await audit.note(pool, LANG, TAKEN_OVER, environment="live", note="before", open=0)
    await audit.note(pool, LANG, "shift.other", environment="live", note="another act", open=0)
    await begin(pool, LANG, "1", detail("all"))
    await begin(pool, LANG, "2", detail("own", source="leitstelle"))
    await begin(pool, LANG, "3", detail("exercise", EXERCISE))

    async def notes(environment: Environment, source: str | None, most: int = 9) -> list[str]:
        return [one.detail["note"] for one in await begun(pool, environment, source, most)]

    assert await notes(LIVE, None) == ["own", "all", "before"]
    assert await notes(LIVE, None, 1) == ["own"]
    assert await notes(LIVE, "leitstelle") == ["own"]
    assert (await notes(LIVE, "nachbar"), await notes(EXERCISE, None)) == ([], ["exercise"])


async def test_a_form_that_is_sent_twice_is_one_shift(pool: Any) -> None:
    pressed = await asyncio.gather(*(begin(pool, LANG, "form", detail("einmal")) for _ in range(3)))
    assert sorted(pressed) == [False, False, True]
    assert await begin(pool, OTT, "form", detail("another person's"))
    assert len(await begun(pool, LIVE, None, 9)) == 2


async def test_earlier_shifts_are_found_by_an_index_however_long_the_trail_is(pool: Any) -> None:
    await pool.execute(
        """INSERT INTO audit (actor, action, detail)
           SELECT 'worker', 'held.expire', '{"environment": "live"}' FROM generate_series(1, 2000)"""
    )
    await begin(pool, Actor(WORKER), "form", detail("note"))
    await pool.execute("ANALYZE audit")
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {BEGUN}", "live", None, 20))
    assert ("audit_shift" in plan, "Seq Scan" in plan) == (True, False), plan
