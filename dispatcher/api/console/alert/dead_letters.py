"""Answer the form by which a person has an alert sent again to those who could not be served."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from dispatcher.api.console.alert.page import shown
from dispatcher.api.console.visits import alert_id_of
from dispatcher.api.situation.dead_letters import replay_letters
from dispatcher.console.approvals import is_count, number
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.model.ledger import Fate

if TYPE_CHECKING:
    from collections import Counter

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit


async def lead_back(visit: Visit, reader: Principal) -> Response:
    """Lead to the alert whoever loads the address of the form."""
    del reader
    return visit.to(f"/alerts/{alert_id_of(visit)}")


async def replay(visit: Visit, operator: Principal) -> Response:
    """Send again to as many as the person was shown, and say what became of each. Raises `RequestRefused`."""
    typed = visit.fields.get("letters", "")
    replay = await replay_letters(
        visit.dependencies, operator, alert_id_of(visit), lambda count: is_count(typed, count)
    )
    if replay.fates is None:
        changed = visit.word("replay_changed", count=number(replay.letters, visit.language))
        return await shown(visit, operator, [changed], HTTPStatus.CONFLICT)
    return await shown(visit, operator, _told(visit, replay.fates))


def _told(visit: Visit, fates: Counter[Fate]) -> list[str]:
    """Say to how many it is sent again, and to how many it is not, and why."""
    words = desk_texts(visit.language).fates
    counts = {fate: number(count, visit.language) for fate, count in fates.items()}
    return [
        visit.word("replay_done", count=counts.pop(Fate.REPLAYED, "0")),
        *(visit.word("replay_not", count=count, why=words[fate]) for fate, count in sorted(counts.items())),
    ]
