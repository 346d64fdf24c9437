"""Give endpoints what those want together who have them: subscribers, and whoever imported them.

An endpoint of record (`subscription`) may be several subscribers' own, and an import's. What it follows and how it is
told is computed here from what each of them wants; nobody's own wish is changed by another's. Of the places that
somebody wants those count that their instance shows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dispatcher.model.subscribers import DEFAULT_LANGUAGE, Preferences, Quiet, unite
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.store.record import Connection
    from dispatcher.store.sealed.addresses import Addresses

LEFT: Final = "left"
"""The reason with which an endpoint ends that nobody wants any more."""
_HOLD: Final = """
SELECT id, imported_language, imported_active OR legal_basis IS NOT NULL AS counts,
  EXISTS (SELECT FROM followed_municipality f WHERE f.subscription_id = s.id AND f.imported)
    OR EXISTS (SELECT FROM watched_area w WHERE w.subscription_id = s.id AND w.imported) AS imported,
  person, claim, position
FROM subscription s WHERE id = ANY($1) AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE"""
"""The rows are held until the transaction ends: whoever comes next sees what was wanted before."""
_WANTS: Final = """
SELECT e.subscription_id, e.proven_at IS NOT NULL AS proven, s.languages, s.min_severity, s.quiet_from, s.quiet_until,
  s.drills, s.escalate_after_s
FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id
WHERE e.subscription_id = ANY($1) AND s.ended_at IS NULL ORDER BY s.changed_at DESC, s.id DESC"""
_TELL: Final = """
UPDATE subscription s SET active = o.active, told = s.told OR o.active, language = o.language,
  min_severity = o.min_severity, quiet_from = o.quiet_from, quiet_until = o.quiet_until, drills = o.drills,
  escalate_after_s = o.escalate_after_s
FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::smallint[], $5::time[], $6::time[], $7::boolean[], $8::int[])
  AS o(id, active, language, min_severity, quiet_from, quiet_until, drills, escalate_after_s)
WHERE s.id = o.id"""
_FOLLOW: Final = "SELECT follow_wished($1, NULL)"
"""What endpoints follow the record itself computes: a trigger does so too where an instance shows other places."""
SHOWN_HELD: Final = "pg_advisory_xact_lock_shared(shown_lock())"
_HOLD_SHOWN: Final = f"SELECT {SHOWN_HELD}"
_HOLD_SHOWN_AND_PLAN_ONCE: Final = f"""
SELECT {SHOWN_HELD}, set_config('plan_cache_mode', 'force_generic_plan', true),
  set_config('enable_seqscan', 'off', true)"""
"""Each statement of the transaction is planned once on a connection, whatever endpoints it is about, and by indexes: a
plan that was made while the tables were empty holds on while a crowd fills them."""
_FORGET: Final = tuple(
    f"DELETE FROM {table} WHERE subscription_id = ANY($1) AND imported AND NOT wished"  # noqa: S608 - constant
    for table in ("followed_municipality", "watched_area")
)
"""What was imported without a legal basis is forgotten once somebody whose endpoint it is says what is to be told."""
_SHARING: Final = """
WITH near AS MATERIALIZED (
  SELECT s.id, s.device_hash FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id
  WHERE e.subscription_id = ANY($1) AND s.ended_at IS NULL),
device(hash) AS MATERIALIZED (
  SELECT device_hash FROM near WHERE device_hash IS NOT NULL UNION SELECT unnest($2::bytea[])),
member AS MATERIALIZED (
  SELECT id FROM near
  UNION SELECT s.id FROM device d JOIN subscriber s ON s.device_hash = d.hash WHERE s.ended_at IS NULL)
