"""Define the party that acts: one frozen value for all kinds, whatever credential they showed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission, permissions_of, roles_with
from dispatcher.access.persons import entitlement
from dispatcher.model.vocabulary import FEED_PREFIX, Environment

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.persons import Person
    from dispatcher.access.roles import RoleGrant
    from dispatcher.model.principals import Source


class Actor(str):
    """The author of a line in the audit trail, as `kind:name`. It is made here only. Of a key that belongs to a person
    that person is the actor, and the key, by its name, stands in the line besides.
    """

    __slots__ = ("key",)
    key: str
    """The name of the key; empty where there is none, or where the key is nobody's."""

    def __new__(cls, name: str, key: str = "") -> Self:
        """Return the actor of this name."""
        made = super().__new__(cls, name)
        made.key = key
        return made


WORKER: Final = Actor("worker")
"""The actor where a worker process acts of its own accord."""
SERVICE: Final = Actor("service")
"""The actor where any process acts of its own accord."""
UNNAMED_OPERATOR: Final = Actor("operator")
"""The actor where code writes the record for no particular person: tests and the lab. Commands name a person."""


OPERATOR_QUOTA: Final = 600
"""Requests of an operator away from the machine in a minute: more than any script needs that is not broken."""


AS_A_SOURCE: Final = frozenset({Permission.SUBMIT_ALERTS, Permission.PREVIEW_ALERTS})
"""What a person does as the control centre that it writes for."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A party that may do something. `id` is its name among its kind, `territory` what of the country is its own: the
    AGS prefixes that a source may warn, the municipalities (AGS) that an instance shows, its neighbours' among them.
    """

    kind: PrincipalKind
    id: str
    permissions: frozenset[Permission]
    territory: tuple[str, ...] = ()
    source: Source | None = None
    """The entry in the record of a source or a feed, with its CAP senders and the matching rule it wants; of a person
    the control centre for which it writes."""
    sandbox: bool = False
    """Whether it is an instance for trying, which gets samples and no warning."""
    quota: int | None = None
    """How many requests an instance or an operator may make in a minute; 0: any number, None: as the setting has it."""
    key_person: str = ""
    """The person, by id, whom the key of a source belongs to; empty where it is nobody's."""
    key: str = ""
    """The name of the key that it showed; empty where it showed none."""
    environment: Environment = Environment.LIVE
    """What the credential is for that it showed. It acts in no other environment."""
    person: Person | None = None
    """The entry in the record of a person."""
    held: tuple[RoleGrant, ...] = ()
    """The roles of a person that hold now."""
    is_bounded: bool = False
    """Whether roles with a territory bound what the control centre of a person may warn: `acting_on` says so."""

    def may(self, permission: Permission) -> bool:
        """Whether it holds the permission. What is asked for must be its own all the same."""
        return permission in self.permissions

    def may_send_as(self, sender: str) -> bool:
        """Whether messages with this CAP sender are its own."""
        return self.source is not None and sender in self.source.senders

    def may_warn(self, ags: str) -> bool:
        """Whether the municipality lies in the territory that it may warn. A person may warn where both the control
        centre may and the role.
        """
        if self.source is None or not self.source.may_warn(ags):
            return False
        return self.person is None or self.may_on(Permission.SUBMIT_ALERTS, ags)

    def may_on(self, permission: Permission, ags: str) -> bool:
        """Whether one of a person's roles gives the permission in this municipality."""
        return any(grant.covers(ags) for grant in _giving(self.held, permission))

    def may_everywhere(self, permission: Permission) -> bool:
        """Whether one of a person's roles gives the permission without a bound."""
        return any(not grant.territory for grant in _giving(self.held, permission))

    def may_follow(self, source_id: str) -> bool:
        """Whether it may read what came from this source."""
        return self.owns(source_id) or self.may(Permission.READ_ANY_ALERT)

    def acting_on(self, permission: Permission) -> Principal:
        """Return the principal as which a person uses a permission: its control centre has the territory then that the
        roles leave of it which give the permission. Where that is nothing it has no control centre, for no prefix would
        be taken for no bound; and then it may not do what is done as a control centre.
        """
        if self.person is None:
            return self
        source = _narrowed(self.source, self.held, permission)
        gone = AS_A_SOURCE if source is None else frozenset()
        is_bounded = source is not self.source
        return replace(self, source=source, permissions=self.permissions - gone, is_bounded=is_bounded)

    @property
    def submits_as(self) -> str:
        """Return the source, by its id, as which it submits and is counted; its own name where it is none."""
        return self.source.id if self.source is not None else self.id

    def may_push_into(self, feed: str) -> bool:
        """Whether the feed of this name is its own."""
        return self.kind is PrincipalKind.FEED and self.id == FEED_PREFIX + feed

    def owns(self, source_id: str) -> bool:
        """Whether what came from this source is its own; to a person that of the control centre."""
        return self.source is not None and self.source.id == source_id

    @property
    def author(self) -> str:
        """Return the person, by id, who writes what it submits; empty where nobody is named."""
        return self.id if self.person is not None else self.key_person

    @property
    def actor(self) -> Actor:
        """Return its name in the audit trail: that of a person also where a key of its own was shown."""
        if self.key_person:
            return Actor(f"{PrincipalKind.PERSON}:{self.key_person}", self.key)
        return Actor(self.party)

    @property
    def party(self) -> str:
        """Return the name under which requests are counted and logged: all keys of a control centre count together, and
        no log has the person.
        """
        return f"{self.kind}:{self.id}"


