"""Make endpoints of record of rows that come in bulk, by statements over all of them at once, in the caller's
transaction.

What others have said of an endpoint stays: of one that subscribers have proven to be theirs, an import changes what is
imported and nothing else; a webhook that an instance has registered only gets places besides. Who has only named an
endpoint, and proven nothing, keeps nothing of it: the operator vouches for the keys of an import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from channels.webpush.vapid import KEY_NAME_CHARACTERS
from dispatcher.model.subscriptions import PutSubscriptions
from dispatcher.store.audience.endpoints import owned, prove_again
from dispatcher.store.audience.unions import reunite
from dispatcher.store.numbers.opt_outs import leave_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.model.subscriptions import NewSubscription, WatchedArea
    from dispatcher.store.record import Connection
    from dispatcher.store.sealed.addresses import Addresses, SealedAddress

COLUMNS: Final = (
    *(
        "line",
        "channel",
        "gateway",
        "sealed",
        "address_hash",
        "keys",
        "language",
        "instance",
        "ref",
        "legal_basis",
    ),
    *("places", "areas"),
)
"""Of a row as `row_of` returns it."""
IMPORT_LOCK: Final = 7207116112
"""One at a time, so that what was there before is what an import changes."""
WORK_MEM: Final = "64MB"
"""What sorting so many rows may take: with the default it would go by files."""
TEMP_BUFFERS: Final = "32MB"
"""What the tables of so many rows take: with the default each look at them would go by files."""
_ENCODE: Final = msgspec.json.Encoder().encode
_NO_KEYS: Final = "{}"

INCOMING: Final = """
CREATE TEMP TABLE incoming (line bigint, channel text, gateway text, sealed bytea, address_hash bytea, keys text,
  language text, instance text, ref text, legal_basis text, places text[], areas text, replaces boolean, active boolean)
ON COMMIT DROP"""
"""Where rows stand before `take_in`, each with a line of its own, with whether they replace what was imported before,
and whether one may be written to for them."""
_KEYS: Final = """
  i.keys::jsonb || CASE WHEN e.vapid IS NULL THEN '{}' ELSE jsonb_build_object('vapid', e.vapid) END"""
"""Of what an endpoint's last row says: with the name of the VAPID key that it was subscribed with, where none is."""
_ENDPOINT: Final = f"""
CREATE TEMP TABLE endpoint ON COMMIT DROP AS
WITH i AS MATERIALIZED (
  SELECT line, channel, address_hash, instance, legal_basis, replaces, active,
    channel = 'webpush' AND (keys = '{_NO_KEYS}' OR NOT keys::jsonb ? 'vapid') AS nameless,
    count(*) OVER (PARTITION BY channel, address_hash) AS times
  FROM incoming ORDER BY channel, address_hash)
SELECT coalesce(known_id, nextval('subscription_id_seq')) AS id, known_id IS NOT NULL AS known,
  o.*
FROM (
  SELECT n.id AS known_id, n.imported, i.line, i.channel, i.address_hash,
    coalesce(i.legal_basis, d.legal_basis) AS legal_basis,
    CASE WHEN NOT i.nameless THEN NULL WHEN n.id IS NULL THEN coalesce(c.name, v.name) ELSE n.vapid END AS vapid,
    coalesce(d.active, i.active) AS active, coalesce(n.proven, false) AS linked,
    n.proven IS NOT NULL AND NOT n.proven AS named, coalesce(n.hooked, false) AS hooked,
    coalesce(d.active, i.active) OR coalesce(n.counts, true) OR n.proven IS NOT TRUE AS follows,
    coalesce(d.several, false)
      OR coalesce(n.imported, false) AND (n.shared OR i.instance IS DISTINCT FROM n.instance) AS shared,
    coalesce(n.imported, false) AND NOT n.hooked AND NOT n.shared AND NOT coalesce(d.several, false)
      AND coalesce(d.replaces, i.replaces) AND i.instance IS NOT DISTINCT FROM n.instance AS replaced,
    CASE WHEN i.nameless THEN coalesce(c.name, v.name) END AS current,
    NOT (coalesce(d.active, i.active) OR coalesce(n.active, false)) AS inactive, false AS changed
  FROM i
  LEFT JOIN (
    SELECT channel, address_hash, max(line) AS last, bool_or(active) AS active, bool_and(replaces) AS replaces,
      max(legal_basis) AS legal_basis,
      min(coalesce(instance, '')) <> max(coalesce(instance, '')) AS several
    FROM i WHERE times > 1 GROUP BY channel, address_hash) d USING (channel, address_hash)
  LEFT JOIN LATERAL (
    SELECT s.id, s.instance, s.shared, s.active, s.keys->>'vapid' AS vapid, l.proven,
      s.imported_active OR s.legal_basis IS NOT NULL AS counts,
      EXISTS (SELECT FROM webhook w WHERE w.subscription_id = s.id) AS hooked,
      CASE WHEN l.proven OR l.proven IS NULL OR s.imported_active OR s.legal_basis IS NOT NULL THEN true ELSE
        EXISTS (SELECT FROM followed_municipality f WHERE f.subscription_id = s.id AND f.imported)
        OR EXISTS (SELECT FROM watched_area w WHERE w.subscription_id = s.id AND w.imported) END AS imported
    FROM subscription s
    CROSS JOIN LATERAL (
      SELECT bool_or(e.proven_at IS NOT NULL) AS proven FROM subscriber_endpoint e WHERE e.subscription_id = s.id) l
    WHERE s.channel = i.channel AND s.address_hash = i.address_hash AND s.ended_at IS NULL LIMIT 1
    FOR NO KEY UPDATE OF s) n ON true
  LEFT JOIN (
    SELECT instance_id, channel, left(fingerprint, {KEY_NAME_CHARACTERS}) AS name FROM instance_credential
    WHERE replaced_at IS NULL) c ON c.instance_id = i.instance AND c.channel = i.channel
  LEFT JOIN (SELECT left(fingerprint, {KEY_NAME_CHARACTERS}) AS name FROM shared_secret WHERE name = 'vapid') v ON true
  WHERE coalesce(d.last, i.line) = i.line) o"""  # noqa: S608 - constant
