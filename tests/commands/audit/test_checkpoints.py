"""A checkpoint by hand, and the keys to verify it by."""

import json
from typing import Any

from dispatcher.access.principals import Actor
from dispatcher.commands.audit.checkpoints import make
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from tests.support.audit import keys, noted
from tests.support.sealed import ADDRESSES


async def test_a_checkpoint_is_printed_and_the_trail_says_who_asked(run: Any, pool: Any) -> None:
    await noted(pool, "a")
    made = await run("audit", "checkpoint", "--as", "Anna")
    assert made.exit_code == 0, made.output
    printed = json.loads(made.stdout)
    keys = (await run("audit", "keys")).stdout.splitlines()
    assert printed["key"] == keys[0]
    assert keys[1] == "-----BEGIN PUBLIC KEY-----"
    actors = [
        row["actor"] for row in await pool.fetch("SELECT actor FROM audit WHERE action = 'audit.checkpoint'")
    ]
    assert actors == ["operator:Anna"]


async def test_a_new_key_signs_from_then_on(pool: Any) -> None:
    checkpoints, by = Checkpoints(pool, ADDRESSES), Actor("operator:anna")
    first = await make(pool, checkpoints, by, new_key=False)
    second = await make(pool, checkpoints, by, new_key=True)
    assert first is not None
    assert second is not None
    assert [first.key, second.key] == await keys(pool)
    assert second.is_signed()
    assert (second.number, second.position > first.position) == (2, True)
