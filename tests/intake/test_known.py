"""Equal warnings of several control centres: told once, and never silenced by another's all-clear."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Source
from tests.api.conftest import KEY, Service
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