"""Each endpoint once, with which its last row is, what all of them say together, and how it is known: numbers, hashes
and flags. What is long is taken from `incoming` by the line.

Those that are known are held, in the one order in which everybody holds them, until the transaction ends: what was
there before is what is changed.

A browser that does not say which VAPID key it subscribed with did so with the current one, the app's own or else the
service's; of an endpoint that is here already nobody can tell, and what is known of it stays true.

`linked`: a subscriber has proven it. `named`: some have named it, and none has proven it; if no import brought it
before either, it is not `imported`, and what the record has of it is nobody's word.
"""
_PROVEN_MEANWHILE: Final = """
UPDATE endpoint e SET linked = true, named = false WHERE named AND EXISTS (
  SELECT FROM subscriber_endpoint l WHERE l.subscription_id = e.id AND l.proven_at IS NOT NULL)"""
"""While their rows were waited for: from now on they are held."""
_NAMED: Final = """
SELECT s.id, s.address_hash, s.sealed, i.sealed AS brought
FROM endpoint e JOIN incoming i USING (line) JOIN subscription s ON s.id = e.id
WHERE e.named AND NOT e.hooked ORDER BY s.id"""
_FORGET_VAPID: Final = """
UPDATE endpoint SET vapid = current WHERE id = ANY($1) AND NOT imported"""
_NEW: Final = f"""
INSERT INTO subscription (id, channel, gateway, sealed, address_hash, keys, language, instance, ref, legal_basis,
  active, imported_active, told, shared)
OVERRIDING SYSTEM VALUE
SELECT e.id, e.channel, i.gateway, i.sealed, e.address_hash, {_KEYS}, i.language, i.instance, i.ref, e.legal_basis,
  e.active, e.active, e.active, e.shared
FROM endpoint e JOIN incoming i USING (line) WHERE NOT e.known ORDER BY e.id"""  # noqa: S608 - constant
_RENEW: Final = f"""
UPDATE subscription s SET sealed = i.sealed, keys = {_KEYS}, gateway = i.gateway, language = i.language,
  imported_language = i.language, instance = i.instance, ref = i.ref,
  legal_basis = coalesce(e.legal_basis, s.legal_basis), active = s.active OR e.active,
  imported_active = s.imported_active OR e.active, told = s.told OR e.active,
  shared = e.shared
FROM endpoint e JOIN incoming i USING (line) WHERE s.id = e.id AND e.known AND NOT e.linked AND NOT e.hooked"""  # noqa: S608 - constant
_RENEW_LINKED: Final = """
UPDATE subscription s SET imported_language = i.language, legal_basis = coalesce(e.legal_basis, s.legal_basis),
  imported_active = s.imported_active OR e.active
FROM endpoint e JOIN incoming i USING (line) WHERE s.id = e.id AND e.known AND e.linked AND NOT e.hooked"""
_WANTED: Final = """
CREATE TEMP TABLE wanted ON COMMIT DROP AS
SELECT DISTINCT e.id, unnest(i.places) AS ags, e.known FROM incoming i JOIN endpoint e USING (channel, address_hash)
WHERE e.follows"""
_WANTED_AREA: Final = """
CREATE TEMP TABLE wanted_area ON COMMIT DROP AS
SELECT e.id, w.lat, w.lon, w.radius_m, w.ags, min(i.line) AS line, min(w.position) AS position
FROM incoming i JOIN endpoint e USING (channel, address_hash)
CROSS JOIN LATERAL (
  SELECT ARRAY(SELECT jsonb_array_elements_text(a->0)::float8) AS lat,
    ARRAY(SELECT jsonb_array_elements_text(a->1)::float8) AS lon, (a->>2)::float8 AS radius_m,
    ARRAY(SELECT jsonb_array_elements_text(a->3)) AS ags, position
  FROM jsonb_array_elements(i.areas::jsonb) WITH ORDINALITY AS t(a, position)) w
WHERE i.areas IS NOT NULL AND e.follows GROUP BY 1, 2, 3, 4, 5"""
_FOLLOW_NEW: Final = """
INSERT INTO followed_municipality (subscription_id, ags) SELECT id, ags FROM wanted WHERE NOT known ORDER BY ags, id"""
_WATCH: Final = """
put AS (
  INSERT INTO watched_area AS f (subscription_id, lat, lon, radius_m, ags)
  SELECT id, lat, lon, radius_m, ags FROM wanted_area ORDER BY line, position
  ON CONFLICT (subscription_id, lat, lon, radius_m) DO UPDATE SET imported = true WHERE NOT f.imported
  RETURNING subscription_id AS id)"""
