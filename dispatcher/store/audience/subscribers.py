"""Record subscribers: an installation's wish as a whole, the round trips that prove its endpoints, and their end.

Whatever a subscriber changes, the endpoints concerned are told accordingly in the same transaction (`unions`). What
others want never changes by it: an endpoint counts for a subscriber once a round trip has proven it to be theirs.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
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
from dispatcher.model.vocabulary import WARNING
from dispatcher.store import audit
from dispatcher.store.audience import endpoints, export
from dispatcher.store.audience.unions import (
    claim_device,
    erase,
    give_up_claim,
    hold_shown,
    preferences_of,
    reunite,
)
from dispatcher.store.delivery.relocation import CHANNEL as WEBHOOKS
from dispatcher.store.numbers import opt_outs
from dispatcher.store.sql import NOW, among, is_dispatched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.access.principals import Actor
    from dispatcher.model.subscribers import Wish
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.addresses import Addresses

CODE_VALID: Final = timedelta(hours=1)
"""How long a code holds: a phone may be without a net for a while, and asks for another when its app starts again."""
CODE_TRIES: Final = 5
"""Wrong codes after which those that are open hold no more."""
SHORT_CODE_VALID: Final = timedelta(minutes=15)
"""How long the six digits of an SMS hold, which somebody types at once."""
UNPROVEN_KEPT: Final = timedelta(hours=24)
"""How long an endpoint that nobody has proven waits: an app that still wants it names it when it starts."""
TEST_AGAIN_AFTER: Final = timedelta(seconds=30)
ONE_DEVICE_MAX: Final = 16
"""Subscribers who name one device at most: each change of one looks at all of them."""
EXPIRED: Final = "expired"
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
_PENDING: Final = f"""
SELECT e.subscription_id, e.code_digest, e.proven_at, n.channel FROM subscriber_endpoint e
JOIN subscription n ON n.id = e.subscription_id
WHERE e.subscriber_id = $1 AND e.code_digest IS NOT NULL
  AND e.code_sent_at > {NOW} - CASE n.channel WHEN 'sms' THEN $4::interval ELSE $2::interval END
  AND e.code_tries < $3 AND n.ended_at IS NULL FOR UPDATE OF e"""  # noqa: S608 - constant
_PROVEN: Final = f"""
UPDATE subscriber_endpoint SET proven_at = coalesce(proven_at, {NOW}), last_confirmed_at = {NOW}, code_digest = NULL,
  code_tries = 0, due_at = NULL WHERE subscriber_id = $1 AND subscription_id = $2"""  # noqa: S608 - constant
_STALE: Final = f"""
SELECT s.id FROM subscriber s WHERE EXISTS (SELECT FROM subscriber_endpoint e WHERE e.subscriber_id = s.id
  AND e.proven_at IS NULL AND e.named_at <= {NOW} - $1::interval) LIMIT 1 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - constant
