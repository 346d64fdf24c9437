"""Compose the statements that freeze an audience into batches: of a first notice in portions, and of what follows on a
warning all at once, by what each subscriber was notified of before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from dispatcher.model.vocabulary import UNCERTAIN, WARNING, BatchState, Kind, State
from dispatcher.store.audience.wishes import is_told, noted, quiet_until, severity_rank_of, turns
from dispatcher.store.delivery.alarmed import ALARMED, BESIDE, ENDS, GRAPHS
from dispatcher.store.sms.routing import gateway_of
from dispatcher.store.sql import OPEN, Target, among, concerned, is_concerned, is_in_force

GRAPH_LOCK = 7207116111
"""The seed of the advisory locks under which the alerts of one graph are planned one after the other: else two ends
could be planned for one person at the same instant. Any number of ours would do."""

IN_FORCE_BESIDE = f"WITH RECURSIVE {GRAPHS} {BESIDE}"
LOCK_GRAPHS = f"""
WITH RECURSIVE {GRAPHS}, sorted AS MATERIALIZED (SELECT DISTINCT chain_id FROM graphs ORDER BY chain_id)
SELECT pg_advisory_xact_lock(hashtextextended(chain_id, {GRAPH_LOCK})) FROM sorted
"""  # noqa: S608 - constant


AS_PLANNED: Final = "outcomes, enqueued_at, quiet_until, not_before, state, done_at"
"""The columns of a new batch that follow from how many people it has, and from until when they are not disturbed."""


def as_planned(deadline: str) -> str:
    """Return the values of `AS_PLANNED` for a group of people who may all be told from `quiet_until` on. Where that is
    not before the deadline, nothing ever goes out to them: it is said at once, and nobody waits.
    """
    outlasts = f"quiet_until >= {deadline}"
    outcome = f"CASE WHEN {outlasts} THEN '{State.QUIET_PAST_END:02x}' ELSE '{State.PENDING:02x}' END"
    return f"""decode(repeat({outcome}, count(*)::int), 'hex'), clock_timestamp(), quiet_until,
    coalesce(quiet_until, now()), CASE WHEN {outlasts} THEN '{BatchState.DONE}' ELSE '{BatchState.OPEN}' END,
    CASE WHEN {outlasts} THEN clock_timestamp() END"""


def replaced_by(alert: str) -> str:
    """Return the common table `replaced` of all that the message replaces or ends; in WITH RECURSIVE."""
    return f"""replaced(id) AS (
  SELECT earlier FROM replacement WHERE later = {alert}
  UNION SELECT r.earlier FROM replaced JOIN replacement r ON r.later = replaced.id)"""  # noqa: S608 - a parameter


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The parameters of a statement that asks for wishes, in this order from a number on."""

    first: int

    @property
    def rank(self) -> str:
        """Return the rank of the warning's severity."""
        return f"${self.first}::int"

    @property
    def extreme(self) -> str:
        """Return whether all of a person's own endpoints are told."""
        return f"${self.first + 1}::boolean"

    @property
    def breaks_silence(self) -> str:
        """Return whether it is told in quiet hours."""
        return f"${self.first + 2}::boolean"

    @property
    def zone(self) -> str:
        """Return in which zone the times of quiet hours are."""
        return f"${self.first + 3}::text"

    @property
    def drill(self) -> str:
        """Return whether it is an exercise."""
        return f"${self.first + 4}::boolean"

    def columns(self, subscription: str) -> str:
        """Return what `turns` asks of an endpoint, and whether it wants to hear of the warning."""
        s = subscription
        return f"""{s}.person, {s}.claim, {s}.position, {s}.instance, {s}.escalate_after_s,
    {s}.min_severity <= {self.rank} AS wanted,
    {quiet_until(s, self.breaks_silence, self.zone)} AS quiet_until"""


_BATCH = f"alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, {AS_PLANNED}"
_PLAIN = "s.ended_at IS NULL AND s.active"
_IN_PORTION = "s.id > $7 AND s.id <= $8"
"""What is so of a portion's recipients anyway: PostgreSQL does not conclude it, and would read every subscription for
each of the portions."""
_MADE = "id, cardinality(recipients) AS size, lease_token, channel, gateway, language, kind, state"
"""What is returned of each batch. After them there may be a row without an id: how many people beside these batches'
recipients the audience has (`size`, below zero where some are told on several endpoints), and when it is planned
again."""


