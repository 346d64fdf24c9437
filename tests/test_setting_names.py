"""Names that are no settings are refused with the one that was meant."""

import subprocess
import sys

import pytest

from dispatcher.setting_names import OF_SERVERS, unknown_names
from dispatcher.settings import Settings, SettingsError

KNOWN = {"WARN_API_PORT", "WARN_BASELINE_FACTOR", "WARN_BATCH_SIZE", "WARN_DELIVERY", "WARN_SMS_GATEWAYS"}


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN,
        "WARN_API_KEY",
        "WARN_URL",
        "WARN_DELIVERY__BACKOFF__CAP_S",
        "PATH",
        *OF_SERVERS,
        "database_url",
        "DATABASE_HOST",
        "DATABASE_USER",
        "TEST_DATABASE_URL",
        "REDIS_HOST",
        "REDIS_TLS_URL",
        "REDIS_PASSWORD",
    ],
)
def test_what_is_a_setting_or_none_of_ours_passes(name: str) -> None:
    assert unknown_names([name], KNOWN, {"WARN_DELIVERY"}) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WARN_API_PROT", "WARN_API_PORT"),
        ("WARN_BATCHSIZE", "WARN_BATCH_SIZE"),
        ("WARN_SMS_GATEWAY", "WARN_SMS_GATEWAYS"),
        ("WARN_USUAL_FACTOR", "WARN_BASELINE_FACTOR"),
        ("WARN_API_PORT__X", "WARN_API_PORT"),
        ("WARN_DATABASE_URL", "DATABASE_URL"),
        ("warn_url", "WARN_URL"),
        ("DATABASE_URL_FIEL", "DATABASE_URL_FILE"),
        ("DATABASE_URLFILE", "DATABASE_URL_FILE"),
        ("DATBASE_URL_FILE", "DATABASE_URL_FILE"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("database_url_fiel", "DATABASE_URL_FILE"),
        ("REDIS_URLS", "REDIS_URL"),
        ("REDIS_URL_FLIE", "REDIS_URL_FILE"),
        ("REDSI_URL", "REDIS_URL"),
    ],
)
def test_what_is_none_is_named_with_what_was_meant(name: str, meant: str) -> None:
    (sentence,) = unknown_names([name, "WARN_API_PORT"], KNOWN)
    assert sentence.startswith(f"{name} is no setting; ")
    assert f" {meant}" in sentence


def test_all_are_named_at_once() -> None:
    assert len(unknown_names(["WARN_A", "WARN_B"], KNOWN)) == 2


def test_the_service_does_not_start_with_one(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_USUAL_FACTOR", "3")
    with pytest.raises(
        SettingsError, match="WARN_USUAL_FACTOR is no setting; it is called WARN_BASELINE_FACTOR"
    ):
        Settings()


def test_no_second_service_begins_where_the_address_of_the_first_is_misspelt(env: pytest.MonkeyPatch) -> None:
    env.setenv("DATABASE_URL_FIEL", "/run/secrets/database_url")
    with pytest.raises(
        SettingsError, match="DATABASE_URL_FIEL is no setting; the nearest is DATABASE_URL_FILE"
    ):
        Settings()


@pytest.mark.processes
@pytest.mark.parametrize("command", ["migrate", "example", "submit"])
def test_every_command_says_so_without_a_traceback(env: pytest.MonkeyPatch, command: str) -> None:
    env.setenv("WARN_WORKRES", "3")
    arguments = [command, "none.xml"] if command == "submit" else [command]
    found = subprocess.run(
        [sys.executable, "-m", "dispatcher", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode != 0
    assert "WARN_WORKRES is no setting; the nearest is WARN_WORKERS" in found.stderr
    assert "Traceback" not in found.stderr
