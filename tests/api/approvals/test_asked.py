"""Whoever submits what waits for a second person is told who is asked, or that nobody is."""

from typing import Any

import asyncpg

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.approvals.asked import AskedPersons, asked_about
from dispatcher.model.vocabulary import Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import Approvals
from tests.api import conftest as over_http
from tests.api.conftest import Service
from tests.support.approval_world import GRAVE
from tests.support.histories import submit
from tests.support.messages import DUEREN, JUELICH
from tests.support.on_duty import on_duty
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


async def test_it_is_counted_by_the_rule_by_which_people_are_told(service: Service, pool: Any) -> None:
    await Approvals(pool).put_rule(GRAVE, UNNAMED_OPERATOR)

    async def asked(name: str) -> Any:
        answer = await service.submit(warning(DUEREN, identifier=name.replace(" ", "-")))
        assert answer.status == 202, answer.json
        return answer.json["second_person"]

    assert await asked("nobody") == {"needed": 1, "on_duty": 0, "instead": 0}
    await on_duty(pool, "z.admin", RoleGrant(Role.ADMIN))
    assert await asked("an admin") == {"needed": 1, "on_duty": 0, "instead": 1}
    await on_duty(pool, "elsewhere", RoleGrant(Role.APPROVER, (JUELICH,)), at="+491700000002")
    await on_duty(pool, "b.lang", RoleGrant(Role.APPROVER), at="+491700000003")
    assert await asked("an approver") == {"needed": 1, "on_duty": 1, "instead": 0}
    await Approvals(pool).drop_rule(GRAVE.source, GRAVE.severity, GRAVE.people, UNNAMED_OPERATOR)
    assert (await service.submit(warning(DUEREN, identifier="at-once"))).json["second_person"] is None


async def test_what_is_committed_is_answered_also_where_this_is_not_known(pool: Any) -> None:
    alerts = Alerts(pool)
    await submit(alerts, "A", reason=Reason.HELD, held_for="approval")
    stored = await alerts.get("A")
    assert stored is not None
    assert await asked_about(pool, stored) == AskedPersons(0, 0)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE")
        assert await asked_about(pool, stored) is None
    gone: Any = await asyncpg.create_pool(min_size=0, dsn="postgresql://127.0.0.1:1/none")
    assert await asked_about(gone, stored) is None
