"""Make and judge codes of TOTP (RFC 6238), and recovery codes, which are used up one by one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Final

import pyotp

if TYPE_CHECKING:
    from datetime import datetime

STEP_S: Final = 30
"""Seconds of a time step, as all apps take it."""
DRIFT: Final = 1
"""Steps that a phone's clock may be ahead or behind (RFC 6238, section 5.2 recommends one at most)."""
ISSUER: Final = "Warndienst"
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
"""Of a recovery code: 80 bits, 16 letters of Base32."""
_CODE: Final = re.compile(r"[0-9]{6}")
_SECRET: Final = re.compile(r"[A-Z2-7]{32}")


def new_secret() -> str:
    """Return a secret of 160 bits in Base32 (RFC 4226, section 4 recommends as many)."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether that is a secret as `new_secret` makes it."""
    return _SECRET.fullmatch(text) is not None


def address(secret: str, person_id: str, environment: str) -> str:
    """Return the otpauth URI that an app reads; the exercise's is named so in the app, too."""
    issuer = ISSUER if environment == "live" else f"{ISSUER} ÜBUNG"
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=person_id, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code that is, of the present and those about it; None: of none. Blanks are left out,
    as apps show two groups of three.
    """
    given = "".join(code.split())
    if not _CODE.fullmatch(given):
        return None
    totp, present = pyotp.TOTP(secret, interval=STEP_S), int(now.timestamp()) // STEP_S
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):  # all of them, whichever fits
        if hmac.compare_digest(totp.generate_otp(step), given):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return codes such as `mfrg-gzdf-mztw-q2lk`, each good once in place of a second factor."""
    return [_recovery_code(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def _recovery_code(random: bytes) -> str:
    letters = base64.b32encode(random).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def recovery_hash(pepper: bytes, person_id: str, code: str) -> str:
    """Return what the record keeps of a recovery code, however it was typed."""
    return hmac.digest(pepper, f"recovery\0{person_id}\0{_letters(code)}".encode(), hashlib.sha256).hex()


def is_recovery_code(text: str) -> bool:
    """Whether that looks like a recovery code, and not like one of six digits."""
    return len(_letters(text)) == _RECOVERY_BYTES * 8 // 5


def _letters(text: str) -> str:
    """Return what of a typed code can be of a recovery code: whoever types it adds blanks, dashes and capitals."""
    return re.sub(r"[^a-z2-7]", "", text.lower())
