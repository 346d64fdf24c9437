"""Answer the form by which an author takes back one message that waits, and nothing else."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from dispatcher.api.approvals.withdrawing import withdraw_waiting
from dispatcher.api.console.alert.page import shown
from dispatcher.api.console.visits import alert_id_of
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit


async def withdraw(visit: Visit, author: Principal) -> Response:
    """Take the message back and show what became of it; where it waits no more, show how it stands by now. Raises
    `RequestRefused` where it is not the person's to take back.
    """
    alert_id = alert_id_of(visit)
    try:
        await withdraw_waiting(visit.dependencies, author, alert_id)
    except RequestRefused as refused:
        if refused.type is not ProblemType.CONFLICT:
            raise
        return await shown(visit, author, [visit.nothing_done(refused)], HTTPStatus.CONFLICT)
    return visit.to(f"/alerts/{alert_id}")
