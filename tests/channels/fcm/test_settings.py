"""Where FCM is, is an origin and nothing more."""

import pytest
from pydantic import ValidationError

from channels.fcm.settings import FcmSettings


def test_it_is_at_google_unless_told_otherwise() -> None:
    assert FcmSettings().fcm_url == "https://fcm.googleapis.com"
    assert FcmSettings(fcm_url="http://127.0.0.1:9901").fcm_url == "http://127.0.0.1:9901"


@pytest.mark.parametrize(
    "url", ["https://fcm.example/", "https://fcm.example/v1", "fcm.example", "", "ftp://fcm.example"]
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        FcmSettings(fcm_url=url)
