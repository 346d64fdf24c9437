"""Credentials of requests: where they stand, and what is counted and logged of those that are refused."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

import structlog

from dispatcher.access.fingerprints import LONGEST_CERTIFICATE, public_key_digest
from dispatcher.access.kinds import PrincipalKind
from dispatcher.model.principals import CredentialState
from dispatcher.store import audit
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from dispatcher.access.principals import Principal
    from dispatcher.metrics import Metrics
    from dispatcher.store.record import Pool

log = structlog.get_logger()

LOGGED_EVERY_S: Final = 60.0
"""How often the log names one key that is good no longer: a client that was forgotten may ask every second."""
CERTIFICATE_HEADER: Final = "X-Client-Certificate"
"""The certificate (PEM, with %XX) that a client has shown to a proxy, as nginx has it in `$ssl_client_escaped_cert`."""
NO_KIND: Final = "none"
"""The label of what shows no kind: nothing at all, or no key."""
NO_LONGER_GOOD: Final = frozenset(
    {
        CredentialState.REVOKED,
        CredentialState.DISABLED,
        CredentialState.EXPIRED,
        CredentialState.WRONG_CERTIFICATE,
    }
)
"""The states of what is genuine and not good: somebody was forgotten, or somebody has what he should not."""
_SEEN_OF: Final[Mapping[str, frozenset[CredentialState]]] = MappingProxyType(
    {
        PrincipalKind.SOURCE: NO_LONGER_GOOD
        | {CredentialState.UNKNOWN, CredentialState.WRONG_KIND, CredentialState.WRONG_ENVIRONMENT},
        PrincipalKind.FEED: NO_LONGER_GOOD | {CredentialState.WRONG_ENVIRONMENT},
        PrincipalKind.INSTANCE: NO_LONGER_GOOD | {CredentialState.UNKNOWN, CredentialState.WRONG_KIND},
        PrincipalKind.REMOTE_OPERATOR: NO_LONGER_GOOD | {CredentialState.UNKNOWN, CredentialState.WRONG_KIND},
        PrincipalKind.GATEWAY: frozenset(
            {CredentialState.EXPIRED, CredentialState.UNKNOWN, CredentialState.MISSING}
        ),
        PrincipalKind.SUBSCRIBER: frozenset({CredentialState.UNKNOWN}),
        PrincipalKind.PERSON: frozenset({CredentialState.UNKNOWN, CredentialState.WRONG_KIND}),
        NO_KIND: frozenset({CredentialState.MISSING, CredentialState.UNKNOWN}),
    }
)
"""What can be refused of each kind, to be shown from the start, so that the first increase is seen."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as it was judged. `principal` is whose it is, and `key` its id, only where the secret part was
    right: nobody learns by guessing, and no log line names what a stranger made up.
    """

    state: CredentialState
    kind: PrincipalKind | None = None
    principal: Principal | None = None
    key: str = ""


class RefusedCredentials:
    """Counts what is refused by kind and reason, and says in the log which genuine keys were used that are good no
    longer: each at most once in `LOGGED_EVERY_S`, whoever has it. Of guesses there is a count and no line.
    """

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._refused = metrics.credentials_refused
        self._monotonic = monotonic
        self._logged: dict[
            str, float
        ] = {}  # by the ids of genuine keys, so no longer than the record's list of them
        for kind, states in _SEEN_OF.items():
            for state in states:
                self._refused.labels(kind, state)

    def note(self, shown: Shown) -> None:
        """Count one refusal, and log it where it tells of a genuine credential."""
        self._refused.labels(shown.kind or NO_KIND, shown.state).inc()
        if shown.principal is None or shown.state not in NO_LONGER_GOOD:
            return
        credential, now = shown.key or shown.principal.party, self._monotonic()
        if now - self._logged.get(credential, -LOGGED_EVERY_S) < LOGGED_EVERY_S:
            return
        self._logged[credential] = now
        log.warning(
            "credential_refused", reason=shown.state, principal=shown.principal.party, key=shown.key or None
        )


class CrossingReason(StrEnum):
    """How somebody tried to get from one environment into the other."""

    PATH = "path"
    """A credential was shown at a path of the other environment."""
    MESSAGE = "message"
    """A message was submitted that is of the other environment, or acts on one that is."""


class EnvironmentCrossings:
    """Writes into the audit trail who tried to get from one environment into the other, and whose key came without the
    certificate that it is bound to: of each the first time, and then once in `LOGGED_EVERY_S`, as a forgotten script
    tries every second.
    """

    def __init__(self, pool: Pool, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._pool = pool
        self._monotonic = monotonic
        self._noted: dict[tuple[str, str, str], float] = {}  # as few as there are parties with keys

    async def note(self, principal: Principal, reason: CrossingReason) -> None:
        """Write it down. While the record is away it is not: the attempt is refused all the same."""
        which = (principal.actor, principal.environment, reason)
        await self._write(
            which, principal, "environment.refuse", credential=principal.environment, reason=reason
        )

    async def note_certificate(self, principal: Principal, key: str) -> None:
        """Write down that a key, by its name, came without its certificate; as above."""
        await self._write((principal.actor, key, "certificate"), principal, "key.refuse", key=key)

    async def _write(
        self, which: tuple[str, str, str], principal: Principal, action: str, **detail: str
    ) -> None:
        now = self._monotonic()
        if now - self._noted.get(which, -LOGGED_EVERY_S) < LOGGED_EVERY_S:
            return
        self._noted[which] = now  # before the record is asked: many may come at once
        try:
            await audit.note(self._pool, principal.actor, action, **detail)
        except BaseException as error:
            self._noted.pop(which, None)
            if not isinstance(error, UNAVAILABLE):
                raise


def bearer(request: Request) -> str:
    """Return the bearer token, or nothing."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def client_certificate(request: Request) -> bytes | None:
    """Return the digest of the public key of the certificate that a client has shown to the proxy before us; None where
    there is none. Only proxies are believed whose `X-Forwarded-For` is: of requests that came by one the server knows
    no port of the client's, and of all others it does.
    """
    shown = request.headers.getlist(CERTIFICATE_HEADER)
    by_proxy = request.client is not None and request.client.port == 0
    if not by_proxy or len(shown) != 1 or len(shown[0]) > 3 * LONGEST_CERTIFICATE:
        return None
    return public_key_digest(unquote_to_bytes(shown[0]))


def basic_password(request: Request) -> str:
    """Return the password of Basic authentication, or nothing."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
