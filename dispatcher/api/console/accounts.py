"""Answer the pages on which persons enrol, and mind what they sign in with."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from starlette.responses import Response

from dispatcher.access.persons import entitlement
from dispatcher.api.console.cookies import put_session
from dispatcher.api.console.signing_in import STATUS, minutes_of
from dispatcher.console.pages import HEADERS, drawn
from dispatcher.sign_in.one_time_codes import address, is_secret, new_secret
from dispatcher.sign_in.passkeys import PasskeyRefused, read_answer
from dispatcher.sign_in.passwords import TooManyHashes, WrongPassword
from dispatcher.sign_in.sign_in import SignInRefused
from dispatcher.store.persons.credentials import CredentialKind
from dispatcher.store.persons.sessions import Method

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.api.console.visits import Visit
    from dispatcher.store.persons.sessions import PersonSession

FEW_CODES: Final = 2
"""With so many recovery codes left a person is reminded to make new ones."""
_WRONG = {
    WrongPassword.TOO_SHORT: "too_short",
    WrongPassword.TOO_LONG: "too_long",
    WrongPassword.PATTERN: "pattern",
    WrongPassword.NAME: "name_in_password",
}


async def show_invitation(visit: Visit) -> Response:
    """Ask whoever has a link for a new password. It changes nothing: programs look at links beforehand."""
    person = await visit.parts.accounts.invited(visit.request.path_params["token"])
    if person is None or person.environment is not visit.environment:
        return visit.message("invitation", "invitation_over", HTTPStatus.NOT_FOUND)
    return _invited(visit, person.id)


async def accept_invitation(visit: Visit) -> Response:
    """Take the password of whoever has a link, which is good no more then."""
    token = visit.request.path_params["token"]
    try:
        done = await visit.parts.accounts.accept(visit.visitor, token, visit.fields.get("password", ""))
    except TooManyHashes:
        return visit.message("invitation", "busy", HTTPStatus.SERVICE_UNAVAILABLE)
    if done is None:
        return visit.message("invitation", "invitation_over", HTTPStatus.NOT_FOUND)
    if isinstance(done, WrongPassword):
        person = await visit.parts.accounts.invited(token)
        return _invited(visit, person.id if person else "", visit.word(_WRONG[done]))
    response = visit.to()
    put_session(response, done, is_known=False)
    return response


async def show(visit: Visit, session: PersonSession) -> Response:
    """Show a person its account."""
    return await _account(visit, session)


async def change_password(visit: Visit, session: PersonSession) -> Response:
    """Change the password of whoever shows the one before."""
    fields = visit.fields
    try:
        done = await visit.parts.accounts.change_password(
            visit.visitor, session, fields.get("before", ""), fields.get("after", "")
        )
    except SignInRefused as refused:
        return await _refused(visit, session, refused)
    except TooManyHashes:
        return await _account(visit, session, "busy", HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(done, WrongPassword):
        return await _account(visit, session, _WRONG[done], HTTPStatus.UNPROCESSABLE_ENTITY)
    if not done:
        return await _account(visit, session, "wrong", HTTPStatus.FORBIDDEN)
    return await _account(visit, session, "password_changed")


async def ask_totp(visit: Visit, session: PersonSession) -> Response:
    """Show a new secret of TOTP. It is not the person's before a code of it has come back."""
    return _totp(visit, session, new_secret())


async def take_totp(visit: Visit, session: PersonSession) -> Response:
    """Take a code of the new secret, which is the person's then."""
    secret = visit.fields.get("secret", "")
    try:
        done = await visit.parts.accounts.put_totp(
            visit.visitor, session, secret, visit.fields.get("code", ""), _password(visit)
        )
    except SignInRefused as refused:
        return await _refused(visit, session, refused)
    if not done:
        return _totp(visit, session, secret if is_secret(secret) else new_secret(), visit.word("wrong"))
    response = visit.to("/account/recovery")
    await _be_whole(visit, session, response, Method.PASSWORD_AND_TOTP)
    return response


async def ask_passkey(visit: Visit, session: PersonSession) -> Response:
    """Give the browser what a new passkey is made of, if the person shows its password."""
    try:
        shown = read_answer(visit.body).get("password", "")
        # JSON can have halves of characters, which nothing hashes.
        password = shown.encode(errors="replace").decode() if isinstance(shown, str) else ""
        options = await visit.parts.accounts.ask_passkey(visit.visitor, session, password)
    except PasskeyRefused:
        return Response(status_code=HTTPStatus.FORBIDDEN, headers=dict(HEADERS))
    except SignInRefused as refused:
        return Response(status_code=STATUS[refused.refusal], headers=dict(HEADERS))
    return Response(options, media_type="application/json", headers=dict(HEADERS))