SELECT e.subscription_id FROM member m JOIN subscriber_endpoint e ON e.subscriber_id = m.id
UNION SELECT unnest($1::bigint[])"""
"""The endpoints of everybody who may be one person with those that have the endpoints $1, or the devices $2: step by
step, each by an index. As one condition it was held against all subscribers there are."""
_MEMBERS: Final = """
SELECT e.subscription_id, e.position, s.id AS subscriber, s.device_hash
FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id
JOIN subscription n ON n.id = e.subscription_id
WHERE e.subscription_id = ANY($1) AND e.proven_at IS NOT NULL AND s.ended_at IS NULL AND n.ended_at IS NULL
ORDER BY s.device_claimed_at NULLS LAST, s.id, e.position, e.subscription_id"""
"""Whoever claimed a device first comes first: a later claim takes no alarm away from an earlier one."""
_NUMBER: Final = """
UPDATE subscription s SET person = o.person, claim = o.claim, position = o.position
FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::smallint[]) AS o(id, person, claim, position)
WHERE s.id = o.id AND (s.person, s.claim, s.position) IS DISTINCT FROM (o.person, o.claim, o.position)"""
_HAS_PROVEN: Final = """EXISTS (
  SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND e.proven_at IS NOT NULL AND n.ended_at IS NULL)"""
_CLAIM: Final = f"""
UPDATE subscriber SET device_claimed_at = {NOW}
WHERE id = $1 AND device_hash IS NOT NULL AND device_claimed_at IS NULL AND {_HAS_PROVEN}"""  # noqa: S608 - constant
_GIVE_CLAIM_UP: Final = f"""
UPDATE subscriber SET device_claimed_at = NULL
WHERE id = $1 AND device_claimed_at IS NOT NULL AND NOT {_HAS_PROVEN}"""  # noqa: S608 - constant
_ERASE: Final = f"""
UPDATE subscription SET ended_at = coalesce(ended_at, {NOW}), end_reason = coalesce(end_reason, '{LEFT}'),
  active = false, person = NULL, claim = 0, address = NULL, sealed = $2, address_hash = $3, keys = '{{}}', ref = NULL,
  erased_at = coalesce(erased_at, {NOW}) WHERE id = ANY($1)"""  # noqa: S608 - constant
"""What is left of an endpoint is its number, which ledgers have: sealed is an empty address, as a change of keys opens
everything."""


@dataclass(frozen=True, slots=True)
class PersonEndpoint:
    """A proven endpoint of a subscriber. `key` is equal for all subscribers who are one person."""

    endpoint: int
    subscriber: int
    key: object


class PersonPlace(NamedTuple):
    """Where an endpoint stands among those of a person. `person` is None where it is told for itself; `claim` is its
    subscriber's place in the order in which those of the person claimed their device.
    """

    person: int | None = None
    claim: int = 0
    position: int = 0


async def claim_device(connection: Connection, subscriber: int) -> None:
    """Let a subscriber that has a living proven endpoint, in the caller's transaction, claim the device that it names,
    from now on, if it has not yet.
    """
    await connection.execute(_CLAIM, subscriber)


async def give_up_claim(connection: Connection, subscriber: int) -> None:
    """End a subscriber's claim, in the caller's transaction, if nothing proven of it lives. To be called before it
    proves anything: others were told meanwhile, and go on to be.
    """
    await connection.execute(_GIVE_CLAIM_UP, subscriber)


async def hold_shown(connection: Connection, *, of_one: bool = False) -> None:
    """Let no instance show other places until the caller's transaction ends, in which endpoints are to be reunited. To
    be called before any row of an endpoint is held: whoever changes an instance waits for those. `of_one`: those of one
    subscriber; what is done about them takes PostgreSQL less than to plan it for each array of numbers anew.
    """
    await connection.execute(_HOLD_SHOWN_AND_PLAN_ONCE if of_one else _HOLD_SHOWN)


async def reunite(
    connection: Connection, addresses: Addresses, touched: Iterable[int], devices: Iterable[bytes] = ()
) -> None:
    """Compute anew, in the caller's transaction, what the endpoints of these numbers are told and who is one person.
    `devices` are those that were or are named by whom the change is about. What nobody has any more is erased.
    """
    numbers = sorted(set(touched))
    held = {row["id"]: row for row in await connection.fetch(_HOLD, numbers)}
    rows = await connection.fetch(_WANTS, numbers)
    linked = {row["subscription_id"] for row in rows}
    unwanted = [
        number
        for number in numbers
        if number not in linked
        and not (number in held and (held[number]["counts"] or held[number]["imported"]))
    ]
    proven = {row["subscription_id"] for row in rows if row["proven"]}
    baseless = [
        number for number in proven & held.keys() if not held[number]["counts"] and held[number]["imported"]
    ]
    await connection.execute(_FOLLOW, numbers)
    for statement in _FORGET if baseless else ():
        await connection.execute(statement, baseless)
    await _tell(connection, held, rows)
    await erase(connection, addresses, unwanted)
    await _number(connection, held, numbers, list(devices))


async def _tell(connection: Connection, held: Mapping[int, Any], rows: Iterable[Any]) -> None:
    wants: dict[int, list[Preferences]] = defaultdict(list)
    for row in rows:
        if row["proven"]:
            wants[row["subscription_id"]].append(preferences_of(row))
    told = []
    for number, row in held.items():
        ones = list(wants[number])
        if row["counts"]:
            ones.append(Preferences(languages=((row["imported_language"] or DEFAULT_LANGUAGE),)))
        united = unite(ones or [Preferences()])
        quiet = united.quiet
        told.append(
            (
                number,
                bool(ones),
                ",".join(united.languages) or row["imported_language"] or DEFAULT_LANGUAGE,
                united.min_severity,
                quiet and quiet.begins,
                quiet and quiet.ends,
                united.drills,
                united.escalate_after_s,
            )
        )
    await connection.execute(_TELL, *(list(column) for column in zip(*told, strict=True))) if told else None


def preferences_of(row: Any) -> Preferences:
    """Return the preferences that a row of `subscriber` has."""
    begins, ends = row["quiet_from"], row["quiet_until"]
    return Preferences(
        languages=tuple(row["languages"]),
        min_severity=row["min_severity"],
        quiet=None if begins is None else Quiet(begins, ends),
        drills=row["drills"],
        escalate_after_s=row["escalate_after_s"],
    )


async def erase(connection: Connection, addresses: Addresses, numbers: list[int]) -> None:
    """End these endpoints, and erase what is known of them, in the caller's transaction."""
    if not numbers:
        return
    for table in ("followed_municipality", "watched_area"):
        await connection.execute(f"DELETE FROM {table} WHERE subscription_id = ANY($1)", numbers)  # noqa: S608 - constant
    nothing = addresses.seal("", {})
    await connection.execute(_ERASE, numbers, nothing.sealed, nothing.address_hash)