_END_STALE: Final = f"""
DELETE FROM subscriber_endpoint WHERE subscriber_id = $1 AND proven_at IS NULL AND named_at <= {NOW} - $2::interval
RETURNING subscription_id AS id"""  # noqa: S608 - constant
_OF_DEVICE: Final = """
SELECT s.id, EXISTS (
  SELECT FROM subscriber_endpoint e WHERE e.subscriber_id = s.id AND e.proven_at IS NOT NULL) AS proven
FROM subscriber s WHERE s.device_hash = $1 AND s.ended_at IS NULL AND s.id <> $2 ORDER BY s.seen_at, s.id"""
_YIELD_DEVICE: Final = """
UPDATE subscriber SET device_hash = NULL, device_claimed_at = NULL, wish_digest = NULL
WHERE id IN (SELECT id FROM subscriber WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED)"""
"""Who is just being changed is left alone: nobody waits for one another."""
_FORGET: Final = f"DELETE FROM subscriber WHERE ended_at <= {NOW} - $1::interval RETURNING id"  # noqa: S608 - constant
_ENDED: Final = f"""
SELECT id FROM subscription WHERE ended_at <= {NOW} - $1::interval AND erased_at IS NULL AND channel <> '{WEBHOOKS}'
ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED"""  # noqa: S608 - constant
ERASED_AT_ONCE: Final = 1000
FOLLOW_UP_MOST: Final = timedelta(days=30)
"""How long after a subscriber's end date its endpoints are kept at most, to hear of the end of what they were told."""
_EXPIRED: Final = f"""
WITH warned(since) AS (
  SELECT min(received_at) FROM alert a
  WHERE {is_dispatched("a")} AND a.reason IN {among(WARNING)} AND a.expires > {NOW})
SELECT s.id, s.device_hash, found.follows, found.is_over FROM subscriber s CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM subscriber_municipality m WHERE m.subscriber_id = s.id)
      OR EXISTS (SELECT FROM subscriber_area a WHERE a.subscriber_id = s.id) AS follows,
    s.expires_at <= coalesce((SELECT since FROM warned), {NOW}) OR s.expires_at <= {NOW} - $1::interval
      AS is_over) found
WHERE s.expires_at <= {NOW} AND s.ended_at IS NULL AND (found.follows OR found.is_over)
ORDER BY s.expires_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED"""  # noqa: S608 - constant
"""A subscriber whose end date has come, and who follows anything still, or has heard of the end of all: nothing that
people were warned of before that date would be in force still.
"""
_TEST: Final = f"""
UPDATE subscriber SET tested_at = {NOW} WHERE id = $1 AND (tested_at IS NULL OR tested_at <= {NOW} - $2::interval)
RETURNING id"""  # noqa: S608 - constant
_TEST_LEFT: Final = f"""
SELECT extract(epoch FROM tested_at + $2::interval - {NOW})::float8 FROM subscriber WHERE id = $1"""  # noqa: S608 - constant
_ANY_ACTIVE: Final = """
SELECT EXISTS (SELECT FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id
  WHERE e.subscriber_id = $1 AND e.proven_at IS NOT NULL AND n.ended_at IS NULL)"""
_TEST_ALL: Final = f"""
UPDATE subscriber_endpoint e SET due_at = {NOW}, attempts = 0, answer = NULL FROM subscription n
WHERE n.id = e.subscription_id AND n.ended_at IS NULL AND e.subscriber_id = $1 AND e.proven_at IS NOT NULL
  AND n.channel <> 'sms'"""  # noqa: S608 - constant
