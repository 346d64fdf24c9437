"""Record subscribers: an installation's wish as a whole, and how it stands.

Whatever a subscriber changes, the endpoints concerned are told accordingly in the same transaction (`unions`). What
others want never changes by it: an endpoint counts for a subscriber once it is proven (`proofs`). Their end is `ends`.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dispatcher.access.keys import NO_DIGEST
from dispatcher.model.subscribers import (
    EndpointState,
    NotTheirs,
    SubscribedEndpoint,
    Subscriber,
    SubscriberRefused,
)
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.store import audit
from dispatcher.store.audience import endpoints, export
from dispatcher.store.audience.unions import (
    claim_device,
    give_up_claim,
    hold_shown,
    preferences_of,
    reunite,
)
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.model.subscribers import Wish
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

ONE_DEVICE_MAX: Final = 16
"""Subscribers who name one device at most: each change of one looks at all of them."""
_LOCKS: Final = 7207116115
"""The seed of the advisory locks of installations and devices. Any number of ours would do."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), $2))"
_PUT: Final = f"""
INSERT INTO subscriber AS s (instance_id, installation_hash, token_digest, device_hash, languages, min_severity,
  quiet_from, quiet_until, drills, escalate_after_s, expires_at, wish_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (instance_id, installation_hash) WHERE ended_at IS NULL DO UPDATE SET token_digest = $3, device_hash = $4,
  device_claimed_at = CASE WHEN s.device_hash = $4 THEN s.device_claimed_at END,
  languages = $5, min_severity = $6, quiet_from = $7, quiet_until = $8, drills = $9, escalate_after_s = $10,
  expires_at = $11, wish_digest = $12, seen_at = {NOW},
  changed_at = CASE WHEN (s.device_hash, s.languages, s.min_severity, s.quiet_from, s.quiet_until, s.drills,
    s.escalate_after_s, s.expires_at) IS DISTINCT FROM ($4, $5, $6, $7, $8, $9, $10, $11)
    THEN {NOW} ELSE s.changed_at END
RETURNING id"""  # noqa: S608 - constant
_UNSETTLED: Final = """
SELECT EXISTS (SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND (e.proven_at IS NULL OR e.successor IS NOT NULL OR n.ended_at IS NOT NULL))"""
_SEEN: Final = f"""
UPDATE subscriber SET seen_at = {NOW} WHERE id = $1 AND seen_at < {NOW} - interval '1 hour'"""  # noqa: S608 - constant
_FOLLOWS: Final = """
WITH left_out AS (DELETE FROM subscriber_municipality WHERE subscriber_id = $1 AND ags <> ALL($2::text[]))
INSERT INTO subscriber_municipality (subscriber_id, ags) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING"""
_OF: Final = "SELECT * FROM subscriber WHERE instance_id = $1 AND installation_hash = $2 AND ended_at IS NULL"
_ENDPOINTS: Final = f"""
SELECT e.*, n.channel, n.ended_at IS NOT NULL AS gone,
  CASE WHEN e.proven_at IS NULL AND e.due_at IS NULL AND n.ended_at IS NULL AND n.channel <> 'sms'
    THEN greatest(0, ceil(extract(epoch FROM
      e.code_sent_at + interval '{endpoints.SEND_AGAIN_AFTER.total_seconds():.0f} seconds' - {NOW})))::int
  END AS retry_after_s
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id WHERE e.subscriber_id = $1
ORDER BY e.successor IS NOT NULL, e.position"""  # noqa: S608 - constant
_SHOWN: Final = "SELECT i.shown FROM subscriber s JOIN instance i ON i.id = s.instance_id WHERE s.id = $1"
_PLACES: Final = f"""
SELECT ags FROM subscriber_municipality WHERE subscriber_id = $1 AND ags = ANY(({_SHOWN})::text[]) ORDER BY ags"""  # noqa: S608 - constant
_AREAS: Final = f"""
SELECT lat, lon, radius_m, ags FROM subscriber_area WHERE subscriber_id = $1 AND ags && ({_SHOWN})
ORDER BY lat, lon, radius_m"""  # noqa: S608 - constant
"""What is followed of what is wanted: places whose warnings the instance shows."""
_OF_DEVICE: Final = """
SELECT s.id, EXISTS (
  SELECT FROM subscriber_endpoint e WHERE e.subscriber_id = s.id AND e.proven_at IS NOT NULL) AS proven
FROM subscriber s WHERE s.device_hash = $1 AND s.ended_at IS NULL AND s.id <> $2 ORDER BY s.seen_at, s.id"""
_YIELD_DEVICE: Final = """
UPDATE subscriber SET device_hash = NULL, device_claimed_at = NULL, wish_digest = NULL
WHERE id IN (SELECT id FROM subscriber WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED)"""
"""Who is just being changed is left alone: nobody waits for one another."""