@cache
def freeze(*, beside: bool, particular: bool) -> str:
    """Return the statement that freezes an audience; `beside`: whether anything else of the graph is in force, which it
    costs much to look at; `particular`: whether anybody has wishes, or several endpoints.
    """
    wishes = _Wishes(16)
    others = "SELECT id FROM beside WHERE id <> $2"
    elsewhere = (
        concerned(Target.of_alerts(others, "$12"))
        if beside
        else "SELECT 0::bigint AS id WHERE $12::bigint[] IS NULL"
    )
    return f"""
WITH RECURSIVE {GRAPHS},
beside AS ({BESIDE}),
{replaced_by("$2")},
{ALARMED},
concerned AS (SELECT id FROM ({concerned(Target.of_alert("$2", "$8"), "$9", "$10")}) c WHERE NOT $3 AND NOT $11),
still_concerned AS (
  SELECT id FROM ({concerned(Target.of_alert("$2", "$8"))}) c
  WHERE $11 AND EXISTS (SELECT FROM beside WHERE beside.id = $2)),
elsewhere AS ({elsewhere}),
planned AS (
  SELECT r.id, b.id AS batch, b.kind NOT IN {ENDS} AND NOT $3 OR b.{OPEN} AS suffices, b.kind IN {ENDS} AS is_end
  FROM batch b CROSS JOIN LATERAL unnest(b.recipients) WITH ORDINALITY r(id, n)
  WHERE b.alert_id = $2
    -- Who was withdrawn from an end is still to hear of it.
    AND get_byte(b.outcomes, r.n::int - 1) & ~{UNCERTAIN} <> {State.SUPERSEDED:d}),
busy AS (
  SELECT unnest(b.recipients) AS id, a.stopped_at IS NULL AS is_end FROM batch b JOIN alert a ON a.id = b.alert_id
  WHERE b.chain_id IN (SELECT chain_id FROM graphs) AND b.alert_id <> $2 AND b.{OPEN}
    AND (a.stopped_at IS NOT NULL OR b.kind IN {ENDS})),
due AS (
  SELECT coalesce(t.id, c.id) AS id,
    CASE WHEN c.id IS NULL AND $3 THEN $7::text WHEN c.id IS NULL THEN '{Kind.NO_LONGER_AFFECTED}'
      WHEN t.id IS NULL THEN '{Kind.ALERT}' ELSE '{Kind.UPDATE}' END AS kind
  FROM alarmed t FULL JOIN concerned c USING (id)
  -- Whoever heard of an end by this message may have been alarmed since by what it turned out to end later.
  WHERE NOT EXISTS (SELECT FROM planned p WHERE p.id = coalesce(t.id, c.id)
                    AND (p.suffices OR c.id IS NOT NULL OR p.is_end AND p.batch > t.batch))
    AND NOT EXISTS (SELECT FROM still_concerned WHERE still_concerned.id = t.id)),
later AS (
  SELECT id FROM due WHERE kind IN {ENDS} AND EXISTS (SELECT FROM elsewhere WHERE elsewhere.id = due.id)
    {_muted_elsewhere() if particular else ""}
  UNION SELECT due.id FROM due JOIN busy ON busy.id = due.id WHERE kind IN {ENDS} OR NOT busy.is_end),
{_by_person(wishes) if particular else _by_endpoint()},
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY kind, channel, gateway, language, quiet_until ORDER BY id) - 1) / $6
    AS chunk
  FROM target),
-- People hear of the end for as long as what they were told would have held.
until AS (
  SELECT greatest($5::timestamptz, max(a.expires)) AS at FROM alert a WHERE a.id IN (SELECT id FROM replaced)),
made AS (
  INSERT INTO batch ({_BATCH})
  SELECT $2, $1[1], kind, channel, gateway, language, $4,
    CASE WHEN kind IN {ENDS} THEN (SELECT at FROM until) ELSE $5 END, array_agg(id ORDER BY id),
    {as_planned("$5")}
  FROM numbered GROUP BY kind, channel, gateway, language, quiet_until, chunk ORDER BY chunk, channel
  RETURNING {_MADE})
{"," + noted("$2") if particular else ""}
SELECT {_MADE_AGAIN}, NULL::timestamptz AS plan_at, 0::bigint AS muted FROM made
UNION ALL
SELECT NULL, {_DOUBLED if particular else "0"}, NULL, NULL, NULL, NULL, NULL, NULL,
  CASE WHEN EXISTS (SELECT FROM later JOIN busy ON busy.id = later.id) THEN clock_timestamp() + $13
    WHEN EXISTS (SELECT FROM later)
    THEN coalesce((SELECT min(expires) FROM beside WHERE id <> $2), clock_timestamp()) END,
  {_MUTED if particular else "0"}
"""  # noqa: S608 - constant