async def _number(
    connection: Connection, held: Mapping[int, Any], numbers: list[int], devices: list[bytes]
) -> None:
    around = [row["subscription_id"] for row in await connection.fetch(_SHARING, numbers, devices)]
    if len(around) == 1 and around[0] in held and place_of(held[around[0]]) == PersonPlace():
        return  # nobody has another, and one alone stands there, whoever has it
    await connection.fetch(
        "SELECT FROM subscription WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", around
    )
    rows = await connection.fetch(_MEMBERS, around)
    members = [
        PersonEndpoint(row["subscription_id"], row["subscriber"], row["device_hash"] or row["subscriber"])
        for row in rows
    ]
    persons = persons_of(members)
    columns = zip(*((number, *persons.get(number, PersonPlace())) for number in around), strict=True)
    await connection.execute(_NUMBER, *(list(column) for column in columns)) if around else None


def place_of(row: Any) -> PersonPlace:
    """Return the place that a row of `subscription` has."""
    return PersonPlace(row["person"], row["claim"], row["position"])


def persons_of(members: Iterable[PersonEndpoint]) -> dict[int, PersonPlace]:
    """Return, by endpoint, its place among those of the person whose it is. `members` come by subscriber, in the order
    of their claims, and those of each in its order.

    An endpoint that belongs to several people, such as a family's telephone, is nobody's own: if it stood for one of
    them, what the others have beside it would be passed over.
    """
    keys: dict[int, set[object]] = defaultdict(set)
    for one in members:
        keys[one.endpoint].add(one.key)
    persons: dict[object, dict[int, int]] = defaultdict(dict)
    claims: dict[object, dict[int, int]] = defaultdict(dict)
    for one in members:
        claim = claims[one.key].setdefault(one.subscriber, len(claims[one.key]))
        if len(keys[one.endpoint]) == 1:
            persons[one.key].setdefault(one.endpoint, claim)
    found: dict[int, PersonPlace] = {}
    for key, endpoints in persons.items():
        person = next(iter(claims[key])) if len(endpoints) > 1 else None
        for position, (endpoint, claim) in enumerate(endpoints.items()):
            found[endpoint] = PersonPlace(person, 0 if person is None else claim, position)
    return found
