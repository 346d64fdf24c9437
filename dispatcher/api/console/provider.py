"""Answer the pages by which persons sign in at an OpenID provider: they lead there, and take what comes back."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from dispatcher.api.console.signing_in import STATUS, asking, entered, minutes_of
from dispatcher.sign_in.oidc.authorization import OidcReturn
from dispatcher.sign_in.oidc.sign_in import NobodysIdentity
from dispatcher.sign_in.sign_in import SignInRefused

if TYPE_CHECKING:
    from starlette.responses import Response

    from dispatcher.api.console.visits import Visit


async def lead(visit: Visit) -> Response:
    """Lead a browser to the provider. By a page, not by a redirect: the policy of content lets no form end elsewhere,
    and browsers hold redirects against it too.
    """
    provider = visit.parts.provider
    if provider is None:
        return visit.to("/sign-in")
    wanted = visit.next_of(visit.fields.get("next", ""))
    try:
        url = await provider.begin(visit.visitor, wanted, visit.fields.get("invitation", ""))
    except SignInRefused as refused:
        return _refused(visit, refused)
    return visit.page("provider", url=url, name=provider.name)


async def take(visit: Visit) -> Response:
    """Take what a browser brings back from the provider."""
    provider = visit.parts.provider
    if provider is None:
        return visit.to("/sign-in")
    try:
        done = await provider.finish(visit.visitor, OidcReturn.of(visit.request.query_params))
    except SignInRefused as refused:
        return _refused(visit, refused)
    return entered(visit.next_of(done.wanted), done.opened)


def _refused(visit: Visit, refused: SignInRefused) -> Response:
    provider = visit.parts.provider
    said = visit.word(
        refused.refusal.value,
        minutes=minutes_of(refused),
        provider=provider.name if provider else "",
        subject=refused.subject if isinstance(refused, NobodysIdentity) else "",
    )
    return asking(visit, STATUS.get(refused.refusal, HTTPStatus.FORBIDDEN), said, "", refused.seconds)
