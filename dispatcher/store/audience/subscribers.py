"""Record subscribers: an installation's wish as a whole, and how it stands.

Whatever a subscriber changes, the endpoints concerned are told accordingly in the same transaction (`unions`). What
others want never changes by it: an endpoint counts for a subscriber once it is proven (`proofs`). Their end is `ends`.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from channels.apns.channel import Apns
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
    SHOWN_HELD,
    claim_device,
    give_up_claim,
    preferences_of,
    reunite,
)
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.access.principals import Actor
    from dispatcher.model.subscribers import Wish
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

ONE_DEVICE_MAX: Final = 16
"""Subscribers who name one device at most: each change of one looks at all of them."""
_LOCKS: Final = 7207116115
"""The seed of the advisory locks of installations and devices. Any number of ours would do."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), $2))"
_LOCK_FIRST: Final = f"{_LOCK}, {SHOWN_HELD}"
"""The first of a transaction's locks, and beside it what `hold_shown` holds: nobody waits for one of them who has the
other, as whoever changes an instance takes none of installations."""
_PUT: Final = f"""
WITH wisher AS (INSERT INTO subscriber AS s (instance_id, installation_hash, token_digest, device_hash, languages,
  min_severity, quiet_from, quiet_until, drills, escalate_after_s, expires_at, wish_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (instance_id, installation_hash) WHERE ended_at IS NULL DO UPDATE SET token_digest = $3, device_hash = $4,
  device_claimed_at = CASE WHEN s.device_hash = $4 THEN s.device_claimed_at END,
  languages = $5, min_severity = $6, quiet_from = $7, quiet_until = $8, drills = $9, escalate_after_s = $10,
  expires_at = $11, wish_digest = $12, seen_at = {NOW},
  changed_at = CASE WHEN (s.device_hash, s.languages, s.min_severity, s.quiet_from, s.quiet_until, s.drills,
    s.escalate_after_s, s.expires_at) IS DISTINCT FROM ($4, $5, $6, $7, $8, $9, $10, $11)
    THEN {NOW} ELSE s.changed_at END
RETURNING id),
left_out AS (
  DELETE FROM subscriber_municipality m USING wisher w WHERE m.subscriber_id = w.id AND m.ags <> ALL($13::text[])),
follows AS (
  INSERT INTO subscriber_municipality (subscriber_id, ags) SELECT id, unnest($13::text[]) FROM wisher
  ON CONFLICT DO NOTHING),
drawn AS (DELETE FROM subscriber_area a USING wisher w WHERE a.subscriber_id = w.id)
SELECT id FROM wisher"""  # noqa: S608 - constant
"""All of a wish but its areas and endpoints."""
_UNSETTLED: Final = """
SELECT EXISTS (SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND (e.proven_at IS NULL OR e.successor IS NOT NULL OR n.ended_at IS NOT NULL))"""
SEEN_WITHIN: Final = "interval '1 hour'"
"""By how much an app may have been seen later than the record says."""
_SEEN: Final = f"""
UPDATE subscriber SET seen_at = {NOW} WHERE id = $1 AND (seen_at < {NOW} - {SEEN_WITHIN} OR EXISTS (
  SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND n.channel = '{Apns.name}'))"""  # noqa: S608 - constant