class Installation(NamedTuple):
    """An installation of an instance's app, by the keyed hash of the id that it has given itself."""

    instance: str
    hash: bytes


class KnownInstance(NamedTuple):
    """An instance, the municipalities (AGS) whose warnings it shows, and whether anybody may sign up for it: nobody new
    for one that is disabled, but who has subscribed is warned and goes on.
    """

    id: str
    shown: tuple[str, ...]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Tokens:
    """What decides whether a wish is theirs whose installation it is. All are digests."""

    shown: bytes | None
    """Of the management token that came with the request, if one did."""
    offered: bytes
    """Of the one that the subscriber gets where it gets a new one."""
    trusted: bool = False
    """Whether the instance itself asks, with its key: it needs no token of its subscribers'."""


@dataclass(frozen=True, slots=True)
class Put:
    """A subscriber as it is now, and whether it has the token that was offered."""

    subscriber: Subscriber
    new_token: bool


class Subscribers:
    """Reads and writes subscribers; `addresses` seals and opens their endpoints."""

    def __init__(self, pool: Pool, addresses: Addresses) -> None:
        self._pool = pool
        self._addresses = addresses

    async def put(self, installation: Installation, wish: Wish, tokens: Tokens) -> Put:
        """Replace all that an installation wants; the same once more changes nothing. Raises `NotTheirs`, and
        `SubscriberRefused` for an endpoint that is another's.

        Until a first round trip, nothing of it can be harmed: an answer that got lost with its token costs the app
        nothing but to ask again.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection)
            before = await _hold(connection, installation, wish.device)
            keeps = before is not None and _may(before, tokens)
            digest = before["token_digest"] if before is not None and keeps else tokens.offered
            wish_digest = self._digest(wish)
            if keeps and await _is_same(connection, before, wish_digest):
                return Put(await _known(connection, before["id"]), False)
            if before is not None and not keeps and await _is_proven(connection, before["id"]):
                raise NotTheirs
            number = await _write(connection, installation, wish, (digest, wish_digest))
            if wish.device is not None:
                await _require_few(connection, number, wish.device)
            known = endpoints.KnownEndpoints(connection, self._addresses, number)
            touched = await known.replace(installation.instance, wish.endpoints)
            await give_up_claim(connection, number)
            await claim_device(connection, number)
            devices = {wish.device, before and before["device_hash"]} - {None}
            await reunite(connection, self._addresses, touched, devices)
            return Put(await _known(connection, number), digest == tokens.offered)

    def _digest(self, wish: Wish) -> bytes:
        """Return by what the same wish is recognised when it comes again."""
        return self._addresses.sealing.keyed_hash(
            "wish", json.dumps(asdict(wish), default=str, sort_keys=True)
        )

    async def of(self, installation: Installation) -> Subscriber | None:
        """Return the subscriber that an installation is."""
        row = await self._pool.fetchrow(_OF, *installation)
        return None if row is None else await _subscriber(self._pool, row)

    async def numbered(self, number: int) -> Subscriber | None:
        """Return the subscriber of this number, also one whose end date has come."""
        row = await self._pool.fetchrow("SELECT * FROM subscriber WHERE id = $1", number)
        return None if row is None else await _subscriber(self._pool, row)

    async def owned(self, installation: Installation, token_digest: bytes) -> int | None:
        """Return the number of the subscriber that an installation is, if this is its management token's digest. It
        takes as long where there is none.
        """
        row = await self._pool.fetchrow(_OF, *installation)
        known = row["token_digest"] if row is not None else NO_DIGEST
        is_same = hmac.compare_digest(known or NO_DIGEST, token_digest)
        return row["id"] if row is not None and is_same else None

    async def instance(self, instance: str) -> KnownInstance | None:
        """Return the instance of this name, also one that is disabled."""
        row = await self._pool.fetchrow(
            "SELECT id, shown, disabled_at IS NULL AS is_open FROM instance WHERE id = $1", instance
        )
        return None if row is None else KnownInstance(row["id"], tuple(row["shown"]), row["is_open"])

    async def export(self, number: int, by: Actor) -> dict[str, Any] | None:
        """Return all that is kept of a subscriber, as JSON has it; that it was read is on the audit trail. None where
        there is none.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            found = await export.everything(connection, self._addresses, number)
            if found is not None:
                await audit.note(
                    connection, by, "subscriber.export", instance=found["instance"], subscriber=number
                )
        return found


def _may(row: Any, tokens: Tokens) -> bool:
    if tokens.trusted:
        return True
    known, shown = row["token_digest"], tokens.shown
    return known is not None and shown is not None and hmac.compare_digest(known, shown)