def of_source(source: Source, environment: Environment = Environment.LIVE, key_person: str = "") -> Principal:
    """Return the principal of a control centre or a feed: its id says which. `key_person` is whose key it showed."""
    kind = PrincipalKind.FEED if source.id.startswith(FEED_PREFIX) else PrincipalKind.SOURCE
    return Principal(
        kind,
        source.id,
        permissions_of(kind),
        source.territory,
        source,
        key_person=key_person,
        environment=environment,
    )


def of_instance(
    instance_id: str, places: tuple[str, ...], *, sandbox: bool = False, quota: int | None = None
) -> Principal:
    """Return the principal of a municipality's app."""
    kind = PrincipalKind.INSTANCE
    return Principal(kind, instance_id, permissions_of(kind), places, sandbox=sandbox, quota=quota)


def of_gateway(name: str) -> Principal:
    """Return the principal of an SMS gateway."""
    kind = PrincipalKind.GATEWAY
    return Principal(kind, name, permissions_of(kind))


def of_subscriber(number: int) -> Principal:
    """Return the principal of a subscriber, by its number in the record."""
    kind = PrincipalKind.SUBSCRIBER
    return Principal(kind, str(number), permissions_of(kind))


def of_remote_operator(operator_id: str) -> Principal:
    """Return the principal of an operator away from the machine."""
    kind = PrincipalKind.REMOTE_OPERATOR
    return Principal(kind, operator_id, permissions_of(kind), quota=OPERATOR_QUOTA)


def of_person(person: Person, now: datetime, source: Source | None = None) -> Principal:
    """Return the principal of a person as of an instant. `source` is the control centre that the person writes for."""
    now_held = entitlement(person, now)
    return Principal(
        PrincipalKind.PERSON,
        person.id,
        now_held.permissions,
        source=source,
        environment=person.environment,
        person=person,
        held=now_held.held,
    )


def of_operator(name: str) -> Principal:
    """Return the principal of the person at the machine."""
    kind = PrincipalKind.OPERATOR
    return Principal(kind, name, permissions_of(kind))


def person_actor(person_id: str) -> Actor:
    """Return the actor of what a person does about its own account, whatever roles it has."""
    return Actor(f"{PrincipalKind.PERSON}:{person_id}")


def actor_name(actor: str | None) -> str:
    """Return what people read of an actor: of a person the name alone, of anything else what it is as well."""
    return (actor or "").removeprefix(f"{PrincipalKind.PERSON}:")


def submitted_by(actor: str, source_id: str) -> str:
    """Return who submitted an alert, by the actor of its acceptance: the person where it names one, else its source."""
    return actor if actor.startswith(f"{PrincipalKind.PERSON}:") else source_id


def submitter(source_id: str) -> Actor:
    """Return the actor of an alert's acceptance. A feed submits as a source, by whatever way its message came."""
    return Actor(f"{PrincipalKind.SOURCE}:{source_id}")


def _giving(held: tuple[RoleGrant, ...], permission: Permission) -> list[RoleGrant]:
    """Return those of the roles that give the permission."""
    roles = roles_with(permission)
    return [grant for grant in held if grant.role in roles]


def _narrowed(source: Source | None, held: tuple[RoleGrant, ...], permission: Permission) -> Source | None:
    """Return the control centre with the territory that the roles leave of it which give the permission; None where
    that is nothing.
    """
    roles = _giving(held, permission)
    if source is None or any(not grant.territory for grant in roles):
        return source
    both = {
        max(own, bound, key=len)
        for own in source.territory
        for grant in roles
        for bound in grant.territory
        if own.startswith(bound) or bound.startswith(own)
    }
    return replace(source, territory=tuple(sorted(both))) if both else None