"""To the hour; of an iPhone each time, as Apple says since when a device token is none."""
_OF: Final = """
SELECT id, token_digest, device_hash, wish_digest FROM subscriber
WHERE instance_id = $1 AND installation_hash = $2 AND ended_at IS NULL"""
_ENDPOINTS: Final = f"""
SELECT e.*, n.channel, n.ended_at IS NOT NULL AS gone,
  CASE WHEN e.proven_at IS NULL AND e.due_at IS NULL AND n.ended_at IS NULL AND n.channel <> 'sms'
    THEN greatest(0, ceil(extract(epoch FROM
      e.code_sent_at + interval '{endpoints.SEND_AGAIN_AFTER.total_seconds():.0f} seconds' - {NOW})))::int
  END AS retry_after_s
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id WHERE e.subscriber_id = $1
ORDER BY e.successor IS NOT NULL, e.position"""  # noqa: S608 - constant
_SHOWN: Final = "SELECT i.shown FROM subscriber s JOIN instance i ON i.id = s.instance_id WHERE s.id = $1"
_SUBSCRIBER: Final = f"""
SELECT s.*, ARRAY(
    SELECT m.ags FROM subscriber_municipality m WHERE m.subscriber_id = s.id AND m.ags = ANY(i.shown) ORDER BY m.ags
  ) AS places,
  EXISTS (SELECT FROM subscriber_area a WHERE a.subscriber_id = s.id) AS has_drawn,
  coalesce(s.expires_at <= {NOW}, false) AS is_over
FROM subscriber s JOIN instance i ON i.id = s.instance_id"""  # noqa: S608 - constant
_BY_NUMBER: Final = f"{_SUBSCRIBER} WHERE s.id = $1"
_BY_INSTALLATION: Final = f"""
{_SUBSCRIBER} WHERE s.instance_id = $1 AND s.installation_hash = $2 AND s.ended_at IS NULL"""
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

    async def put(
        self,
        installation: Installation,
        wish: Wish,
        tokens: Tokens,
        leave_digest: Callable[[int], bytes] | None = None,
    ) -> Put:
        """Replace all that an installation wants; the same once more changes nothing. `leave_digest` returns, by the
        subscriber's number, the digest of the link by which it leaves. Raises `NotTheirs`, and `SubscriberRefused` for
        an endpoint that is another's.

        Until a first round trip, nothing of it can be harmed: an answer that got lost with its token costs the app
        nothing but to ask again.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = await _hold(connection, installation, wish.device)
            keeps = before is not None and _may(before, tokens)
            digest = before["token_digest"] if before is not None and keeps else tokens.offered
            wish_digest = self._digest(wish)
            if keeps and await _is_same(connection, before, wish_digest):
                return Put(await _known(connection, before["id"], leave_digest), False)
            if before is not None and not keeps and await _is_proven(connection, before["id"]):
                raise NotTheirs
            number = await _write(connection, installation, wish, (digest, wish_digest))
            if wish.device is not None:
                await _require_few(connection, number, wish.device)
            is_new = before is None
            known = endpoints.KnownEndpoints(connection, self._addresses, number, is_new=is_new)
            touched, new = await known.replace(installation.instance, wish.endpoints)
            if not is_new:
                await give_up_claim(connection, number)
                await claim_device(connection, number)
            if not is_new or touched != new:
                # What nobody had is told of nothing until it is proven, as it was made.
                devices = {wish.device, before and before["device_hash"]} - {None}
                await reunite(connection, self._addresses, touched, devices)
            return Put(await _known(connection, number, leave_digest), digest == tokens.offered)

    def _digest(self, wish: Wish) -> bytes:
        """Return by what the same wish is recognised when it comes again."""
        return self._addresses.sealing.keyed_hash(
            "wish", json.dumps(asdict(wish), default=str, sort_keys=True)
        )

    async def of(self, installation: Installation) -> Subscriber | None:
        """Return the subscriber that an installation is."""
        row = await self._pool.fetchrow(_BY_INSTALLATION, *installation)
        return None if row is None else await _subscriber(self._pool, row)

    async def numbered(self, number: int) -> Subscriber | None:
        """Return the subscriber of this number, also one whose end date has come."""
        row = await self._pool.fetchrow(_BY_NUMBER, number)
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
    about one installation, or one device, is decided one after the other. Until then no instance shows other places.
    """
    await connection.execute(_LOCK_FIRST, installation.hash, _LOCKS)
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
        list(wish.places),
    )
    if not wish.watched_areas:
        return number
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


async def _known(
    connection: Connection, number: int, leave_digest: Callable[[int], bytes] | None
) -> Subscriber:
    """Return the subscriber, who is there: this transaction holds it. That it leaves by another link than before is
    recorded, if it does.
    """
    row = await connection.fetchrow(_BY_NUMBER, number)
    if leave_digest is not None and row["leave_digest"] != (digest := leave_digest(number)):
        await connection.execute("UPDATE subscriber SET leave_digest = $2 WHERE id = $1", number, digest)
    return await _subscriber(connection, row)


async def _subscriber(connection: Any, row: Any) -> Subscriber:
    """Return the subscriber that a row of `_SUBSCRIBER` is."""
    number = row["id"]
    found = await connection.fetch(_ENDPOINTS, number)
    areas = await connection.fetch(_AREAS, number) if row["has_drawn"] else ()
    return Subscriber(
        number=number,
        instance=row["instance_id"],
        token_digest=row["token_digest"],
        endpoints=tuple(map(_endpoint, found)),
        places=tuple(row["places"]),
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
        is_over=row["is_over"],
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
