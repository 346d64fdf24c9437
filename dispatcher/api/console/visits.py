"""Receive a browser: which environment it is at, who is signed in, and whether what it posts is of a page of ours."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response

from channels.sms.delivery_reports import FIELDS_MAX
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.access.secret_tokens import form_token, is_token, new_token
from dispatcher.api.alerts import ALERT_ID
from dispatcher.api.body import fields_of, read_body
from dispatcher.api.console.cookies import (
    FORM_HEADER,
    device_cookie,
    form_base,
    form_cookie,
    is_own,
    put_form_cookie,
    session_cookie,
)
from dispatcher.api.credentials import Shown
from dispatcher.api.shedding import places_of
from dispatcher.api.subscribers.requests import client_of
from dispatcher.console.approvals import away
from dispatcher.console.pages import HEADERS, ConsoleFrame, headers_of, page, root_of
from dispatcher.console.sections import sections_of
from dispatcher.console.words import WORDS, language_name, language_of
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.model.principals import CredentialState
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import Environment
from dispatcher.queue.sign_ups import line_of
from dispatcher.runtime.strangers import recognise
from dispatcher.sign_in.sign_in import Visitor
from dispatcher.store.persons.sessions import Method, PersonSession

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from dispatcher.api.console.parts import ConsoleParts
    from dispatcher.api.dependencies import ApiDependencies

FIRST: Final = "/start"
"""The page below the root of an environment that leads whoever has signed in to the first of its pages."""
BY_ITSELF: Final = "X-By-Itself"
"""The header of what a page asks by itself."""
STREAMED: Final = "/desk/events"
"""The path of a stream, for which a browser sets no header of ours."""
BODY_BYTES: Final = 65_536
"""Of a form, or of the answer of a passkey, which may bring an attestation of some KB."""
_ALERT_ID: Final = re.compile(ALERT_ID)
_NEXT: Final = re.compile(
    r"(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)*/?(?:\?[a-z-]{1,20}=[A-Za-z0-9_-]{1,40})?"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser."""

    request: Request
    parts: ConsoleParts
    environment: Environment
    visitor: Visitor
    fields: dict[str, str] = field(default_factory=dict)
    """Of the form that was posted."""
    body: bytes = b""
    """Of what was posted otherwise."""
    principal: Principal | None = None
    session: PersonSession | None = None

    @property
    def dependencies(self) -> ApiDependencies:
        """Return what the API's own routes need."""
        found: ApiDependencies = self.request.app.state.dependencies
        return found

    @property
    def root(self) -> str:
        """Return where the pages of its environment lie."""
        return root_of(self.environment)

    @property
    def provider(self) -> str:
        """Return what people call the OpenID provider at which they sign in; empty where there is none."""
        found = self.parts.provider
        return found.name if found is not None and found.offers(self.environment) else ""

    def holder(self, permission: Permission) -> Principal | None:
        """Return the person who is signed in as it uses a permission; None where no role of it gives that now."""
        principal = self.principal and self.principal.acting_on(permission)
        return principal if principal is not None and principal.may(permission) else None

    def word(self, name: str, **values: object) -> str:
        """Return a sentence in the language of the browser."""
        return WORDS[name].in_language(self.language).format(**values)

    def nothing_done(self, refused: RequestRefused) -> str:
        """Say that nothing was changed, and why."""
        return f"{self.word('nothing_done')} {refused.detail.in_language(self.language)}"

    def language_name(self, tag: str) -> str:
        """Return what people call a language."""
        return language_name(tag, self.language)

    def away(self, moment: datetime, now: datetime) -> str:
        """Return how far an instant is from now, in words."""
        name, hours, minutes = away(moment - now)
        return self.word(name, hours=hours, minutes=minutes)

    @property
    def language(self) -> str:
        """Return the language of its pages."""
        return language_of(self.request.headers.get("accept-language", ""))

    @property
    def desk(self) -> Desk:
        """Return what speaks in the words of commands at a desk, in the language of its pages."""
        language = DeskLanguage(self.language)
        return Desk(desk_texts(language), language, self.parts.zone)

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
        """Return a page, for which the browser keeps the token of its forms."""
        frame = ConsoleFrame(
            self.environment,
            self.language,
            form_token(form_base(self.request, self.environment) or self.visitor.token),
            self.parts.zone,
            self.principal.id if self.principal else "",
            sections_of(self.principal),
            self.request.url.path.removeprefix(self.root),
        )
        headers = headers_of(template, self.parts.base_map)
        response = HTMLResponse(page(template, frame, **values), status, headers)
        if self.request.cookies.get(form_cookie(self.environment)) != self.visitor.token:
            put_form_cookie(response, self.environment, self.visitor.token)
        return response

    def message(self, title: str, said: str, status: HTTPStatus) -> Response:
        """Return a page that says something, and no more."""
        return self.page("message", status, title=self.word(title), said=self.word(said))

    def refusal(self, refused: RequestRefused) -> Response:
        """Return a page that says why nothing was done."""
        said = refused.detail.in_language(self.language)
        return self.page("message", HTTPStatus(refused.status), title=self.word("console"), said=said)

    def to(self, path: str = "/") -> Response:
        """Lead to another page of the same environment."""
        return RedirectResponse(f"{self.root}{path}", HTTPStatus.SEE_OTHER, dict(HEADERS))

    def next_of(self, wanted: str) -> str:
        """Return where a browser wanted to go before it signed in: a page of the same environment, else that which
        leads the person to its first.
        """
        root = self.root
        return wanted if wanted.startswith(f"{root}/") and _NEXT.fullmatch(wanted) else f"{root}{FIRST}"


