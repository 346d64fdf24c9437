"""Recognises a subscriber by the management token that it was shown once, and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import of_subscriber
from dispatcher.api.credentials import Shown
from dispatcher.model.principals import CredentialState

if TYPE_CHECKING:
    from starlette.requests import Request

    from dispatcher.apps.enrolment import Enrolment


async def subscriber_of(request: Request, enrolment: Enrolment, token: str) -> Shown:
    """Return which subscriber asks, if the token is that of the installation which the path names. Whether there is
    such an installation is not to be learnt: every other token is refused alike.
    """
    names = request.path_params
    installation = enrolment.installation(names["instance_id"], names["installation"])
    number = await enrolment.owner(installation, token)
    if number is None:
        return Shown(CredentialState.UNKNOWN, PrincipalKind.SUBSCRIBER)
    return Shown(CredentialState.VALID, PrincipalKind.SUBSCRIBER, of_subscriber(number))
