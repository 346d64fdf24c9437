"""Control centres: take back one message of their own that waits for a person, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import NAMES, AlertId, owned
from dispatcher.api.approvals.territory import require_role
from dispatcher.api.authentication import require
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.schemas.status import StatusBody, status_body
from dispatcher.api.situation.coverage import status_in_time
from dispatcher.intake.approval import NotApprovedError
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import API_PREFIX, FEED_PREFIX, Reason

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

WITHDRAWN: Final = "withdrawn"
"""The reason in the trail and at the approval, where an author takes a message back."""
Author = Annotated[Principal, Depends(require(Permission.SUBMIT_ALERTS, alert_id=AlertId))]
_REFUSED: Final = (ProblemType.NOT_FOUND, ProblemType.CONFLICT, ProblemType.OUTSIDE_TERRITORY)


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the route below `/v1/alerts`, and its twin below `/exercise/v1/alerts`."""
    both = APIRouter()
    for environment, prefix in API_PREFIX.items():
        names = NAMES[environment]
        router = APIRouter(prefix=f"{prefix}/alerts", tags=[names.tag])

        @router.post(
            "/{alert_id}/withdraw", responses=refusals(*_REFUSED), operation_id=f"withdraw{names.one}"
        )
        async def withdraw(author: Author, alert_id: AlertId) -> StatusBody:
            """Take back one message that waits for a person: it goes to nobody, and what it would have changed stays in
            force as it is. The same again changes nothing. 409: it does not wait.
            """
            await withdraw_waiting(dependencies, author, alert_id)
            alert = await owned(dependencies, author, alert_id)
            return status_body(await status_in_time(dependencies, alert), author.submits_as)

        both.routes.extend(router.routes)
    return both


async def withdraw_waiting(dependencies: ApiDependencies, author: Principal, alert_id: str) -> None:
    """Conclude that a message of the author's control centre, which waits for a person, is never sent; for the route
    and for the console's page alike. Nothing else ends by it, and what had ended so before stays so. Raises
    `RequestRefused` where it does not wait, is not its own, or concerns municipalities in which no role of it holds:
    the last is a line of the audit trail.
    """
    alert = await owned(dependencies, author, alert_id)
    if alert.source_id.startswith(FEED_PREFIX):  # what a feed said is decided by operators
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    # A key may do so wherever its control centre has warned; a person where a role holds as well.
    needed = partial(require_role, author, Permission.SUBMIT_ALERTS) if author.person is not None else None
    try:
        await dependencies.held.release.discard(alert_id, author.actor, WITHDRAWN, require=needed)
    except NotApprovedError as error:
        found = await dependencies.alerts.get(alert_id)
        if found is None or found.reason is not Reason.DISCARDED:
            raise RequestRefused(ProblemType.CONFLICT, said(Phrase.WAITS_NOT)) from error
    except RequestRefused as refused:
        await dependencies.approvals.note_refusal(alert_id, author.actor, "withdraw", refused.type)
        raise
