"""Keeps the secrets of one callback: the one that signs, and those before it for as long as both shall; and its form.

They stand in `Endpoint.keys`: `secret` has one `whsec_…` or several with blanks between, all of which sign; `previous`
has `whsec_…@INSTANT` with blanks between, each of which signs until then.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from secrets import token_bytes
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.app.standard_webhooks import PREFIX, decode_secrets
from channels.base import FORM

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET: Final = "secret"  # noqa: S105 - the member's name
PREVIOUS: Final = "previous"
MOST_PREVIOUS: Final = 3
"""Secrets that sign beside the newest: whoever rotates again, as the first answer was lost, loses none that is in use;
each costs a header 48 bytes."""
_NEW_BYTES: Final = 32


class Ending(NamedTuple):
    """A secret that signs until an aware instant."""

    secret: str
    until: datetime


def new_secret() -> str:
    """Return a fresh secret in the form of Standard Webhooks."""
    return PREFIX + b64encode(token_bytes(_NEW_BYTES)).decode()


def previous(keys: Mapping[str, str], now: datetime) -> list[Ending]:
    """Return the secrets before the newest that still sign at `now`, the newest first. Raises `ValueError`."""
    found = []
    for entry in keys.get(PREVIOUS, "").split():
        secret, _, until = entry.partition("@")
        ending = Ending(secret, datetime.fromisoformat(until))
        if ending.until.tzinfo is None:
            raise ValueError("the end of a secret has no zone")
        if ending.until > now:
            found.append(ending)
    return found


def signing(keys: Mapping[str, str], now: datetime) -> tuple[bytes, ...]:
    """Return the decoded secrets that sign at `now`, the newest first. Raises `ValueError`."""
    newest = decode_secrets(keys.get(SECRET, ""))
    if PREVIOUS not in keys:
        return newest
    return newest + tuple(key for ending in previous(keys, now) for key in decode_secrets(ending.secret))


def require_one(secret: str) -> None:
    """Raise `ValueError` for what is not exactly one secret: whoever names a new one means that it alone signs."""
    if len(decode_secrets(secret)) != 1 or secret != secret.strip():
        raise ValueError("not one secret")


def replaced(keys: Mapping[str, str], secret: str) -> dict[str, str]:
    """Return the keys with this secret alone: it signs from now on, and no other. One that signs already stays as it
    is, with those that end beside it. The form stays.
    """
    if keys.get(SECRET) == secret:
        return dict(keys)
    require_one(secret)
    return {SECRET: secret, **_form(keys)}


def rotated(keys: Mapping[str, str], secret: str, now: datetime, until: datetime) -> dict[str, str]:
    """Return the keys with a new secret, beside which the one so far signs until `until`. Those before it sign until
    the end that they were given: whoever relies on it is not cut off by a later rotation with a shorter overlap. Raises
    `ValueError` for what is not one secret.
    """
    require_one(secret)
    if keys.get(SECRET) == secret:
        return dict(keys)
    before = [Ending(one, until) for one in keys.get(SECRET, "").split()]
    before += previous(keys, now)
    kept = [one for one in before if one.secret != secret and one.until > now][:MOST_PREVIOUS]
    found = {SECRET: secret, **_form(keys)}
    if kept:
        found[PREVIOUS] = " ".join(f"{one.secret}@{one.until.isoformat()}" for one in kept)
    return found


def with_form(keys: Mapping[str, str], form: str) -> dict[str, str]:
    """Return the keys of a callback that takes notices in this form; empty for the usual one."""
    found = {name: value for name, value in keys.items() if name != FORM}
    return found | ({FORM: form} if form else {})


def _form(keys: Mapping[str, str]) -> dict[str, str]:
    return {FORM: keys[FORM]} if FORM in keys else {}
