"""What an operator can mend is a sentence that names the setting: no traceback, no secret."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

SECRET = "geheim"
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
        "WARN_SMS_GATEWAYS: is no JSON",
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
        'the record (DATABASE_URL) refuses: database "nowhere" does not exist\n',
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
