"""Keys that sign are listed, rotated with notice, and revoked."""

import json
from typing import Any

from cap.signatures.certificates import fingerprint


async def listed(run: Any) -> Any:
    done = await run("signing", "show", "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_new_key_is_published_before_it_signs(run: Any, pool: Any) -> None:
    assert await listed(run) == []
    first = await run("signing", "rotate", "--ahead-days", "0", "--as", "anna")
    following = await run("signing", "rotate")
    assert [one.exit_code for one in (first, following)] == [0, 0]
    assert following.stderr.startswith("it signs from ")
    keys = await listed(run)
    assert [(one["key"], one["state"]) for one in keys] == [
        (first.stdout.strip(), "signs"),
        (following.stdout.strip(), "next"),
    ]
    certificates = await pool.fetch("SELECT certificate FROM signing_key ORDER BY created_at")
    assert [fingerprint(row["certificate"].encode()) for row in certificates] == [one["key"] for one in keys]
    table = (await run("signing", "show")).stdout
    assert keys[0]["key"] in table
    assert "PRIVATE" not in table
    actors = await pool.fetch("SELECT actor FROM audit WHERE action = 'signing_key.make' ORDER BY id")
    assert actors[0]["actor"] == "operator:anna"


async def test_a_stolen_key_is_revoked_once_it_is_meant(run: Any) -> None:
    key = (await run("signing", "rotate", "--ahead-days", "0")).stdout.strip()
    asked = await run("signing", "revoke", key[:8])
    assert (asked.exit_code, "nothing was changed" in asked.stderr) == (1, True)
    done = await run("signing", "revoke", key[:8], "--yes")
    assert (done.exit_code, done.stdout) == (0, f"{key} is revoked\n")
    [one] = await listed(run)
    assert one["state"] == "revoked"
    for name, why in ((key, "revoked already"), (key[:7], "0 keys"), ("0" * 64, "0 keys")):
        refused = await run("signing", "revoke", name, "--yes")
        assert (refused.exit_code, why in refused.stderr) == (1, True)
