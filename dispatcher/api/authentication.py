"""Authentication: `require` recognises the principal of a request and refuses one that lacks the route's permission.

What each route requires stands in `dispatcher.access`; an application whose routes differ from it does not start.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts
from starlette.requests import Request

from dispatcher.access import principals
from dispatcher.access.keys import AUTHENTICATES, KeyKind, read_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import holders_of
from dispatcher.access.table import OPEN_ROUTES, REQUIRED_BY_ROUTE, TableError, Wired, differences
from dispatcher.api.gateway_secret import gateway_of
from dispatcher.api.headers import bearer
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.dependencies.models import Dependant
    from starlette.applications import Starlette

    from dispatcher.access.permissions import Permission
    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies

_NO_KEY = "Der API-Schlüssel fehlt oder ist ungültig."
_MISSING = {
    PrincipalKind.GATEWAY: "Das Geheimnis des Gateways fehlt oder ist falsch.",
    PrincipalKind.INSTANCE: "Der Schlüssel der Instanz fehlt oder ist ungültig.",
}
"""What a route asks for that is not shown, by the first of these kinds that holds its permission; else `_NO_KEY`."""


class Require:
    """A route's dependency: the principal that asks and holds the permission. Raises `RequestRefused` for any other."""

    def __init__(self, permission: Permission, parameters: dict[str, Any]) -> None:
        self.permission = permission
        # FastAPI asks dependencies before it looks at the route's own parameters. Declared here too, these are judged
        # first: a name that nothing can have is not found, whichever principal asks for it.
        declared = [_declared(name, value) for name, value in parameters.items()]
        self.__signature__ = inspect.Signature([_declared("request", Request), *declared])

    async def __call__(self, request: Request, **_parameters: object) -> Principal:
        holders = holders_of(self.permission)
        principal = await _recognised(request, request.app.state.dependencies, holders)
        if principal is None or not principal.may(self.permission):
            missing = next((text for kind, text in _MISSING.items() if kind in holders), _NO_KEY)
            raise RequestRefused(ProblemType.UNAUTHENTICATED, missing)
        return principal


def require(permission: Permission, **parameters: Any) -> Require:
    """Return the dependency of a route that needs `permission`. `parameters` are the route's own: the annotation, or a
    pair of annotation and default.
    """
    return Require(permission, parameters)


def _declared(name: str, value: Any) -> inspect.Parameter:
    annotation, default = value if isinstance(value, tuple) else (value, inspect.Parameter.empty)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


async def _recognised(
    request: Request, dependencies: ApiDependencies, kinds: frozenset[PrincipalKind]
) -> Principal | None:
    """Return the principal of one of these kinds whose credential the request shows. The record is not asked about
    others'.
    """
    if PrincipalKind.GATEWAY in kinds:
        return gateway_of(request, dependencies.reports)
    key = bearer(request)
    name = read_key(key)
    if name is None or not AUTHENTICATES[name.kind] & kinds:
        return None
    if name.kind is KeyKind.INSTANCE:
        instance = await dependencies.sources.instance_by_key(key)
        return principals.of_instance(instance.id, instance.places) if instance else None
    source = await dependencies.sources.by_key(key)
    return principals.of_source(source) if source else None


def wired_routes(app: Starlette) -> Iterator[Wired]:
    """Yield every route of an application with what it requires."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        required = dict.fromkeys(_required(dependant)) if dependant else {}
        for method in sorted((route.methods or {"*"}) - {"HEAD"}):
            for permission in required or [None]:
                yield Wired(f"{method} {route.path}", permission)


def _required(dependant: Dependant) -> Iterator[Permission]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Require):
            yield dependency.call.permission
        yield from _required(dependency)


def require_table(app: Starlette) -> None:
    """Compare the routes with the table. Raises `TableError` unless the routes are those of the table and each requires
    what it says.
    """
    if found := differences(wired_routes(app), REQUIRED_BY_ROUTE, OPEN_ROUTES):
        raise TableError("; ".join(found))
