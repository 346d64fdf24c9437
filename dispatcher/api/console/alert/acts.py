"""Find what a person may do about an alert, and where: each act has a page of its own, which asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dispatcher.access.permissions import Permission
from dispatcher.api.approvals.territory import holds_in
from dispatcher.api.console.corrections import may_correct
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import ENDS, AlertState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from dispatcher.api.console.visits import Visit
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import Over


class Act(NamedTuple):
    """One thing to be done about an alert: its name in the catalogue, and its page below the environment's root."""

    word: str
    path: str


class HowItWaits(NamedTuple):
    """How a message waits for a person; of no meaning for one that does not."""

    is_asked: bool = False
    """Whether it needs a second person: else operators decide."""
    is_change: bool = False
    """Whether it would change what is in force: an end of the one ends the other, too."""


def acts_of(
    visit: Visit,
    alert: StoredAlert,
    codes: Collection[str],
    now: datetime,
    *,
    over: Over | None,
    waits: HowItWaits,
) -> list[Act]:
    """Return what the person may do about the alert now, with its municipalities (AGS), the most pressing first.
    `over` is why it is no longer in force.
    """
    found = []
    if alert.state is AlertState.HELD:
        permission, path = (
            (Permission.READ_APPROVALS, f"/approvals/{alert.id}")
            if waits.is_asked
            else (Permission.READ_HELD, f"/held/{alert.id}")
        )
        if visit.holder(permission) is not None:
            found.append(Act("act_decide", path))
        if _may_follow_up(visit, alert, codes):
            found.append(Act("act_change_waiting", f"/compose?update={alert.id}"))
            if waits.is_change:
                found.append(Act("act_withdraw_all", f"/compose?all-clear={alert.id}"))
    if (alert.is_in_force(now) or alert.is_open_drill(now)) and _may_follow_up(visit, alert, codes):
        found += [
            Act("act_update", f"/compose?update={alert.id}"),
            Act("act_all_clear", f"/compose?all-clear={alert.id}"),
        ]
    is_wrong_still = over is None or over.reason is OverReason.REPLACED
    if alert.reason not in ENDS and is_wrong_still and may_correct(visit, alert, codes):
        found.append(Act("correct", f"/alerts/{alert.id}/correct"))
    return found


def may_withdraw(visit: Visit, alert: StoredAlert, codes: Collection[str]) -> bool:
    """Whether the person may take back the one message, which waits: by a form on the page of the alert."""
    return alert.state is AlertState.HELD and _may_follow_up(visit, alert, codes)


def _may_follow_up(visit: Visit, alert: StoredAlert, codes: Collection[str]) -> bool:
    """Whether the person may submit for the control centre that sent the alert, in all its municipalities."""
    permission = Permission.SUBMIT_ALERTS
    author = visit.holder(permission)
    return author is not None and author.owns(alert.source_id) and holds_in(author, permission, codes)