"""What costs is bounded besides (`sms_codes`)."""


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

    async def prove(self, number: int, code_digest: bytes) -> str | None:
        """Take a code that came back. Returns the channel of the subscriber's endpoint that was sent it lately; None
        where there is none, and it counts against all that are open.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await hold_shown(connection)
            if await connection.fetchrow("SELECT FROM subscriber WHERE id = $1 FOR UPDATE", number) is None:
                return None
            pending = await connection.fetch(_PENDING, number, CODE_VALID, CODE_TRIES, SHORT_CODE_VALID)
            # All are compared, to take as long whichever it is.
            matching = [row for row in pending if hmac.compare_digest(row["code_digest"], code_digest)]
            if not matching:
                await connection.execute(
                    "UPDATE subscriber_endpoint SET code_tries = least(code_tries + 1, 100) WHERE subscriber_id = $1",
                    number,
                )
                return None
            endpoint = matching[0]["subscription_id"]
            await give_up_claim(connection, number)
            await connection.execute(_PROVEN, number, endpoint)
            await claim_device(connection, number)
            channel: str = matching[0]["channel"]
            if matching[0]["proven_at"] is None:
                await opt_outs.lift(connection, endpoint)
                changed = await endpoints.succeed(connection, number, endpoint)
                await reunite(connection, self._addresses, changed)
            return channel

    async def ask_test(self, number: int) -> float | None:
        """Have a test sent to all active endpoints of a subscriber but telephone numbers. Returns 0, or in how many
        seconds it may be; None where no endpoint is active.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_ANY_ACTIVE, number):
                return None
            if await connection.fetchval(_TEST, number, TEST_AGAIN_AFTER) is None:
                left: float | None = await connection.fetchval(_TEST_LEFT, number, TEST_AGAIN_AFTER)
                return max(left or 0.0, 0.001)
            await connection.execute(_TEST_ALL, number)
        return 0.0

    async def leave(self, number: int, by: Actor | None = None) -> bool:
        """Erase a subscriber: wish, endpoints, token. Returns whether there was one. An operator's act (`by`) is on the
        audit trail.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            left = await self._erase(connection, number)
            if left and by is not None:
                await audit.note(connection, by, "subscriber.leave", subscriber=number)
        return left

    async def leave_by(self, digest: bytes) -> bool:
        """Erase the subscriber whose link to leave by has this digest. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            number = await connection.fetchval("SELECT id FROM subscriber WHERE leave_digest = $1", digest)
            return number is not None and await self._erase(connection, number)

    async def note_leave_digest(self, number: int, digest: bytes) -> None:
        """Record the digest of the link by which a subscriber leaves."""
        await self._pool.execute(
            "UPDATE subscriber SET leave_digest = $2 WHERE id = $1 AND leave_digest IS DISTINCT FROM $2",
            number,
            digest,
        )

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

    async def erase_ended(self, days: int) -> int:
        """Erase what ended so many days ago: subscribers, and endpoints with what they followed. Of a webhook the URL
        stays, which is no person's. Returns how many.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = timedelta(days=days)
            ended = await connection.fetch(_FORGET, before)
            await connection.execute(f"DELETE FROM succession WHERE at <= {NOW} - $1::interval", before)  # noqa: S608 - constant
            rows = await connection.fetch(_ENDED, before, ERASED_AT_ONCE)
            numbers = [row["id"] for row in rows]
            await erase(connection, self._addresses, numbers)
        return len(ended) + len(numbers)

    async def end_expired(self, limit: int) -> int:
        """Let subscribers whose end date has come follow nothing, at most so many, and end those who have heard the end
        of what they were told. Returns how many have come to their date.
        """
        reached = 0
        for _ in range(limit):
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(_EXPIRED, FOLLOW_UP_MOST)
                if row is None:
                    break
                if row["is_over"]:
                    await self._end(connection, row["id"], row["device_hash"])
                else:
                    await self._unfollow(connection, row["id"])
                reached += row["follows"]
        return reached

    async def end_unproven(self, limit: int) -> int:
        """Let subscribers have no more the endpoints that they named and did not prove for a day, of at most so many
        subscribers. What they want is not done by it: the same wish once more names them again. Returns how many.
        """
        ended = 0
        while ended < limit:
            async with self._pool.acquire() as connection, connection.transaction():
                await hold_shown(connection)
                number = await connection.fetchval(_STALE, UNPROVEN_KEPT)
                if number is None:
                    break
                rows = await connection.fetch(_END_STALE, number, UNPROVEN_KEPT)
                await connection.execute("UPDATE subscriber SET wish_digest = NULL WHERE id = $1", number)
                await reunite(connection, self._addresses, [row["id"] for row in rows])
            ended += 1
        return ended

    async def _erase(self, connection: Connection, number: int) -> bool:
        await hold_shown(connection)
        row = await connection.fetchrow("SELECT device_hash FROM subscriber WHERE id = $1 FOR UPDATE", number)
        if row is None:
            return False
        touched = await _numbers(connection, number)
        await connection.execute("DELETE FROM subscriber WHERE id = $1", number)
        await reunite(connection, self._addresses, touched, filter(None, [row["device_hash"]]))
        return True

    async def _unfollow(self, connection: Connection, number: int) -> None:
        """Let a subscriber follow nothing. The endpoints stay, for who was warned hears the end of it."""
        await hold_shown(connection)
        touched = await _numbers(connection, number)
        for table in ("subscriber_municipality", "subscriber_area"):
            await connection.execute(f"DELETE FROM {table} WHERE subscriber_id = $1", number)  # noqa: S608 - constant
        await reunite(connection, self._addresses, touched)

    async def _end(self, connection: Connection, number: int, device: bytes | None) -> None:
        """End a subscriber whose end date has come. Its row stays for a while, without anything that it wanted."""
        await hold_shown(connection)
        touched = await _numbers(connection, number)
        for table in ("subscriber_endpoint", "subscriber_municipality", "subscriber_area"):
            await connection.execute(f"DELETE FROM {table} WHERE subscriber_id = $1", number)  # noqa: S608 - constant
        await connection.execute(
            f"""UPDATE subscriber SET ended_at = {NOW}, end_reason = '{EXPIRED}', device_hash = NULL,
                  leave_digest = NULL WHERE id = $1""",  # noqa: S608 - constant
            number,
        )
        await reunite(connection, self._addresses, touched, filter(None, [device]))


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


async def _numbers(connection: Connection, number: int) -> set[int]:
    rows: Iterable[Any] = await connection.fetch(
        "SELECT subscription_id FROM subscriber_endpoint WHERE subscriber_id = $1", number
    )
    return {row["subscription_id"] for row in rows}


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
