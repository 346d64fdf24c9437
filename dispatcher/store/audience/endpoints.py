"""Replace a subscriber's endpoints by those that it names now, and let a proven one take another's place.

Who is alarmed by a warning is known by the endpoint's number (`batch.recipients`). So an endpoint that takes another's
place takes its number too: whoever was warned at the old address hears at the new one that it is over. Where both go on
with their own, as either is somebody else's too, `succession` says so to whoever looks for the alarmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from channels.apns.channel import Apns
from channels.apns.message import ENVIRONMENT, TOPIC
from channels.fcm.channel import Fcm
from channels.fcm.message import PROJECT, REGISTRATION_TOKEN, TARGET
from channels.webpush.channel import VAPID_KEY
from channels.webpush.vapid import KEY_NAME_CHARACTERS
from dispatcher.model.subscribers import SubscriberRefused
from dispatcher.store.delivery.relocation import move_waiting
from dispatcher.store.sealed.addresses import COLUMNS
from dispatcher.store.sealed.clear_rows import seal_before
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.model.subscribers import WishedEndpoint
    from dispatcher.store.record import Connection
    from dispatcher.store.sealed.addresses import Addresses, SealedAddress

SEND_AGAIN_AFTER: Final = timedelta(minutes=10)
"""How soon after a code another one leaves for the same endpoint: an app may start as often as it likes."""
SHARED_MAX: Final = 32
"""Subscribers of one endpoint at most: each change of one looks at all of them."""
OWNED_BY: Final = ("p256dh", "auth", PROJECT, TARGET, TOPIC, ENVIRONMENT)
"""Keys by which an endpoint is told from another's at the same address. Of Web Push only the owner has them, and the
push service does not tell them; an address of FCM or APNs is its owner's secret, and is one in its own project or app
alone."""
_AT: Final = "(subscriber_id, subscription_id) = ($1, $2)"
_GIVE_UP: Final = f"DELETE FROM subscriber_endpoint WHERE {_AT}"  # noqa: S608 - constant
_WAIT_FOR: Final = f"UPDATE subscriber_endpoint SET successor = $3, due_at = NULL WHERE {_AT}"  # noqa: S608 - constant
_UNPROVEN: Final = """
SELECT n.id, n.channel FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
WHERE e.subscriber_id = $1 AND e.subscription_id = ANY($2) AND e.proven_at IS NULL ORDER BY e.position"""
_PROVE_AGAIN: Final = (
    "UPDATE subscriber_endpoint SET proven_at = NULL, code_digest = NULL WHERE subscription_id = ANY($1)"
)
_AT_ONCE: Final = f"UPDATE subscriber_endpoint SET code_sent_at = NULL WHERE {_AT} AND proven_at IS NOT NULL"  # noqa: S608 - constant
"""Whose own keys change was warned until now, and is not until another code is back: none of ten minutes ago keeps it
from being sent."""
_SUCCEED: Final = f"""
UPDATE subscriber_endpoint SET successor = NULL, position = $3, proven_at = {NOW}, last_confirmed_at = {NOW},
  last_accepted_at = $4, answer = $5, code_sent_at = $6, code_digest = NULL, code_tries = 0, due_at = NULL
