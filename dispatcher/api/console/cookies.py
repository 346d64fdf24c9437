"""Name and write the cookies of the console. Each is of one environment, of this host alone, and never over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.access.secret_tokens import is_form_token

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dispatcher.model.vocabulary import Environment
    from dispatcher.sign_in.sign_in import Opened

FORM_HEADER: Final = "X-CSRF-Token"
DEVICE_LIFE_S: Final = 180 * 86_400
"""How long a browser is known in which nobody signs in again."""


def session_cookie(environment: Environment) -> str:
    """Return the name of the cookie of a session."""
    return f"__Host-warn-{environment.value}"


def form_cookie(environment: Environment) -> str:
    """Return the name of the cookie of a browser at the door, by which its forms and steps are known."""
    return f"__Host-warn-{environment.value}-form"


def device_cookie(environment: Environment) -> str:
    """Return the name of the cookie of a browser in which somebody has signed in."""
    return f"__Host-warn-{environment.value}-device"


def form_base(request: Request, environment: Environment) -> str:
    """Return the cookie by which a browser's forms are known: of its session, else of its stay at the door."""
    return request.cookies.get(session_cookie(environment)) or request.cookies.get(
        form_cookie(environment), ""
    )


def is_own(request: Request, environment: Environment, shown: str, origin: str) -> bool:
    """Whether a request that changes something comes from a page of ours: from its origin, with its form's token. The
    Host header is not asked.
    """
    return request.headers.get("origin", "") == origin and is_form_token(
        shown, form_base(request, environment)
    )


def put_form_cookie(response: Response, environment: Environment, token: str) -> None:
    """Let a browser keep the token of its forms and steps."""
    _put(response, form_cookie(environment), token)


def put_session(response: Response, opened: Opened, *, is_known: bool = True) -> None:
    """Let a browser keep its session, and be known again; what it was at the door is over."""
    _put(response, session_cookie(opened.environment), opened.token)
    _put(response, form_cookie(opened.environment), "", 0)
    if is_known:
        _put(response, device_cookie(opened.environment), opened.device, DEVICE_LIFE_S)


def drop_session(response: Response, environment: Environment) -> None:
    """Let a browser forget its session."""
    _put(response, session_cookie(environment), "", 0)


def _put(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    # Lax, not Strict: whoever follows a link to what waits for approval, out of a mail, is signed in there too. What
    # changes something asks for the form's token and the origin besides.
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax")
