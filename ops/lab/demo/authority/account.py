"""The service's own account of an alert, once everybody is accounted for."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ops.lab.demo.counting import look_again
from ops.lab.world.records import CLAIMED
from ops.lab.world.service import FINAL, ServiceError, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ops.lab.world.records import ServiceRecord
    from ops.lab.world.service import ApiResponse

SETTLES_WITHIN_S = 120.0


def account(get: Callable[[str], ApiResponse], path: str) -> tuple[ServiceRecord, ...]:
    """Wait until the alert at this path is settled, and return what the service says of each recipient. Raises
    ServiceError.
    """
    deadline = time.monotonic() + SETTLES_WITHIN_S
    while _found(get, path).json()["alert"]["state"] not in FINAL:
        look_again(deadline, f"{path} is not settled")
    return tuple(read_ledger(_found(get, f"{path}/ledger").body))


def _found(get: Callable[[str], ApiResponse], path: str) -> ApiResponse:
    answer = get(path)
    if not answer.accepted:
        raise ServiceError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
    return answer


def claimed(claims: Iterable[ServiceRecord]) -> Counter[str]:
    """Count by alert how many recipients were reached, as the service says."""
    return Counter(claim.message for claim in claims if claim.state in CLAIMED)
