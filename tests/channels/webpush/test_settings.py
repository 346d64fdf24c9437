"""The settings of Web Push and their defaults."""

from typing import Any

import pytest
from pydantic import ValidationError

from channels.webpush.settings import WebPushSettings


def test_without_a_word_our_own_encoder_uses_keys_made_ahead() -> None:
    settings = WebPushSettings()
    assert (settings.push_encoder, settings.vapid_key) == ("own", None)
    assert settings.ready_keys > 0


@pytest.mark.parametrize("wrong", [{"push_encoder": "none"}, {"ready_keys": -1}])
def test_what_is_no_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebPushSettings.model_validate(wrong)


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in WebPushSettings.model_fields.values())
