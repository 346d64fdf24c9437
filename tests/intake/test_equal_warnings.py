"""Whatever centres that warn of the same thing do, each place hears at every instant at least the gravest of it."""

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from cap.severity import SEVERITY_ORDER
from dispatcher.model.principals import Source
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import Service
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, Message
from tests.support.submissions import now, warning

CENTRES = {f"c{number}": f"c{number}@centre.example" for number in range(3)}
PLACES = [(DUEREN,), (JUELICH,), (DUEREN, JUELICH), (DUEREN, JUELICH, HEIMBACH)]


@dataclass
class Centres:
    """Centres that warn, update, shorten and end at random, and a record that time passes in."""

    service: Service
    pool: Any
    dice: random.Random
    standing: list[tuple[str, Message]] = field(default_factory=list)

    async def step(self) -> None:
        act = self.dice.choice([self.warn, self.warn, self.change, self.end, self.run_out])
        await act()

    async def submit(self, centre: str, message: Message) -> None:
        answer = await self.service.submit(message, key=f"wk_{centre}_{'s' * 43}")
        assert answer.status in (201, 409), answer.json

    async def warn(self) -> None:
        centre = self.dice.choice(sorted(CENTRES))
        made = warning(
            *self.dice.choice(PLACES),
            sender=CENTRES[centre],
            sent=now(),
            severity=self.dice.choice(["Extreme", "Severe", "Severe", "Minor"]),
            lifetime=timedelta(hours=6, minutes=self.dice.choice([0, 0, 10, 20])),
        )
        await self.submit(centre, made)
        self.standing.append((centre, made))

    async def change(self) -> None:
        if not self.standing:
            return
        centre, one = self.standing.pop(self.dice.randrange(len(self.standing)))
        info = replace(
            one.infos[0],
            severity=self.dice.choice(["Extreme", "Severe", "Minor"]),
            urgency=self.dice.choice(["Immediate", "Future"]),
            areas=self.dice.choice(PLACES),
            lifetime=timedelta(hours=self.dice.choice([1, 6, 7])),
        )
        update = replace(
            warning(), msg_type="Update", sender=one.sender, references=(one,), infos=(info,), sent=now()
        )
        await self.submit(centre, update)
        self.standing.append((centre, update))

    async def end(self) -> None:
        if self.standing:
            centre, one = self.standing.pop(self.dice.randrange(len(self.standing)))
            made = replace(warning(), msg_type="Cancel", sender=one.sender, references=(one,), sent=now())
            await self.submit(centre, made)

    async def run_out(self) -> None:
        await self.pool.execute(
            """UPDATE alert SET expires = clock_timestamp() - interval '1 s' WHERE id IN (
                 SELECT id FROM alert WHERE stopped_at IS NULL AND expires > clock_timestamp()
                 ORDER BY number LIMIT 1)"""
        )
        await Plans(self.pool, batch_size=100).promote()

    async def silent(self) -> list[tuple[str, str]]:
        """Places where something graver holds than what is said there: (AGS, what it is). What a centre has said
        anew for the same places is what it says there.
        """
        rows = await self.pool.fetch(
            """SELECT f.ags, a.severity, a.reason, a.id FROM alert a JOIN affected f ON f.alert_id = a.id
               WHERE a.expires > clock_timestamp() AND a.stopped_at IS NULL
                 AND a.reason IN ('first_notice', 'update', 'merged')
                 AND NOT EXISTS (SELECT FROM alert s JOIN affected o ON o.alert_id = s.id
                   WHERE s.id = a.merged_into AND s.reason = 'update' AND s.source_id = a.source_id
                     AND o.ags = f.ags AND s.expires > clock_timestamp() AND s.stopped_at IS NULL)"""
        )
        grave: dict[str, int] = {}
        said: dict[str, int] = {}
        for row in rows:
            rank = SEVERITY_ORDER.index(row["severity"])
            grave[row["ags"]] = min(grave.get(row["ags"], 9), rank)
            if row["reason"] != "merged":
                said[row["ags"]] = min(said.get(row["ags"], 9), rank)
        return [(ags, SEVERITY_ORDER[rank]) for ags, rank in grave.items() if said.get(ags, 9) > rank]


@pytest.fixture
async def centres(service: Service, pool: Any) -> Centres:
    for centre, sender in CENTRES.items():
        await service.parts.sources.put(Source(centre, centre, frozenset({sender}), ("05358",)))
        await service.parts.sources.add_key(centre, f"wk_{centre}_{'s' * 43}")
    return Centres(service, pool, random.Random(0))


@pytest.mark.parametrize("seed", range(12))
async def test_each_place_hears_the_gravest_of_what_is_in_force(centres: Centres, seed: int) -> None:
    centres.dice.seed(seed)
    for _ in range(14):
        await centres.step()
        assert await centres.silent() == []


async def test_a_merged_warning_that_nobody_wakes_would_be_noticed(centres: Centres) -> None:
    """The negative control: without what wakes it, a merged warning stays silent."""
    for centre in ("c0", "c1"):
        await centres.submit(centre, warning(sender=CENTRES[centre], sent=now()))
    await centres.pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE reason = 'first_notice'")
    assert await centres.silent() == [(DUEREN, "Severe")]
    await Plans(centres.pool, batch_size=100).promote()
    assert await centres.silent() == []


async def test_the_centres_do_warn_of_the_same_thing(centres: Centres) -> None:
    """The property is worth something only if warnings are merged, and speak later, in what is tried."""
    for _ in range(60):
        await centres.step()
    assert await centres.pool.fetchval("SELECT count(*) FROM alert WHERE reason = 'merged'") > 1
    assert await centres.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'alert.promote'") > 1
