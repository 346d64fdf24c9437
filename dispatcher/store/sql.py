"""Compose the SQL with which several stores ask which warnings are in force, and which subscriptions a warning
concerns.

Each text is written here once. What differs from question to question is a parameter; every parameter is SQL of our own
(a column, `$1`, an expression), never a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cap.vocabulary import Scope, Status
from dispatcher.model.vocabulary import (
    CANARY_PREFIX,
    DEAD_LETTERS,
    DISPATCHED_STATES,
    OPEN_DRILL,
    TOUCHED,
    UNCERTAIN,
    WARNING,
    BatchState,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW: Final = "statement_timestamp()"
"""The record's clock. Not that of the transaction, which may have waited for a lock meanwhile; and one value for the
whole statement, or no index on a time could be used."""
_MOST: Final = (1 << 63) - 1


def among(words: Iterable[str]) -> str:
    """Return a list for IN, of words of ours. They are literals, as partial indexes have them."""
    return "(" + ", ".join(f"'{word}'" for word in sorted(words)) + ")"


OPEN: Final = f"state = '{BatchState.OPEN}'"
"""Whether a batch is open, written as the partial indexes have it."""


IS_QUIET: Final = "coalesce(quiet_until > now(), false)"
"""Whether a batch waits for the end of its recipients' quiet hours."""


def best_first(state: str) -> str:
    """Return the order in which one endpoint's state stands for a person who was told on several: reached, waiting."""
    return (
        f"{state} BETWEEN {State.ACCEPTED:d} AND {State.DISPLAYED:d} DESC, {state} < {State.ACCEPTED:d} DESC"
    )


OUTAGE_GAP: Final = "interval '1 minute'"
"""Pauses of a gateway that follow one another this closely, without an acceptance, are one outage."""
IS_STOPPED: Final = f"""(paused_until > clock_timestamp()
  OR out_since IS NOT NULL AND paused_until > clock_timestamp() - {OUTAGE_GAP})"""
"""Whether a gateway takes nothing now: between two pauses of one outage it is only being tried."""


def is_dead_letter(problem: str = "p", batch: str = "b") -> str:
    """Whether a problem is of a recipient who was refused or given up, which his state says, certain or not."""
    states = ", ".join(str(int(state)) for state in sorted(DEAD_LETTERS))
    state = f"get_byte({batch}.outcomes, {problem}.position) & ~{UNCERTAIN}"
    return f"({problem}.due IS NULL AND {state} IN ({states}))"


def is_dispatched(alert: str = "alert") -> str:
    """Whether the alert goes out or has gone out."""
    return f"{alert}.state IN {among(DISPATCHED_STATES)}"


def is_in_force(alert: str, at: str = NOW) -> str:
    """Whether an alert warns at this time: it goes out or has gone out as a warning, has not expired, and nothing has
    replaced or ended it.
    """
    return f"""({is_dispatched(alert)} AND {alert}.reason IN {among(WARNING)} AND {alert}.expires > {at}
  AND {alert}.stopped_at IS NULL)"""


def was_in_force(alert: str, within: str) -> str:
    """Whether an alert is in force, or was so within this time (an interval) before now."""
    since = f"{NOW} - interval '{within}'"
    return f"""({is_dispatched(alert)} AND {alert}.reason IN {among(WARNING)} AND {alert}.expires > {since}
  AND ({alert}.stopped_at IS NULL OR {alert}.stopped_at > {since}))"""


def is_exercise(alert: str) -> str:
    """Whether an alert is one of exercises, whatever became of it."""
    return f"({alert}.status = '{Status.EXERCISE}')"


def is_canary(alert_id: str) -> str:
    """Whether an alert is the service's own test, by its id: batches have it too, and no other table is asked."""
    return f"starts_with({alert_id}, '{CANARY_PREFIX}')"


def is_open_drill(alert: str, at: str = NOW) -> str:
    """Whether an alert is an exercise that goes out or has gone out, and that nothing has ended yet."""
    return f"""({is_dispatched(alert)} AND {alert}.reason IN {among(OPEN_DRILL)} AND {alert}.expires > {at}
  AND {alert}.stopped_at IS NULL)"""


def is_public(alert: str) -> str:
    """Whether anybody may read an alert: it is meant, no exercise and no test, and meant for everybody."""
    return f"({alert}.status = '{Status.ACTUAL}' AND {alert}.scope = '{Scope.PUBLIC}')"


def is_valid_key(key: str) -> str:
    """Whether a key opens something, if its bearer is not disabled: it is not revoked, has not expired, is of the
    pepper of now, and of nobody who is disabled.
    """
    return f"""({key}.revoked_at IS NULL AND {key}.replaced_pepper IS NULL
  AND ({key}.expires_at IS NULL OR {key}.expires_at > {NOW})
  AND NOT EXISTS (SELECT FROM person q WHERE q.id = {key}.person AND q.disabled_at IS NOT NULL))"""


def sequence(alert: str) -> str:
    """Return the alert's place in the order of its thread, higher than that of every message which it replaces or ends,
    by whatever way: about the microseconds since 1970 at which it was received. Below 2^53 until the year 2255, so that
    every reader of JSON has it exactly.

    Neither the time alone would do nor the message's number: the clock is set back when it was wrong, the numbers begin
    again at a lower one when the record was restored from a backup, and what a person releases came before what it
    replaces.
    """
    return f"""(
    WITH RECURSIVE behind(id) AS (
      SELECT {alert}.id UNION SELECT r.earlier FROM behind JOIN replacement r ON r.later = behind.id)
    SELECT max((SELECT (extract(epoch FROM t.received_at) * 1000000)::bigint FROM alert t WHERE t.id = behind.id))
      + count(*) - 1 FROM behind)"""  # noqa: S608 - our own words


