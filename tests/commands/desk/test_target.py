"""What a follow-up is about: what of a message's history holds now, by the service's word."""

import asyncio
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.commands.desk.service import Service
from dispatcher.commands.desk.target import InForceParts, NothingToChange, find_target, waiting_change
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import desk
from dispatcher.store.alerts.approvals import Approvals
from tests.support.approval_world import GRAVE
from tests.support.messages import DUEREN, JUELICH, InfoPart
from tests.support.submissions import warning


async def accepted(service: Any, message: Any) -> str:
    return str((await service.submit(message)).json["alert"]["id"])


async def found(url: str, alert_id: str) -> InForceParts:
    at = desk(DeskLanguage.GERMAN)
    return await asyncio.to_thread(lambda: find_target(Service.at(url, insecure_http=False), alert_id, at))


async def test_the_first_number_leads_to_what_holds_in_its_parts(service: Any) -> None:
    one = warning(DUEREN, JUELICH)
    first = await accepted(service, one)
    alone = await found(service.url, first)
    assert [part.identifier for part in alone.parts] == [ref.identifier for ref in alone.references]
    assert (alone.parts[0].msg_type, alone.listed) == ("Alert", ())
    here = await accepted(service, one.later("hier", infos=(InfoPart(areas=(DUEREN,)),)))
    there = await accepted(service, one.later("dort", minutes=2, infos=(InfoPart(areas=(JUELICH,)),)))
    parts = await found(service.url, first)
    assert {part.identity.identifier for part in parts.parts} == {"hier", "dort"}
    assert {ref.identifier for ref in parts.references} == {"hier", "dort"}
    assert {line[2:28] for line in parts.listed} == {here, there}
    written = {part.identifier: part.sent for part in parts.parts}
    assert all(ref.sent.utcoffset() == written[ref.identifier].utcoffset() for ref in parts.references)


@pytest.mark.parametrize("named", ["first", "waits"])
async def test_a_change_that_waits_is_changed_and_ends_with_what_people_know(
    service: Any, pool: Any, named: str
) -> None:
    one = warning(DUEREN)
    numbers = {"first": await accepted(service, one)}
    await Approvals(pool).put_rule(GRAVE, UNNAMED_OPERATOR)
    waits = one.later("neu", infos=(InfoPart(headline="Keller räumen"),))
    numbers["waits"] = await accepted(service, waits)
    ended = await found(service.url, numbers[named])
    assert [part.identity.identifier for part in ended.parts] == [one.identifier], (
        "the words that people know"
    )
    assert [alert["id"] for alert in ended.waiting] == [numbers["waits"]]
    at, client = desk(DeskLanguage.GERMAN), Service.at(service.url, insecure_http=False)
    changed = await asyncio.to_thread(waiting_change, client, numbers[named], ended, at)
    assert [ref.identifier for ref in changed.references] == ["neu"]
    assert [part.infos[0].headline for part in changed.parts] == ["Keller räumen"]


async def test_of_several_changes_that_wait_one_is_to_be_named(service: Any, pool: Any) -> None:
    one = warning(DUEREN, JUELICH)
    first = await accepted(service, one)
    await Approvals(pool).put_rule(GRAVE, UNNAMED_OPERATOR)
    waits = [await accepted(service, one.later(name)) for name in ("hier", "dort")]
    ended = await found(service.url, first)
    at, client = desk(DeskLanguage.GERMAN), Service.at(service.url, insecure_http=False)
    with pytest.raises(NothingToChange) as error:
        await asyncio.to_thread(waiting_change, client, first, ended, at)
    assert {line[2:28] for line in error.value.args[1:]} == set(waits)
    changed = await asyncio.to_thread(waiting_change, client, waits[1], ended, at)
    assert [ref.identifier for ref in changed.references] == ["dort"]


async def test_of_what_is_over_there_is_nothing_to_change(service: Any) -> None:
    one = warning()
    first = await accepted(service, one)
    end = await accepted(service, one.later("ende", "Cancel", infos=()))
    with pytest.raises(NothingToChange, match=end):
        await found(service.url, first)
