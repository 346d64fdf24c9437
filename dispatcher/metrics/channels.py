"""The channels whose series are shown from the start."""

from __future__ import annotations

CHANNELS = ("app", "sms", "webpush")
