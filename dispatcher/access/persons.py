"""Decide what a person may do at an instant, and say why a role gives nothing then.

Nothing of it is kept: every request asks anew, so that a role that was withdrawn or is over is so at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.access.permissions import permissions_of_role
from dispatcher.access.roles import EXERCISE_ROLES
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.access.permissions import Permission
    from dispatcher.access.roles import Role, RoleGrant

PERSON_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*")
"""A short name, such as `m.keller`: the audit trail and whoever works together need no more of a person."""
LONGEST_PERSON_ID: Final = 40


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can sign in, to one environment only. There is never another person of this `id`, in neither."""

    id: str
    environment: Environment
    grants: tuple[RoleGrant, ...] = ()
    """At most one for each role."""
    source_id: str | None = None
    """The control centre under whose CAP senders the person writes warnings; None: of none."""
    disabled: bool = False


class Withheld(StrEnum):
    """Why a role that was granted gives nothing."""

    DISABLED = "disabled"
    """The person is disabled."""
    NOT_YET = "not_yet"
    """The role begins later."""
    ENDED = "ended"
    """The role is over."""
    OFF_CALL = "off_call"
    """It is outside the windows of the week in which the role holds."""
    LIVE_ONLY = "live_only"
    """There is no such role in the exercise."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a person may do at an instant. Each granted role stands either in `held` or in `withheld`."""

    held: tuple[RoleGrant, ...]
    withheld: Mapping[Role, Withheld]

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what the roles that hold give together."""
        return frozenset(one for grant in self.held for one in permissions_of_role(grant.role))


def is_person_id(text: str) -> bool:
    """Whether a person can be called so."""
    return len(text) <= LONGEST_PERSON_ID and PERSON_ID.fullmatch(text) is not None


def entitlement(person: Person, now: datetime) -> Entitlement:
    """Return which of a person's roles hold at this instant, and why the others do not."""
    reasons = {grant.role: withheld(person, grant, now) for grant in person.grants}
    return Entitlement(
        held=tuple(grant for grant in person.grants if reasons[grant.role] is None),
        withheld={role: reason for role, reason in reasons.items() if reason is not None},
    )


def withheld(person: Person, grant: RoleGrant, now: datetime) -> Withheld | None:
    """Return why a role gives its person nothing at this instant, None where it holds. Of several reasons the one is
    given that lasts longest: whoever waits for a shift should know that the role is over.
    """
    if person.disabled:
        return Withheld.DISABLED
    if person.environment is Environment.EXERCISE and grant.role not in EXERCISE_ROLES:
        return Withheld.LIVE_ONLY
    if grant.until is not None and now >= grant.until:
        return Withheld.ENDED
    if grant.since is not None and now < grant.since:
        return Withheld.NOT_YET
    if grant.on_call and not any(window.holds_at(now) for window in grant.on_call):
        return Withheld.OFF_CALL
    return None
