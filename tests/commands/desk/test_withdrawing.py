"""Taking back one message that waits, against a live API."""

from typing import Any

from tests.support.submissions import warning


async def test_what_waits_is_withdrawn_and_what_was_sent_is_not(
    service: Any, run: Any, file: Any, pool: Any
) -> None:
    sent = (await run("submit", file(warning()))).output[:26]
    refused = await run("withdraw", sent)
    assert (refused.exit_code, "Die Meldung wartet nicht" in refused.output) == (1, True), refused.output
    await pool.execute("UPDATE alert SET state = 'held', reason = 'held', held_for = 'approval'")
    done = await run("withdraw", sent.lower())
    assert done.exit_code == 0, done.output
    assert "zurückgezogen, bevor sie hinausging" in done.output
