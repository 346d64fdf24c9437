"""Authentication: `require` recognises the principal of a request and refuses one that lacks the route's permission.

What each route requires stands in `dispatcher.access`; an application whose routes differ from it does not start.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fastapi.routing import iter_route_contexts
from starlette.requests import Request

from channels.clock import utc_now
from dispatcher.access import principals
from dispatcher.access.keys import AUTHENTICATES, KeyKind, environment_of_key, read_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.management_tokens import MANAGEMENT_TOKEN
from dispatcher.access.permissions import Permission, holders_of, roles_with
from dispatcher.access.table import OPEN_ROUTES, REQUIRED_BY_ROUTE, TableError, Wired, differences
from dispatcher.api.console.api_session import person_at
from dispatcher.api.credentials import CrossingReason, Shown, bearer, client_certificate
from dispatcher.api.gateway_secret import gateway_of
from dispatcher.api.subscribers.management_token import subscriber_of
from dispatcher.model.principals import CredentialState, RemoteOperator, Source
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import API_PREFIX, Environment, environment_of_path
from dispatcher.runtime.strangers import recognise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fastapi.dependencies.models import Dependant
    from starlette.applications import Starlette

    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.api.gateway_secret import CallingGateway
    from dispatcher.model.principals import Instance

_CLAIMED: Final = {
    KeyKind.SOURCE: PrincipalKind.SOURCE,
    KeyKind.EXERCISE: PrincipalKind.SOURCE,
    KeyKind.INSTANCE: PrincipalKind.INSTANCE,
    KeyKind.OPERATOR: PrincipalKind.REMOTE_OPERATOR,
}
"""The kind that stands for a key of which no more is known: a feed's looks like a source's."""
SHARING: Final = frozenset({PrincipalKind.INSTANCE, PrincipalKind.REMOTE_OPERATOR})
"""The kinds of principals of which each has a share of a process."""
_NO_KEY = Phrase.KEY_MISSING
_MISSING = {
    PrincipalKind.GATEWAY: Phrase.GATEWAY_SECRET_MISSING,
    PrincipalKind.INSTANCE: Phrase.INSTANCE_KEY_MISSING,
    PrincipalKind.SUBSCRIBER: Phrase.MANAGEMENT_TOKEN_MISSING,
    PrincipalKind.REMOTE_OPERATOR: Phrase.OPERATOR_KEY_MISSING,
}
"""What a route asks for that is not shown, by the first of these kinds that holds its permission; else `_NO_KEY`."""


_WRONG_ENVIRONMENT: Final = {
    Environment.LIVE: Phrase.LIVE_KEY_FOR_EXERCISES,
    Environment.EXERCISE: Phrase.EXERCISE_KEY_FOR_LIVE,
}


_OF_A_PERSON: Final = {
    CredentialState.UNKNOWN: Phrase.PERSON_UNPROVEN,
    CredentialState.WRONG_KIND: Phrase.PERSON_LACKS_ROLE,
}
"""What is said to whoever shows the session of a console: a key would not help."""


def _missing(shown: Shown, permission: Permission) -> Phrase:
    """Return what is said of a credential that does not let its bearer in."""
    if shown.kind is PrincipalKind.PERSON and shown.state in _OF_A_PERSON:
        return _OF_A_PERSON[shown.state]
    holders = holders_of(permission)
    return next((phrase for kind, phrase in _MISSING.items() if kind in holders), _NO_KEY)


class Require:
    """A route's dependency: the principal that asks and holds the permission. Raises `RequestRefused` for any other."""

    answers: ClassVar = frozenset({ProblemType.UNAUTHENTICATED, ProblemType.RECORD_UNAVAILABLE})
    """The problems that it answers whoever asks."""

    def __init__(self, permission: Permission, parameters: dict[str, Any]) -> None:
        self.permission = permission
        shared = SHARING & holders_of(permission)
        apart = PrincipalKind.SOURCE in holders_of(permission)
        self.refuses = (
            self.answers
            | ({ProblemType.RATE_LIMITED} if shared else frozenset())
            | ({ProblemType.WRONG_ENVIRONMENT} if apart else frozenset())
        )
        """The problems that it answers, for the description of the API."""
        # FastAPI asks dependencies before it looks at the route's own parameters. Declared here too, these are judged
        # first: a name that nothing can have is not found, whichever principal asks for it.
        declared = [_declared(name, value) for name, value in parameters.items()]
        self.__signature__ = inspect.Signature([_declared("request", Request), *declared])

    async def __call__(self, request: Request, **_parameters: object) -> Principal:
        dependencies: ApiDependencies = request.app.state.dependencies
        shown = await _judged(request, dependencies, self.permission)
        if shown.principal is not None:
            shown = replace(shown, principal=shown.principal.acting_on(self.permission))
        if shown.state is CredentialState.VALID and not (
            shown.principal and shown.principal.may(self.permission)
        ):
            shown = replace(shown, state=CredentialState.WRONG_KIND)
        if shown.principal is None or shown.state is not CredentialState.VALID:
            dependencies.refused_credentials.note(shown)
            if shown.principal and shown.state is CredentialState.WRONG_CERTIFICATE:
                await dependencies.crossings.note_certificate(shown.principal, shown.key)
            raise RequestRefused(ProblemType.UNAUTHENTICATED, said(_missing(shown, self.permission)))
        await _require_environment(request, dependencies, shown)
        recognise(request.scope)
        _take_share(dependencies, shown.principal)
        return shown.principal


