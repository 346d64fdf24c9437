"""An operator, or an auditor with nothing but a file, sees whether the trail is as it was written."""

import json
from pathlib import Path
from typing import Any

from dispatcher.audit.checkpoint import CheckpointSigner
from dispatcher.commands.audit.verifying import members, sentences
from tests.support.audit import chained, noted, tamper


async def trail(run: Any, pool: Any, tmp_path: Path) -> Path:
    """Some entries, and an anchor of the last of them."""
    await noted(pool, *"abcd")
    made = await run("audit", "checkpoint")
    assert made.exit_code == 0, made.output
    anchor = tmp_path / "anchor.ndjson"
    anchor.write_text(made.stdout)
    return anchor


async def test_a_trail_that_nobody_touched_is_sound_and_what_cannot_be_known_is_said(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    anchor = await trail(run, pool, tmp_path)
    bare = await run("audit", "verify")
    assert bare.exit_code == 0, bare.output
    lines = bare.stdout.splitlines()
    assert lines[0].endswith("verified, the chain ends at position 6: no fault")
    assert lines[1] == "checkpoints: 1 agrees; 0 entries behind the last one"
    assert "compared with no anchor" in lines[2]
    assert lines[3] == "not yet in the chain: 1 entry", "the note of the key that signed"
    assert lines[5].startswith("protected: no (the service connects as ")
    (key,) = [
        line
        for line in (await run("audit", "keys")).stdout.splitlines()
        if len(line) == 64 and "=" not in line
    ]
    with anchor.open("a") as file:
        file.write("cut o")
    compared = await run("audit", "verify", "--anchor", anchor, "--key", key, "--json")
    assert compared.exit_code == 0, compared.output
    found = json.loads(compared.stdout)
    assert (found["sound"], found["anchored"], found["covered"], found["protected"]) == (True, 1, 6, False)
    readable = (await run("audit", "verify", "--anchor", anchor, "--key", key)).stdout
    assert "line 2 of anchor.ndjson is no checkpoint" in readable
    assert f"keys (named by you): {key}" in readable


async def test_what_was_done_to_it_is_named_and_the_command_fails(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    anchor = await trail(run, pool, tmp_path)
    await tamper(pool, "UPDATE audit SET actor = 'nobody' WHERE action = 'b'")
    edited = await run("audit", "verify", "--anchor", anchor)
    assert edited.exit_code == 1
    place = await pool.fetchval(
        "SELECT position FROM audit_chain JOIN audit ON id = audit_id WHERE action = 'b'"
    )
    assert edited.stdout.startswith(f"edited: position {place}: entry ")
    await tamper(pool, "DELETE FROM audit_checkpoint", "DELETE FROM audit_chain WHERE position > 2")
    assert (await run("audit", "verify", "--json")).exit_code == 1 or place > 2
    cut = json.loads((await run("audit", "verify", "--anchor", anchor, "--json")).stdout)
    assert [(one["fault"], one["position"]) for one in cut["faults"]][-1] == ("truncated", 6)
    known = json.loads((await run("audit", "verify", "--key", "0" * 64, "--json")).stdout)
    assert ("forged", 2) in [(one["fault"], one["position"]) for one in known["faults"]]


async def test_an_export_is_verified_without_the_record(
    run: Any, pool: Any, surroundings: Any, tmp_path: Path
) -> None:
    await trail(run, pool, tmp_path)
    file = tmp_path / "trail.ndjson"
    done = await run("audit", "export", file, "--as", "Anna")
    assert done.exit_code == 0, done.output
    assert done.stdout == "6 entries to position 6, 1 entry not yet in the chain and left out\n"
    (noted_,) = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'audit.export'")
    assert (noted_["actor"], noted_["detail"]) == ("operator:Anna", {"position": 6})
    again = await run("audit", "export", file)
    assert again.exit_code == 1
    surroundings.delenv("DATABASE_URL")
    offline = await run("audit", "verify", "--export", file)
    assert offline.exit_code == 0, offline.output
    assert "protected" not in offline.stdout
    other = await run("audit", "verify", "--export", file, "--key", CheckpointSigner(b"o" * 32).key)
    assert other.exit_code == 1
    assert other.stdout.startswith("forged: position 6: ")
    file.write_bytes(file.read_bytes().replace(b'"worker"', b'"nobody"', 1))
    assert (await run("audit", "verify", "--export", file)).exit_code == 1


async def test_faults_without_number_are_counted_and_some_are_named(run: Any, pool: Any) -> None:
    await chained(pool, *["x"] * 300)
    await tamper(pool, "UPDATE audit SET detail = '{}'")
    done = await run("audit", "verify")
    assert done.exit_code == 1
    assert "and 100 faults more" in done.stdout
    assert callable(members)
    assert callable(sentences)