Handler = Callable[[Visit], Awaitable[Response]]
SignedInHandler = Callable[[Visit, PersonSession], Awaitable[Response]]
HolderHandler = Callable[[Visit, Principal], Awaitable[Response]]


class FormBounds(NamedTuple):
    """What a form may have."""

    max_bytes: int
    max_fields: int


USUAL_FORM: Final = FormBounds(BODY_BYTES, FIELDS_MAX)


async def received(
    request: Request, parts: ConsoleParts, environment: Environment, bounds: FormBounds = USUAL_FORM
) -> Visit:
    """Receive a request with what is posted, whoever sends it. Raises `RequestRefused` for a body that does not
    arrive.
    """
    line = line_of(client_of(request))
    form = request.cookies.get(form_cookie(environment), "")
    visitor = Visitor(
        environment,
        form if is_token(form) else new_token(),
        line,
        request.cookies.get(device_cookie(environment), ""),
    )
    body = (
        b""
        if request.method in ("GET", "HEAD")
        else await read_body(request, bounds.max_bytes, line or "console")
    )
    return Visit(request, parts, environment, visitor, fields_of(request, body, bounds.max_fields), body)


async def recognised(visit: Visit) -> Visit:
    """Return the visit with who is signed in. It is asked when the body is here: a session that ends while one is on
    its way must not be taken for one that holds.
    """
    request = visit.request
    found = await visit.parts.sign_in.principal(
        request.cookies.get(session_cookie(visit.environment), ""),
        visit.environment,
        is_use=not is_by_itself(request),
    )
    if found is None:
        return visit
    recognise(request.scope)
    principal, session = found
    return replace(visit, principal=principal, session=session)


def is_by_itself(request: Request) -> bool:
    """Whether a page asks while nobody does anything: a session ends for want of use all the same."""
    return BY_ITSELF in request.headers or request.scope.get("path", "").endswith(STREAMED)


def is_foreign(visit: Visit) -> bool:
    """Whether a post is not of a page of ours."""
    if visit.request.method in ("GET", "HEAD"):
        return False
    shown = visit.request.headers.get(FORM_HEADER) or visit.fields.get("token", "")
    return not is_own(visit.request, visit.environment, shown, visit.parts.origin)


def is_of_our_origin(visit: Visit) -> bool:
    """Whether a post that is foreign comes from a page of ours all the same: only its token is not this session's."""
    return visit.request.headers.get("origin", "") == visit.parts.origin


def for_anybody(handler: Handler) -> Handler:
    """Let a handler answer whoever comes."""
    return handler


def for_persons(handler: SignedInHandler, *, enrolling: bool = False, has_page: bool = False) -> Handler:
    """Let a handler answer whoever is signed in; all others are led to the page where one does, and from there back: to
    what they asked for, also by a form where it `has_page` at its address. Who has come by a link gets only what is for
    `enrolling`.
    """

    async def answer(visit: Visit) -> Response:
        session = visit.session
        if session is None:
            path = visit.request.url.path
            if visit.request.method == "GET" and visit.request.url.query:
                path = f"{path}?{visit.request.url.query}"
            wanted = f"?next={quote(path)}" if has_page or visit.request.method == "GET" else ""
            return visit.to(f"/sign-in{wanted}")
        if session.method is Method.INVITATION and not enrolling:
            return visit.to()
        return await handler(visit, session)

    return answer


def for_holders(permission: Permission, handler: HolderHandler) -> Handler:
    """Let a handler answer who is signed in and holds the permission by a role, now: what the API asks for at its route
    of the same purpose. What is refused is said on a page. What takes a form has a page at its address, too, to which
    one comes by loading a refusal anew, or by signing in again where the session has ended over a page.
    """

    async def answer(visit: Visit, session: PersonSession) -> Response:
        del session
        assert visit.principal is not None  # noqa: S101 - there is a session
        principal = visit.principal.acting_on(permission)
        if not principal.may(permission):
            shown = Shown(CredentialState.WRONG_KIND, PrincipalKind.PERSON, principal)
            visit.dependencies.refused_credentials.note(shown)
            return visit.message("console", "role_lacks", HTTPStatus.FORBIDDEN)
        try:
            if visit.request.method != "GET":
                return await handler(visit, principal)
            places = places_of(visit.request)
            async with places.one(places.reads, principal):
                return await handler(visit, principal)
        except RequestRefused as refused:
            return visit.refusal(refused)

    return for_persons(answer, has_page=True)


def alert_id_of(visit: Visit) -> str:
    """Return the id of the alert in the address. Raises `RequestRefused` for one that no alert can have."""
    found: str = visit.request.path_params["alert_id"]
    if not _ALERT_ID.fullmatch(found):
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    return found
