"""What the environment may say."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from channels.sms.meanings import AnswerMeaning
from dispatcher.settings import BY_FILE, Settings, SettingsError, explained

GATEWAY = '[{"name": "sms-1", "url": "https://sms.example/send", "authorization": "Bearer geheim", "fields": {"to": "to"}}]'


def test_nothing_need_be_said() -> None:
    settings = Settings()
    assert settings.database_url is None
    assert settings.redis_url is None
    assert settings.data_dir == Path("var")
    assert settings.allowed_origins == frozenset()


def test_the_customary_names_of_the_record_and_the_queue_are_read(env: pytest.MonkeyPatch) -> None:
    env.setenv("DATABASE_URL", "postgresql://record.example/warn")
    env.setenv("REDIS_URL", "redis://queue.example")
    assert Settings().database_url == "postgresql://record.example/warn"
    assert Settings().redis_url == "redis://queue.example"


def test_origins_are_separated_by_commas(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_ALLOWED_ORIGINS", "http://127.0.0.1:9901, ,https://sms.example")
    assert Settings().allowed_origins == {"http://127.0.0.1:9901", "https://sms.example"}


def test_origins_may_be_given_as_a_set() -> None:
    assert Settings(allowed_origins=frozenset({"https://a.example"})).allowed_origins == {"https://a.example"}


@pytest.mark.parametrize("zone", ["", " "])
def test_an_empty_zone_is_the_default(env: pytest.MonkeyPatch, zone: str) -> None:
    env.setenv("WARN_TIME_ZONE", zone)
    assert Settings().time_zone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Mars", "Europe", "../x"])
def test_a_zone_that_there_is_none_of_is_refused(env: pytest.MonkeyPatch, zone: str) -> None:
    env.setenv("WARN_TIME_ZONE", zone)
    with pytest.raises(ValueError, match="not a time zone such as"):
        Settings()


def test_sms_gateways_are_json_and_keep_their_secret(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_SMS_GATEWAYS", GATEWAY)
    [gateway] = Settings().sms_gateways
    assert gateway.name == "sms-1"
    assert gateway.authorization is not None
    assert gateway.authorization.get_secret_value() == "Bearer geheim"
    assert "geheim" not in repr(Settings())


def test_a_gateways_reports_keep_their_secrets_and_know_words_in_any_case(env: pytest.MonkeyPatch) -> None:
    env.setenv(
        "WARN_SMS_GATEWAYS",
        '[{"name": "sms-1", "url": "https://sms.example", "reports": {"secret": "geheim geheim geheim",'
        ' "url": "https://warn.example/?token=geheim", "failed": ["UNDELIV"]}}]',
    )
    [gateway] = Settings().sms_gateways
    assert gateway.reports is not None
    assert gateway.reports.failed == {"undeliv"}
    assert "geheim" not in repr(Settings())


ANSWER = {"success": "ok", "error": "code"}


def gateway(**members: Any) -> Any:
    return json.dumps([{"name": "sms-1", "url": "https://sms.example", **members}])


def test_a_gateways_error_codes_get_a_meaning(env: pytest.MonkeyPatch) -> None:
    errors = {"101": "permanent", "-9": "rate_limited", "CREDIT.LOW": "misconfigured", "BUSY": "transient"}
    env.setenv("WARN_SMS_GATEWAYS", gateway(answer=ANSWER, errors=errors))
    [item] = Settings().sms_gateways
    assert item.errors == {
        "101": AnswerMeaning.REJECTED,
        "-9": AnswerMeaning.RATE_LIMITED,
        "CREDIT.LOW": AnswerMeaning.MISCONFIGURED,
        "BUSY": AnswerMeaning.TRANSIENT,
    }


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"errors": {"101": "permanent"}}, "errors need answer.success and answer.error"),
        ({"errors": {"101": "permanent"}, "answer": {"error": "code"}}, "errors need"),
        ({"errors": {"101": "permanent"}, "answer": {"success": "ok"}}, "errors need"),
        ({"errors": {"101": "gone"}, "answer": ANSWER}, "one of permanent, transient"),
        ({"errors": {"101": ["permanent"]}, "answer": ANSWER}, "one of permanent, transient"),
        ({"errors": {"1234567": "permanent"}, "answer": ANSWER}, "no error code"),
        ({"errors": {"no such number": "permanent"}, "answer": ANSWER}, "no error code"),
        ({"errors": {"": "permanent"}, "answer": ANSWER}, "no error code"),
        ({"errors": ["101"], "answer": ANSWER}, "valid dictionary"),
    ],
)
def test_error_codes_that_could_never_be_met_are_refused_and_named(
    env: pytest.MonkeyPatch, members: dict[Any, Any], said: str
) -> None:
    env.setenv("WARN_SMS_GATEWAYS", gateway(**members))
    with pytest.raises(ValidationError, match=said):
        Settings()


def test_a_pepper_is_not_shown(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_KEY_PEPPER", "geheim, und lang genug")
    assert "geheim" not in repr(Settings())


@pytest.mark.parametrize("pepper", ["", "geheim", "fifteen letters", "  fifteen letters  ", " " * 40])
def test_an_empty_or_short_pepper_is_refused_and_not_shown(env: pytest.MonkeyPatch, pepper: str) -> None:
    env.setenv("WARN_KEY_PEPPER", pepper)
    with pytest.raises(ValidationError, match="are no pepper, it has at least 16") as refused:
        Settings()
    assert not pepper.strip() or pepper.strip() not in str(refused.value)
    env.setenv("WARN_KEY_PEPPER", "sixteen letters!")
    assert Settings().key_pepper is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WARN_WORKERS", "0"),
        ("WARN_SLICE_SIZE", "1001"),
        ("WARN_BATCH_SIZE", "0"),
        ("WARN_MAX_BODY_BYTES", "10"),
        ("WARN_SMS_GATEWAYS", '[{"name": "Not A Name", "url": "https://sms.example"}]'),
        ("WARN_SMS_GATEWAYS", '[{"name": "sms", "url": "https://sms.example", "unknown": 1}]'),
        ("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://x"}, {"name": "a", "url": "https://y"}]'),
        ("WARN_SMS_GATEWAYS", '[{"name": "sms", "url": "https://sms.example", "reports": {}}]'),
        (
            "WARN_SMS_GATEWAYS",
            '[{"name": "sms", "url": "https://sms.example", "reports": {"secret": "short"}}]',
        ),
        *(
            (
                "WARN_SMS_GATEWAYS",
                f'[{{"name": "sms", "url": "https://x", "reports": {{"secret": "{secret}"}}}}]',
            )
            for secret in ("geheim geheim geheim ", "geheimnisgeheimnisä")
        ),
    ],
)
def test_what_makes_no_service_is_refused(env: pytest.MonkeyPatch, name: Any, value: Any) -> None:
    env.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_do_not_change_while_the_service_runs() -> None:
    with pytest.raises(ValidationError):
        Settings().workers = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("gateway", "sentence"),
    [
        ({"erors": {}}, "WARN_SMS_GATEWAYS.0.erors: there is no member of this name; the nearest is errors"),
        (
            {"answer": {"succes": "x"}},
            "0.answer.succes: there is no member of this name; the nearest is success",
        ),
        ({"fields": {"txt": "x"}}, "there is no field txt; the nearest is text"),
    ],
)
def test_a_misspelt_member_of_a_gateway_is_named_with_what_was_meant(
    env: pytest.MonkeyPatch, gateway: dict[str, Any], sentence: str
) -> None:
    env.setenv("WARN_SMS_GATEWAYS", json.dumps([{"name": "a", "url": "https://sms.example", **gateway}]))
    with pytest.raises(ValidationError) as caught:
        Settings()
    (item,) = caught.value.errors(include_url=False, include_input=False)
    assert sentence in explained(item)


@pytest.mark.parametrize(
    "name",
    [
        "DEFAULT_LIFETIME_HOURS",
        "REQUEST_TIMEOUT_S",
        "RECONCILE_INTERVAL_S",
        "BASELINE_FACTOR",
        "METRICS_PORT",
    ],
)
@pytest.mark.parametrize("value", ["inf", "-1", "99999999999999999999"])
def test_a_number_that_no_clock_or_port_can_hold_is_refused(
    env: pytest.MonkeyPatch, name: str, value: str
) -> None:
    env.setenv(f"WARN_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("name", BY_FILE)
def test_a_secret_may_stand_in_a_file(env: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    values = {
        "WARN_SMS_GATEWAYS": '[{"name": "a", "url": "https://a.example/"}]',
        "WARN_SMPP_GATEWAYS": '[{"name": "a", "hosts": ["smpps://a.example:2776"], "system_id": "kreis"}]',
    }
    value = values.get(name, "postgresql://of-the-tests@h/x")
    file = tmp_path / "secret"
    file.write_text(value + "\n")
    env.delenv(name, raising=False)
    env.setenv(f"{name}_FILE", str(file))
    found = getattr(Settings(), name.removeprefix("WARN_").lower())
    shown = found.get_secret_value() if isinstance(found, SecretStr) else found
    assert shown == value or [one.name for one in shown] == ["a"]
    env.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} and {name}_FILE are both set"):
        Settings()


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda file: None, "WARN_KEY_PEPPER_FILE: .*No such file"),
        (lambda file: file.write_bytes(b"\xff" * 20), "WARN_KEY_PEPPER_FILE: the file is no text"),
        (
            lambda file: (file.write_text("sixteen letters!"), file.chmod(0o666)),
            "WARN_KEY_PEPPER_FILE: others than its owner may write",
        ),
    ],
    ids=["missing", "no text", "open to others"],
)
def test_a_file_that_cannot_be_trusted_with_a_secret_is_refused(
    env: pytest.MonkeyPatch, tmp_path: Path, prepare: Any, said: str
) -> None:
    file = tmp_path / "pepper"
    env.setenv("WARN_KEY_PEPPER_FILE", str(file))
    prepare(file)
    with pytest.raises(SettingsError, match=said):
        Settings()


def test_a_short_secret_in_a_file_is_as_short_as_elsewhere(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pepper").write_text("short")
    env.setenv("WARN_KEY_PEPPER_FILE", str(tmp_path / "pepper"))
    with pytest.raises(ValidationError, match="5 characters are no pepper"):
        Settings()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("", ""),
        ("https://warnung.example", "https://warnung.example"),
        ("https://Warnung.example/", "https://warnung.example"),
        ("https://warnung.example:443", "https://warnung.example"),
        ("https://warnung.example:8443", "https://warnung.example:8443"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_console_has_an_origin_as_browsers_write_it(
    env: pytest.MonkeyPatch, url: str, origin: str
) -> None:
    env.setenv("WARN_CONSOLE_URL", url)
    assert Settings().console_url == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://warnung.example",
        "http://127.0.0.1.warnung.example",
        "http://192.0.2.1:8080",
        "http://127.0.0.1:",
        "https://warnung.example:x",
        "https://warnung.example/console",
        "https://warnung.example/?x",
        "https://a@warnung.example",
        "https://warnung.example#x",
        "https://",
        "warnung.example",
        "https://wärnung.example",
    ],
)
def test_what_is_no_origin_of_a_console_is_refused(env: pytest.MonkeyPatch, url: str) -> None:
    env.setenv("WARN_CONSOLE_URL", url)
    with pytest.raises(ValidationError, match="console_url"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://sso.kreis.example"),
        ("ISSUER", "https://a@sso.kreis.example"),
        ("ISSUER", "https://sso.kreis.example/?x"),
        ("ISSUER", "https://sso.kreis.example/#x"),
        ("ISSUER", "sso.kreis.example"),
        ("SECOND_FACTOR", ""),
        ("SECOND_FACTOR", "mfa"),
        ("SECOND_FACTOR", "none,amr:mfa"),
        ("SECOND_FACTOR", "amr:"),
    ],
)
def test_what_names_no_provider_or_proof_is_refused(env: pytest.MonkeyPatch, name: str, value: str) -> None:
    env.setenv(f"WARN_OIDC_LIVE_{name}", value)
    with pytest.raises(ValidationError, match="oidc_live"):
        Settings()


def test_by_default_a_provider_has_to_name_two_factors(env: pytest.MonkeyPatch) -> None:
    assert Settings().oidc_live_second_factor == Settings().oidc_exercise_second_factor == ("amr:mfa",)
    env.setenv("WARN_OIDC_LIVE_SECOND_FACTOR", "amr:hwk, acr:https://refeds.org/profile/mfa")
    assert Settings().oidc_live_second_factor == ("amr:hwk", "acr:https://refeds.org/profile/mfa")
    env.setenv("WARN_OIDC_LIVE_SECOND_FACTOR", "none")
    assert Settings().oidc_live_second_factor == ()


@pytest.mark.parametrize("url", ["", "https://warnung.example/", "http://localhost:8000/app"])
def test_a_notice_may_lead_to_a_page(env: pytest.MonkeyPatch, url: str) -> None:
    env.setenv("WARN_PUBLIC_URL", url)
    assert Settings().public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "/warnings",
        "warnung.example",
        "http://warnung.example/",
        "https://",
        "https://user:geheim@warnung.example/",
        "https://warnung.example/#x",
        "https://warnung.example/#",
        "https://warnung.example/a b",
        "https://wärnung.example/",
        "https://[warnung.example/",
        "https://warnung.example/" + "x" * 100,
    ],
)
def test_a_page_that_a_browser_would_refuse_is_named_at_the_start(env: pytest.MonkeyPatch, url: str) -> None:
    env.setenv("WARN_PUBLIC_URL", url)
    with pytest.raises(ValidationError) as caught:
        Settings()
    (item,) = caught.value.errors()
    assert "WARN_PUBLIC_URL" in explained(item)
    assert "geheim" not in explained(item)


def test_what_does_not_go_together_is_named_and_shows_no_secret(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_SMTP_HOST", "mail.kreis.example")
    env.setenv("WARN_SMTP_SENDER", "warndienst@kreis.example")
    env.setenv("WARN_SMTP_PASSWORD", "geheim")
    with pytest.raises(ValidationError) as refused:
        Settings()
    (item,) = refused.value.errors()
    assert explained(item) == "settings WARN_SMTP_USER and WARN_SMTP_PASSWORD: one needs the other"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://karten.example/grau/{z}/{y}/{x}.png",
        "http://127.0.0.1:8080/{z}/{x}/{y}.png",
        "https://wmts.example/?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    ],
)
def test_an_address_of_tiles_is_taken_as_it_is(url: str) -> None:
    assert Settings(base_map_tiles=url).base_map_tiles == url


@pytest.mark.parametrize(
    "url",
    [
        "http://karten.example/{z}/{x}/{y}.png",
        "https://a;b.example/{z}/{x}/{y}.png",
        "https://*.example/{z}/{x}/{y}.png",
        "https://u:p@karten.example/{z}/{x}/{y}.png",
        "https://{z}.example/{x}/{y}.png",
        "https://karten.example/{z}/{x}.png",
        "https://karten.example/{z}/{x}/{y}/{y}.png",
        "https://karten.example/{s}/{z}/{x}/{y}.png",
        "https://karten.example/{z}/{x}/{y}.png#a",
        "https://karten.example/{z} /{x}/{y}.png",
        "data:image/png,{z}{x}{y}",
    ],
)
def test_what_is_no_address_of_tiles_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"needed|https://HOST"):
        Settings(base_map_tiles=url)
