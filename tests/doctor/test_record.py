"""What PostgreSQL says of itself becomes a line that says why it matters and how it is mended."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part
from dispatcher.doctor.record import (
    NOT_TOLD,
    FollowingServer,
    RecordCondition,
    diagnose_promise,
    diagnose_record,
)

NEWEST = "0044"
GOOD = RecordCondition(
    version="15.18",
    major=15,
    is_standby=False,
    settings={
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "data_checksums": "on",
    },
    connections=97,
    schema=NEWEST,
    offset_s=0.02,
)


def against(condition: RecordCondition) -> list[Diagnosis]:
    """Return what is not sound."""
    return [one for one in diagnose_record(condition, NEWEST, 48) if one.grade is not Grade.SOUND]


def test_a_good_record_is_sound() -> None:
    assert not against(GOOD)
    assert [one.seen for one in diagnose_record(GOOD, NEWEST, 48)][:2] == ["PostgreSQL 15.18", NEWEST]


@pytest.mark.parametrize(
    ("changed", "part", "grade", "seen"),
    [
        ({"major": 14, "version": "14.2"}, Part.RECORD, Grade.WRONG, "PostgreSQL 14.2"),
        ({"is_standby": True}, Part.RECORD, Grade.WRONG, "PostgreSQL 15.18, a standby"),
        ({"connections": 47}, Part.RECORD, Grade.WRONG, "47 connections are left"),
        ({"schema": "0043"}, Part.SCHEMA, Grade.WRONG, "0043, and this version needs 0044"),
        ({"schema": None}, Part.SCHEMA, Grade.WRONG, "none, and this version needs 0044"),
        ({"schema": "0045"}, Part.SCHEMA, Grade.WRONG, "0045, and this version knows 0044"),
        ({"against_audit": ("it owns audit",)}, Part.AUDIT, Grade.WARNING, "it owns audit"),
        ({"offset_s": 1.5}, Part.CLOCK, Grade.WARNING, "1.5 s ahead of"),
        ({"offset_s": -7200.0}, Part.CLOCK, Grade.WRONG, "7200.0 s behind"),
        (
            {"standbys": (FollowingServer("b", "streaming", 31.0),)},
            Part.STANDBY,
            Grade.WARNING,
            "b: streaming, 31.0 s behind",
        ),
        (
            {"standbys": (FollowingServer("b", "catchup", None),)},
            Part.STANDBY,
            Grade.WARNING,
            "b: catchup, nobody knows how far behind",
        ),
        ({"left_slots": ("db2",)}, Part.STANDBY, Grade.WARNING, "nobody follows by the slot db2"),
    ],
)
def test_what_is_against_it_says_why_and_what_to_do(
    changed: dict[str, Any], part: Part, grade: Grade, seen: str
) -> None:
    (found,) = against(replace(GOOD, **changed))
    assert (found.part, found.grade) == (part, grade)
    assert seen in found.seen
    assert found.why
    assert found.mend


@pytest.mark.parametrize(
    ("name", "value", "grade"),
    [
        ("fsync", "off", Grade.WRONG),
        ("full_page_writes", "off", Grade.WRONG),
        ("synchronous_commit", "off", Grade.WRONG),
        ("server_encoding", "SQL_ASCII", Grade.WRONG),
        ("data_checksums", "off", Grade.WARNING),
    ],
)
def test_a_setting_that_may_cost_the_record_is_named(name: str, value: str, grade: Grade) -> None:
    (found,) = against(replace(GOOD, settings={**GOOD.settings, name: value}))
    assert (found.part, found.grade) == (Part.RECORD, grade)
    assert value in found.seen


@pytest.mark.parametrize("value", ["local", "remote_write", "remote_apply"])
def test_a_commit_that_waits_for_this_disk_or_others_is_durable(value: str) -> None:
    assert not against(replace(GOOD, settings={**GOOD.settings, "synchronous_commit": value}))


def test_a_standby_that_follows_is_sound_and_one_that_says_nothing_is_not_known() -> None:
    assert not against(replace(GOOD, standbys=(FollowingServer("b", "streaming", 0.1),)))
    assert not against(replace(GOOD, standbys=(FollowingServer("b", "streaming", None),)))
    for state in (NOT_TOLD, "startup", "stopping"):
        (found,) = against(replace(GOOD, standbys=(FollowingServer("c", state, None),)))
        assert found.grade is Grade.UNKNOWN


@pytest.mark.parametrize(
    ("state", "lag_s", "known"),
    [
        ("streaming", None, 0.0),
        ("streaming", 2.0, 2.0),
        ("catchup", None, None),
        ("catchup", 2.0, 2.0),
        (NOT_TOLD, None, None),
    ],
)
def test_no_lag_is_none_only_of_who_follows(state: str, lag_s: float | None, known: float | None) -> None:
    assert FollowingServer("b", state, lag_s).known_lag_s == known


def promised(servers: int, names: str, *standbys: FollowingServer) -> list[Diagnosis]:
    settings = {**GOOD.settings, "synchronous_standby_names": names}
    return diagnose_promise(replace(GOOD, settings=settings, standbys=standbys), servers)


FOLLOWS = FollowingServer("db2", "streaming", 0.1, "quorum")


@pytest.mark.parametrize(
    ("servers", "names", "grades"),
    [
        (1, "", []),
        (1, "db2", []),
        (3, "ANY 1 (db2, db3)", [Grade.SOUND]),
        (3, "", [Grade.WARNING]),
    ],
)
def test_of_several_servers_one_is_to_have_what_is_accepted_besides_the_primary(
    servers: int, names: str, grades: list[Grade]
) -> None:
    assert [one.grade for one in promised(servers, names, FOLLOWS)] == grades


@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize(
    ("standbys", "grade"),
    [
        ((), Grade.WRONG),
        ((FollowingServer("db4", "streaming", 0.1, "async"),), Grade.WRONG),
        ((FollowingServer("db2", "catchup", None, "async"),), Grade.WRONG),
        ((FollowingServer("db2", NOT_TOLD, None),), Grade.UNKNOWN),
    ],
)
def test_where_nobody_follows_whom_promises_wait_for_nothing_is_accepted(
    servers: int, standbys: tuple[FollowingServer, ...], grade: Grade
) -> None:
    (found,) = promised(servers, "ANY 1 (db2, db3)", *standbys)
    assert (found.part, found.grade) == (Part.STANDBY, grade)
    assert "ANY 1 (db2, db3)" in found.seen
    if grade is Grade.WRONG:
        assert "503" in found.why
        assert "synchronous_standby_names = ''" in found.mend


def test_who_follows_second_is_enough() -> None:
    other = FollowingServer("db4", "streaming", 0.1, "async")
    assert [one.grade for one in promised(3, "db2", other, replace(FOLLOWS, sync_state="sync"))] == [
        Grade.SOUND
    ]


def test_a_standby_waits_for_nobody() -> None:
    settings = {**GOOD.settings, "synchronous_standby_names": "db1"}
    assert diagnose_promise(replace(GOOD, settings=settings, is_standby=True), 1) == []
