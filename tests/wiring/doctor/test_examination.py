"""What is missing has a line of its own, and keeps no other part from being looked at."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.wiring.doctor.examination import examine
from tests.support.hanging_drive import hanging_directory, hanging_file
from tests.support.histories import subscribe
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

NOBODY = "127.0.0.1:1"
ONE_SESSION = {"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis", "sessions_allowed": 1}


def grades(found: list[Diagnosis]) -> dict[Part, set[Grade]]:
    return {one.part: {two.grade for two in found if two.part is one.part} for one in found}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, api_port=0, vapid_subject="mailto:warnung@kreis-dueren.de")


async def test_everything_is_looked_at(settings: Settings, database_url: str, redis_url: str) -> None:
    found = grades(await examine(settings, database_url, redis_url, outside=False))
    for part in (Part.SETTINGS, Part.DATA_DIRECTORY, Part.SCHEMA, Part.VAPID, Part.SIGNING, Part.SECRETS):
        assert Grade.WRONG not in found[part], part
    assert found[Part.SETTINGS] == {Grade.SOUND}
    assert found[Part.AUDIT] == {Grade.WARNING}
    assert Part.QUEUE in found
    assert not {Part.PUSH_SERVICE, Part.GATEWAY} & set(found)


async def test_who_follows_a_municipality_outside_the_boundaries_is_counted(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    pool = await record.connect(database_url, size=1)
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "anna", places=(DUEREN, "09162000"))
    await pool.close()
    found = await examine(settings, database_url, redis_url, outside=False)
    seen = [one.seen for one in found if one.part is Part.BOUNDARIES]
    assert "1 endpoint follows 1 municipality that the boundaries do not have: 09162000" in seen


async def test_a_count_that_takes_too_long_takes_nothing_else_with_it(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    """Here a count waits for ever, for whoever has the table."""
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE followed_municipality IN ACCESS EXCLUSIVE MODE")
        diagnoses = await examine(settings, database_url, redis_url, outside=False, counted_s=0.01)
    await connection.close()
    found = grades(diagnoses)
    assert (found[Part.SCHEMA], found[Part.SIGNING]) == ({Grade.SOUND}, {Grade.SOUND})
    assert not [one for one in diagnoses if one.seen.startswith("not to be asked")]
    uncounted = [
        one for one in diagnoses if one.part is Part.BOUNDARIES and one.seen.startswith("nobody counted")
    ]
    assert [one.grade for one in uncounted] == [Grade.UNKNOWN]


async def test_servers_that_are_not_there_keep_nothing_else_back(settings: Settings) -> None:
    for database, queue in ((None, None), (f"postgresql://a:geheim@{NOBODY}/x", f"redis://:geheim@{NOBODY}")):
        diagnoses = await examine(settings, database, queue, outside=False)
        found = grades(diagnoses)
        assert found[Part.RECORD] == found[Part.QUEUE] == {Grade.WRONG}
        assert found[Part.VAPID] == {Grade.SOUND}
        assert not [one for one in diagnoses if "geheim" in f"{one.seen}{one.why}{one.mend}"]


async def test_a_drive_that_hangs_is_said_and_keeps_nothing_else_back(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    keys = settings.data_dir / "keys"
    keys.mkdir(mode=0o700)
    with hanging_directory(keys):
        diagnoses = await examine(settings, database_url, redis_url, outside=False, files_s=0.2)
    found = grades(diagnoses)
    assert (found[Part.DATA_DIRECTORY], found[Part.DISK]) == ({Grade.WRONG}, {Grade.UNKNOWN})
    assert (found[Part.SCHEMA], found[Part.SECRETS]) == ({Grade.SOUND}, {Grade.UNKNOWN})
    assert Part.QUEUE in found
    seen = {one.seen for one in diagnoses if one.part is Part.DATA_DIRECTORY}
    assert seen == {f"{settings.data_dir}: no answer in 0.2 s"}


async def test_whether_servers_of_ones_own_are_there_a_drive_that_hangs_does_not_tell(
    settings: Settings,
) -> None:
    keys = settings.data_dir / "keys"
    keys.mkdir(mode=0o700)
    with hanging_directory(keys):
        found = grades(await examine(settings, None, None, outside=True, files_s=0.2))
    assert found[Part.RECORD] == found[Part.QUEUE] == {Grade.UNKNOWN}


async def test_a_file_of_the_settings_that_hangs_is_said_and_asked_no_more(
    settings: Settings, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with hanging_file(tmp_path / "vapid.pem"):
        other = settings.model_copy(update={"vapid_key": tmp_path / "vapid.pem"})
        diagnoses = await examine(other, database_url, redis_url, outside=True, files_s=0.5)
    found = grades(diagnoses)
    assert (found[Part.SETTINGS], found[Part.SCHEMA]) == ({Grade.WRONG}, {Grade.SOUND})
    assert found[Part.SECRETS] == found[Part.GATEWAY] == found[Part.BOUNDARIES] == {Grade.UNKNOWN}


async def test_a_data_directory_that_answers_with_an_error_is_said(settings: Settings) -> None:
    long = settings.model_copy(update={"data_dir": settings.data_dir / ("x" * 300)})
    found = [one for one in await examine(long, None, None, outside=False) if one.part is Part.DATA_DIRECTORY]
    assert [one.grade for one in found] == [Grade.WRONG]


async def test_a_record_of_another_version_is_said_and_asked_no_more(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '0001'")
    await connection.close()
    found = grades(await examine(settings, database_url, redis_url, outside=False))
    assert (found[Part.SCHEMA], found[Part.SECRETS]) == ({Grade.WRONG}, {Grade.UNKNOWN})


async def test_a_secret_that_others_may_read_is_said_before_it_is_closed(settings: Settings) -> None:
    keys = settings.data_dir / "keys"
    keys.mkdir(mode=0o755)
    (keys / "pepper").write_text("geheim" * 8)
    (keys / "pepper").chmod(0o644)
    found = await examine(settings, None, None, outside=False)
    assert grades(found)[Part.DATA_DIRECTORY] == {Grade.WRONG}
    again = await examine(settings, None, None, outside=False)
    assert grades(again)[Part.DATA_DIRECTORY] == {Grade.SOUND}


@pytest.mark.parametrize(
    "wrong",
    [
        {"outbound_ca_file": Path("/gibt/es/nicht.pem")},
        {"allowed_origins": frozenset({"quatsch"})},
        {"audit_anchor_url": "https://a.example:abc/"},
    ],
)
async def test_a_wrong_setting_keeps_no_other_part_back(settings: Settings, wrong: Any) -> None:
    found = await examine(settings.model_copy(update=wrong), None, None, outside=True)
    assert grades(found)[Part.SETTINGS] == {Grade.WRONG}
    assert grades(found)[Part.GATEWAY] == {Grade.UNKNOWN}
    assert grades(found)[Part.VAPID] == {Grade.SOUND}


async def test_a_secret_that_cannot_be_read_is_no_record_that_is_away(
    settings: Settings, database_url: str, redis_url: str
) -> None:
    keys = settings.data_dir / "keys"
    keys.mkdir()
    keys.chmod(0o770)
    (keys / "vapid.pem").write_text("kein Schlüssel")
    found = await examine(settings, database_url, redis_url, outside=False)
    assert grades(found)[Part.SCHEMA] == {Grade.SOUND}
    assert Grade.WRONG in grades(found)[Part.SECRETS]


async def test_settings_that_no_process_starts_with_are_said(settings: Settings) -> None:
    wrong = settings.model_copy(update={"duty_sms_gateway": "gibt-es-nicht"})
    (first, *_) = await examine(wrong, None, None, outside=False)
    assert (first.part, first.grade) == (Part.SETTINGS, Grade.WRONG)
    assert "WARN_DUTY_SMS_GATEWAY" in first.seen


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"metrics_port": 9100}, "WARN_METRICS_PORT"),
        (
            {"workers": 3, "smpp_gateways": [ONE_SESSION]},
            "WARN_SMPP_GATEWAYS: smsc: 3 workers open 3 sessions and the contract allows 1",
        ),
    ],
)
async def test_what_keeps_up_from_starting_is_a_warning(
    settings: Settings, changed: dict[str, Any], said: str
) -> None:
    other = Settings(data_dir=settings.data_dir, api_port=0, **changed)
    found = await examine(other, None, None, outside=False)
    (only,) = [one for one in found if one.part is Part.SETTINGS and one.grade is not Grade.SOUND]
    assert only.grade is Grade.WARNING
    assert only.seen.startswith(said)
    assert grades(await examine(settings, None, None, outside=False))[Part.SETTINGS] == {Grade.SOUND}