WHERE {_AT}"""  # noqa: S608 - constant
_LINKS: Final = """
SELECT e.subscription_id AS id, e.proven_at IS NOT NULL AS proven, e.successor, n.channel, n.address_hash,
  n.ended_at IS NOT NULL AS gone
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
WHERE e.subscriber_id = $1 ORDER BY e.position"""
_FOUND: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, n.imported_active OR n.legal_basis IS NOT NULL OR EXISTS (
    SELECT FROM followed_municipality f WHERE f.subscription_id = n.id AND f.imported) OR EXISTS (
    SELECT FROM watched_area w WHERE w.subscription_id = n.id AND w.imported) AS imported,
  (SELECT count(*) FROM subscriber_endpoint e WHERE e.subscription_id = n.id AND e.subscriber_id <> $3) AS others,
  (SELECT count(*) FROM subscriber_endpoint e
    WHERE e.subscription_id = n.id AND e.subscriber_id <> $3 AND e.proven_at IS NOT NULL) AS proven,
  (SELECT count(*) FROM subscriber_endpoint e WHERE e.subscription_id = n.id) AS links
FROM subscription n WHERE n.channel = $1 AND n.address_hash = $2 AND n.ended_at IS NULL
FOR UPDATE OF n"""  # noqa: S608 - constant
_KEYS: Final = f"""CASE WHEN $1 = 'webpush' AND NOT $5::jsonb ? 'vapid' THEN $5::jsonb || coalesce((
    SELECT jsonb_build_object('vapid', left(c.fingerprint, {KEY_NAME_CHARACTERS})) FROM instance_credential c
    WHERE c.instance_id = $6 AND c.channel = $1 AND c.replaced_at IS NULL), (
    SELECT jsonb_build_object('vapid', left(v.fingerprint, {KEY_NAME_CHARACTERS})) FROM shared_secret v
    WHERE v.name = 'vapid'), '{{}}') ELSE $5 END"""  # noqa: S608 - constant
"""What a browser subscribes with now is the current VAPID key: the app's own, or else the service's."""
_IS_VAPID_KNOWN: Final = f"""
WITH known(name) AS (
  SELECT left(public_key, {KEY_NAME_CHARACTERS}) FROM vapid_key
  UNION ALL SELECT left(fingerprint, {KEY_NAME_CHARACTERS}) FROM shared_secret WHERE name = 'vapid'
  UNION ALL SELECT left(fingerprint, {KEY_NAME_CHARACTERS}) FROM instance_credential WHERE channel = 'webpush')
SELECT NOT EXISTS (SELECT FROM known) OR EXISTS (SELECT FROM known WHERE name = $1)"""  # noqa: S608 - constant
"""Whether there is or was such a VAPID key: of the service, or an app's own. Before the first is noted any may be."""
_NEW: Final = f"""
INSERT INTO subscription (channel, gateway, sealed, address_hash, keys, instance, active, imported_active, told)
VALUES ($1, $2, $3, $4, {_KEYS}, $6, false, false, false)
ON CONFLICT (channel, address_hash) WHERE ended_at IS NULL DO NOTHING RETURNING id"""  # noqa: S608 - constant
_ADD: Final = f"""
WITH made AS ({_NEW}, channel)
INSERT INTO subscriber_endpoint (subscriber_id, subscription_id, position, due_at)
SELECT $7, id, $8, CASE WHEN channel <> 'sms' THEN {NOW} END FROM made RETURNING subscription_id"""  # noqa: S608 - constant
"""A new endpoint, and with it whose it is, as `_LINK` has it of a new one."""
_NEW_KEYS: Final = f"""
UPDATE subscription SET gateway = $2, sealed = $3, keys = {_KEYS}, instance = $6
WHERE channel = $1 AND address_hash = $4 AND ended_at IS NULL"""  # noqa: S608 - constant
"""Nothing stays of whoever named it before, as if it were new."""
_YIELD: Final = """
WITH oldest AS (
  SELECT e.subscriber_id AS id FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id
  WHERE e.subscription_id = $1 AND e.subscriber_id <> $2 AND e.proven_at IS NULL
  ORDER BY e.named_at, e.subscriber_id LIMIT $3 FOR UPDATE OF s SKIP LOCKED),
again AS (UPDATE subscriber SET wish_digest = NULL WHERE id IN (SELECT id FROM oldest))
DELETE FROM subscriber_endpoint WHERE subscription_id = $1 AND subscriber_id IN (SELECT id FROM oldest)"""
"""Who is just being changed is left alone, so that nobody waits for one another. The same wish once more is another one
from then on: it names what is gone."""
_REVIVE: Final = """
UPDATE subscription SET ended_at = NULL, end_reason = NULL, active = false, imported_active = false, sealed = $2,
  keys = keys || $3 WHERE id = $1"""
