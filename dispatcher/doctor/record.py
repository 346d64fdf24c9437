"""Judge the record: PostgreSQL's settings, its schema, who may change the audit trail, and its clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.diagnosis import Diagnosis, Part, sound, unknown, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDEST: Final = 15
"""The oldest PostgreSQL that the statements are written for."""
CLOCK_WARNING_S: Final = 1.0
CLOCK_WRONG_S: Final = 5.0
"""How far apart the clocks of two machines may be. The record's clock decides what is in force; a process' own stands
in what it tells people, and in tokens that providers refuse when they seem to be of another time."""
LAG_S: Final = 10.0
"""How far behind a standby may be: what was promised meanwhile is lost with the primary."""
NOT_TOLD: Final = "not told"
"""The state of a standby of which the service's role may see no more than the name."""
FOLLOWING: Final = "streaming"
"""The state of a standby that is sent what is written as it is written."""
CATCHING_UP: Final = "catchup"
"""That of one that is still sent what was written before."""
WAITED_FOR: Final = frozenset({"sync", "quorum"})
"""The states of a standby that a commit may wait for; while one catches up it is not yet in either."""
_DURABLE: Final = {
    "fsync": "a crash of the machine can destroy the record",
    "full_page_writes": "a crash while a page is written can destroy the record",
    "synchronous_commit": "an alert that was accepted can be lost when the server crashes",
}
"""What must not be off, and what it costs."""


@dataclass(frozen=True, slots=True)
class FollowingServer:
    """A server that follows the record, by its name, and how far behind it is in seconds; None where PostgreSQL has
    not measured that, and where the service's role is not told.
    """

    name: str
    state: str
    lag_s: float | None
    sync_state: str | None = None
    """What commits have to do with it: sync and quorum are waited for, async and potential are not; None where the
    service's role is not told (https://www.postgresql.org/docs/current/monitoring-stats.html).
    """

    @property
    def known_lag_s(self) -> float | None:
        """How far behind it is, as far as that is known: nothing is measured of who follows and has all that there is,
        nor of who still catches up.
        """
        return 0.0 if self.lag_s is None and self.state == FOLLOWING else self.lag_s


@dataclass(frozen=True, slots=True)
class RecordCondition:
    """What the record says of itself."""

    version: str
    """As PostgreSQL writes it: 15.18."""
    major: int
    is_standby: bool
    settings: Mapping[str, str]
    """fsync, full_page_writes, synchronous_commit, synchronous_standby_names, server_encoding, data_checksums."""
    connections: int
    """How many connections the service's role may have at once, those of others at this moment left out."""
    schema: str | None
    """The revision that the record is at; None where it has no schema of ours."""
    offset_s: float
    """By how much its clock is ahead of this machine's."""
    against_audit: tuple[str, ...] = ()
    """Why the audit trail is not protected against the service's own role."""
    standbys: tuple[FollowingServer, ...] = ()
    left_slots: tuple[str, ...] = ()
    """Slots of standbys that nobody follows by: the record keeps for them what they have not got yet."""


def diagnose_record(record: RecordCondition, newest: str, needed: int) -> list[Diagnosis]:
    """Return how the record was found. `newest` is this version's revision of the schema; `needed` is how many
    connections the processes may have that the settings start on this machine.
    """
    return [
        *_server(record),
        *_connections(record, needed),
        _schema(record, newest),
        _audit(record),
        *_around(record),
    ]


def diagnose_server(record: RecordCondition, needed: int) -> list[Diagnosis]:
    """Return how the server was found: all but the schema in it, and who may change the audit trail."""
    return [*_server(record), *_connections(record, needed), *_around(record)]


def diagnose_promise(record: RecordCondition, servers: int) -> list[Diagnosis]:
    """Return whether what is accepted outlives the primary, where the address names several `servers`; and whether
    anything is accepted, where it is to wait for a standby.
    """
    names = record.settings.get("synchronous_standby_names", "")
    if names and not record.is_standby and not any(one.sync_state in WAITED_FOR for one in record.standbys):
        return [_waits_for_nobody(names, record.standbys)]
    if servers < 2:
        return []
    if names:
        return [sound(Part.STANDBY, f"{servers} servers are named, and what is accepted waits for {names}")]
    return [
        warning(
            Part.STANDBY,
            f"{servers} servers are named, and what is accepted waits for none of the standbys",
            "what was accepted in the last moments before the primary is lost is lost with it",
            "with two standbys or more: ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (...)'; "
            "SELECT pg_reload_conf();",
        )
    ]


def _waits_for_nobody(names: str, standbys: tuple[FollowingServer, ...]) -> Diagnosis:
    if any(one.state == NOT_TOLD for one in standbys):
        return unknown(
            Part.STANDBY,
            f"whether one of {names} follows: this role is not told, and is after GRANT pg_read_all_stats TO it",
        )
    return wrong(
        Part.STANDBY,
        f"what is accepted waits for {names}, and none of these follows",
        "nothing is accepted: every message is refused with 503",
        "let one follow that has such an application_name in its primary_conninfo, or until then: ALTER SYSTEM SET "
        "synchronous_standby_names = ''; SELECT pg_reload_conf();",
    )