async def _hold(connection: Connection, installation: Installation, device: bytes | None) -> Any:
    """Return the row of an installation, held until the transaction ends; None where there is none. What is decided
    about one installation, or one device, is decided one after the other.
    """
    await connection.execute(_LOCK, installation.hash, _LOCKS)
    row = await connection.fetchrow(_OF + " FOR UPDATE", *installation)
    for one in sorted({device, row and row["device_hash"]} - {None}):
        await connection.execute(_LOCK, one, _LOCKS)
    return row


async def _is_proven(connection: Connection, number: int) -> bool:
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM subscriber_endpoint WHERE subscriber_id = $1 AND proven_at IS NOT NULL)",
        number,
    )
    return found


async def _require_few(connection: Connection, number: int, device: bytes) -> None:
    """Let the oldest of those who have proven nothing name the device no more, where it has too many subscribers: they
    keep nobody out. Raises `SubscriberRefused` where all others have proven something.
    """
    others = await connection.fetch(_OF_DEVICE, device, number)
    if sum(one["proven"] for one in others) >= ONE_DEVICE_MAX:
        raise SubscriberRefused("device_shared", "/device")
    yielding = [one["id"] for one in others if not one["proven"]]
    if (surplus := len(others) + 1 - ONE_DEVICE_MAX) > 0:
        await connection.execute(_YIELD_DEVICE, yielding[:surplus])


async def _is_same(connection: Connection, before: Any, wish_digest: bytes) -> bool:
    """Note that an app has sent the same wish again, if that is all there is to do: no endpoint waits or is gone."""
    if before["wish_digest"] != wish_digest or await connection.fetchval(_UNSETTLED, before["id"]):
        return False
    await connection.execute(_SEEN, before["id"])
    return True


async def _write(
    connection: Connection, installation: Installation, wish: Wish, digests: tuple[bytes | None, bytes]
) -> int:
    wanted = wish.preferences
    number: int = await connection.fetchval(
        _PUT,
        *installation,
        digests[0],
        wish.device,
        list(wanted.languages),
        wanted.min_severity,
        wanted.quiet and wanted.quiet.begins,
        wanted.quiet and wanted.quiet.ends,
        wanted.drills,
        wanted.escalate_after_s,
        wish.expires_at,
        digests[1],
    )
    await connection.execute(_FOLLOWS, number, list(wish.places))
    await connection.execute("DELETE FROM subscriber_area WHERE subscriber_id = $1", number)
    await connection.executemany(
        """INSERT INTO subscriber_area (subscriber_id, lat, lon, radius_m, ags) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING""",
        [
            (
                number,
                [lat for lat, _ in area.lat_lon],
                [lon for _, lon in area.lat_lon],
                area.radius_m,
                list(area.ags),
            )
            for area in wish.watched_areas
        ],
    )
    return number


async def _known(connection: Connection, number: int) -> Subscriber:
    """Return the subscriber, who is there: this transaction wrote it."""
    return await _subscriber(
        connection, await connection.fetchrow("SELECT * FROM subscriber WHERE id = $1", number)
    )


async def _subscriber(connection: Any, row: Any) -> Subscriber:
    number = row["id"]
    found = await connection.fetch(_ENDPOINTS, number)
    places = await connection.fetch(_PLACES, number)
    areas = await connection.fetch(_AREAS, number)
    return Subscriber(
        number=number,
        instance=row["instance_id"],
        token_digest=row["token_digest"],
        endpoints=tuple(map(_endpoint, found)),
        places=tuple(one["ags"] for one in places),
        watched_areas=tuple(
            WatchedArea(tuple(zip(one["lat"], one["lon"], strict=True)), one["radius_m"], tuple(one["ags"]))
            for one in areas
        ),
        preferences=preferences_of(row),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        is_over=row["expires_at"] is not None
        and await connection.fetchval(f"SELECT $1::timestamptz <= {NOW}", row["expires_at"]),
    )


def _endpoint(row: Any) -> SubscribedEndpoint:
    return SubscribedEndpoint(
        channel=row["channel"],
        position=row["position"],
        state=_state(row),
        sent_at=row["code_sent_at"],
        answer=row["answer"],
        last_accepted=row["last_accepted_at"],
        last_confirmed=row["last_confirmed_at"],
        retry_after_s=row["retry_after_s"],
    )


def _state(row: Any) -> EndpointState:
    if row["gone"]:
        return EndpointState.GONE
    if row["proven_at"] is None:
        return EndpointState.WAITING
    return EndpointState.ACTIVE if row["successor"] is None else EndpointState.REPLACED
