"""Who is on duty now can be asked for before anything happens."""

import json
from typing import Any

from dispatcher.access.roles import Role, RoleGrant
from tests.support.messages import DUEREN
from tests.support.on_duty import on_duty


async def shown(run: Any, *options: str) -> tuple[int, dict[str, Any]]:
    done = await run("person", "on-duty", "--json", *options)
    return done.exit_code, {one["person"]: one["as"] for one in map(json.loads, done.stdout.splitlines())}


async def test_it_shows_who_is_told_and_why_the_others_are_not(run: Any, pool: Any) -> None:
    empty = await run("person", "on-duty")
    assert (empty.exit_code, empty.stderr) == (1, "nobody on duty can be told\n")
    await on_duty(pool, "a.phone", RoleGrant(Role.APPROVER, (DUEREN,)))
    await on_duty(pool, "z.admin", RoleGrant(Role.ADMIN), at="+491700000002")
    assert await shown(run, "--territory", DUEREN) == (0, {"a.phone": "on_duty", "z.admin": "later"})
    assert await shown(run, "--territory", DUEREN, "--escalated") == (
        0,
        {"a.phone": "on_duty", "z.admin": "admin"},
    )
    assert await shown(run, "--role", "operator") == (1, {"z.admin": "admin", "a.phone": "no_role"})
    assert "a.phone" in (await run("person", "on-duty", "--territory", DUEREN)).stdout
    assert (await run("person", "on-duty", "--role", "author")).exit_code == 2
