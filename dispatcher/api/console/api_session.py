"""Recognise a person at a route of the API, by the session of a console: the live one's, or the exercise's below
`/exercise/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.secret_tokens import is_token
from dispatcher.api.console.cookies import FORM_HEADER, is_own, session_cookie
from dispatcher.api.credentials import Shown
from dispatcher.model.principals import CredentialState
from dispatcher.model.vocabulary import environment_of_path

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.api.console.parts import ConsoleParts

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def person_at(request: Request, console: ConsoleParts | None) -> Shown:
    """Return whose session a request shows. What changes something counts only with the origin of the console and the
    token of its forms in the header `X-CSRF-Token`: a cookie goes along with whatever another page posts.
    """
    environment = environment_of_path(request.scope.get("path", ""))
    token = request.cookies.get(session_cookie(environment), "")
    if console is None or not is_token(token):
        return Shown(CredentialState.MISSING)
    brought = request.headers.get(FORM_HEADER, "")
    if request.method not in SAFE and not is_own(request, environment, brought, console.origin):
        return Shown(CredentialState.UNKNOWN, PrincipalKind.PERSON)
    found = await console.sign_in.principal(token, environment)
    if found is None:
        return Shown(CredentialState.UNKNOWN, PrincipalKind.PERSON)
    return Shown(CredentialState.VALID, PrincipalKind.PERSON, found[0])