_WATCH_NEW: Final = f"WITH {_WATCH} SELECT count(*) FROM put"  # noqa: S608 - constant
_LEFT_OUT: Final = """
SELECT e.id, f.ags, f.wished FROM endpoint e CROSS JOIN LATERAL (
  SELECT ags, wished FROM followed_municipality
  WHERE subscription_id = e.id AND imported OFFSET 0) f
WHERE e.replaced AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = e.id AND w.ags = f.ags)"""
_LEFT_OUT_AREA: Final = """
SELECT e.id, f.id AS area, f.wished FROM endpoint e CROSS JOIN LATERAL (
  SELECT id, lat, lon, radius_m, wished FROM watched_area
  WHERE subscription_id = e.id AND imported OFFSET 0) f
WHERE e.replaced AND NOT EXISTS (
  SELECT FROM wanted_area w WHERE w.id = e.id AND (w.lat, w.lon, w.radius_m) = (f.lat, f.lon, f.radius_m))"""
"""What the file says no more of an endpoint that was imported before: found row by row, as it is little, and a plan for
much of it would read the whole table."""
_FOLLOW_KNOWN: Final = f"""
WITH left_out AS MATERIALIZED ({_LEFT_OUT}),
ended AS (
  DELETE FROM followed_municipality f USING left_out o
  WHERE (f.ags, f.subscription_id) = (o.ags, o.id) AND NOT o.wished),
-- What subscribers want of it stays.
wished AS (
  UPDATE followed_municipality f SET imported = false FROM left_out o
  WHERE (f.ags, f.subscription_id) = (o.ags, o.id) AND o.wished),
put AS (
  INSERT INTO followed_municipality AS f (subscription_id, ags) SELECT id, ags FROM wanted WHERE known
  ON CONFLICT (ags, subscription_id) DO UPDATE SET imported = true WHERE NOT f.imported
  RETURNING subscription_id AS id)
UPDATE endpoint SET changed = true FROM (SELECT id FROM left_out UNION SELECT id FROM put) other
WHERE endpoint.id = other.id"""  # noqa: S608 - constant
_WATCH_KNOWN: Final = f"""
WITH left_out AS MATERIALIZED ({_LEFT_OUT_AREA}),
ended AS (DELETE FROM watched_area f USING left_out o WHERE f.id = o.area AND NOT o.wished),
wished AS (UPDATE watched_area f SET imported = false FROM left_out o WHERE f.id = o.area AND o.wished),
{_WATCH}
UPDATE endpoint SET changed = true FROM (SELECT id FROM left_out UNION SELECT id FROM put) other
WHERE endpoint.id = other.id"""  # noqa: S608 - constant
_COUNTED: Final = """
SELECT (SELECT count(*) FROM incoming) AS lines, count(*) FILTER (WHERE replaced) AS renewed,
  count(*) FILTER (WHERE replaced AND changed) AS places_changed, count(*) FILTER (WHERE known AND shared) AS shared,
  count(*) FILTER (WHERE inactive) AS inactive FROM endpoint"""


