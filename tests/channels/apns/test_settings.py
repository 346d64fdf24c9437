"""The settings of APNs, where nothing is set."""

import pytest
from pydantic import ValidationError

from channels.apns.settings import ApnsSettings


def test_notifications_go_to_apple() -> None:
    made = ApnsSettings()
    assert (made.apns_url, made.apns_sandbox_url) == (
        "https://api.push.apple.com",
        "https://api.sandbox.push.apple.com",
    )


@pytest.mark.parametrize("url", ["https://api.push.apple.com/", "api.push.apple.com"])
def test_a_url_has_no_path(url: str) -> None:
    with pytest.raises(ValidationError):
        ApnsSettings(apns_url=url)
