"""The settings of APNs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from channels.apns.apple_apps import APPLES_SANDBOX_URL, APPLES_URL


class ApnsSettings(BaseModel):
    """The part of the service's settings that is APNs'. Whose apps it reaches, their credentials say."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    apns_url: str = Field(APPLES_URL, pattern=r"^https?://[^/\s]+$")
    """Where APNs is for apps of the App Store, without a path. Another place, as Apple's port 2197 or a test's, has to
    be exempted by `WARN_ALLOWED_ORIGINS`: `gateway=https://api.push.apple.com:2197`."""
    apns_sandbox_url: str = Field(APPLES_SANDBOX_URL, pattern=r"^https?://[^/\s]+$")
    """The same for apps that Xcode has installed."""
