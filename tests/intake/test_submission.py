"""Submitting: a promise, or a located refusal without any effect."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.persons import Person
from dispatcher.access.principals import of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.intake.submission import DECIDED_AT_ONCE
from dispatcher.model.principals import Source
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.api.conftest import EXERCISE_KEY, KEY, NEIGHBOUR, OTHER_KEY, Service, introduce, serving
from tests.support.histories import jobs_waiting, subscription, until
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, SENDER, InfoPart
from tests.support.sealed import ADDRESSES
from tests.support.submissions import AACHEN, now, stored, warning

SECOND_KEY = "wk_second_" + 43 * "S"


async def test_an_accepted_alert_is_on_record_with_its_bytes_and_its_bell_is_rung(
    service: Service, pool: Any
) -> None:
    one = warning(DUEREN, JUELICH)
    answer = await service.submit(one)
    assert answer.status == 201
    alert = answer.json["alert"]
    assert answer.headers["location"] == f"/v1/alerts/{alert['id']}"
    assert (alert["reason"], alert["state"], alert["lane"]) == ("first_notice", "accepted", "priority")
    assert answer.json["repeated"] is False
    assert [place["ags"] for place in answer.json["municipalities"]] == [DUEREN, JUELICH]
    assert await pool.fetchval("SELECT raw FROM alert WHERE id = $1", alert["id"]) == one.xml()
    queue = service.parts.health.wake_ups._queue
    assert list(await jobs_waiting(queue, "priority")) == [f"plan:{alert['id']}:0"]
    assert service.count("warn_alerts_received_total", source="leitstelle", reason="first_notice") == 1
    assert service.refusals() == {}


async def test_the_same_message_again_gets_the_same_answer(service: Service, pool: Any) -> None:
    one = warning()
    first, again = await service.submit(one), await service.submit(one)
    assert (first.status, again.status) == (201, 200)
    assert again.json["alert"]["id"] == first.json["alert"]["id"]
    assert again.json["repeated"] is True
    assert await stored(pool) == 1
    assert service.count("warn_alerts_repeated_total", source="leitstelle") == 1


async def test_fifty_at_once_are_one_alert_and_one_promise(service: Service, pool: Any) -> None:
    one = warning()
    answers = await asyncio.gather(*(service.submit(one) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert len({answer.json["alert"]["id"] for answer in answers}) == 1
    assert await stored(pool) == 1


async def test_fifty_different_ones_at_once_are_fifty_alerts(service: Service, pool: Any) -> None:
    answers = await asyncio.gather(*(service.submit(warning()) for _ in range(50)))
    assert {answer.status for answer in answers} == {201}
    assert await stored(pool) == 50


async def test_a_flood_of_one_source_does_not_stand_before_another_with_the_same_cap_sender(
    service: Service, pool: Any
) -> None:
    """Messages of one sender are decided upon one after the other; here somebody decides for a long time."""
    await service.parts.sources.put(Source("second", "", frozenset({SENDER}), ("05358",)))
    await service.parts.sources.add_key("second", SECOND_KEY)
    lock = "pg_advisory_lock(hashtextextended($1, 0))"

    async def flooded() -> bool:
        turns = service.parts.intake._deciding.get("live:second")
        return turns is not None and len(turns._waiters or ()) == 10

    async def other_waits() -> bool:
        return len(service.parts.alerts._locks[SENDER]._waiters or ()) == 2

    async with pool.acquire() as connection:
        await connection.execute(f"SELECT {lock}", SENDER)
        flood = [asyncio.create_task(service.submit(warning(), key=SECOND_KEY)) for _ in range(12)]
        await until(flooded)
        other = asyncio.create_task(service.submit(warning()))
        await until(other_waits)
        await connection.execute(f"SELECT {lock.replace('_lock', '_unlock', 1)}", SENDER)
    answers = await asyncio.gather(other, *flood)
    assert {answer.status for answer in answers} == {201}
    order = [row["source_id"] for row in await pool.fetch("SELECT source_id FROM alert ORDER BY number")]
    assert order.index("leitstelle") <= DECIDED_AT_ONCE


async def test_an_identity_with_other_content_is_refused(service: Service, pool: Any) -> None:
    one = warning()
    await service.submit(one)
    other = replace(one, infos=(InfoPart(headline="Etwas anderes"),))
    (await service.submit(other)).problem(409, "identity-reused")
    assert await stored(pool) == 1
    assert service.refusals() == {"identity-reused": 1}


async def test_an_update_and_a_cancel_are_recognised(service: Service) -> None:
    one = warning()
    first = await service.submit(one)
    update = await service.submit(one.later("update-1"))
    refused = await service.submit(one.later("cancel-1", "Cancel", minutes=2, infos=()))
    refused.problem(409, "reference-replaced")
    assert [named["identifier"] for named in refused.json["in_force"]] == ["update-1"]
    changed = one.later("update-1")
    cancel = await service.submit(changed.later("cancel-1", "Cancel", infos=()))
    assert update.json["alert"]["reason"] == "update"
    assert cancel.json["alert"]["reason"] == "cancel"
    chain = {answer.json["alert"]["chain"] for answer in (first, update, cancel)}
    assert chain == {first.json["alert"]["id"]}
    status = await service.get(f"/v1/alerts/{first.json['alert']['id']}")
    assert status.json["alert"]["superseded_by"] == update.json["alert"]["id"]


async def test_an_update_that_joins_two_warnings_makes_them_one_chain(service: Service, pool: Any) -> None:
    one, two = warning(DUEREN), warning(JUELICH)
    first, _ = await service.submit(one), await service.submit(two)
    both = await service.submit(one.later("beide", references=(one, two)))
    assert both.json["alert"]["chain"] == first.json["alert"]["id"]
    assert await pool.fetchval("SELECT count(DISTINCT chain_id) FROM alert") == 1


@pytest.mark.parametrize(
    ("status", "scope", "more", "reason"),
    [
        ("Exercise", "Private", "<addresses>a@example.org</addresses><note>Übung</note>", "not_actual"),
        ("Test", "Public", "", "not_actual"),
        ("Actual", "Restricted", "<restriction>nur Feuerwehr</restriction>", "not_public"),
        ("Actual", "Private", "<addresses>a@example.org</addresses>", "not_public"),
    ],
)
async def test_what_is_not_for_the_public_is_recorded_counted_and_sent_to_nobody(
    service: Service, status: str, scope: str, more: str, reason: str
) -> None:
    answer = await service.submit(warning(status=status, scope=scope, more=more))
    assert answer.status == 201
    assert (answer.json["alert"]["reason"], answer.json["alert"]["state"]) == (reason, "recorded")
    assert service.count("warn_alerts_received_total", source="leitstelle", reason=reason) == 1
    assert await service.parts.health.wake_ups._queue.keys("*") == []


NOTE = "<note>Übung</note>"


async def test_an_exercise_is_for_those_who_take_part_and_its_preview_says_how_many(
    service: Service, pool: Any
) -> None:
    await Subscriptions(pool, ADDRESSES).add_many([subscription("anna"), subscription("bernd")])
    exercise = warning(status="Exercise", more="<note>Übung</note>")
    preview = await service.submit(exercise, path="/v1/alerts/preview")
    assert (preview.json["reason"], preview.json["sent_to_people"]) == ("drill", False)
    assert preview.json["reach"] == {}
    await pool.execute("UPDATE subscription SET drills = true WHERE id = (SELECT min(id) FROM subscription)")
    preview = await service.submit(exercise, path="/v1/alerts/preview")
    assert preview.json["reach"] == {"webpush": 1}
    answer = await service.submit(exercise)
    assert (answer.json["alert"]["reason"], answer.json["alert"]["state"]) == ("drill", "accepted")
    assert answer.json["sent_to_people"] is False


async def test_an_exercise_never_stops_an_actual_warning(service: Service, pool: Any) -> None:
    one = warning()
    await service.submit(one)
    answer = await service.submit(one.later("uebung", "Cancel", status="Exercise", more=NOTE))
    found = answer.problem(403, "wrong-environment")
    assert found["references"] == [f"{SENDER},{one.identifier}"]
    assert "Eine Übung ändert und beendet keine Warnung" in found["detail"]
    assert await stored(pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE stopped_at IS NOT NULL") == 0


async def test_nor_does_a_warning_act_on_an_exercise(service: Service, pool: Any) -> None:
    drill = warning(status="Exercise", more=NOTE)
    await service.submit(drill)
    answer = await service.submit(drill.later("ende", "Cancel", status="Actual", more=""))
    assert "Diese Meldung bezieht sich auf Übungen" in answer.problem(403, "wrong-environment")["detail"]
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE stopped_at IS NOT NULL") == 0


async def test_a_warning_may_be_called_as_an_exercise_was(service: Service, pool: Any) -> None:
    """Who makes the real thing of an exercise and forgets its identifier warns all the same; and each is acted on in
    its own environment.
    """
    drill = warning(status="Exercise", more=NOTE)
    real = replace(drill, status="Actual", more="")
    assert [(await service.submit(one)).json["alert"]["reason"] for one in (drill, real)] == [
        "drill",
        "first_notice",
    ]
    ended = await service.submit(real.later("ende", "Cancel"))
    assert ended.json["alert"]["reason"] == "cancel"
    assert await pool.fetchval("SELECT status FROM alert WHERE stopped_at IS NOT NULL") == "Actual"
    assert await pool.fetchval("SELECT count(DISTINCT chain_id) FROM alert") == 2


async def test_an_exercise_is_changed_and_ended_among_exercises(service: Service, pool: Any) -> None:
    drill = warning(status="Exercise", more=NOTE)
    changed = drill.later("neu", minutes=1)
    reasons = [
        (await service.submit(one)).json["alert"]["reason"]
        for one in (
            drill,
            changed,
            changed.later("ende", "Cancel", minutes=2),
            changed.later("z", "Cancel", minutes=3),
        )
    ]
    assert reasons == ["drill", "drill_update", "drill_end", "already_ended"]
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE stopped_at IS NOT NULL") == 2
    assert await pool.fetch("SELECT DISTINCT lane FROM alert") == [("exercise",)]


@pytest.mark.parametrize(
    ("status", "key", "path", "said"),
    [
        ("Exercise", KEY, "/v1/alerts", "dispatcher keys add --exercise"),
        ("Exercise", KEY, "/v1/alerts/preview", "dispatcher keys add --exercise"),
        ("Actual", EXERCISE_KEY, "/exercise/v1/alerts", "status Actual"),
        ("Test", EXERCISE_KEY, "/exercise/v1/alerts", "status Test"),
        ("System", EXERCISE_KEY, "/exercise/v1/alerts", "status System"),
        ("Draft", EXERCISE_KEY, "/exercise/v1/alerts/preview", "status Draft"),
    ],
)
async def test_a_status_is_of_one_environment_and_the_refusal_says_what_to_do(
    service: Service, pool: Any, status: str, key: str, path: str, said: str
) -> None:
    for _ in range(2):
        answer = await service.submit(warning(status=status, more=NOTE), key=key, path=path)
        assert said in answer.problem(403, "wrong-environment")["detail"]
    assert await stored(pool) == 0
    trail = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'environment.refuse'")
    credential = "live" if key == KEY else "exercise"
    assert [tuple(row) for row in trail] == [
        ("source:leitstelle", {"credential": credential, "reason": "message"})
    ]


async def test_an_exercise_is_refused_as_the_warning_would_be(service: Service, pool: Any) -> None:
    for_ever = warning(status="Exercise", more=NOTE, infos=(InfoPart(lifetime=FOR_EVER),))
    (await service.submit(for_ever)).problem(422, "expires-too-late")
    (await service.submit(warning(AACHEN, status="Exercise", more=NOTE))).problem(403, "outside-territory")
    assert await stored(pool) == 0
    assert service.refusals() == {}, "those are of warnings"
    rejected = {
        problem: service.count("warn_exercises_rejected_total", problem=problem)
        for problem in ("expires-too-late", "outside-territory", "no-area")
    }
    assert rejected == {"expires-too-late": 1, "outside-territory": 1, "no-area": 0}


async def test_exercises_use_up_nothing_of_what_warnings_may(service: Service, pool: Any) -> None:
    await pool.execute("UPDATE source SET quota = 1 WHERE id = 'leitstelle'")
    drill, other = (warning(status="Exercise", more=NOTE) for _ in range(2))
    assert [(await service.submit(one)).status for one in (drill, warning(), other, warning())] == [
        201,
        201,
        429,
        429,
    ]


def broken(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new)


XML = warning().xml()
FOR_EVER = datetime(9998, 12, 31, tzinfo=UTC) - now()
REFUSED = {
    "not XML": (b"Hochwasser!", 400, ProblemType.MALFORMED),
    "nothing": (b"", 400, ProblemType.MALFORMED),
    "cut short": (XML[:-20], 400, ProblemType.MALFORMED),
    "a DOCTYPE": (broken(XML, b"<alert", b"<!DOCTYPE alert><alert"), 400, ProblemType.MALFORMED),
    "another namespace": (broken(XML, b"cap:1.2", b"cap:9.9"), 400, ProblemType.MALFORMED),
    "other XML": (b"<html/>", 400, ProblemType.MALFORMED),
    "no severity": (broken(XML, b"<severity>Severe</severity>", b""), 422, ProblemType.INVALID_CAP),
    "an unknown word": (broken(XML, b"<severity>Severe", b"<severity>Schlimm"), 422, ProblemType.INVALID_CAP),
    "a feed": (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id></feed>',
        422,
        ProblemType.NOT_ONE_ALERT,
    ),
    "an unknown sender": (warning(sender=NEIGHBOUR).xml(), 403, ProblemType.SENDER_NOT_ALLOWED),
    "the future": (warning(sent=now() + 12 * HOUR).xml(), 422, ProblemType.SENT_IN_FUTURE),
    "a validity of more than a month": (
        warning(infos=(InfoPart(lifetime=31 * 24 * HOUR),)).xml(),
        422,
        ProblemType.EXPIRES_TOO_LATE,
    ),
    "an exercise by a live key": (
        warning(status="Exercise", more="<note>Übung</note>").xml(),
        403,
        ProblemType.WRONG_ENVIRONMENT,
    ),
    "an end from the future, for elsewhere, of nothing known": (
        warning().later("c-1", "Cancel", sent=now() + 12 * HOUR, infos=(InfoPart(areas=(AACHEN,)),)).xml(),
        422,
        ProblemType.SENT_IN_FUTURE,
    ),
    "no area": (warning(infos=(InfoPart(areas=()),)).xml(), 422, None),
    "an area without a target": (
        warning(infos=(InfoPart(areas=(), shapes="<circle>48.1,11.5 5</circle>"),)).xml(),
        422,
        ProblemType.AREA_UNMATCHED,
    ),
    "an area of which a part has no target": (
        warning(DUEREN, "09162000").xml(),
        422,
        ProblemType.AREA_UNMATCHED,
    ),
    "a foreign territory": (warning(DUEREN, AACHEN).xml(), 403, ProblemType.OUTSIDE_TERRITORY),
    "an unknown reference": (warning().later("u-1").xml(), 422, ProblemType.UNKNOWN_REFERENCE),
    "a foreign reference": (
        warning(sender=NEIGHBOUR).later("u-2", sender=SENDER).xml(),
        403,
        ProblemType.FOREIGN_REFERENCE,
    ),
}


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alerts/preview"])
@pytest.mark.parametrize("name", sorted(REFUSED))
async def test_bad_input_is_a_precise_problem_one_count_and_no_effect(
    service: Service, pool: Any, name: str, path: str
) -> None:
    body, status, type_ = REFUSED[name]
    answer = await service.submit(body, path=path)
    problem = answer.problem(status, type_ or answer.json["type"].rpartition(":")[2])
    counted = problem["type"].rpartition(":")[2]
    assert counted in {ProblemType.NO_AREA, ProblemType.INVALID_CAP} if type_ is None else counted == type_
    assert service.refusals() == {counted: 1}
    assert await stored(pool) == 0
    assert await service.parts.health.wake_ups._queue.keys("*") == []


async def test_every_breach_of_the_rules_is_named_at_once_with_its_place(service: Service) -> None:
    bad = broken(broken(XML, b"<severity>Severe</severity>", b""), b"<event>Hochwasser</event>", b"")
    errors = (await service.submit(bad)).problem(422, "invalid-cap")["errors"]
    assert len([error for error in errors if error["severity"] == "error"]) >= 2
    assert all({"code", "message", "line", "path", "severity"} <= error.keys() for error in errors)


async def test_the_municipalities_beyond_the_territory_are_listed(service: Service) -> None:
    problem = (await service.submit(warning(DUEREN, AACHEN))).problem(403, "outside-territory")
    assert [place["ags"] for place in problem["municipalities"]] == [AACHEN]


async def test_what_of_the_area_has_no_target_is_listed(service: Service) -> None:
    body = warning(infos=(InfoPart(areas=(), shapes="<circle>48.1,11.5 5</circle>"),))
    [error] = (await service.submit(body)).problem(422, "area-unmatched")["errors"]
    assert error["kind"] == "circle"
    assert error["reason"]


async def test_what_is_larger_than_the_service_allows_for_its_parts_is_too_large(service: Service) -> None:
    vertices = " ".join(["50.8,6.4"] * 100_001)
    body = warning(infos=(InfoPart(areas=(), shapes=f"<polygon>{vertices}</polygon>"),))
    answer = await service.submit(body)
    assert answer.json["type"].rpartition(":")[2] in {"malformed", "too-large"}


async def test_a_preview_says_what_would_happen_and_changes_nothing(service: Service, pool: Any) -> None:
    await Subscriptions(pool, ADDRESSES).add_many(
        [
            subscription("anna", DUEREN, JUELICH),
            subscription("bernd", DUEREN, channel="app"),
            subscription("clara", HEIMBACH),
        ]
    )
    audited = await pool.fetchval("SELECT count(*) FROM audit")
    one = warning(DUEREN, JUELICH)
    answer = await service.submit(one, path="/v1/alerts/preview")
    assert answer.status == 200
    preview = answer.json
    assert (preview["reason"], preview["lane"]) == ("first_notice", "priority")
    assert preview["reach"] == {"webpush": 1, "app": 1}
    assert preview["reach_by_municipality"] == {DUEREN: {"webpush": 1, "app": 1}, JUELICH: {"webpush": 1}}
    assert datetime.fromisoformat(preview["expires"]) == one.sent + 6 * HOUR
    assert await stored(pool) == 0
    assert await pool.fetchval("SELECT count(*) FROM audit") == audited
    assert await service.parts.health.wake_ups._queue.keys("*") == []


async def test_a_preview_judges_an_identity_as_submitting_it_would(service: Service) -> None:
    one = warning()
    first = (await service.submit(one, path="/v1/alerts/preview")).json
    assert (first["repeated"], first["accepted_as"]) == (False, None)
    accepted = (await service.submit(one)).json["alert"]["id"]
    again = await service.submit(one, path="/v1/alerts/preview")
    assert (again.status, again.json["repeated"], again.json["reason"]) == (200, True, "first_notice")
    assert again.json["accepted_as"]["id"] == accepted
    assert again.json["accepted_as"]["progress"]["recipients"] == 0
    other = replace(one, infos=(InfoPart(headline="Anders"),))
    (await service.submit(other, path="/v1/alerts/preview")).problem(409, "identity-reused")


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alerts/preview"])
@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_a_source_does_not_touch_what_another_warned_of_beyond_its_territory(
    service: Service, pool: Any, kind: str, path: str
) -> None:
    """Both may speak for the same CAP sender, each in its own territory."""
    await service.parts.sources.put(Source("ort", "Düren", frozenset({SENDER}), (DUEREN,)))
    await service.parts.sources.add_key("ort", f"wk_ort_{'o' * 43}")
    one = warning(DUEREN, JUELICH)
    await service.submit(one)
    later = one.later("spaeter", kind, infos=(InfoPart(areas=(DUEREN,)),))
    answer = await service.submit(later, key=f"wk_ort_{'o' * 43}", path=path)
    problem = answer.problem(403, "outside-territory")
    assert [place["ags"] for place in problem["municipalities"]] == [JUELICH]
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE stopped_at IS NOT NULL") == 0
    assert (await service.submit(later)).status == 201, "who warned may"


@pytest.mark.parametrize("act", ["Update", "Cancel", "Cancel of what waits"])
async def test_a_role_bounds_what_a_person_updates_or_ends_of_the_own_centre(
    service: Service, pool: Any, act: str
) -> None:
    if act == "Cancel of what waits":
        await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    one = warning(JUELICH)
    await service.submit(one)
    source = await service.parts.parties.source("leitstelle")
    grants = (RoleGrant(Role.AUTHOR, (DUEREN,)),)
    whole = of_person(Person("m.keller", Environment.LIVE, grants), datetime.now(UTC), source)
    author = whole.acting_on(Permission.SUBMIT_ALERTS)
    later = one.later("spaeter", act.split(maxsplit=1)[0], infos=(InfoPart(areas=(DUEREN,)),)).xml()
    for judge in (service.parts.intake.preview, service.parts.intake.accept):
        with pytest.raises(RequestRefused) as refused:
            await judge(author, later)
        assert refused.value.type is ProblemType.OUTSIDE_TERRITORY
        assert refused.value.extra["municipalities"] == [{"ags": JUELICH, "name": "Jülich"}]
    assert await stored(pool) == 1
    inside = warning(DUEREN, severity="Minor")
    await service.parts.intake.accept(author, inside.xml())
    ended = await service.parts.intake.accept(author, inside.later("ende", "Cancel", infos=()).xml())
    assert ended.alert.reason == "cancel", "what lies within is ended"
    assert (await service.parts.intake.accept(author, inside.xml())).repeated


async def test_a_source_ends_what_another_warned_of_within_its_territory(service: Service) -> None:
    await service.parts.sources.put(Source("ort", "Düren", frozenset({SENDER}), (DUEREN,)))
    await service.parts.sources.add_key("ort", f"wk_ort_{'o' * 43}")
    one = warning(DUEREN)
    await service.submit(one)
    answer = await service.submit(one.later("ende", "Cancel", infos=()), key=f"wk_ort_{'o' * 43}")
    assert (answer.status, answer.json["alert"]["reason"]) == (201, "cancel")


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/alerts/preview"])
async def test_what_was_put_right_or_left_out_of_the_area_is_said(service: Service, path: str) -> None:
    swapped = "<circle>6.48,50.8 2</circle>"
    unknown = "<geocode><valueName>FIPS6</valueName><value>006037</value></geocode>"
    body = warning(infos=(InfoPart(areas=(), shapes=swapped + unknown),))
    answer = await service.submit(body, path=path)
    assert answer.status in {200, 201}
    said = {item["code"]: item for item in answer.json["findings"]}
    assert "FIPS6=006037" in said["target-unmatched"]["message"]
    assert said["target-unmatched"]["message_de"].startswith(
        "FIPS6=006037: „FIPS6“ ist kein Schlüsselverzeichnis"
    )
    assert said["target-unmatched"]["path"] == "/alert/info[1]/area[1]"
    assert "niemand gewarnt" not in said["target-unmatched"]["message_de"], "others are"
    assert "latitude and longitude" in said["target-note"]["message"]
    assert "Breite und Länge waren vertauscht" in said["target-note"]["message_de"]


async def test_one_source_does_not_act_on_anothers_warning(service: Service, pool: Any) -> None:
    one = warning()
    await service.submit(one)
    foreign = one.later("fremd", "Cancel", sender=NEIGHBOUR, infos=())
    (await service.submit(foreign, key=OTHER_KEY)).problem(403, "foreign-reference")
    joins = one.later("neu", "Alert", sender=NEIGHBOUR, infos=(InfoPart(areas=(AACHEN,)),))
    answer = await service.submit(joins, key=OTHER_KEY)
    assert answer.json["alert"]["chain"] == answer.json["alert"]["id"], "nor joins its chain"
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE stopped_at IS NOT NULL") == 0


async def test_without_the_queue_it_is_accepted_all_the_same(settings: Settings, tmp_path: Path) -> None:
    away = settings.model_copy(update={"redis_url": f"unix://{tmp_path}/nobody.sock"})
    async with serving(away) as service:
        await introduce(service.parts)
        assert (await service.submit(warning())).status == 201
        assert service.count("warn_enqueue_failures_total") == 1
        ready = await service.operator("/readyz")
        assert (ready.status, ready.json) == (200, {"status": "ok", "record": True, "queue": False})


async def test_an_exercise_lists_places_and_says_that_nobody_is_reached(service: Service) -> None:
    exercise = warning(status="Exercise", more=NOTE)
    for path in ("/v1/alerts/preview", "/v1/alerts"):
        answer = (await service.submit(exercise, path=path)).json
        assert answer["municipalities"]
        assert answer["sent_to_people"] is False


async def test_a_repeated_submission_says_what_has_ended_it_since(service: Service) -> None:
    first = warning()
    assert (await service.submit(first)).json["over"] is None
    end = (await service.submit(first.later("ende", "Cancel"))).json
    assert end["sent_to_people"] is True
    for path in ("/v1/alerts/preview", "/v1/alerts"):
        answer = (await service.submit(first, path=path)).json
        assert answer["repeated"] is True
        assert (answer["over"]["reason"], answer["over"]["by"]) == ("cancelled", end["alert"]["id"])


async def test_a_warning_under_another_name_names_the_one_that_is_sent_in_its_place(service: Service) -> None:
    first = warning()
    told = (await service.submit(first)).json["alert"]
    again = replace(first, identifier="noch-einmal")
    preview = (await service.submit(again, path="/v1/alerts/preview")).json
    assert (preview["reason"], preview["sent_to_people"]) == ("merged", False)
    assert preview["merged_into"]["id"] == told["id"]
    accepted = (await service.submit(again)).json
    assert accepted["sent_to_people"] is False
    other = accepted["merged_into_alert"]
    assert (other["id"], other["headline"], other["progress"]["recipients"]) == (
        told["id"],
        told["headline"],
        0,
    )
    status = (await service.get(f"/v1/alerts/{accepted['alert']['id']}")).json
    assert status["merged_into_alert"]["identifier"] == first.identifier
    repeated = (await service.submit(again, path="/v1/alerts/preview")).json
    assert repeated["merged_into"]["id"] == told["id"]


async def with_quota(service: Service, quota: int | None, *senders: str, **more: Any) -> None:
    source = Source(
        "leitstelle", "Leitstelle Düren", frozenset({SENDER, *senders}), ("05358",), quota=quota, **more
    )
    await service.parts.sources.put(source)


async def test_one_warning_more_than_the_quota_is_not_accepted_and_ends_are(
    service: Service, pool: Any
) -> None:
    await with_quota(service, 2)
    first, second = warning(), warning()
    for one in (first, second):
        assert (await service.submit(one)).status == 201
    before = await stored(pool)
    answer = await service.submit(warning())
    assert answer.problem(429, "quota-exceeded")["quota"] == 2
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3600
    assert await stored(pool) == before
    assert service.count("warn_quota_exceeded_total", source="leitstelle") == 1
    assert service.refusals() == {"quota-exceeded": 1}
    assert (await service.submit(first)).status == 200, "what was accepted already"
    assert (await service.submit(first.later("richtig"))).status == 201, "a correction"
    assert (await service.submit(second.later("falsch", "Cancel"))).status == 201, "an end"
    preview = await service.submit(warning(), path="/v1/alerts/preview")
    assert preview.status == 200, "a preview counts nothing"
    assert (preview.json["quota_reached"], preview.json["sent_to_people"]) == (True, False)
    for free in (first, first.later("besser")):
        assert not (await service.submit(free, path="/v1/alerts/preview")).json["quota_reached"]
    await pool.execute(
        "UPDATE alert SET received_at = received_at - interval '1 h' WHERE identifier = $1", first.identifier
    )
    assert (await service.submit(warning())).status == 201, "an hour after the first"
    (await service.submit(warning())).problem(429, "quota-exceeded")


async def test_the_quota_is_the_settings_or_the_sources_own_or_none(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"quota_per_hour": 1})) as service:
        await introduce(service.parts)
        assert (await service.submit(warning())).status == 201
        (await service.submit(warning())).problem(429, "quota-exceeded")
        for quota, status in ((0, 201), (3, 201), (3, 429), (None, 429)):
            await with_quota(service, quota)
            assert (await service.submit(warning())).status == status


async def test_the_quota_holds_over_all_processes_and_senders_of_a_source(
    service: Service, settings: Settings, pool: Any
) -> None:
    """Messages of one sender wait for each other anyway, so the source has a sender for each."""
    senders = [f"s{number}@land.example" for number in range(12)]
    await with_quota(service, 5, *senders)
    async with serving(settings) as another:
        answers = await asyncio.gather(
            *(api.submit(warning(sender=sender)) for sender in senders for api in (service, another))
        )
    assert sorted(answer.status for answer in answers) == [201] * 5 + [429] * 19
    assert await stored(pool) == 5


async def test_without_the_most_urgent_lane_preview_answer_and_record_say_priority(
    service: Service, pool: Any
) -> None:
    grave = InfoPart(severity="Extreme", urgency="Immediate", certainty="Observed")
    false_alarm = warning(infos=(grave,))
    assert (await service.submit(false_alarm)).json["alert"]["lane"] == "flash"
    await with_quota(service, None, may_flash=False)
    one = warning(infos=(grave,))
    assert (await service.submit(one, path="/v1/alerts/preview")).json["lane"] == "priority"
    assert (await service.submit(one)).json["alert"]["lane"] == "priority"
    assert await pool.fetchval("SELECT lane FROM alert WHERE identifier = $1", one.identifier) == "priority"
    mild = InfoPart(severity="Minor", urgency="Future", certainty="Possible")
    for warned, lane in ((false_alarm, "flash"), (one, "priority")):
        end = warned.later(f"ende-{lane}", "Cancel", infos=(mild,))
        assert (await service.submit(end, path="/v1/alerts/preview")).json["lane"] == lane
        assert (await service.submit(end)).json["alert"]["lane"] == lane, "as quick as what it ends"