_CLAIM: Final = """
UPDATE subscription SET imported_active = active, imported_language = language WHERE id = $1"""
"""Before the first subscriber has it, what an import made of it is what is there."""
_LINK: Final = f"""
INSERT INTO subscriber_endpoint AS e (subscriber_id, subscription_id, position, due_at)
SELECT $1, id, $3, CASE WHEN channel <> 'sms' THEN {NOW} END FROM subscription WHERE id = $2
ON CONFLICT (subscriber_id, subscription_id) DO UPDATE SET position = $3, successor = NULL, named_at = {NOW},
  due_at = CASE WHEN e.proven_at IS NULL AND e.due_at IS NULL AND excluded.due_at IS NOT NULL AND
    (e.code_sent_at IS NULL OR e.code_sent_at < {NOW} - $4::interval) THEN {NOW} ELSE e.due_at END,
  attempts = CASE WHEN e.due_at IS NULL THEN 0 ELSE e.attempts END"""  # noqa: S608 - constant
"""By SMS nothing is sent but what somebody asks for (`sms_codes`): it costs, and an app starts often."""
_TAKEN: Final = """
SELECT n.id, n.gateway, n.sealed, n.address_hash, n.keys, n.channel, e.position, e.last_accepted_at, e.answer,
  e.code_sent_at
FROM subscription n JOIN subscriber_endpoint e ON e.subscription_id = n.id
WHERE n.id = $1 AND e.subscriber_id = $2 FOR UPDATE OF n"""
_INHERIT: Final = """
INSERT INTO succession (old_id, new_id, batch_id) SELECT $1, $2, coalesce(max(id), 0) FROM batch
ON CONFLICT (old_id, new_id) DO UPDATE SET batch_id = excluded.batch_id, at = clock_timestamp()"""
_IS_OWN: Final = """
SELECT NOT (n.imported_active OR n.legal_basis IS NOT NULL) AND NOT ($3 AND n.told) AND NOT EXISTS (
  SELECT FROM subscriber_endpoint e WHERE e.subscription_id = n.id AND e.subscriber_id <> $2) AND NOT EXISTS (
  SELECT FROM followed_municipality f WHERE f.subscription_id = n.id AND f.imported) AND NOT EXISTS (
  SELECT FROM watched_area w WHERE w.subscription_id = n.id AND w.imported)
FROM subscription n WHERE n.id = $1 AND n.ended_at IS NULL FOR UPDATE"""
"""Whether an endpoint is this subscriber's alone, no other's and no import's, and, if $3, was sent nothing but codes,
so that its number stands for nothing else."""


@dataclass(frozen=True, slots=True)
class EndpointLink:
    """An endpoint that a subscriber had before. `gone`: it has ended."""

    id: int
    channel: str
    proven: bool
    gone: bool
    address_hash: bytes
    successor: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """An endpoint that a subscriber of an instance names, where in its wish, and as the record would have it."""

    instance: str
    endpoint: WishedEndpoint
    sealed: SealedAddress
    path: str

    @property
    def order(self) -> tuple[str, bytes]:
        return self.endpoint.channel, self.sealed.address_hash


_IS_PROJECT_KNOWN: Final = """
SELECT EXISTS (SELECT FROM instance_credential
               WHERE instance_id = $1 AND channel = 'fcm' AND split_part(fingerprint, '/', 1) = $2)"""
"""Whether an instance has or had a service account for a Firebase project: nobody sends with another's."""


_IS_APP_KNOWN: Final = """
SELECT EXISTS (SELECT FROM instance_credential
               WHERE instance_id = $1 AND channel = 'apns' AND split_part(fingerprint, '/', 3) = split_part($2, '/', 1)
                 AND split_part($2, '/', 2) = ANY (string_to_array(split_part(fingerprint, '/', 4), ',')))"""
"""The same of an app on iPhones in one of Apple's environments, see `channels.apns.credential`."""


class Replaced(NamedTuple):
    """The numbers of the endpoints that a subscriber had or has, and of those of them that nobody ever had before."""

    touched: set[int]
    new: set[int]


