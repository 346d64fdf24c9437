"""What stands of a warning."""

from typing import Any

import pytest

from cap import follow_up
from dispatcher.access.principals import of_source
from dispatcher.intake.correction.standing import StandingWarning, find_standing, message_of
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Reason
from tests.support.approval_world import LEITSTELLE, ApprovalWorld
from tests.support.messages import DUEREN
from tests.support.submissions import warning


async def standing(world: ApprovalWorld, alert: Any) -> StandingWarning:
    def ending(parts: Any, named: Any) -> Any:
        moment = follow_up.next_moment(parts[0], parts[0].sent)
        return follow_up.cancel(parts[0], follow_up.Header("probe", moment, named))

    return await find_standing(world.alerts, world.intake, of_source(LEITSTELLE), alert, ending)


async def test_of_what_was_changed_the_change_stands_and_nothing_is_sent(world: ApprovalWorld) -> None:
    first = warning(DUEREN)
    alert = (await world.submit(first)).alert
    later = (await world.submit(first.later("steigt"))).alert
    found = await standing(world, alert)
    assert found.alert_ids == (later.id,)
    assert [one.identifier for one in found.references] == [later.identifier]
    assert found.parts == (await message_of(world.alerts, later.id),)
    assert found.preview.reason is Reason.CANCEL
    assert await world.pool.fetchval("SELECT count(*) FROM alert") == 2


async def test_of_no_message_nothing_stands(world: ApprovalWorld) -> None:
    with pytest.raises(RequestRefused) as refused:
        await message_of(world.alerts, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert refused.value.type is ProblemType.NOT_FOUND
