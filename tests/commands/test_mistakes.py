"""What an operator can mend is a sentence that names the setting: no traceback, no secret."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.commands.bulk.whole_file import require_new
from dispatcher.commands.mistakes import leave, sentence_of
from dispatcher.desk_texts.desk import UnknownTimeZoneError
from dispatcher.embedded import DataDirectoryInUseError
from dispatcher.settings import SettingsError

SECRET = "geheim"
NUMBER = "+4915550123456"
"""What stands in the rows and arguments that PostgreSQL repeats."""
BAD = {
    "a record that is no address": (
        "migrate",
        {"DATABASE_URL": f"postgresql://u:{SECRET}@h:port/x"},
        "DATABASE_URL",
    ),
    "a record of another kind": ("api", {"DATABASE_URL": f"mysql://u:{SECRET}@h/x"}, "DATABASE_URL"),
    "a queue of another kind": ("api", {"REDIS_URL": f"http://:{SECRET}@h/0"}, "REDIS_URL"),
    "a queue by Sentinels of nobody": (
        "worker",
        {"REDIS_URL": f"redis+sentinel://:{SECRET}@h:26379"},
        "REDIS_URL: must name the group",
    ),
    "a queue with half a password": (
        "api",
        {"REDIS_URL": f"redis://u:{SECRET}/x@h"},
        "REDIS_URL: is no redis://",
    ),
    "boundaries that are none": ("api", {"WARN_BOUNDARIES": "/dev/null"}, "WARN_BOUNDARIES"),
    "an origin with a path": ("worker", {"WARN_ALLOWED_ORIGINS": "http://h/path"}, "WARN_ALLOWED_ORIGINS"),
    "an origin for an unknown purpose": (
        "api",
        {"WARN_ALLOWED_ORIGINS": "sms=http://10.0.0.5:13013"},
        "WARN_ALLOWED_ORIGINS: no purpose of an exemption: 'sms'",
    ),
    "a certificate that is not there": (
        "worker",
        {"WARN_OUTBOUND_CA_FILE": "/nowhere"},
        "WARN_OUTBOUND_CA_FILE",
    ),
    "a key that is none": ("worker", {"WARN_VAPID_KEY": "/dev/null"}, "WARN_VAPID_KEY"),
    "a key that is not there": ("worker", {"WARN_VAPID_KEY": "/nowhere/vapid.pem"}, "WARN_VAPID_KEY"),
    "a subject that is none": ("worker", {"WARN_VAPID_SUBJECT": "nobody"}, "WARN_VAPID_SUBJECT"),
    "gateways cut off": (
        "worker",
        {"WARN_SMS_GATEWAYS": f'[{{"name": "a", "reports": {{"secret": "{SECRET}'},
        "WARN_SMS_GATEWAYS: is no JSON (line 1, column ",
    ),
    "a gateway with a wrong field": (
        "worker",
        {"WARN_SMS_GATEWAYS": '[{"name": "a", "url": "https://a.example/", "fields": {"colour": "x"}}]'},
        "WARN_SMS_GATEWAYS",
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
async def test_a_setting_that_cannot_be_used_is_named(dispatcher: Any, name: Any) -> None:
    command, more, setting = BAD[name]
    done = await dispatcher(command, **more)
    assert done.returncode == 1, done.stderr
    assert setting in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


async def test_the_version_is_told(dispatcher: Any) -> None:
    done = await dispatcher("--version")
    assert (done.returncode, done.stdout) == (0, f"cap-dispatcher {version('cap-dispatcher')}\n")


def elsewhere(database_url: Any, name: Any) -> str:
    base, _, query = database_url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}?{query}"


@pytest.mark.parametrize("command", [["migrate"], ["subscriptions", "count"], ["api"]])
async def test_a_record_that_is_not_there(dispatcher: Any, database_url: str, command: list[Any]) -> None:
    done = await dispatcher(*command, DATABASE_URL=elsewhere(database_url, "nowhere"))
    assert (done.returncode, done.stderr) == (
        1,
        'the record (DATABASE_URL) refuses: database "nowhere" does not exist [3D000]\n',
    )


async def test_a_record_that_was_never_migrated(dispatcher: Any, database_url: str) -> None:
    done = await dispatcher("subscriptions", "count", DATABASE_URL=elsewhere(database_url, "postgres"))
    assert done.returncode == 1
    assert done.stderr.endswith("; run `dispatcher migrate` first\n")


async def test_a_record_that_is_not_running(dispatcher: Any, tmp_path: Path) -> None:
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    done = await dispatcher("subscriptions", "count", DATABASE_URL="")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        "the record does not answer: does PostgreSQL run at DATABASE_URL, or `dispatcher up`" in done.stderr
    )
    assert "Traceback" not in done.stderr


async def test_a_setting_in_json_says_what_it_looks_like(dispatcher: Any) -> None:
    done = await dispatcher("worker", WARN_SMS_GATEWAYS="[{]")
    assert done.stderr == (
        "setting WARN_SMS_GATEWAYS: is no JSON (line 1, column 3: expecting property name enclosed in double quotes); "
        'expected is JSON in one line such as [{"name": "…", "url": "https://…"}], see ops/docs/settings.md\n'
    )


async def test_a_migration_finds_the_record_that_runs_here_or_says_what_to_set(
    dispatcher: Any, tmp_path: Path
) -> None:
    missing = await dispatcher("migrate", DATABASE_URL="")
    assert missing.returncode == 2
    assert "set DATABASE_URL, or run `dispatcher up` with the same" in " ".join(missing.stderr.split())
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    away = await dispatcher("migrate", DATABASE_URL="")
    assert (away.returncode, "the record does not answer" in away.stderr) == (1, True), away.stderr


@pytest.mark.parametrize("command", ["api", "worker"])
async def test_a_process_without_servers_says_what_to_set(dispatcher: Any, command: str) -> None:
    done = await dispatcher(command, DATABASE_URL="", REDIS_URL="")
    assert done.returncode == 1
    assert "DATABASE_URL and REDIS_URL are needed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_table_that_stays_in_use() -> None:
    found = sentence_of(asyncpg.LockNotAvailableError("canceling statement due to lock timeout"))
    assert found
    assert found[0][0].endswith(
        "; a table is in use for long, as by a backup: nothing was changed, say it again after that"
    )


@pytest.mark.parametrize(
    ("statement", "arguments", "said"),
    [
        (
            "INSERT INTO person VALUES (1, $1, NULL)",
            [NUMBER],
            'null value in column "name" of relation "person" violates not-null constraint [23502]',
        ),
        (
            "INSERT INTO person VALUES (1, $1, ''), (1, $1, '')",
            [NUMBER],
            'duplicate key value violates unique constraint "person_pkey" [23505]',
        ),
        ("SELECT $1::text::integer", ["tel:" + NUMBER], "InvalidTextRepresentationError [22P02]"),
        ("SELECT $1::integer", [NUMBER], "DataError [22000]"),
    ],
)
async def test_what_the_record_refuses_is_said_without_the_row(
    database_url: str, statement: str, arguments: list[str], said: str
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE person (id integer PRIMARY KEY, number text, name text NOT NULL)"
        )
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(statement, *arguments)
    finally:
        await connection.close()
    is_repeated = NUMBER in str(refused.value) or "(id)=(1)" in str(refused.value)
    assert is_repeated, "the negative control"
    assert sentence_of(refused.value) == ([f"the record (DATABASE_URL) refuses: {said}"], 1)


def test_a_zone_that_there_is_none_of_is_named() -> None:
    """Also by what prints times before it reads the settings."""
    assert sentence_of(UnknownTimeZoneError("Mars")) == (
        ["setting WARN_TIME_ZONE: Mars is no time zone such as Europe/Berlin"],
        SettingsError.exit_status,
    )


def test_what_nobody_can_mend_is_raised() -> None:
    assert sentence_of(KeyError("x")) is None
    with pytest.raises(KeyError):
        leave(KeyError("x"))


async def test_a_misspelt_setting_is_refused_by_the_desk_as_well(dispatcher: Any) -> None:
    done = await dispatcher("status", "x", WARN_API_KEYS="x")
    assert (done.returncode, "the nearest is WARN_API_KEY" in done.stderr) == (1, True)


def test_a_sentence_of_ours_needs_no_name_of_a_class(tmp_path: Path) -> None:
    file = tmp_path / "trail.ndjson"
    file.touch()
    with pytest.raises(FileExistsError) as there:
        require_new(file)
    expected = f"{file} is there already, and is not written over: name another file"
    assert sentence_of(there.value) == ([expected], 1)
    with pytest.raises(OSError) as unreadable:
        (tmp_path / "nowhere").read_bytes()
    found = sentence_of(unreadable.value)
    assert found is not None
    assert found[0][0].startswith("FileNotFoundError: [Errno 2]")
    assert sentence_of(TimeoutError()) == (["TimeoutError: "], 1), "better than nothing"


def test_a_server_that_cannot_be_started_says_what_to_do() -> None:
    """The errors of embedded servers, which `restore` and `backup` start too."""
    assert sentence_of(DataDirectoryInUseError("stop the other one")) == (["stop the other one"], 1)
