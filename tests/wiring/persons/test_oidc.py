"""Each environment has its own client at a provider, and what is half set is refused at the start."""

from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.persons.console import console
from dispatcher.wiring.persons.oidc import clients, provider_sign_in, require_clients
from tests.support.sealed import ADDRESSES

ISSUER = "https://sso.kreis.example/realms/warnung"


def set_up(env: Any, **more: str) -> Settings:
    values = {
        "CONSOLE_URL": "https://warnung.dueren.example",
        "OIDC_LIVE_ISSUER": ISSUER,
        "OIDC_LIVE_CLIENT_ID": "warnung",
        **more,
    }
    for name, value in values.items():
        env.setenv(f"WARN_{name}", value)
    return Settings()


def test_a_client_is_of_its_environment(env: Any, tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the exercise\n")
    settings = set_up(
        env,
        OIDC_EXERCISE_ISSUER=ISSUER,
        OIDC_EXERCISE_CLIENT_ID="uebung",
        OIDC_EXERCISE_CLIENT_SECRET_FILE=str(secret),
        OIDC_EXERCISE_SECOND_FACTOR="none",
    )
    require_clients(settings)
    live, exercise = (clients(settings)[one] for one in Environment)
    assert (live.client_id, live.secret, live.second_factor) == ("warnung", "", frozenset({"amr:mfa"}))
    assert (exercise.client_id, exercise.secret, exercise.second_factor) == (
        "uebung",
        "of the exercise",
        frozenset(),
    )
    assert live.redirect_uri == "https://warnung.dueren.example/console/live/sign-in/oidc"
    assert exercise.redirect_uri == "https://warnung.dueren.example/console/exercise/sign-in/oidc"
    assert "of the exercise" not in repr(exercise)


def test_people_know_the_provider_by_its_name(env: Any) -> None:
    settings = set_up(env)
    found = provider_sign_in(settings, None, None, object())
    assert (found.name, list(found.providers)) == ("sso.kreis.example", [Environment.LIVE])
    assert found.providers[Environment.LIVE]._policy == AddressPolicy()
    parts = console(
        settings, None, ADDRESSES, b"pepper", metrics=Metrics(), sms_parts=4, push=None, http=object()
    )
    assert parts.provider.offers(Environment.LIVE)
    assert set_up(env, OIDC_NAME="Kreis-Konto").oidc_name == "Kreis-Konto"
    assert provider_sign_in(Settings(oidc_live_issuer=""), None, None, object()) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"OIDC_LIVE_CLIENT_ID": ""}, "WARN_OIDC_LIVE_CLIENT_ID"),
        ({"CONSOLE_URL": ""}, "WARN_CONSOLE_URL"),
        ({"OIDC_LIVE_ISSUER": "http://localhost:9000"}, "url_not_https"),
        ({"OIDC_LIVE_ISSUER": "https://sso.kreis.example:8443"}, "url_port"),
        (
            {"OIDC_EXERCISE_ISSUER": ISSUER, "OIDC_EXERCISE_CLIENT_ID": "warnung"},
            "the exercise has a client of its own",
        ),
    ],
)
def test_what_is_half_set_is_refused(env: Any, changed: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        require_clients(set_up(env, **changed))


def test_a_provider_of_ones_own_net_is_exempted_by_name(env: Any) -> None:
    own = "http://localhost:9000"
    require_clients(set_up(env, OIDC_LIVE_ISSUER=own, ALLOWED_ORIGINS=f"oidc={own}"))
    with pytest.raises(SettingsError, match="url_purpose"):
        require_clients(set_up(env, OIDC_LIVE_ISSUER=own, ALLOWED_ORIGINS=own))
