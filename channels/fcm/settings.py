"""The settings of FCM."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from channels.fcm.projects import GOOGLES_URL


class FcmSettings(BaseModel):
    """The part of the service's settings that is FCM's. Whose apps it reaches, their credentials say."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    fcm_url: str = Field(GOOGLES_URL, pattern=r"^https?://[^/\s]+$")
    """Where FCM is, without a path. Another place is for tests: `WARN_ALLOWED_ORIGINS` has to exempt it, as
    `gateway=http://127.0.0.1:9901`."""
    fcm_per_minute: int = Field(600_000, ge=60)
    """How many messages a minute each Firebase project may send, of all processes together: its quota at Google. What
    FCM refuses counts there, too."""
    fcm_checks: bool = True
    """Whether FCM is asked at night which addresses are still an app's, of each once in four weeks, so that a warning
    meets few that are gone. That takes a hundredth of a project's quota, between two and five."""
