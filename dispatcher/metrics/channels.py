"""The channels whose series are shown from the start."""

from __future__ import annotations

CHANNELS = ("apns", "app", "fcm", "sms", "webpush")
