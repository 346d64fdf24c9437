"""Codes of TOTP against the vectors of the standard, and recovery codes."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from dispatcher.sign_in.one_time_codes import (
    RECOVERY_CODES,
    address,
    is_recovery_code,
    is_secret,
    new_recovery_codes,
    new_secret,
    recovery_hash,
    step_of,
)

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """The last six digits of the vectors of appendix B."""
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(("off", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_phone_may_be_one_step_off(off: int, good: bool) -> None:
    now = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
    shown = pyotp.TOTP(RFC_SECRET).at(now + timedelta(seconds=off))
    assert (step_of(RFC_SECRET, shown, now) is not None) is good


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "۲۸۷۰۸۲", "-28708"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_blanks_are_left_out() -> None:
    assert step_of(RFC_SECRET, " 287 082 ", datetime.fromtimestamp(59, UTC)) == 1


def test_an_app_is_told_which_environment_it_is() -> None:
    secret = new_secret()
    assert is_secret(secret)
    assert not is_secret(secret[:-1])
    live, exercise = (address(secret, "m.keller", one) for one in ("live", "exercise"))
    assert live.startswith("otpauth://totp/Warndienst:m.keller?secret=")
    assert "%C3%9CBUNG" in exercise
    assert "BUNG" not in live


def test_a_recovery_code_is_known_however_it_is_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    for code in codes:
        assert is_recovery_code(code)
    code = codes[0]
    kept = recovery_hash(b"pepper", "m.keller", code)
    assert recovery_hash(b"pepper", "m.keller", f" {code.upper().replace('-', ' ')} ") == kept
    assert recovery_hash(b"pepper", "a.other", code) != kept
    assert not is_recovery_code("287082")
