"""An author takes back one message that waits, and what it would have changed stays in force."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import of_person, of_source
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.approvals.deciding import approve, shown
from dispatcher.api.approvals.withdrawing import withdraw_waiting
from dispatcher.model.principals import Source
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.matters import MatterEnding, ending
from dispatcher.store.on_duty.matters import DutyMatters
from tests.api import conftest as over_http
from tests.api.approvals.test_deciding import approver
from tests.api.conftest import EXERCISE_KEY, OTHER_KEY
from tests.support.messages import DUEREN, JUELICH, SENDER
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings


async def waiting_change(service: Any, pool: Any, *places: str) -> tuple[str, str]:
    """A warning that has gone out, and an Update of it that waits for a second person; their ids."""
    first = warning(*places, severity="Moderate")
    sent = (await service.submit(first)).json["alert"]["id"]
    await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    later = first.later("steigt", infos=warning(*places, headline="Hochwasser steigt").infos)
    answer = await service.submit(later)
    assert answer.status == 202, answer.json
    return sent, answer.json["alert"]["id"]


async def test_a_waiting_change_is_withdrawn_and_the_warning_stays_as_it_is(service: Any, pool: Any) -> None:
    sent, change = await waiting_change(service, pool)
    before = (await service.get(f"/v1/alerts/{sent}")).json
    seen = (await shown(service.parts, approver(), change)).binding
    path = f"/v1/alerts/{change}/withdraw"
    (await service.request("POST", path, key=OTHER_KEY)).problem(404, "not-found")
    (await service.request("POST", path, key=EXERCISE_KEY)).problem(403, "wrong-environment")
    for answer in (await service.request("POST", path), await service.request("POST", path)):
        assert answer.status == 200, answer.json
        assert (answer.json["alert"]["state"], answer.json["alert"]["reason"]) == ("recorded", "discarded")
        decided = answer.json["decided"]
        assert (decided["state"], decided["by"], decided["why"]) == (
            "rejected",
            "source:leitstelle",
            "withdrawn",
        )
    after = (await service.get(f"/v1/alerts/{sent}")).json
    assert (after["alert"], after["over"]) == (before["alert"], None), "it stays in force, and as it was"
    rows = await pool.fetch(
        "SELECT actor, detail FROM audit WHERE action = 'alert.conclude' AND alert_id = $1", change
    )
    assert [(row["actor"], row["detail"]["why"]) for row in rows] == [("source:leitstelle", "withdrawn")]
    with pytest.raises(RequestRefused) as refused:
        await approve(service.parts, approver(), change, seen)
    assert refused.value.type == "conflict"
    # What whoever is on duty is told, whose notice ends by it.
    found = await DutyMatters(pool).of([change])
    _, outcome = found[change]
    assert ending(outcome, datetime.now(UTC)) is MatterEnding.REJECTED


async def test_what_has_gone_out_is_not_withdrawn(service: Any) -> None:
    alert = (await service.submit(warning())).json["alert"]["id"]
    (await service.request("POST", f"/v1/alerts/{alert}/withdraw")).problem(409, "conflict")
    assert (await service.get(f"/v1/alerts/{alert}")).json["over"] is None


async def test_a_person_withdraws_where_the_own_role_holds(service: Any, pool: Any) -> None:
    _, change = await waiting_change(service, pool, DUEREN, JUELICH)
    centre = Source("leitstelle", "Leitstelle", frozenset({SENDER}), ("05358",))

    def author(*territory: str) -> Any:
        person = Person("m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR, territory),), "leitstelle")
        return of_person(person, datetime.now(UTC), centre)

    with pytest.raises(RequestRefused) as refused:
        await withdraw_waiting(service.parts, author(DUEREN), change)
    assert refused.value.type == "outside-territory"
    row = await pool.fetchrow("SELECT actor, alert_id, detail FROM audit WHERE action = 'approval.refuse'")
    assert (row["actor"], row["alert_id"]) == ("person:m.keller", change)
    assert (row["detail"]["decision"], row["detail"]["why"]) == ("withdraw", "outside-territory")
    await withdraw_waiting(service.parts, author("05358"), change)
    row = await pool.fetchrow("SELECT decision, decided_by FROM approval WHERE alert_id = $1", change)
    assert tuple(row) == ("reject", "person:m.keller")


async def test_a_feed_withdraws_nothing(service: Any, pool: Any) -> None:
    await pool.execute(
        "INSERT INTO source (id, name, senders, territory) VALUES ('feed-mowas', 'MoWaS', '{}', '{}')"
    )
    alert = (await service.submit(warning())).json["alert"]["id"]
    await pool.execute("UPDATE alert SET source_id = 'feed-mowas', state = 'held' WHERE id = $1", alert)
    feed = of_source(Source("feed-mowas", "MoWaS", frozenset(), ()))
    with pytest.raises(RequestRefused) as refused:
        await withdraw_waiting(service.parts, feed, alert)
    assert refused.value.type == "not-found"


async def test_an_exercise_is_withdrawn_among_exercises(service: Any, pool: Any) -> None:
    alert = (await service.submit(warning(status="Exercise"))).json["alert"]["id"]
    await pool.execute("UPDATE alert SET state = 'held', reason = 'held', held_for = 'recipients: 9'")
    path = f"/v1/alerts/{alert}/withdraw"
    (await service.request("POST", path)).problem(404, "not-found")
    answer = await service.request("POST", f"/exercise{path}", key=EXERCISE_KEY)
    assert answer.json["alert"]["reason"] == "discarded", answer.json
