"""Taking back what was wrong, against a live API."""

import json
from typing import Any

import pytest

from tests.support.submissions import stored, warning


async def test_a_false_alarm_is_taken_back_at_once(service: Any, run: Any, file: Any) -> None:
    number = (await run("submit", file(warning()))).output[:26]
    done = await run("correct", number, "--false-alarm")
    assert done.exit_code == 0, done.output
    assert "Fehlalarm: Hochwasser an der Rur" in done.output
    again = await run("correct", number.lower(), "--exercise", "--json")
    assert json.loads(again.stdout)["alert"]["reason"] == "already_ended"


@pytest.mark.parametrize("options", [(), ("--false-alarm", "--exercise")])
async def test_what_was_wrong_is_said_exactly_once(
    service: Any, run: Any, file: Any, pool: Any, options: tuple[str, ...]
) -> None:
    number = (await run("submit", file(warning()))).output[:26]
    done = await run("correct", number, *options)
    assert (done.exit_code, "Genau eines nennen" in done.output) == (2, True)
    assert await stored(pool) == 1
