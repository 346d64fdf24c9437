"""What the record knows about a message: who sent the same, what it may replace, and equal warnings of several control
centres, which are told once, and never silenced by another's all-clear.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.intake.known import related_state
from dispatcher.intake.prepare import IntakeRules, Message, OnDoubt, feed_rules
from dispatcher.intake.related import RelatedState
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Doubt, Reason
from dispatcher.store.alerts.alerts import Alerts
from tests.api.conftest import KEY, Service
from tests.support.decisions import message, on_record
from tests.support.feed_messages import NOW, cancel, dwd_id, update
from tests.support.feed_messages import SENDER as WEATHER_SERVICE
from tests.support.feed_messages import warning as weather_warning
from tests.support.histories import submit
from tests.support.messages import DUEREN, HOUR, JUELICH, InfoPart
from tests.support.submissions import now, warning

THIRD, THIRD_KEY = "bezirk@koeln.example", f"wk_bezirk_{'s' * 43}"


@pytest.fixture(autouse=True)
async def third(service: Service) -> None:
    """Another centre that may warn in the district."""
    await service.parts.sources.put(Source("bezirk", "Bezirk", frozenset({THIRD}), ("05358",)))
    await service.parts.sources.add_key("bezirk", THIRD_KEY)


async def decided(service: Service, one: Any, key: str = KEY) -> Any:
    answer = await service.submit(one, key=key)
    assert answer.status == 201, answer.json
    return answer.json["alert"]


def theirs(one: Any, **changes: Any) -> Any:
    """The same warning by the other centre."""
    return replace(warning(), **{"infos": one.infos, "sender": THIRD, "sent": one.sent} | changes)


async def states(pool: Any) -> Any:
    rows = await pool.fetch("SELECT sender, reason, state FROM alert ORDER BY number")
    return [(row["reason"], row["state"]) for row in rows]


async def test_an_equal_warning_is_recorded_and_not_sent_again(service: Service) -> None:
    one = warning(DUEREN, JUELICH)
    first = await decided(service, one)
    again = await decided(service, theirs(one, sent=one.sent + timedelta(minutes=2)), THIRD_KEY)
    assert (again["reason"], again["state"], again["merged_into"]) == ("merged", "recorded", first["id"])
    own = await decided(service, replace(one, identifier="noch-einmal"))
    assert (own["reason"], own["merged_into"]) == ("merged", first["id"])
    preview = await service.submit(theirs(one), key=THIRD_KEY, path="/v1/alerts/preview")
    assert preview.json["reason"] == "merged"


@pytest.mark.parametrize(
    "changes",
    [
        {"areas": (DUEREN,)},
        {"areas": (DUEREN, JUELICH, "05358004")},
        {"event": "Sturm"},
        {"headline": "Hochwasser an der Inde"},
        {"instruction": "Verlassen Sie das Haus."},
        {"severity": "Extreme"},
        {"urgency": "Expected"},
        {"response": "Evacuate"},
        {"lifetime": 9 * HOUR},
        {"language": "en-GB"},
    ],
)
async def test_what_differs_in_a_word_a_place_or_an_hour_is_told(
    service: Service, changes: dict[str, Any]
) -> None:
    one = warning(DUEREN, JUELICH)
    await decided(service, one)
    other = theirs(one, infos=(replace(one.infos[0], **changes),))
    assert (await decided(service, other, THIRD_KEY))["reason"] == "first_notice"


async def test_of_many_equal_ones_at_once_one_is_told(service: Service) -> None:
    one = warning(DUEREN)
    ours = [replace(one, identifier=f"gleich-{number}") for number in range(10)]
    others = [theirs(one, identifier=f"gleich-{number}") for number in range(10)]
    answers = await asyncio.gather(
        *(decided(service, each) for each in ours), *(decided(service, each, THIRD_KEY) for each in others)
    )
    reasons = sorted(answer["reason"] for answer in answers)
    assert reasons == ["first_notice", *["merged"] * 19]


async def test_white_space_and_what_is_graver_already_do_not_matter(service: Service) -> None:
    one = warning(DUEREN)
    await decided(service, one)
    spaced = replace(one.infos[0], headline="Hochwasser  an\nder Rur", severity="Moderate")
    assert (await decided(service, theirs(one, infos=(spaced,)), THIRD_KEY))["reason"] == "merged"


async def test_when_the_one_that_was_told_is_ended_another_that_holds_speaks(
    service: Service, pool: Any
) -> None:
    one = warning(DUEREN)
    await decided(service, one)
    for number in range(2):
        await decided(service, theirs(one, identifier=f"gleich-{number}"), THIRD_KEY)
    cancel = replace(warning(msg_type="Cancel"), references=(one,), sent=now())
    assert (await decided(service, cancel))["reason"] == "cancel"
    assert await states(pool) == [
        ("first_notice", "accepted"),
        ("first_notice", "accepted"),
        ("merged", "recorded"),
        ("cancel", "accepted"),
    ]
    merged = await pool.fetchrow("SELECT merged_into FROM alert WHERE reason = 'merged'")
    speaker = await pool.fetchrow("SELECT id FROM alert WHERE identifier = 'gleich-0'")
    assert merged["merged_into"] == speaker["id"]


async def test_one_that_its_own_sender_took_back_does_not_speak(service: Service, pool: Any) -> None:
    one = warning(DUEREN)
    other = theirs(one)
    await decided(service, one)
    await decided(service, other, THIRD_KEY)
    taken_back = replace(warning(msg_type="Cancel"), sender=THIRD, references=(other,), sent=now())
    assert (await decided(service, taken_back, THIRD_KEY))["reason"] == "cancel"
    await decided(service, replace(warning(msg_type="Cancel"), references=(one,), sent=now()))
    assert ("merged", "recorded") in await states(pool)


@pytest.mark.parametrize(("places", "speaks"), [((DUEREN, JUELICH, "05358004"), False), ((DUEREN,), True)])
async def test_after_an_update_it_speaks_only_where_the_update_leaves_somebody_out(
    service: Service, pool: Any, places: tuple[str, ...], speaks: bool
) -> None:
    one = warning(DUEREN, JUELICH)
    await decided(service, one)
    await decided(service, theirs(one), THIRD_KEY)
    update = replace(
        warning(msg_type="Update"),
        infos=(InfoPart(areas=places),),
        references=(one,),
        sent=now(),
    )
    assert (await decided(service, update))["reason"] == "update"
    assert (("merged", "recorded") not in await states(pool)) is speaks


# the related state of a message, as the record has it


FEED, OTHER_FEED = feed_rules("dwd"), feed_rules("nina")
CENTRE = IntakeRules("leitstelle", on_doubt=OnDoubt.REFUSE)
FIRST = weather_warning(1)
RECORDED: tuple[dict[str, Any], ...] = (
    {"alert_id": "own", "source_id": "feed-dwd"},
    {"alert_id": "copy", "source_id": "feed-nina"},
    {"alert_id": "centre", "source_id": "bezirk"},
    {"alert_id": "DEU", "source_id": "feed-nina", "identifier": dwd_id(1, "DEU")},
)


@pytest.fixture
async def alerts(service: Service, pool: Any) -> Alerts:
    """One message by two feeds and a control centre, and in another language."""
    for name in ("dwd", "nina"):
        await pool.execute(
            "INSERT INTO source (id, name, senders, territory) VALUES ($1, '', '{}', '{}')", f"feed-{name}"
        )
    alerts = Alerts(pool)
    for values in RECORDED:
        stored = on_record(FIRST, id=values["alert_id"])
        same = {
            "raw": cap.render(FIRST),
            "sender": stored.sender,
            "identifier": stored.identifier,
            "sent": stored.sent,
        }
        await submit(alerts, **same | {"event_key": stored.event_key} | values)
    return alerts


async def state_of(
    alerts: Alerts, one: Message, rules: IntakeRules, digest: bytes = b"", itself: str | None = None
) -> RelatedState:
    async with alerts.submission(one.alert.sender) as submission:
        return await related_state(submission, rules, one, digest, NOW, itself)


def ids(found: Any) -> set[str]:
    return {stored.id for stored in found}


@pytest.mark.parametrize(
    ("rules", "proved", "expected"),
    [
        (FEED, True, ("own", {"copy", "centre"}, {"DEU"}, {"copy", "centre", "DEU"})),
        # What is less certain replaces nothing, not even what its own source sent.
        (FEED, False, (None, {"copy", "centre"}, {"DEU"}, set())),
        (OTHER_FEED, False, (None, {"own", "centre"}, {"DEU"}, set())),
        # Two centres that share a sender do not copy each other's messages, and a centre has no editions.
        (CENTRE, True, (None, {"own", "copy"}, set(), {"own", "copy"})),
    ],
)
async def test_the_same_message_is_known_by_source_and_replaced_only_by_a_proved_author(
    alerts: Alerts, rules: IntakeRules, proved: bool, expected: tuple[Any, ...]
) -> None:
    known = await state_of(alerts, message(FIRST, proved=proved), rules)
    same, copies, editions, succeeds = expected
    assert (known.same.id if known.same else None) == same
    assert (ids(known.copies), ids(known.editions), known.succeeds) == (copies, editions, succeeds)
    assert ids(known.graph) == copies | editions | ({same} if same else set())
    assert known.source_id == rules.source_id


async def test_what_a_feed_carried_it_may_replace_unless_that_is_surer(alerts: Alerts, pool: Any) -> None:
    for alert_id in ("copy", "centre"):
        await pool.execute("INSERT INTO carrier VALUES ($1, 'feed-dwd')", alert_id)
    one = message(FIRST, proved=False)
    assert (await state_of(alerts, one, FEED)).succeeds == set()
    await pool.execute("UPDATE alert SET proved = false WHERE id = 'copy'")
    assert (await state_of(alerts, one, FEED)).succeeds == {"copy"}


async def test_what_a_message_names_and_what_names_it_comes_with_the_whole_graph(
    alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "branch", chain="own", names=["own"], source_id="feed-dwd", sender=WEATHER_SERVICE)
    end = cancel(3, update(2, FIRST))
    await submit(
        alerts,
        "end",
        source_id="feed-dwd",
        sender=end.sender,
        identifier=end.identifier,
        sent=end.sent,
        msg_type="Cancel",
        reason=Reason.NOTHING_TO_END,
        references=tuple((one.sender, one.identifier, one.sent) for one in end.references),
    )
    known = await state_of(alerts, message(update(2, FIRST)), FEED)
    assert (ids(known.named), ids(known.later)) == ({"own", "copy", "centre", "DEU"}, {"end"})
    assert ids(known.graph) == {"own", "branch", "end", "copy", "centre", "DEU"}
    assert known.replaced == {"branch": frozenset({"own"})}
    assert "branch" in ids(known.survivors)


async def test_what_is_held_is_not_known_to_itself_and_in_doubt_to_nobody(alerts: Alerts, pool: Any) -> None:
    one = message(FIRST)
    assert (await state_of(alerts, one, FEED, itself="own")).same is None
    await pool.execute("UPDATE alert SET reason = 'held', state = 'held', held_for = 'sender'")
    known = await state_of(alerts, one, FEED)
    assert (known.same, known.copies, known.editions, list(known.graph)) == (None, [], [], [])


async def test_a_doubtful_message_finds_its_own_words_and_no_equal(alerts: Alerts, pool: Any) -> None:
    await pool.execute(
        "UPDATE alert SET reason = 'held', state = 'held', held_for = 'sender' WHERE id = 'own'"
    )
    digest = await pool.fetchval("SELECT sha256 FROM alert WHERE id = 'own'")
    doubtful = message(FIRST, doubts=(Doubt.SENDER,))
    known = await state_of(alerts, doubtful, FEED, digest)
    assert known.same is not None
    assert (known.same.id, known.equal_to) == ("own", None)
    assert (await state_of(alerts, doubtful, FEED, b"other words")).same is None
    assert (await state_of(alerts, message(FIRST), FEED, digest)).same is None, "without a doubt it is new"


@pytest.mark.parametrize(
    ("proved", "of_theirs", "found"), [(True, True, True), (False, True, True), (True, False, False)]
)
async def test_another_sources_account_counts_unless_it_is_less_certain(
    alerts: Alerts, pool: Any, proved: bool, of_theirs: bool, found: bool
) -> None:
    await pool.execute(
        """UPDATE alert SET event = 'STARKREGEN', begins = sent, expires = $1, proved = $2,
             stopped_at = CASE WHEN id <> 'copy' THEN sent END""",
        NOW + 6 * HOUR,
        of_theirs,
    )
    account = message(weather_warning(9, identifier="x", sender="lhp@x.example"), proved=proved)
    known = await state_of(alerts, account, FEED)
    assert (known.equal_to is not None) is found
    doubtful = replace(account, doubts=(Doubt.SENDER,))
    assert (await state_of(alerts, doubtful, FEED)).equal_to is None
    assert (await state_of(alerts, message(cancel(3, FIRST)), FEED)).equal_to is None, "an end has no equal"
