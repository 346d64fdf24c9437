"""Answer a browser while the record is away: it is told so, and what it has posted can be posted again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from starlette.responses import JSONResponse

from dispatcher.api.console.visits import is_foreign
from dispatcher.console.pages import HEADERS

if TYPE_CHECKING:
    from starlette.responses import Response

    from dispatcher.api.console.visits import Visit

AGAIN: Final = ("/compose", "/approvals/", "/alerts/", "/held/", "/templates/", "/desk/")
"""The paths whose forms have no secret: a page may hold what was typed into them."""
DRAFTS: Final = frozenset({"/compose", "/compose/preview", "/compose/preview.json"})
"""The paths that send nothing."""

log = structlog.get_logger()


def unavailable(visit: Visit, path: str, error: Exception) -> Response:
    """Say that the record does not answer, with a form that posts the same once more. Nothing that was typed is lost,
    nobody has to be signed in to see it again, and what comes from elsewhere is not shown.
    """
    visit.dependencies.metrics.record_up.set(0)
    log.warning("record_unavailable", error=type(error).__name__)
    request = visit.request
    is_read = request.method in ("GET", "HEAD")
    is_shown = not is_read and path.startswith(AGAIN) and not is_foreign(visit)
    said = visit.word(_said(path, is_read=is_read, is_shown=is_shown))
    if path.endswith(".json") or "application/json" in request.headers.get("content-type", ""):
        return JSONResponse({"refused": said}, HTTPStatus.SERVICE_UNAVAILABLE, dict(HEADERS))
    query = f"?{request.url.query}" if is_read and request.url.query else ""
    return visit.page(
        "unavailable",
        HTTPStatus.SERVICE_UNAVAILABLE,
        said=said,
        is_posted=is_shown,
        fields=[(name, value) for name, value in visit.fields.items() if name != "token"],
        address=f"{request.url.path}{query}" if is_read or is_shown else visit.root,
    )


def _said(path: str, *, is_read: bool, is_shown: bool) -> str:
    if is_read:
        return "unavailable_read"
    if path in DRAFTS:
        return "compose_down"
    return "unavailable_change" if is_shown else "unavailable_secret"