_MADE_AGAIN = "id, size, lease_token, channel, gateway, language, kind, state"
_DOUBLED = "-(SELECT count(*) - count(DISTINCT person) FROM chosen WHERE told)"
_MUTED = "(SELECT count(*) FROM muted)"


def _by_endpoint() -> str:
    """Return who is told where nobody has wishes, or several endpoints."""
    return f"""
target AS (
  SELECT s.id, s.channel, {gateway_of("s", "$14", "$15")} AS gateway, s.language, due.kind,
    NULL::timestamptz AS quiet_until
  FROM due JOIN subscription s ON s.id = due.id
  WHERE {_PLAIN} AND NOT EXISTS (SELECT FROM later WHERE later.id = due.id))"""  # noqa: S608 - our own words


def _by_person(wishes: _Wishes) -> str:
    """Return who is told by their wishes, each person once. A person of whom an endpoint is left for the next round is
    left as a whole.
    """
    return f"""
routed AS (
  SELECT s.id, s.channel, {gateway_of("s", "$14", "$15")} AS gateway, s.language, due.kind,
    {wishes.columns("s")}
  FROM due JOIN subscription s ON s.id = due.id
  WHERE {is_told("s", wishes.drill)}),
left_people AS (
  SELECT r.person FROM routed r JOIN later ON later.id = r.id WHERE r.kind NOT IN {ENDS} AND r.person IS NOT NULL),
-- Nobody is told twice who got another endpoint after the first round of the plan.
told_people AS (
  SELECT s.person FROM planned p JOIN subscription s ON s.id = p.id WHERE NOT p.is_end AND s.person IS NOT NULL
  UNION SELECT person FROM standby WHERE alert_id = $2),
settled AS (
  SELECT * FROM routed r WHERE NOT EXISTS (SELECT FROM later WHERE later.id = r.id)
    AND (r.kind IN {ENDS} OR r.kind = '{Kind.UPDATE}' OR wanted)),
candidates AS (
  SELECT * FROM settled WHERE kind NOT IN {ENDS} AND person IS NOT NULL
    AND NOT EXISTS (SELECT FROM left_people l WHERE l.person = settled.person)
    AND (kind = '{Kind.UPDATE}' OR NOT EXISTS (SELECT FROM told_people t WHERE t.person = settled.person))),
muted AS (
  SELECT coalesce(person, -id) FROM routed WHERE kind NOT IN {ENDS} GROUP BY 1
  HAVING NOT bool_or(wanted OR kind = '{Kind.UPDATE}')),
{turns("candidates", wishes.extreme)},
target AS (
  SELECT id, channel, gateway, language, kind, quiet_until FROM chosen WHERE told
  UNION ALL
  SELECT id, channel, gateway, language, kind, CASE WHEN kind NOT IN {ENDS} THEN quiet_until END FROM settled
  WHERE person IS NULL OR kind IN {ENDS})"""  # noqa: S608 - our own words


def _muted_elsewhere() -> str:
    """Return that somebody wants to hear of something else that is in force: else it keeps no end back."""
    ranks = severity_rank_of("a.severity")
    return f"""AND EXISTS (
      SELECT FROM subscription s WHERE s.id = due.id AND s.min_severity <= (
        SELECT max({ranks}) FROM alert a JOIN beside b USING (id) WHERE a.id <> $2))"""  # noqa: S608 - our own words


SPOKEN_FOR: Final = f"""
SELECT s.id FROM alert a JOIN alert s ON s.id = a.merged_into
WHERE a.id = {{}} AND {is_in_force("a")} AND {is_in_force("s")}"""  # noqa: S608 - constant
"""The warning in force, if there is one, of which people are told in place of the alert, which is sent to the rest."""


