"""Read from the record which SMS gateways accept nothing now, and which are not to be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from channels.base import AccountRefused, Gone, Permanent, Transient, Unauthorized
from dispatcher.sms.acceptance import SAME_MOMENT_S, Refusals, accepts_nothing
from dispatcher.sms.routes import OWN
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from channels.sms.contract import Contract
    from dispatcher.store.record import Connection, Pool

NOTHING_ACCEPTED: Final = "nothing_accepted"
"""Why others take over from a gateway that is not paused: it has too few people for its circuit to open."""
REMOVED: Final = "removed"
"""Why others take over from a gateway that the settings have no more."""
_OF_THE_GATEWAY: Final = [one.label for one in (Transient, Unauthorized, AccountRefused)]
"""Failures of which nobody was sent anything, and that may be the gateway's."""
_OF_THE_PERSON: Final = [one.label for one in (Gone, Permanent)]
_LOOKED_AT: Final = 20
"""So many people of a batch show what it shows."""

_PAUSED: Final = f"""
SELECT name, reason, extract(epoch FROM clock_timestamp() - out_since)::float8 AS seconds
FROM gateway WHERE channel = '{CHANNEL}' AND paused_until > clock_timestamp() AND out_since IS NOT NULL
"""  # noqa: S608 - constant
_WELL: Final = f"""
  SELECT coalesce(max(greatest(o.last_at, (SELECT max(p.updated_at) FROM problem p
    WHERE p.batch_id = o.id AND p.due IS NULL AND p.label = ANY($1)))), '-infinity') AS at
  FROM batch o WHERE o.channel = '{CHANNEL}' AND o.gateway = one.gateway
    AND o.created_at > clock_timestamp() - interval '2 days'"""  # noqa: S608 - constant
"""When a gateway last worked: it took a message, or refused one for good."""
_WAITS: Final = "p.batch_id = b.id AND p.due IS NOT NULL AND p.label = ANY($2)"
_REFUSED: Final = f"""
WITH b AS MATERIALIZED (
  SELECT b.id, b.gateway FROM batch b JOIN alert a ON a.id = b.alert_id
  WHERE b.{OPEN} AND b.channel = '{CHANNEL}' AND a.stopped_at IS NULL
    AND EXISTS (SELECT FROM problem p WHERE {_WAITS})),
known AS MATERIALIZED (
  SELECT one.gateway, well.at FROM (SELECT DISTINCT gateway FROM b) one, LATERAL ({_WELL}) well),
failed AS (
  SELECT known.gateway, known.at, since FROM known JOIN b USING (gateway), LATERAL (
    SELECT coalesce(p.since, p.updated_at) AS since FROM problem p
    WHERE {_WAITS} AND coalesce(p.since, p.updated_at) > known.at + make_interval(secs => $3)
    LIMIT {_LOOKED_AT}) these)
SELECT gateway, count(*) AS people, extract(epoch FROM clock_timestamp() - min(since))::float8 AS first_s,
  CASE WHEN isfinite(at) THEN extract(epoch FROM clock_timestamp() - at)::float8 END AS well_s
FROM failed GROUP BY gateway, at
"""  # noqa: S608 - constant
_LEFT: Final = f"""
SELECT one.gateway FROM (
  SELECT gateway, max(at) AS at FROM handover WHERE at > clock_timestamp() - interval '1 hour' GROUP BY 1) one,
  LATERAL ({_WELL}) well
WHERE well.at < one.at
"""  # noqa: S608 - constant
_REMOVED: Final = f"""
SELECT DISTINCT gateway FROM batch WHERE {OPEN} AND channel = '{CHANNEL}' AND gateway <> ALL($1)
  AND (NOT starts_with(gateway, '{OWN}') OR created_at < clock_timestamp() - interval '30 s')
"""  # noqa: S608 - constant
"""An app's own gateway may be so new that this process does not know it yet."""


@dataclass(frozen=True, slots=True)
class Outages:
    """Gateways that take nothing now."""

    out: Mapping[str, str]
    """Those that others take over from, each with the reason."""
    doubtful: frozenset[str] = frozenset()
    """Those of which nothing shows that they would take anything: nobody goes there while there is another one."""


async def outages(connection: Connection | Pool, contracts: Sequence[Contract]) -> Outages:
    """Return what is on record of the gateways with these contracts; nothing of those that have none (`removed`)."""
    patience = {one.gateway: one.failover_after_s for one in contracts}
    out: dict[str, str] = {}
    doubtful: set[str] = set()
    for row in await connection.fetch(_REFUSED, _OF_THE_PERSON, _OF_THE_GATEWAY, SAME_MOMENT_S):
        doubtful.add(row["gateway"])
        well_s = inf if row["well_s"] is None else row["well_s"]
        refusals = Refusals(row["people"], row["first_s"], well_s)
        if accepts_nothing(refusals, patience.get(row["gateway"])):
            out[row["gateway"]] = NOTHING_ACCEPTED
    for row in await connection.fetch(_PAUSED):
        doubtful.add(row["name"])
        limit = patience.get(row["name"])
        if limit is not None and row["seconds"] >= limit:
            out[row["name"]] = row["reason"]
    return Outages(out, frozenset(doubtful))


async def removed(connection: Connection | Pool, contracts: Sequence[Contract]) -> dict[str, str]:
    """Return the gateways that somebody waits for and that the settings have no more, each with that reason."""
    rows = await connection.fetch(_REMOVED, [one.gateway for one in contracts])
    return {row["gateway"]: REMOVED for row in rows}


async def left(connection: Connection | Pool) -> frozenset[str]:
    """Return the gateways that others took over from lately, and that have not worked since."""
    return frozenset(row["gateway"] for row in await connection.fetch(_LEFT, _OF_THE_PERSON))
