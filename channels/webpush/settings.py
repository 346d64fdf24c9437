"""The settings of Web Push."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class WebPushSettings(BaseModel):
    """The part of the service's settings that is Web Push's."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    vapid_key: Path | None = None
    """A file with the PEM of the P-256 key, the same on [all machines](several-machines.md); default: made once in the
    data directory, at the service's first start."""
    vapid_pem: SecretStr | None = None
    """The PEM itself, in place of a file."""
    vapid_subject: str = "mailto:leitstelle@example.org"
    """How a push service reaches the operator: `mailto:` or `https:`. Set a real one; Apple checks it."""
    push_encoder: Literal["own", "pywebpush"] = "own"
    """What encrypts Web Push messages: our `own` code (2 us with a key made ahead of time, 90 us without), or the
    library `pywebpush`, an independent implementation (300 us, and no use for such keys)."""
    ready_keys: int = Field(200_000, ge=0)
    """For how many Web Push subscriptions one worker process makes message keys ahead of time, while idle: about
    200 bytes and 0.1 ms each. A mass send then takes a quarter of the processor time. 0: none, as with the encoder
    `pywebpush`."""