async def _require_environment(request: Request, dependencies: ApiDependencies, shown: Shown) -> None:
    """Refuse a credential that is good, but not in the environment of the path. It is told so: its bearer has shown all
    of it, and the mistake may cost minutes. Raises `RequestRefused`.
    """
    principal = shown.principal
    assert principal is not None  # noqa: S101 - the credential is valid
    if principal.environment is environment_of_path(request.scope["path"]):
        return
    dependencies.refused_credentials.note(replace(shown, state=CredentialState.WRONG_ENVIRONMENT))
    await dependencies.crossings.note(principal, CrossingReason.PATH)
    phrase = _WRONG_ENVIRONMENT[principal.environment]
    prefix = API_PREFIX[principal.environment]
    raise RequestRefused(ProblemType.WRONG_ENVIRONMENT, said(phrase, prefix=prefix))


def _take_share(dependencies: ApiDependencies, principal: Principal) -> None:
    """Take a request from an instance's or operator's share of this process. Raises `RequestRefused` where it is used
    up.
    """
    if principal.kind not in SHARING:
        return
    if wait := dependencies.shares.take(principal.actor, principal.quota):
        raise RequestRefused(
            ProblemType.RATE_LIMITED, said(Phrase.SHARE_USED_UP), retry_after_s=math.ceil(wait)
        )


def require(permission: Permission, **parameters: Any) -> Require:
    """Return the dependency of a route that needs `permission`. `parameters` are the route's own: the annotation, or a
    pair of annotation and default.
    """
    return Require(permission, parameters)


def _declared(name: str, value: Any) -> inspect.Parameter:
    annotation, default = value if isinstance(value, tuple) else (value, inspect.Parameter.empty)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


async def _judged(request: Request, dependencies: ApiDependencies, permission: Permission) -> Shown:
    """Return whose credential of one of these kinds the request shows, and whether it is good. The record is not asked
    about others'.
    """
    kinds = holders_of(permission)
    if PrincipalKind.GATEWAY in kinds:
        gateway, state = gateway_of(request, *_calling(dependencies, permission))
        return Shown(state, PrincipalKind.GATEWAY, gateway)
    if key := bearer(request):
        return await _by_key(request, dependencies, kinds, key)
    if roles_with(permission):
        return await person_at(request, dependencies.console)
    return Shown(CredentialState.MISSING)


async def _by_key(
    request: Request, dependencies: ApiDependencies, kinds: frozenset[PrincipalKind], key: str
) -> Shown:
    if PrincipalKind.SUBSCRIBER in kinds and MANAGEMENT_TOKEN.fullmatch(key):
        return await subscriber_of(request, dependencies.enrolment, key)
    name = read_key(key)
    if name is None:
        return Shown(CredentialState.UNKNOWN)
    if not AUTHENTICATES[name.kind] & kinds:
        return Shown(CredentialState.WRONG_KIND, _CLAIMED[name.kind])
    found = await dependencies.sources.recognise(key, lambda: client_certificate(request))
    if found.party is None:
        return Shown(found.state, _CLAIMED[name.kind])
    principal = _principal_of(found.party, environment_of_key(name.kind), found.person)
    principal = replace(principal, key=str(name))
    return Shown(found.state, principal.kind, principal, str(name))


def _calling(
    dependencies: ApiDependencies, permission: Permission
) -> tuple[Mapping[str, CallingGateway], datetime, Phrase]:
    """Return which gateways may do that, each with a secret of its own for it, and what is said of all others."""
    if permission is Permission.DELIVER_TEXTS:
        return dependencies.inbound.gateways, utc_now(), Phrase.NO_TEXTS_WANTED
    reports = dependencies.reports
    return {} if reports is None else reports.gateways, utc_now(), Phrase.NO_REPORTS_WANTED


def _principal_of(
    party: Source | Instance | RemoteOperator, environment: Environment, person: str
) -> Principal:
    if isinstance(party, Source):
        return principals.of_source(party, environment, person)
    if isinstance(party, RemoteOperator):
        return principals.of_remote_operator(party.id)
    return principals.of_instance(party.id, party.shown, sandbox=party.sandbox, quota=party.quota)


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
