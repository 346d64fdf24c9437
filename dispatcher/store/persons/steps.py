"""Keep what has begun in a browser and is to be ended there: single use, for some minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dispatcher.model.vocabulary import Environment
from dispatcher.store.sql import NOW

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.store.record import Pool


class StepPurpose(StrEnum):
    """What a step is for."""

    SECOND_FACTOR = "second_factor"
    """The password was right; a code is awaited."""
    PASSKEY = "passkey"
    """A challenge for any passkey."""
    NEW_PASSKEY = "new_passkey"
    """A challenge for a passkey that is registered."""
    OIDC = "oidc"
    """The browser is at an OpenID provider. With a person: whom the provider's answer will be linked to."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step under way. `secret` is what the answer is held against."""

    purpose: StepPurpose
    environment: Environment
    person_id: str | None = None
    secret: bytes | None = field(default=None, repr=False)


class SignInSteps:
    """Reads and writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, digest: bytes, step: Step, life: timedelta) -> None:
        """Begin a step in the browser that has the token of this digest, in place of an earlier one."""
        await self._pool.execute(
            f"""WITH over AS (DELETE FROM sign_in_step WHERE expires_at <= {NOW})
                INSERT INTO sign_in_step (digest, purpose, environment, person_id, secret, expires_at)
                VALUES ($1, $2, $3, $4, $5, {NOW} + $6)
                ON CONFLICT (digest, purpose) DO UPDATE
                  SET environment = $3, person_id = $4, secret = $5, expires_at = {NOW} + $6""",  # noqa: S608 - constant
            digest,
            step.purpose.value,
            step.environment.value,
            step.person_id,
            step.secret,
            life,
        )

    async def under_way(self, digest: bytes, purpose: StepPurpose, environment: Environment) -> Step | None:
        """Return a step that goes on after this."""
        row = await self._pool.fetchrow(
            f"""SELECT purpose, environment, person_id, secret FROM sign_in_step
                WHERE (digest, purpose, environment) = ($1, $2, $3) AND expires_at > {NOW}""",  # noqa: S608 - constant
            digest,
            purpose.value,
            environment.value,
        )
        return _step_of(row)

    async def take(self, digest: bytes, purpose: StepPurpose, environment: Environment) -> Step | None:
        """Return a step that is over herewith: nobody gets it twice."""
        row = await self._pool.fetchrow(
            f"""DELETE FROM sign_in_step WHERE (digest, purpose, environment) = ($1, $2, $3)
                RETURNING purpose, environment, person_id, secret, expires_at > {NOW} AS is_good""",  # noqa: S608 - constant
            digest,
            purpose.value,
            environment.value,
        )
        return _step_of(row) if row and row["is_good"] else None


def _step_of(row: Any) -> Step | None:
    if row is None:
        return None
    return Step(StepPurpose(row["purpose"]), Environment(row["environment"]), row["person_id"], row["secret"])