@cache
def freeze_first(*, spoken_for: bool, particular: bool) -> str:
    """Return the statement that freezes a portion of a first notice; `spoken_for`: without those whom a warning
    concerns that is in force, and says all that this one does; `particular`: whether anybody has wishes, or several
    endpoints. All endpoints of a person are planned with the lowest of their numbers.
    """
    wishes, told = _Wishes(11), f"${16 if particular else 11}"
    spoken = Target.of_alerts(SPOKEN_FOR.format("$2"), told)
    target = Target.of_alert("$2", "$6")
    rest = f" EXCEPT ({concerned(spoken, '$7', '$8')})" if spoken_for else ""
    kin = is_concerned(target, "s.id") + (f" AND NOT {is_concerned(spoken, 's.id')}" if spoken_for else "")
    gateway = gateway_of("s", "$9", "$10")
    return f"""
WITH concerned AS (SELECT id FROM ({concerned(target, "$7", "$8")}) c{rest}),
{_first_by_person(wishes, kin, gateway) if particular else _first_by_endpoint(gateway)},
numbered AS (
  SELECT *, (row_number() OVER (PARTITION BY channel, gateway, language, quiet_until ORDER BY id) - 1) / $5 AS chunk
  FROM target),
made AS (
  INSERT INTO batch ({_BATCH})
  SELECT $2, $1, '{Kind.ALERT}', channel, gateway, language, $3, $4, array_agg(id ORDER BY id),
    {as_planned("$4")}
  FROM numbered GROUP BY channel, gateway, language, quiet_until, chunk ORDER BY chunk, channel
  RETURNING {_MADE})
{"," + noted("$2") if particular else ""}
SELECT {_MADE_AGAIN}, NULL::timestamptz AS plan_at, 0::bigint AS muted FROM made
{f"UNION ALL SELECT NULL, {_DOUBLED}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {_MUTED}" if particular else ""}
"""  # noqa: S608 - constant


def _first_by_endpoint(gateway: str) -> str:
    return f"""
target AS (
  SELECT s.id, s.channel, {gateway} AS gateway, s.language, NULL::timestamptz AS quiet_until
  FROM concerned c JOIN subscription s ON s.id = c.id WHERE {_IN_PORTION} AND {_PLAIN})"""  # noqa: S608 - our own words


def _first_by_person(wishes: _Wishes, kin: str, gateway: str) -> str:
    endpoint = f"s.id, s.channel, {gateway} AS gateway, s.language, '{Kind.ALERT}'::text AS kind, {wishes.columns('s')}"
    return f"""
routed AS (
  SELECT {endpoint}
  FROM concerned c JOIN subscription s ON s.id = c.id WHERE {_IN_PORTION} AND {is_told("s", wishes.drill)}),
kin AS (
  SELECT {endpoint}, min(s.id) OVER (PARTITION BY s.person) AS lowest
  FROM (SELECT DISTINCT person FROM routed WHERE person IS NOT NULL) r JOIN subscription s USING (person)
  WHERE {is_told("s", wishes.drill)} AND {kin}),
candidates AS (
  SELECT * FROM kin WHERE wanted AND lowest > $7
    AND NOT EXISTS (SELECT FROM standby b WHERE b.alert_id = $2 AND b.person = kin.person)),
muted AS (
  SELECT id FROM routed WHERE person IS NULL AND NOT wanted
  UNION ALL SELECT person FROM kin WHERE lowest > $7 GROUP BY person HAVING NOT bool_or(wanted)),
{turns("candidates", wishes.extreme)},
target AS (
  SELECT id, channel, gateway, language, quiet_until FROM routed WHERE person IS NULL AND wanted
  UNION ALL SELECT id, channel, gateway, language, quiet_until FROM chosen WHERE told)"""  # noqa: S608 - our own words


LOOK_AGAIN = timedelta(seconds=1)
"""After what time an end is planned again for those who are still being sent another."""

LOOK_AGAIN_WHEN_OVER = f"""
WITH RECURSIVE {replaced_by("$1")}
UPDATE alert SET plan_at = least(plan_at, expires)
WHERE id = $1 AND expires < (SELECT max(a.expires) FROM alert a JOIN replaced USING (id)
                             WHERE a.reason IN {among(WARNING)})
"""  # noqa: S608 - constant
"""Whoever an Update that shortens a warning has not reached until it is over is told then that it is."""
