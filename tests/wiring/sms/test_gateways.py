"""The SMS gateways over HTTP."""

import pytest

from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.check import check_settings
from tests.wiring.sending import sms_gateway


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("", "WARN_SMS_GATEWAYS: haupt: url: is http; use https, or allow the origin: "),
        ("feed=http://10.0.0.7:13013", "add gateway=http://10.0.0.7:13013"),
    ],
)
def test_a_gateway_whose_address_is_not_allowed_stops_the_start(
    env: pytest.MonkeyPatch, allowed: str, said: str
) -> None:
    env.setenv("WARN_SMS_GATEWAYS", sms_gateway("http://10.0.0.7:13013"))
    env.setenv("WARN_ALLOWED_ORIGINS", allowed)
    with pytest.raises(SettingsError, match=said):
        check_settings(Settings(), None)
    env.setenv("WARN_ALLOWED_ORIGINS", "gateway=http://10.0.0.7:13013")
    check_settings(Settings(), None)
