"""Decide who is told of a matter now, in which order, and why the others are not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dispatcher.access.persons import Withheld, withheld
from dispatcher.access.roles import EXERCISE_ROLES, Role
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.matters import DutyLevel, Occasion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from dispatcher.access.persons import Person
    from dispatcher.access.roles import RoleGrant
    from dispatcher.on_duty.matters import Matter


class LeftOut(StrEnum):
    """Why a person is not told."""

    ENVIRONMENT = "environment"
    """The person is of the exercise and the matter is decided in the live service, or the other way round."""
    DISABLED = "disabled"
    NO_ROLE = "no_role"
    """The person has no role that decides this, nor lets others in."""
    AUTHOR = "author"
    """The person wrote it, or may have, and cannot approve it."""
    TERRITORY = "territory"
    """The role does not hold in each municipality that it concerns."""
    NOT_YET = "not_yet"
    ENDED = "ended"
    OFF_CALL = "off_call"
    """It is outside the person's windows of the week, and the matter is not escalated."""
    LATER = "later"
    """Admins are told last."""
    NO_ENDPOINT = "no_endpoint"
    """The person has no endpoint that has been proven."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A person who is told, and as what."""

    person_id: str
    level: DutyLevel


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is told, those on duty first. Each person stands either in `told` or in `left_out`."""

    told: tuple[OnDuty, ...]
    left_out: Mapping[str, LeftOut]

    @property
    def is_covered(self) -> bool:
        """Whether somebody on duty can be told, whoever else is."""
        return any(one.level is DutyLevel.ON_DUTY for one in self.told)

    @property
    def off_duty(self) -> Mapping[str, str]:
        """Return why each person is not told as somebody on duty, by id: also those told in their place."""
        instead = {
            one.person_id: one.level.name.lower() for one in self.told if one.level is not DutyLevel.ON_DUTY
        }
        return {person: why.value for person, why in self.left_out.items()} | instead


_WITHHELD = {
    Withheld.DISABLED: LeftOut.DISABLED,
    Withheld.NOT_YET: LeftOut.NOT_YET,
    Withheld.ENDED: LeftOut.ENDED,
    Withheld.LIVE_ONLY: LeftOut.NO_ROLE,
}


def roster(
    matter: Matter, persons: Iterable[Person], reachable: Collection[str], level: DutyLevel, now: datetime
) -> Roster:
    """Return who is told of a matter that has got to `level`. `reachable`: the ids of who has a proven endpoint. Where
    nobody of a level can be told the next one is, at once.
    """
    levels: dict[str, DutyLevel] = {}
    left_out: dict[str, LeftOut] = {}
    for person in persons:
        found = _level_of(matter, person, now)
        if isinstance(found, DutyLevel) and person.id not in reachable:
            found = LeftOut.NO_ENDPOINT
        if isinstance(found, DutyLevel):
            levels[person.id] = found
        else:
            left_out[person.id] = found
    reached = max(level, min(levels.values(), default=level))
    for person_id, own in levels.items():
        if own > reached:
            left_out[person_id] = LeftOut.OFF_CALL if own is DutyLevel.OFF_CALL else LeftOut.LATER
    told = sorted((own, person_id) for person_id, own in levels.items() if own <= reached)
    return Roster(tuple(OnDuty(person_id, own) for own, person_id in told), left_out)


def _level_of(matter: Matter, person: Person, now: datetime) -> DutyLevel | LeftOut:
    if person.disabled:
        return LeftOut.DISABLED
    grants = {grant.role: grant for grant in person.grants}
    as_decider = _of_role(matter, person, grants.get(matter.asked), now)
    if isinstance(as_decider, DutyLevel):
        return as_decider
    admin = grants.get(Role.ADMIN)
    if admin is not None and withheld(person, admin, now) in {None, Withheld.OFF_CALL}:
        return DutyLevel.ADMIN
    return as_decider


def _of_role(matter: Matter, person: Person, grant: RoleGrant | None, now: datetime) -> DutyLevel | LeftOut:
    # Whoever minds the service does so in the live one, for exercises too.
    if person.environment is not (matter.environment if matter.asked in EXERCISE_ROLES else Environment.LIVE):
        return LeftOut.ENVIRONMENT
    if grant is None:
        return LeftOut.NO_ROLE
    if matter.asked is Role.APPROVER and person.id in matter.authors:
        return LeftOut.AUTHOR
    why = withheld(person, grant, now)
    if why in _WITHHELD:
        return _WITHHELD[why]
    # As the API asks of whoever decides: everywhere where it concerns nobody knows whom.
    if grant.territory and not (matter.places and all(map(grant.covers, matter.places))):
        return LeftOut.TERRITORY
    return DutyLevel.ON_DUTY if why is None else DutyLevel.OFF_CALL


def wanted(found: Roster, *, is_reminded: bool) -> frozenset[tuple[str, Occasion]]:
    """Return who is to have been told of a matter by now, and on which occasions. A message is sent once for
    each occasion. Reminded are those who were asked first; whoever is told later has the escalation for it.
    """
    first = {
        (one.person_id, Occasion.DUE if one.level is DutyLevel.ON_DUTY else Occasion.ESCALATION)
        for one in found.told
    }
    again = {
        (one.person_id, Occasion.REMINDER)
        for one in found.told
        if is_reminded and one.level is found.told[0].level
    }
    return frozenset(first | again)
