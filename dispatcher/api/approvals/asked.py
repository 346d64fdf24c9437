"""Find out who is asked about a message that waits for a second person, for the answer to whoever submitted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import AlertState
from dispatcher.on_duty.matters import DutyLevel
from dispatcher.on_duty.roster import roster
from dispatcher.store.on_duty.endpoints import reachable_persons
from dispatcher.store.on_duty.matters import DutyMatters
from dispatcher.store.persons.persons import Persons
from dispatcher.store.record import known_within

if TYPE_CHECKING:
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.on_duty.roster import Roster
    from dispatcher.store.record import Pool

FOUND_WITHIN_S: Final = 0.5
"""How long the answer to a submission, which is committed, waits for this."""


@dataclass(frozen=True, slots=True)
class AskedPersons:
    """Who is asked about a message that waits, in numbers: an answer to a control centre names nobody."""

    on_duty: int
    """People on duty who may approve it, and are told."""
    instead: int
    """Where nobody on duty can be told: others who are told in their place."""
    needed: int = 1
    """How many approve a message, beside whoever wrote it: four eyes."""


def asked_persons(found: Roster) -> AskedPersons:
    """Return how many are told, on duty or else in place of those."""
    on_duty = sum(one.level is DutyLevel.ON_DUTY for one in found.told)
    return AskedPersons(on_duty, 0 if on_duty else len(found.told))


async def asked_about(pool: Pool, alert: StoredAlert) -> AskedPersons | None:
    """Return who is asked about an alert now, by the rule by which a worker tells them within seconds; None where it
    does not wait, or where that is not known in time: what is committed must not wait for it, nor fail by it.
    """
    if alert.state is not AlertState.HELD:
        return None
    return await known_within(FOUND_WITHIN_S, _asked_about(pool, alert))


async def _asked_about(pool: Pool, alert: StoredAlert) -> AskedPersons:
    matters = DutyMatters(pool)
    now, found = await matters.now(), await matters.of([alert.id])
    persons, reachable = await Persons(pool).all(), await reachable_persons(pool)
    matter, _ = found[alert.id]
    return asked_persons(roster(matter, persons, reachable, DutyLevel.ON_DUTY, now))
