"""Who may submit, and following an alert."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR, Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.alerts import routes
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment, State
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.persons.persons import Persons
from tests.api.conftest import EXERCISE_KEY, INSTANCE_KEY, KEY, NEIGHBOUR, OTHER_KEY, Service
from tests.support.histories import finish, ledger_of, plan, subscription
from tests.support.messages import DUEREN, JUELICH, SENDER
from tests.support.sealed import ADDRESSES
from tests.support.submissions import AACHEN, stored, warning


@pytest.mark.parametrize("key", ["", "nonsense", KEY[:-1] + "x", f"wi_dueren_{'s' * 43}"])
async def test_without_a_valid_key_nothing_is_read(service: Service, pool: Any, key: str) -> None:
    answer = await service.submit(warning(), key=key)
    answer.problem(401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert service.refusals() == {"unauthenticated": 1}
    assert await stored(pool) == 0


@pytest.mark.parametrize("header", ["Basic abc", KEY, "Bearer", ""])
async def test_only_a_bearer_key_is_a_key(service: Service, header: str) -> None:
    answer = await service.submit(warning(), key="", Authorization=header)
    answer.problem(401, "unauthenticated")


async def test_the_scheme_may_be_written_in_any_case(service: Service) -> None:
    assert (await service.submit(warning(), key="", Authorization=f"bearer {KEY}")).status == 201


async def test_what_waits_for_a_second_person_is_accepted_and_answered_so(
    service: Service, pool: Any
) -> None:
    await pool.execute(
        "INSERT INTO approval_rule (source, severity, people, is_needed) VALUES ('*', 'Severe', 0, true)"
    )
    one = warning()
    previewed = (await service.submit(one, path="/v1/alerts/preview")).json
    assert (previewed["reason"], previewed["sent_to_people"]) == ("held", False)
    answer = await service.submit(one)
    assert answer.status == 202
    assert answer.headers["location"] == f"/v1/alerts/{answer.json['alert']['id']}"
    assert (answer.json["alert"]["state"], answer.json["alert"]["reason"]) == ("held", "held")
    assert answer.json["sent_to_people"] is False
    assert (await service.submit(one)).status == 200


async def test_a_false_alarm_is_taken_back_in_one_step(service: Service) -> None:
    alert = (await service.submit(warning())).json["alert"]
    path = f"/v1/alerts/{alert['id']}/correct"
    (await service.request("POST", f"{path}?what=false-alarm", key=OTHER_KEY)).problem(404, "not-found")
    (await service.request("POST", f"{path}?what=nothing")).problem(422, "invalid-request")
    (await service.request("POST", path)).problem(422, "invalid-request")
    answer = await service.request("POST", f"{path}?what=false-alarm")
    assert answer.status == 201
    assert (answer.json["alert"]["reason"], answer.json["alert"]["lane"]) == ("cancel", "flash")
    assert answer.json["alert"]["headline"] == "Fehlalarm: Hochwasser an der Rur"
    over = (await service.get(f"/v1/alerts/{alert['id']}")).json["over"]
    assert (over["reason"], over["by"]) == ("cancelled", answer.json["alert"]["id"])


async def test_all_that_is_done_by_a_personal_key_is_the_persons_on_the_trail(
    service: Service, pool: Any
) -> None:
    await Persons(pool).add(Person("m.keller", Environment.LIVE, (), "leitstelle"), UNNAMED_OPERATOR)
    await pool.execute("UPDATE api_key SET person = 'm.keller' WHERE id = 'leitstelle'")
    begun = await pool.fetchval("SELECT max(id) FROM audit")
    one = warning()
    alert_id = (await service.submit(one)).json["alert"]["id"]
    await service.get(f"/v1/alerts/{alert_id}/ledger")
    await service.request("POST", f"/v1/alerts/{alert_id}/correct?what=false-alarm")
    rows = await pool.fetch("SELECT actor, action, detail FROM audit WHERE id > $1 ORDER BY id", begun)
    assert [row["action"] for row in rows] == [
        "alert.accept",
        "ledger.read",
        "alert.accept",
        "alert.correct",
    ]
    assert {(row["actor"], row["detail"]["key"]) for row in rows} == {("person:m.keller", "wk_leitstelle")}
    assert {row["detail"]["source"] for row in rows if row["action"] == "alert.accept"} == {"leitstelle"}


async def test_an_exercise_is_taken_back_among_exercises(service: Service, pool: Any) -> None:
    alert = (await service.submit(warning(status="Exercise"))).json["alert"]
    below = f"/v1/alerts/{alert['id']}/correct?what=false-alarm"
    (await service.request("POST", below)).problem(404, "not-found")
    (await service.request("POST", below, key=EXERCISE_KEY)).problem(403, "wrong-environment")
    (await service.request("POST", f"/exercise{below}")).problem(403, "wrong-environment")
    answer = await service.request("POST", f"/exercise{below}", key=EXERCISE_KEY)
    assert answer.status == 201, answer.json
    corrected = answer.json["alert"]
    assert (corrected["reason"], corrected["lane"], corrected["status"]) == (
        "drill_end",
        "exercise",
        "Exercise",
    )
    assert corrected["headline"] == "Fehlalarm: Hochwasser an der Rur"
    row = await pool.fetchrow("SELECT actor, alert_id FROM audit WHERE action = 'alert.correct'")
    assert tuple(row) == ("source:leitstelle", corrected["id"])


async def test_an_approver_corrects_what_any_control_centre_has_sent_where_the_role_holds(
    service: Service, pool: Any
) -> None:
    endpoints: Any = {getattr(one, "operation_id", ""): one for one in routes(service.parts).routes}
    correct = endpoints["correctAlert"].endpoint
    alert_id = (await service.submit(warning(DUEREN, JUELICH))).json["alert"]["id"]

    def approver(*territory: str) -> Principal:
        grant = RoleGrant(Role.APPROVER, territory=territory)
        return of_person(Person("b.lang", Environment.LIVE, (grant,)), datetime.now(UTC))

    with pytest.raises(RequestRefused) as refused:
        await correct(approver(DUEREN), alert_id, Falsehood.FALSE_ALARM)
    assert refused.value.type == "outside-territory"
    with pytest.raises(RequestRefused) as refused:
        await correct(approver(), NOWHERE, Falsehood.FALSE_ALARM)
    assert refused.value.type == "not-found"
    within = warning(DUEREN)
    first = (await service.submit(within)).json["alert"]["id"]
    await service.submit(within.later("weiter", infos=warning(DUEREN, JUELICH).infos))
    with pytest.raises(RequestRefused) as refused:
        await correct(approver(DUEREN), first, Falsehood.FALSE_ALARM)
    assert refused.value.type == "outside-territory", "what took its place is wider"
    rows = await pool.fetch(
        "SELECT actor, alert_id, detail FROM audit WHERE action = 'correction.refuse' ORDER BY id"
    )
    assert [(row["actor"], row["alert_id"]) for row in rows] == [
        ("person:b.lang", alert_id),
        ("person:b.lang", first),
    ]
    assert all("outside-territory" in str(row["detail"]) for row in rows)
    answer = await correct(approver("05358"), alert_id, Falsehood.EXERCISE)
    assert (answer.alert.reason, answer.alert.sender) == ("cancel", SENDER)
    row = await pool.fetchrow("SELECT actor, alert_id FROM audit WHERE action = 'alert.correct'")
    assert tuple(row) == ("person:b.lang", answer.alert.id)


NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
async def sent(service: Service, pool: Any) -> Any:
    """An alert to Anna and Bernd: accepted for one, rejected for the other."""
    await Subscriptions(pool, ADDRESSES).add_many(
        [subscription("anna", DUEREN, ref="r-1"), subscription("bernd", DUEREN)]
    )
    one = warning(DUEREN, JUELICH)
    alert_id = (await service.submit(one)).json["alert"]["id"]
    ledger = ledger_of(pool)
    [wake_ups] = await plan(ledger, Plans(pool, 10), alert_id)
    await finish(ledger, wake_ups.batch_id, [State.ACCEPTED, State.REJECTED])
    return one, alert_id


async def test_the_status_accounts_for_every_recipient(service: Service, sent: Any) -> None:
    _, alert_id = sent
    status = (await service.get(f"/v1/alerts/{alert_id}")).json
    assert (status["alert"]["state"], status["alert"]["audience"]) == ("settled", 2)
    [channel] = status["channels"]
    assert (channel["channel"], channel["kind"]) == ("webpush", "alert")
    assert channel["states"] == {"accepted": 1, "rejected": 1}
    assert [place["ags"] for place in status["municipalities"]] == [DUEREN, JUELICH]
    assert status["recipients_by_municipality"] == {DUEREN: {"accepted": 1, "rejected": 1}}
    progress = status["progress"]
    assert (progress["recipients"], progress["accepted"]) == (2, 1)
    assert (progress["waiting"], progress["failed"]) == (0, 1)
    [failed] = status["failed"]
    assert (failed["gateway"], failed["reason"]) == ("https://push.example", "rejected")
    assert (status["waiting"], status["over"], status["merged_into_alert"]) == ([], None, None)


async def test_the_message_comes_back_byte_for_byte(service: Service, sent: Any) -> None:
    one, alert_id = sent
    answer = await service.get(f"/v1/alerts/{alert_id}/cap")
    assert (answer.body, answer.headers["content-type"]) == (one.xml(), "application/cap+xml")


async def test_the_ledger_has_one_line_per_recipient_and_no_address(service: Service, sent: Any) -> None:
    _, alert_id = sent
    answer = await service.get(f"/v1/alerts/{alert_id}/ledger")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert sorted(line["state"] for line in lines) == ["accepted", "rejected"]
    assert {line["ref"] for line in lines} == {"r-1", None}
    assert b"push.example/" not in answer.body
    assert {"last_attempt_at", "reason", "code"} <= set(lines[0])
    read = await service.parts.health.pool.fetch(
        "SELECT actor, alert_id FROM audit WHERE action = 'ledger.read'"
    )
    assert [tuple(row) for row in read] == [("source:leitstelle", alert_id)], (
        "whoever reads it is on the trail"
    )


async def test_a_source_lists_its_own_newest_first(service: Service) -> None:
    ids = [(await service.submit(warning())).json["alert"]["id"] for _ in range(3)]
    await service.submit(warning(AACHEN, sender=NEIGHBOUR), key=OTHER_KEY)
    listed = await service.get("/v1/alerts")
    assert [alert["id"] for alert in listed.json["alerts"]] == ids[::-1]
    limited = await service.get("/v1/alerts?limit=1")
    assert [alert["id"] for alert in limited.json["alerts"]] == ids[-1:]


async def test_a_list_is_read_page_by_page(service: Service) -> None:
    ids = [(await service.submit(warning())).json["alert"]["id"] for _ in range(5)]
    found, query = [], "?limit=2"
    while query:
        page = (await service.get(f"/v1/alerts{query}")).json
        found += [alert["id"] for alert in page["alerts"]]
        query = f"?limit=2&before={page['next']}" if page["next"] else ""
    assert found == ids[::-1]


async def test_a_list_is_filtered_by_state_time_and_whether_it_warns(service: Service, pool: Any) -> None:
    old, recorded = warning(), warning(status="Test")
    ended = warning(headline="Etwas anderes")
    ids = [(await service.submit(one)).json["alert"]["id"] for one in (old, recorded, ended)]
    end = (await service.submit(ended.later("ende", "Cancel"))).json["alert"]["id"]
    await pool.execute("UPDATE alert SET received_at = '2026-01-01T00:00Z' WHERE id = $1", ids[0])

    async def listed(query: str) -> set[str]:
        answer = await service.get(f"/v1/alerts?{query}")
        return {alert["id"] for alert in answer.json["alerts"]}

    assert await listed("state=recorded") == {ids[1]}
    assert await listed("state=recorded&state=accepted") == {*ids, end}
    assert await listed("until=2026-02-01T00:00:00Z") == {ids[0]}
    assert await listed("since=2026-02-01T00:00:00%2B01:00") == {*ids[1:], end}
    assert await listed("in_force=true") == {ids[0]}
    assert await listed("in_force=false") == {*ids[1:], end}
    for wrong in ("state=lost", "since=gestern", "since=2026-02-01T00:00:00", "before=x"):
        assert (await service.get(f"/v1/alerts?{wrong}")).status == 422


async def test_the_cursor_is_ones_own(service: Service) -> None:
    foreign = (await service.submit(warning(AACHEN, sender=NEIGHBOUR), key=OTHER_KEY)).json["alert"]["id"]
    await service.submit(warning())
    assert (await service.get(f"/v1/alerts?before={foreign}")).json["alerts"] == []


@pytest.mark.parametrize("path", ["", "/cap", "/ledger"])
async def test_what_belongs_to_another_source_is_not_there(service: Service, sent: Any, path: str) -> None:
    _, alert_id = sent
    (await service.get(f"/v1/alerts/{alert_id}{path}", key=OTHER_KEY)).problem(404, "not-found")
    (await service.get(f"/v1/alerts/{NOWHERE}{path}")).problem(404, "not-found")
    (await service.get(f"/v1/alerts/{alert_id}{path}", key="")).problem(401, "unauthenticated")
    (await service.get(f"/v1/alerts/{alert_id}{path}", key=INSTANCE_KEY)).problem(401, "unauthenticated")
    assert service.refusals() == {}, "the counter is of submissions"