def _around(record: RecordCondition) -> list[Diagnosis]:
    return [
        _clock(record.offset_s),
        *(_standby(one) for one in record.standbys),
        *(_left(one) for one in record.left_slots),
    ]


def _server(record: RecordCondition) -> list[Diagnosis]:
    seen = f"PostgreSQL {record.version}"
    found = []
    if record.major < OLDEST:
        found.append(
            wrong(
                Part.RECORD,
                seen,
                f"statements are written for PostgreSQL {OLDEST} and newer",
                f"upgrade it to {OLDEST} or newer",
            )
        )
    if record.is_standby:
        found.append(
            wrong(
                Part.RECORD,
                f"{seen}, a standby",
                "nothing can be written there: no alert is accepted",
                "let DATABASE_URL name the primary, or promote this one",
            )
        )
    found += [
        wrong(Part.RECORD, f"{name} = off", costs, f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();")
        for name, costs in _DURABLE.items()
        if record.settings.get(name) == "off"
    ]
    encoding = record.settings.get("server_encoding", "UTF8")
    if encoding != "UTF8":
        found.append(
            wrong(
                Part.RECORD,
                f"the database is encoded in {encoding}",
                "texts in Ukrainian, Arabic or Turkish cannot be kept",
                "create a database with ENCODING 'UTF8' and restore a backup into it",
            )
        )
    if record.settings.get("data_checksums") == "off":
        found.append(
            warning(
                Part.RECORD,
                "data_checksums = off",
                "a disk that returns other bytes than were written is not noticed",
                "stop PostgreSQL and run pg_checksums --enable",
            )
        )
    return found or [sound(Part.RECORD, seen)]


def _connections(record: RecordCondition, needed: int) -> list[Diagnosis]:
    if record.connections >= needed:
        return []
    return [
        wrong(
            Part.RECORD,
            f"{record.connections} connections are left, and this machine's processes may want {needed}",
            "processes wait for a connection, and do not start, when the most is to be done",
            "raise max_connections, or the role's CONNECTION LIMIT, or lower WARN_WORKERS and WARN_JOBS_PER_LANE",
        )
    ]


def _schema(record: RecordCondition, newest: str) -> Diagnosis:
    if record.schema == newest:
        return sound(Part.SCHEMA, newest)
    if record.schema is not None and record.schema > newest:
        return wrong(
            Part.SCHEMA,
            f"{record.schema}, and this version knows {newest}",
            "a newer version has changed the record: this one may misread it",
            "install the newer version on this machine, too",
        )
    return wrong(
        Part.SCHEMA,
        f"{record.schema or 'none'}, and this version needs {newest}",
        "processes of this version fail at the first statement that needs what is missing",
        "dispatcher migrate",
    )


def _audit(record: RecordCondition) -> Diagnosis:
    if not record.against_audit:
        return sound(Part.AUDIT, "protected against the service's own role")
    return warning(
        Part.AUDIT,
        "; ".join(record.against_audit),
        "who takes over a process of the service can change what the trail says",
        "set WARN_DATABASE_OWNER_URL for `dispatcher migrate`, and let DATABASE_URL name a role of its own",
    )


def _clock(offset_s: float) -> Diagnosis:
    seen = f"the record's is {abs(offset_s):.1f} s {'ahead of' if offset_s > 0 else 'behind'} this machine's"
    why = "what is in force, keys and tokens go by one clock, and what people are told by the other"
    mend = "let both machines keep their clocks by NTP, by the same servers"
    if abs(offset_s) > CLOCK_WRONG_S:
        return wrong(Part.CLOCK, seen, why, mend)
    return (
        warning(Part.CLOCK, seen, why, mend) if abs(offset_s) > CLOCK_WARNING_S else sound(Part.CLOCK, seen)
    )


def _standby(one: FollowingServer) -> Diagnosis:
    if one.state == NOT_TOLD:
        return unknown(
            Part.STANDBY,
            f"{one.name}: this role is not told how far it is behind, and is after GRANT pg_read_all_stats TO it",
        )
    lag_s = one.known_lag_s
    if lag_s is None and one.state != CATCHING_UP:  # it has just connected, or is about to go
        return unknown(Part.STANDBY, f"{one.name}: {one.state}")
    seen = f"{one.name}: {one.state}, " + ("nobody knows how far" if lag_s is None else f"{lag_s:.1f} s")
    seen += " behind"
    if lag_s is not None and lag_s <= LAG_S:
        return sound(Part.STANDBY, seen)
    return warning(
        Part.STANDBY,
        seen,
        "what was accepted in that time is lost if the primary is",
        "look for what slows it down: its disk, the network, a long query there",
    )


def _left(slot: str) -> Diagnosis:
    return warning(
        Part.STANDBY,
        f"nobody follows by the slot {slot}",
        "what is accepted is lost if the primary is; and what the primary keeps for the standby fills its disk",
        f"start the standby again; if there is none any more: SELECT pg_drop_replication_slot('{slot}');",
    )