def row_of(line: int, one: NewSubscription, sealed: SealedAddress) -> tuple[Any, ...]:
    """Return a subscription as it comes in, with the number of its line: the values of `COLUMNS`."""
    return (
        line,
        one.channel,
        one.gateway,
        sealed.sealed,
        sealed.address_hash,
        _ENCODE(sealed.keys).decode() if sealed.keys else _NO_KEYS,
        one.language,
        one.instance,
        one.ref,
        one.legal_basis,
        one.places,
        _ENCODE([_area(watched) for watched in one.watched_areas]).decode() if one.watched_areas else None,
    )


def _area(watched: WatchedArea) -> tuple[Any, ...]:
    lat, lon = zip(*watched.lat_lon, strict=True)
    return lat, lon, watched.radius_m, watched.ags


async def begin(connection: Connection) -> None:
    """Make the table `incoming`, in the caller's transaction."""
    await connection.execute(f"SET LOCAL work_mem = '{WORK_MEM}'; SET LOCAL temp_buffers = '{TEMP_BUFFERS}'")
    await connection.execute(INCOMING)


async def take_in(connection: Connection, addresses: Addresses) -> PutSubscriptions:
    """Add or renew the endpoints of the rows in `incoming`. Raises UniqueViolationError where somebody else has just
    added one of them: the caller begins its transaction anew.
    """
    opted_out = await leave_out(connection)
    await connection.execute(_ENDPOINT)
    # A table of this transaction has no statistics: each join would compare every row with every other.
    await connection.execute("ANALYZE endpoint (id, line, address_hash)")
    for statement in (_NEW, _WANTED, _WANTED_AREA):
        await connection.execute(statement)
    await connection.execute("ANALYZE wanted (id)")
    await connection.execute(_FOLLOW_NEW)
    if await connection.fetchval("SELECT EXISTS (SELECT FROM endpoint WHERE known)"):
        await _disown(connection, addresses)
        for statement in (_RENEW, _RENEW_LINKED, _FOLLOW_KNOWN, _WATCH_KNOWN):
            await connection.execute(statement)
        await _tell(connection, addresses)
    else:
        await connection.execute(_WATCH_NEW)
    return PutSubscriptions(**await connection.fetchrow(_COUNTED), opted_out=opted_out)


async def _disown(connection: Connection, addresses: Addresses) -> None:
    """Where nobody has proven the keys that stand in the record, and the import has others, let what was sent under
    them prove nothing.
    """
    await connection.execute(_PROVEN_MEANWHILE)
    rows = await connection.fetch(_NAMED)
    before = addresses.endpoints((row["id"], row["sealed"], row["address_hash"], None, None) for row in rows)
    brought = addresses.endpoints(
        (row["id"], row["brought"], row["address_hash"], None, None) for row in rows
    )
    others = [number for number, one in brought.items() if owned(one.keys) != owned(before[number].keys)]
    if others:
        await connection.execute(_FORGET_VAPID, others)
        await prove_again(connection, others)


async def _tell(connection: Connection, addresses: Addresses) -> None:
    """Compute anew what endpoints are told that subscribers have too."""
    linked: Sequence[Any] = await connection.fetch(
        "SELECT id FROM endpoint WHERE known AND linked AND NOT hooked ORDER BY id"
    )
    if linked:
        await reunite(connection, addresses, [row["id"] for row in linked])
