"""Decide what people's wishes hold back of a warning, and what no wish does, and which of a person's endpoints is told:
as the SQL with which plans and previews ask. Pure.

Wishes mute first notices only: whoever was alarmed hears of what becomes of it, of its end at once. Extreme is never
muted, and waits for no quiet hours. In quiet hours Severe waits with the rest, but for what travels in the most urgent
lane: there the danger is immediate, and observed or likely, and to wait for the morning would be to wait it out.
"""

from __future__ import annotations

from typing import Final

from dispatcher.model.vocabulary import EXTREME, Kind, Lane
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import NOW

_RANKS: Final = {"Minor": 1, "Moderate": 2, "Severe": 3, EXTREME: 4}

PARTICULAR: Final = "ended_at IS NULL AND (person IS NOT NULL OR min_severity > 0 OR quiet_from IS NOT NULL)"
"""Whether an endpoint has wishes, or is one of several of a person; as the partial index has it."""
_IS_OF_SEVERAL: Final = "person IS NOT NULL AND ended_at IS NULL"
"""Whether an endpoint is a person's who may have others; as the partial index has it."""
IS_ANYBODY_PARTICULAR: Final = f"""
SELECT EXISTS (SELECT FROM subscription WHERE {PARTICULAR} AND id > $1 AND id <= $2)
"""  # noqa: S608 - constant


def severity_rank(severity: str) -> int:
    """Return the rank of a severity, 1 for Minor to 4 for Extreme. One that nobody knows may be any, and is not muted:
    it has the highest rank.
    """
    return _RANKS.get(severity, _RANKS[EXTREME])


def severity_rank_of(severity: str) -> str:
    """Return `severity_rank` as an expression, of the expression for a severity."""
    known = " ".join(f"WHEN '{name}' THEN {rank}" for name, rank in _RANKS.items())
    return f"CASE {severity} {known} ELSE {_RANKS[EXTREME]} END"


def breaks_silence(severity: str, lane: Lane) -> bool:
    """Whether a warning is told in quiet hours."""
    return severity == EXTREME or lane is Lane.FLASH


def is_told(subscription: str, drill: str = "false") -> str:
    """Whether anything is sent to an endpoint: nothing but its proof before that is given, and an exercise only to
    those who want to take part.
    """
    return f"({subscription}.ended_at IS NULL AND {subscription}.active AND (NOT {drill} OR {subscription}.drills))"


def quiet_until(subscription: str, breaks_silence: str, zone: str) -> str:
    """Return the expression for the end of the quiet hours in which an endpoint is now; null where it is in none, or
    the warning breaks their silence. Hours that end when they begin are none.
    """
    begin, end = f"{subscription}.quiet_from", f"{subscription}.quiet_until"
    local = f"({NOW} AT TIME ZONE {zone})"
    return f"""CASE WHEN {breaks_silence} OR {begin} IS NULL THEN NULL
    WHEN CASE WHEN {begin} < {end} THEN {local}::time >= {begin} AND {local}::time < {end}
      ELSE {begin} > {end} AND ({local}::time >= {begin} OR {local}::time < {end}) END
    THEN ({local}::date + {end} + CASE WHEN {end} <= {local}::time THEN interval '1 day' ELSE interval '0' END)
      AT TIME ZONE {zone} END"""


BEST_FIRST: Final = f"quiet_until NULLS FIRST, position, channel = '{CHANNEL}', id"
"""The order in which a person's endpoints are told: who may be told now, in the order that the person chose; of apps
that have each their first, push before SMS, which costs, and the oldest."""
_IN_TURN: Final = f"claim, kind = '{Kind.UPDATE}' DESC, {BEST_FIRST}"
"""The same at a warning, whoever was alarmed first; but nobody who came to the device later before those who were
there: what a later one wants, and that it was alarmed, takes nothing from an earlier one."""


def people_by_channel(found: str, condition: str, by: str = "") -> str:
    """Return a query that counts the people behind the subscriptions of a table (`found`: id), each once, by the
    channel of the endpoint that is told first; with `by`, a column of the table, once for each value of that. The
    condition is about a subscription `s`.
    """
    also = f"f.{by}, " if by else ""
    return f"""
SELECT {by + ", " if by else ""}channel, count(*) AS n FROM (
  SELECT {also}s.channel FROM {found} f JOIN subscription s ON s.id = f.id WHERE {condition} AND s.person IS NULL
  UNION ALL SELECT * FROM (
    SELECT DISTINCT ON ({also}s.person) {also}s.channel FROM {found} f JOIN subscription s ON s.id = f.id
    WHERE {condition} AND s.person IS NOT NULL AND EXISTS (SELECT FROM subscription WHERE {_IS_OF_SEVERAL})
    ORDER BY {also}s.person, s.claim, s.position, s.channel = '{CHANNEL}', s.id) p) people
GROUP BY {by + ", " if by else ""}channel"""  # noqa: S608 - our own words


def turns(candidates: str, extreme: str) -> str:
    """Return the common tables `turns` and `chosen` of people's endpoints (`candidates`: id, channel, language, kind,
    person, claim, position, instance, escalate_after_s, quiet_until): which one is told, and in what order the others
    follow.

    Whoever was alarmed is told what becomes of it. Else the best endpoint is; of an Extreme warning all of them where
    the person wants that, but of the apps of several instances, which say the same on one device, those of one.
    """
    return f"""
turns AS (
  SELECT *, row_number() OVER (PARTITION BY person ORDER BY {_IN_TURN}) AS turn,
    bool_or(escalate_after_s IS NULL) OVER (PARTITION BY person) AS at_once,
    min(escalate_after_s) OVER (PARTITION BY person) AS after_s,
    channel = '{CHANNEL}' OR instance IS NOT DISTINCT FROM first_value(instance) OVER (
      PARTITION BY person ORDER BY channel = '{CHANNEL}', {_IN_TURN}) AS own
  FROM {candidates}),
chosen AS (
  SELECT *, kind = '{Kind.UPDATE}' OR turn = 1 OR {extreme} AND at_once AND own AS told,
    bool_and(kind = '{Kind.UPDATE}' OR turn = 1 OR {extreme} AND at_once AND own) OVER (PARTITION BY person) AS all_told
  FROM turns)"""  # noqa: S608 - our own words


def noted(alert: str) -> str:
    """Return the common table that notes the endpoints of `chosen` of people of whom some wait; `PLACE` then says where
    the notices of the others are.
    """
    return f"""
noted AS (
  INSERT INTO standby (alert_id, person, recipient, turn, after_s)
  SELECT {alert}, person, id, turn, after_s FROM chosen WHERE NOT all_told)"""  # noqa: S608 - our own words


PLACE: Final = """
WITH p AS (
  SELECT b.id, r.recipient, r.n
  FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(recipient, n) WHERE b.id = ANY($1)),
here AS MATERIALIZED (
  SELECT s.tid, p.id, p.n FROM p FULL JOIN (
    SELECT ctid AS tid, recipient FROM standby WHERE alert_id IN (SELECT alert_id FROM batch WHERE id = ANY($1))) s
  ON s.recipient = p.recipient)
UPDATE standby s SET batch_id = h.id, position = h.n - 1 FROM here h WHERE s.ctid = h.tid AND h.id IS NOT NULL
"""
"""Let those whose person's other endpoints stand by find their notices in these batches: once they are made, or what
was in one batch was divided. `standby` is empty most of the time, so that no plan of the record's knows how much is in
it: a full join is never a nested loop.
"""