async def take_passkey(visit: Visit, session: PersonSession) -> Response:
    """Take a new passkey."""
    try:
        answer = read_answer(visit.body)
    except PasskeyRefused:
        return Response(status_code=HTTPStatus.FORBIDDEN, headers=dict(HEADERS))
    label = answer.get("label", "")
    if not await visit.parts.accounts.add_passkey(
        visit.visitor, session, answer, label if isinstance(label, str) else ""
    ):
        return Response(status_code=HTTPStatus.FORBIDDEN, headers=dict(HEADERS))
    response = Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(HEADERS))
    await _be_whole(visit, session, response, Method.PASSKEY)
    return response


async def ask_recovery(visit: Visit, session: PersonSession) -> Response:
    """Say what recovery codes are, and ask for the password."""
    del session
    return visit.page("recovery", codes=[])


async def make_recovery(visit: Visit, session: PersonSession) -> Response:
    """Show new recovery codes, once."""
    try:
        codes = await visit.parts.accounts.new_recovery_codes(visit.visitor, session, _password(visit))
    except SignInRefused as refused:
        return await _refused(visit, session, refused)
    return visit.page("recovery", codes=codes)


async def remove(visit: Visit, session: PersonSession) -> Response:
    """Remove a second factor, unless it is the last."""
    try:
        done = await visit.parts.accounts.remove(visit.visitor, session, _number(visit), _password(visit))
    except SignInRefused as refused:
        return await _refused(visit, session, refused)
    if not done:
        return await _account(visit, session, "last_factor", HTTPStatus.CONFLICT)
    return visit.to()


async def end(visit: Visit, session: PersonSession) -> Response:
    """End another session of the person."""
    await visit.parts.accounts.end(session, _number(visit))
    return visit.to()


def _password(visit: Visit) -> str:
    return visit.fields.get("password", "")


async def _refused(visit: Visit, session: PersonSession, refused: SignInRefused) -> Response:
    """Show the account, and why nothing was changed there."""
    said, status = refused.refusal.value, STATUS[refused.refusal]
    return await _account(visit, session, said, status, minutes=minutes_of(refused))


def _number(visit: Visit) -> int:
    """Return the number in the address; one that nothing has for what is none."""
    text = visit.request.path_params["number"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


async def _be_whole(visit: Visit, session: PersonSession, response: Response, method: Method) -> None:
    """Let a session go on as any other that was for enrolling, by tokens that nobody had before."""
    if session.method is Method.INVITATION:
        # One that has ended meanwhile stays so: the next page asks to sign in.
        with suppress(SignInRefused):
            put_session(response, await visit.parts.sign_in.reopen(visit.visitor, session, method))


def _invited(visit: Visit, person_id: str, said: str = "") -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if said else HTTPStatus.OK
    token = visit.request.path_params["token"]
    return visit.page(
        "invitation", status, person=person_id, said=said, invitation=token, provider=visit.provider
    )


def _totp(visit: Visit, session: PersonSession, secret: str, said: str = "") -> Response:
    uri = address(secret, session.person.id, visit.environment.value)
    status = HTTPStatus.FORBIDDEN if said else HTTPStatus.OK
    drawing = Markup(drawn(uri))  # noqa: S704 - made of squares, by segno
    return visit.page(
        "totp",
        status,
        secret=secret,
        address=uri,
        drawing=drawing,
        said=said,
        enrolling=session.method is Method.INVITATION,
    )


async def _account(
    visit: Visit,
    session: PersonSession,
    said: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    **values: object,
) -> Response:
    found = await visit.parts.accounts.account(session.person.id)
    factors = found.second_factors
    codes = sum(one.kind is CredentialKind.RECOVERY for one in found.credentials)
    # Without a password a recovery code opens nothing.
    has_password = any(one.kind is CredentialKind.PASSWORD for one in found.credentials)
    enrolling = session.method is Method.INVITATION
    return visit.page(
        "account",
        status,
        said=visit.word(said, **values) if said else "",
        enrolling=enrolling,
        roles=_roles(session),
        credentials=[
            {
                "number": one.number,
                "kind": one.kind.value,
                "label": one.label,
                "used_at": one.used_at,
                "removable": one in factors and len(factors) > 1,
            }
            for one in found.credentials
            if one.kind is not CredentialKind.RECOVERY
        ],
        provider=visit.parts.provider and visit.parts.provider.name,
        linked=await _linked(visit, session),
        recovery_codes=codes,
        few_codes=not enrolling and has_password and codes <= FEW_CODES,
        sessions=found.sessions,
        own=session.number,
    )


async def _linked(visit: Visit, session: PersonSession) -> list[datetime | None]:
    """Return when the person's account at the provider was used last; nothing where it has none."""
    provider = visit.parts.provider
    return [] if provider is None else await provider.identities.used_at(session.person.id)


def _roles(session: PersonSession) -> list[dict[str, Any]]:
    reasons = entitlement(session.person, session.now).withheld
    return [
        {
            "name": grant.role.value,
            "territory": ", ".join(grant.territory),
            "withheld": reasons[grant.role].value if grant.role in reasons else "",
        }
        for grant in session.person.grants
    ]
