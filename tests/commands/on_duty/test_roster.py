"""Who is on duty now can be asked for before anything happens."""

import json
from typing import Any

from dispatcher.access.roles import OnCallWindow, Role, RoleGrant
from tests.support.messages import DUEREN
from tests.support.on_duty import on_duty


async def shown(run: Any, *options: str) -> tuple[int, dict[str, Any]]:
    done = await run("person", "on-duty", "--json", *options)
    return done.exit_code, {one["person"]: one["as"] for one in map(json.loads, done.stdout.splitlines())}


async def table(run: Any, *options: str) -> dict[str, str]:
    """What stands beside each person, without the blanks between the columns."""
    lines = (await run("person", "on-duty", *options)).stdout.splitlines()[1:]
    return {person: " ".join(rest) for person, *rest in map(str.split, lines)}


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
    three_days_ago = await pool.fetchval("SELECT to_char(now() - interval '3 days', 'dy')")
    minute = OnCallWindow.parse(f"{three_days_ago} 00:00-{three_days_ago} 00:01")
    await on_duty(pool, "n.ops", RoleGrant(Role.OPERATOR, on_call=(minute,)), at="+491700000003")
    assert await table(run, "--territory", DUEREN) == {
        "a.phone": "yes on duty",
        "z.admin": "no later",
        "n.ops": "no no role",
    }
    assert (await table(run, "--territory", DUEREN, "--escalated"))["z.admin"] == "yes admin: escalated"
    assert (await table(run, "--role", "operator"))["n.ops"] == "yes off call: nobody on duty can be told"
    assert (await run("person", "on-duty", "--role", "author")).exit_code == 2
