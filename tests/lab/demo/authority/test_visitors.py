"""Who looks at the desks of a demo that was left running."""

import json
import socket
from typing import Any

from dispatcher.runtime.listening import listen
from ops.lab.demo.authority.visitors import NAMES, commands, desks, lines, reserved_port, settings
from ops.lab.world.district import SENDER, SOURCE, TERRITORY
from tests.commands import conftest as of_commands

surroundings, run = of_commands.surroundings, of_commands.run
ORIGIN = "http://localhost:8090"


def test_a_reserved_port_is_opened_again_and_again_by_whoever_knows_it() -> None:
    with reserved_port() as port:
        for _ in range(2):
            with listen("127.0.0.1", port), socket.create_connection(("127.0.0.1", port)):
                pass
        with reserved_port() as other:
            assert other != port


async def test_both_enrol_by_links_and_are_told_which_alert_is_on_their_desk(
    run: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_CONSOLE_URL", settings(8090)["WARN_CONSOLE_URL"])
    await run("source", "add", SOURCE, "--sender", SENDER, "--territory", TERRITORY)
    done = [await run(*command) for command in commands()]
    assert [one.exit_code for one in done] == [0] * len(done), [one.output for one in done]
    live, exercise = found = desks(ORIGIN, [one.stdout for one in done], ("FLOOD", "DRILL"))
    assert live.invitation.startswith(f"{ORIGIN}/console/live/invitation/")
    assert exercise.invitation.startswith(f"{ORIGIN}/console/exercise/invitation/")
    said = lines(found, "var/demo/service", ORIGIN, ".venv/bin/dispatcher")
    assert said[-1] == (
        f"  another link: WARN_DATA_DIR=var/demo/service WARN_CONSOLE_URL={ORIGIN}"
        f" .venv/bin/dispatcher person invite {NAMES['live']}"
    )
    assert {f"    and its alert {ORIGIN}/console/live/alerts/FLOOD", f"    then {exercise.url}"} <= set(said)
    person = json.loads((await run("person", "show", NAMES["live"], "--json")).stdout)
    assert (sorted(person["roles"]), person["source"]) == (["approver", "author", "operator"], SOURCE)
    person = json.loads((await run("person", "show", NAMES["exercise"], "--json")).stdout)
    assert (person["environment"], sorted(person["roles"])) == ("exercise", ["approver", "author"])