ALSO_REPLACED_MOST = 8
"""Other threads of which a notice says that they are replaced, about 370 bytes of a push; the newest."""


def also_replaces(alert: str) -> str:
    """Return the threads beside its own of which the alert replaces or ends a warning, by whatever way, or is sent in
    the place of one that ended, each with the `sequence` of the last one that it replaces there: as JSON, null for
    none. What is later in that thread, or still in force, goes on.
    """
    return f"""(
    WITH RECURSIVE replaced(id) AS (
      SELECT {alert}.id
      UNION SELECT before.id FROM replaced CROSS JOIN LATERAL (
        SELECT r.earlier FROM replacement r WHERE r.later = replaced.id
        UNION ALL SELECT m.merged_into FROM alert m WHERE m.id = replaced.id AND m.merged_into IS NOT NULL
      ) before(id))
    SELECT jsonb_object_agg(o.thread, o.last) FROM (
      SELECT e.thread, max({sequence("e")}) AS last FROM alert e JOIN replaced ON replaced.id = e.id
      WHERE e.thread <> {alert}.thread AND {is_dispatched("e")} AND NOT {is_in_force("e")}
      GROUP BY e.thread ORDER BY last DESC LIMIT {ALSO_REPLACED_MOST}) o)"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Target:
    """What a warning covers, as SQL."""

    municipalities: str
    """A query of all its municipalities (AGS); no array, of which the planner would not know how many they are."""
    named: str
    """text[]: those of them that a code or a person named, instead of a shape that touches them."""
    located: str
    """bigint[]: subscriptions with a watched area within its shapes, found outside of the record."""

    @classmethod
    def of_alert(cls, alert_id: str, located: str) -> Target:
        """Return the target of an alert as the record has it."""
        return cls.of_alerts(alert_id, located)

    @classmethod
    def of_alerts(cls, alert_ids: str, located: str) -> Target:
        """Return the target of all alerts that a query or a list names."""
        affected = f"SELECT ags FROM affected WHERE alert_id IN ({alert_ids})"  # noqa: S608 - our own words
        return cls(affected, f"ARRAY({affected} AND reason <> '{TOUCHED}')", f"{located}::bigint[]")


def concerned(target: Target, above: str = "0", up_to: str = str(_MOST), *, once: bool = True) -> str:
    """Return a query of the subscriptions (`id`), ended ones too, that a warning concerns, with numbers in these
    bounds: those following one of its municipalities; those with a watched area within its shapes; and, where a
    municipality is named and not merely touched, those with a watched area in it, as it is the target as a whole. Not
    `once`: each in as many ways as it is concerned, which is quicker.
    """
    union = "UNION" if once else "UNION ALL"
    return f"""
  SELECT p.subscription_id AS id FROM followed_municipality p
  WHERE p.ags IN ({target.municipalities}) AND p.subscription_id > {above} AND p.subscription_id <= {up_to}
  {union} SELECT n FROM unnest({target.located}) n WHERE n > {above} AND n <= {up_to}
  {union} SELECT w.subscription_id FROM watched_area w
  WHERE {_watched_in_named(target)} AND w.subscription_id > {above} AND w.subscription_id <= {up_to}"""  # noqa: S608 - our own words


def is_concerned(target: Target, subscription: str) -> str:
    """Return whether a warning concerns a subscription, by its number: what `concerned` says of one."""
    return f"""(
  EXISTS (SELECT FROM followed_municipality p
          WHERE p.subscription_id = {subscription} AND p.ags IN ({target.municipalities}))
  OR {subscription} = ANY({target.located})
  OR EXISTS (SELECT FROM watched_area w WHERE w.subscription_id = {subscription} AND {_watched_in_named(target)}))"""  # noqa: S608 - our own words


def first_concerned(target: Target, above: str) -> str:
    """Return a query of the lowest number among `concerned` above the bound: each of its ways by itself, and each
    municipality by itself, so that an index gives the first and the rest is never read.
    """
    return f"""
SELECT min(id) FROM (
  SELECT min(m.first) AS id FROM ({target.municipalities}) c(ags) CROSS JOIN LATERAL (
    SELECT min(p.subscription_id) AS first FROM followed_municipality p
    WHERE p.ags = c.ags AND p.subscription_id > {above}) m
  UNION ALL SELECT min(n) FROM unnest({target.located}) n WHERE n > {above}
  UNION ALL SELECT min(w.subscription_id) FROM watched_area w
  WHERE {_watched_in_named(target)} AND w.subscription_id > {above}) f"""  # noqa: S608 - our own words


def concerned_by_municipality(target: Target) -> str:
    """Return `concerned`, each with the municipalities (`ags`) in which it is."""
    return f"""
  SELECT p.subscription_id AS id, p.ags FROM followed_municipality p WHERE p.ags IN ({target.municipalities})
  UNION SELECT w.subscription_id, unnest(w.ags) FROM watched_area w
  WHERE w.subscription_id = ANY({target.located}) OR {_watched_in_named(target)}"""  # noqa: S608 - our own words


def _watched_in_named(target: Target) -> str:
    return f"w.ags && {target.named}"
