"""The application of a process for citizens: what phones and browsers ask for, who have no key, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from dispatcher.api.application import Api, application
from dispatcher.api.pages.routes import PREFIXES as PAGES
from dispatcher.api.public.answering import PREFIXES as PUBLIC
from dispatcher.api.shedding import ENROLMENTS_AT_ONCE

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

BEGIN: Final = (*PUBLIC, *PAGES, "/v1/instances/", "/v1/leave/", "/v1/leave-number/")
"""What the paths for citizens begin with: what anybody may read, the pages of apps, subscribing, and leaving."""
WHOLE: Final = frozenset({"/v1/leave-number", "/v1/receipts", "/v1/webpush/key"})
"""The others, whole."""
PROBES: Final = frozenset({"/livez", "/readyz"})
"""What every process answers for itself."""


def is_for_citizens(path: str) -> bool:
    """Return whether a path is served for citizens. This is the one place that says so: the processes follow it, and
    the lines for a proxy in `ops/docs/citizens-page.md` are held to it.
    """
    return path.startswith(BEGIN) or path in WHOLE


def turns_at_once(processors: int) -> int:
    """Return how many who sign up such a process asks the record for at once. It comes last itself, but each of its
    connections has a process of PostgreSQL, which does not: no more than on every second processor.
    """
    return max(1, min(ENROLMENTS_AT_ONCE, processors // 2))


def citizens_application(dependencies: ApiDependencies) -> Api:
    """Build the application of a process for citizens: of the whole one what is for them, and probes. Raises
    `TableError` as `application`.
    """
    app = application(dependencies, turns_at_once(len(os.sched_getaffinity(0))))
    app.router.routes[:] = [
        route
        for route in app.router.routes
        if is_for_citizens(path := getattr(route, "path", "")) or path in PROBES
    ]
    return app