class KnownEndpoints:
    """The endpoints that a subscriber has and names, in the caller's transaction."""

    def __init__(
        self, connection: Connection, addresses: Addresses, subscriber: int, *, is_new: bool = False
    ) -> None:
        """`is_new`: this transaction has made the subscriber, which has none yet."""
        self._connection = connection
        self._addresses = addresses
        self._subscriber = subscriber
        self._is_new = is_new

    async def replace(self, instance: str, wished: Sequence[WishedEndpoint]) -> Replaced:
        """Let the subscriber have these endpoints and no others. Raises `SubscriberRefused`."""
        connection, subscriber = self._connection, self._subscriber
        before = await self._before()
        await seal_before(connection, self._addresses, [(one.channel, one.address) for one in wished])
        for position, one in enumerate(wished):
            name = one.keys.get(VAPID_KEY)
            if name is not None and not await connection.fetchval(_IS_VAPID_KNOWN, name):
                raise SubscriberRefused("vapid_unknown", f"/endpoints/{position}/keys/{VAPID_KEY}")
            if one.channel == Fcm.name and not await connection.fetchval(
                _IS_PROJECT_KNOWN, instance, one.gateway
            ):
                raise SubscriberRefused("project_unknown", f"/endpoints/{position}/keys/{PROJECT}")
            if one.channel == Apns.name and not await connection.fetchval(
                _IS_APP_KNOWN, instance, one.gateway
            ):
                raise SubscriberRefused("topic_unknown", f"/endpoints/{position}/keys/{TOPIC}")
        sealed = [self._addresses.seal(one.address, one.keys) for one in wished]
        named = [
            Named(instance, one, seal, f"/endpoints/{position}")
            for position, (one, seal) in enumerate(zip(wished, sealed, strict=True))
        ]
        numbers, new = await self._have(named, before)
        dropped = [link for link in before if link.id not in numbers]
        places = successors(dropped, await self._unproven(numbers) if dropped else {})
        for link in dropped:
            if link.id in places:
                await connection.execute(_WAIT_FOR, subscriber, link.id, places[link.id])
            else:
                await connection.execute(_GIVE_UP, subscriber, link.id)
        return Replaced({*numbers, *(link.id for link in before)}, new)

    async def _have(
        self, named: Sequence[Named], before: Sequence[EndpointLink]
    ) -> tuple[dict[int, int], set[int]]:
        """Let the subscriber have what it names. Returns the positions by number, and which nobody had before."""
        numbers: dict[int, int] = {}
        new: set[int] = set()
        # In one order for everybody, so that nobody waits for one another.
        for position in sorted(range(len(named)), key=lambda n: named[n].order):
            if self._is_new and (number := await self._add(named[position], position)):
                new.add(number)
            else:
                number = await self._find(named[position], before)
            numbers[number] = min(position, numbers.get(number, position))
        for number, position in numbers.items():
            if number not in new:
                await self._connection.execute(_LINK, self._subscriber, number, position, SEND_AGAIN_AFTER)
        return numbers, new

    async def _before(self) -> list[EndpointLink]:
        if self._is_new:
            return []
        rows = await self._connection.fetch(_LINKS, self._subscriber)
        return [EndpointLink(**row) for row in map(dict, rows)]

    async def _add(self, named: Named, position: int) -> int | None:
        """Return the number of an endpoint that nobody had, which the subscriber has now; None for one that is there
        already.
        """
        number: int | None = await self._connection.fetchval(
            _ADD, *_row_of(named), self._subscriber, position
        )
        return number

    async def _find(self, named: Named, before: Sequence[EndpointLink]) -> int:
        """Return the number of an endpoint: that is there, is the subscriber's own that had ended, or is new."""
        connection, one, sealed = self._connection, named.endpoint, named.sealed
        row = await connection.fetchrow(_FOUND, one.channel, sealed.address_hash, self._subscriber)
        if row is not None:
            return await self._use(row, named)
        for link in before:
            if link.gone and (link.channel, link.address_hash) == (one.channel, sealed.address_hash):
                await connection.execute(_REVIVE, link.id, sealed.sealed, sealed.keys)
                # Whatever proved it before, it had ended since.
                await prove_again(connection, [link.id])
                return link.id
        number: int | None = await connection.fetchval(_NEW, *_row_of(named))
        # Where there is none, somebody else has just written it.
        return number if number is not None else await self._find(named, before)

    async def _use(self, row: Any, named: Named) -> int:
        """Have an endpoint that is there. Raises `SubscriberRefused` where the keys show that it is another's."""
        number: int = row["id"]
        if not row["links"]:
            await self._connection.execute(_CLAIM, number)
        is_same = owned(self._addresses.of_either(row).keys) == owned(named.endpoint.keys)
        if not is_same and (row["proven"] or row["imported"]):
            raise SubscriberRefused("endpoint_taken", named.path)
        if row["proven"] >= SHARED_MAX:
            raise SubscriberRefused("endpoint_shared", named.path)
        if (surplus := row["others"] + 1 - SHARED_MAX) > 0:
            # Who has proven nothing keeps nobody out.
            await self._connection.execute(_YIELD, number, self._subscriber, surplus)
        if is_same:
            return number
        await self._connection.execute(_NEW_KEYS, *_row_of(named))
        await self._connection.execute(_AT_ONCE, self._subscriber, number)
        # What was sent under the keys before proves nothing.
        await prove_again(self._connection, [number])
        return number

    async def _unproven(self, numbers: Mapping[int, int]) -> dict[int, str]:
        rows = await self._connection.fetch(_UNPROVEN, self._subscriber, list(numbers))
        return {row["id"]: row["channel"] for row in rows}


