"""The `Topic` by which an undelivered message is replaced (RFC 8030 section 5.4)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

CHARACTERS: Final = 32
"""The most that RFC 8030 allows. Apple decodes a topic as base64url, whose length modulo 4 is never 1 (others got 400
BadWebPushTopic for 13 characters, 2026-09-15), and 24 bytes are just 32 characters of it."""
_TOPIC: Final = re.compile(rf"[A-Za-z0-9_-]{{{CHARACTERS}}}")
_BYTES: Final = 24


def topic(collapse_key: str) -> str:
    """Return a collapse key as every push service takes it: itself where it has the form, else its digest. A key of
    another form is a mistake of ours, for which no warning is kept back; equal keys stay equal.
    """
    if _TOPIC.fullmatch(collapse_key):
        return collapse_key
    return urlsafe_b64encode(sha256(collapse_key.encode()).digest()[:_BYTES]).decode()
