"""Who is asking: a source by its `wk_` key, a municipality's app by its `wi_` key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.model.principals import Instance, Source
    from dispatcher.store.sources import Sources


def bearer(request: Request) -> str:
    """The bearer token, or nothing."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def source_of(request: Request, sources: Sources) -> Source:
    """Raises `RequestRefused` without a valid key."""
    source = await sources.by_key(bearer(request))
    if source is None:
        raise RequestRefused(ProblemType.UNAUTHENTICATED, "Der API-Schlüssel fehlt oder ist ungültig.")
    return source


async def instance_of(request: Request, sources: Sources) -> Instance:
    """Raises `RequestRefused` without a valid key."""
    instance = await sources.instance_by_key(bearer(request))
    if instance is None:
        raise RequestRefused(
            ProblemType.UNAUTHENTICATED, "Der Schlüssel der Instanz fehlt oder ist ungültig."
        )
    return instance