def successors(dropped: Sequence[EndpointLink], unproven: Mapping[int, str]) -> dict[int, int]:
    """Return which of the new endpoints (number and channel, none proven yet) takes the place of which one that is not
    named any more: of the same channel, each of one. A proven one without a successor is given up.
    """
    free = dict(unproven)
    found: dict[int, int] = {}
    for link in dropped:
        if not link.proven or link.gone:
            continue
        chosen = next((number for number, channel in free.items() if channel == link.channel), None)
        if chosen is not None:
            del free[chosen]
            found[link.id] = chosen
    return found


async def prove_again(connection: Connection, numbers: Sequence[int]) -> None:
    """Let these endpoints be nobody's proven ones, in the caller's transaction, and no code count that was sent."""
    await connection.execute(_PROVE_AGAIN, numbers)


async def succeed(connection: Connection, subscriber: int, number: int) -> set[int]:
    """Let an endpoint that was just proven take the place of the one that waited for it, if one did. Returns the
    numbers of all that changed.
    """
    row = await connection.fetchrow(
        "SELECT subscription_id AS id FROM subscriber_endpoint WHERE subscriber_id = $1 AND successor = $2",
        subscriber,
        number,
    )
    if row is None:
        return {number}
    old: int = row["id"]
    own = [
        await connection.fetchval(_IS_OWN, one, subscriber, one == number) for one in sorted((old, number))
    ]
    if not all(own):
        # It goes on for whoever else has it; what it was warned of until now, the new one hears the end of.
        await connection.execute(_INHERIT, old, number)
        await connection.execute(_GIVE_UP, subscriber, old)
        return {number, old}
    taken = await connection.fetchrow(_TAKEN, number, subscriber)
    await connection.execute("DELETE FROM subscription WHERE id = $1", number)
    await connection.execute(
        "UPDATE subscription SET gateway = $2, address = NULL, sealed = $3, address_hash = $4, keys = $5 WHERE id = $1",
        old,
        *(taken[name] for name in ("gateway", "sealed", "address_hash", "keys")),
    )
    await connection.execute(
        _SUCCEED,
        subscriber,
        old,
        *(taken[name] for name in ("position", "last_accepted_at", "answer", "code_sent_at")),
    )
    await move_waiting(connection, old, taken["gateway"], taken["channel"])
    return {old}


def _row_of(named: Named) -> tuple[object, ...]:
    one, sealed = named.endpoint, named.sealed
    return one.channel, one.gateway, sealed.sealed, sealed.address_hash, sealed.keys, named.instance


def owned(keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys by which an endpoint is its owner's, in one spelling of Base64."""
    named = {TARGET: REGISTRATION_TOKEN, **keys}
    return tuple(named.get(name, "").rstrip("=").translate(str.maketrans("+/", "-_")) for name in OWNED_BY)
