"""Answer the stream that tells a desk's page when to ask for itself again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dispatcher.access.secret_tokens import token_digest
from dispatcher.api.console.cookies import session_cookie
from dispatcher.api.console.desk.overview import desk_version
from dispatcher.api.console.desk.streams import DeskListener

if TYPE_CHECKING:
    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit


async def stream(visit: Visit, reader: Principal) -> Response:
    """Open a stream. Raises `RequestRefused` where there is no place."""
    parts = visit.parts
    digest = token_digest(visit.request.cookies[session_cookie(visit.environment)])
    listener = DeskListener(parts.streams, visit.environment, reader.id, digest)
    return parts.streams.open(
        listener,
        visit.dependencies.metrics,
        partial(desk_version, visit.dependencies),
        parts.sign_in.stores.sessions.holding,
    )
