"""Parts of SMS with codes are counted where they are sent, within what is agreed for the month."""

import asyncio
from typing import Any

from channels.sms.contract import Contract
from dispatcher.sms.budget import Spent
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.code_parts import CodeParts

OWN = Contract("own:dueren", own=True, weight=0.0, parts_per_month=3)


def test_an_app_s_own_gateway_sends_its_codes_and_nobody_else_s() -> None:
    charges = Charges([Contract("a"), Contract("b")])
    charges.admit([OWN])
    parts = CodeParts(None, charges)
    assert parts.own_names() == ["own:dueren"]
    assert parts.gateway("dueren", "b") == "own:dueren"
    assert parts.gateway("juelich", "b") == "b"
    assert parts.gateway("juelich", "taken out of the settings") == "a", "as the channel chooses"
    assert CodeParts(None, Charges()).gateway("dueren", "x") == "x"


async def test_many_at_once_take_what_there_is_and_no_more(pool: Any) -> None:
    charges = Charges([Contract("a")])
    charges.admit([OWN])
    parts = CodeParts(pool, charges)
    taken = await asyncio.gather(*(parts.take("own:dueren", 1, stoppable=True) for _ in range(8)))
    assert sum(taken) == 3
    assert await charges.spent(pool) == {"own:dueren": Spent(0, 3)}
    assert await parts.take("a", 7, stoppable=True), "nothing is agreed there"
    assert await parts.take("own:dueren", 1, stoppable=False), "whoever leaves is not kept"
    await parts.give_back("own:dueren", 2)
    assert await charges.spent(pool) == {"own:dueren": Spent(0, 2), "a": Spent(0, 7)}
    assert not await parts.take("own:dueren", 2, stoppable=True)
    assert await parts.take("own:dueren", 1, stoppable=True)


async def test_another_month_begins_anew(pool: Any) -> None:
    charges = Charges([Contract("a", parts_per_month=1)])
    parts = CodeParts(pool, charges)
    assert await parts.take("a", 1, stoppable=True)
    await pool.execute("UPDATE code_parts SET month = month - interval '2 days'")
    assert await charges.spent(pool) == {}
    assert await parts.take("a", 1, stoppable=True)
