"""Who tries the service signs in at its console, and is told where."""

import json
from typing import Any

from ops.lab.town.__main__ import introduction
from ops.lab.town.persons import (
    EXERCISE_PERSON,
    LIVE_AUTHOR,
    LIVE_PERSON,
    at_the_server,
    commands,
    console_settings,
    links,
    sign_in_lines,
)
from ops.lab.world.district import SENDER, SOURCE, TERRITORY
from tests.commands import conftest as of_commands

surroundings, run = of_commands.surroundings, of_commands.run


def test_the_console_is_where_a_browser_keeps_its_cookies_or_where_its_user_says() -> None:
    assert console_settings({}, 8090) == {"WARN_CONSOLE_URL": "http://localhost:8090"}
    assert console_settings({}, 0) == {}
    own = {
        "WARN_CONSOLE_URL": "https://warnung.example",
        "WARN_SMTP_HOST": "localhost",
        "WARN_SMTP_PORT": "25",
    }
    assert console_settings({**own, "WARN_DATABASE_URL": "postgresql://x", "HOME": "/root"}, 8090) == own
    assert console_settings(own, 0) == own


async def test_who_writes_and_who_approves_are_made_with_the_templates_they_need(
    run: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_CONSOLE_URL", console_settings({}, 8090)["WARN_CONSOLE_URL"])
    await run("source", "add", SOURCE, "--sender", SENDER, "--territory", TERRITORY)
    done = [await run(*command) for command in commands()]
    assert [one.exit_code for one in done] == [0] * len(done), [one.output for one in done]
    author, live, exercise = found = links([one.stdout for one in done])
    assert author.startswith("http://localhost:8090/console/live/invitation/")
    assert live.startswith("http://localhost:8090/console/live/invitation/")
    assert exercise.startswith("http://localhost:8090/console/exercise/invitation/")
    shown = sign_in_lines(found, "dispatcher")
    assert {f"    {author}", f"    {live}", f"    {exercise}"} <= set(shown)
    person = json.loads((await run("person", "show", LIVE_AUTHOR, "--json")).stdout)
    assert (person["roles"], person["source"]) == (["author"], SOURCE)
    person = json.loads((await run("person", "show", LIVE_PERSON, "--json")).stdout)
    assert (sorted(person["roles"]), person["source"]) == (["approver", "operator"], None)
    assert [one["territory"] for one in person["granted"]] == [[], []], "the templates can warn anywhere"
    assert "hochwasser" in (await run("template", "list")).stdout
    person = json.loads((await run("person", "show", EXERCISE_PERSON, "--json")).stdout)
    assert (person["environment"], sorted(person["roles"])) == ("exercise", ["approver", "author"])


def test_commands_at_the_server_name_the_directory_that_was_asked_for() -> None:
    dispatcher = at_the_server("/tmp/my town/service", "http://localhost:8090")
    assert (
        dispatcher == "WARN_DATA_DIR='/tmp/my town/service' WARN_CONSOLE_URL=http://localhost:8090 dispatcher"
    )
    lines = introduction("http://127.0.0.1:8090", "/tmp/my town/env", 60, "", dispatcher)
    assert [line for line in lines if line.startswith("Another:")] == [
        f"Another: {dispatcher} instance add NAME --place 05358008"
    ]
    assert not any("var/try" in line for line in lines)
    assert at_the_server("var/try/service", "") == "WARN_DATA_DIR=var/try/service dispatcher"
