"""Make the tokens that persons and their browsers have: of sessions, devices, invitations, and forms.

Each is 32 random bytes, so that a plain hash of it tells nothing (NIST SP 800-63B, section 5.1.1.2 asks for salt and
stretching of what people choose, not of these).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from typing import Final

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_FORM_PURPOSE: Final = b"cap-dispatcher: token of forms"


def new_token() -> str:
    """Return 32 random bytes in URL-safe Base64."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether that is a token as `new_token` makes it."""
    return _TOKEN.fullmatch(text) is not None


def token_digest(token: str) -> bytes:
    """Return what the record keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def form_token(cookie: str) -> str:
    """Return what a form has to bring along, by the cookie of its browser: whoever lures a browser here has neither."""
    made = hmac.digest(cookie.encode(), _FORM_PURPOSE, hashlib.sha256)
    return urlsafe_b64encode(made).decode().rstrip("=")


def is_form_token(shown: str, cookie: str) -> bool:
    """Whether a form brought what its browser's cookie stands for."""
    return bool(cookie) and hmac.compare_digest(shown.encode(), form_token(cookie).encode())
