"""One's own alerts as a list, and any alert at the server."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatcher.commands.desk.alerts import is_in_force
from tests.support.messages import JUELICH
from tests.support.submissions import warning


async def test_ones_own_alerts_are_listed_the_newest_first(service: Any, run: Any, file: Any) -> None:
    empty = await run("alerts", "list")
    assert (empty.exit_code, empty.output) == (0, "keine Meldungen\n")
    first = warning()
    one = (await run("submit", file(first))).output[:26]
    two = (await run("submit", file(first.later("ende", "Cancel")))).output[:26]
    three = (await run("submit", file(warning(JUELICH, headline="Dort auch")))).output[:26]
    head, *rows = (await run("alerts", "list")).output.splitlines()
    assert head.split()[:2] == ["Nummer", "angenommen"]
    assert [row[:26] for row in rows] == [three, two, one]
    assert "ersetzt oder aufgehoben" in rows[2]
    assert [len(re.findall("MEZ|MESZ", row)) for row in rows] == [2, 1, 2], "an end is valid until nothing"
    assert rows[0].endswith("Dort auch")
    in_force = json.loads((await run("alerts", "list", "--in-force", "--json")).stdout)
    assert [alert["id"] for alert in in_force["alerts"]] == [three]
    limited = json.loads((await run("alerts", "list", "--limit", "1", "--json")).stdout)
    assert [alert["id"] for alert in limited["alerts"]] == [three]
    assert (await run("alerts", "list", "--state", "recorded")).output == "keine Meldungen\n"
    assert (await run("alerts", "list", "--state", "gone")).exit_code == 2


async def test_at_the_server_every_alert_can_be_followed(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    """Without a key: what came by a feed has no source that could ask."""
    alert_id = (await run("submit", file(warning()))).output[:26]
    surroundings.delenv("WARN_API_KEY")
    shown = await run("alerts", "show", alert_id)
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"{alert_id} neue Warnung: Versand beginnt\n")
    document = json.loads((await run("alerts", "show", alert_id, "--json")).stdout)
    assert document["alert"]["id"] == alert_id
    assert (await run("alerts", "show", alert_id.lower())).output.startswith(alert_id)
    assert (await run("alerts", "show", "0" * 26)).exit_code == 1
    assert (await run("alerts", "show", "nope")).exit_code == 2
    assert (await run("alerts", "show", "")).exit_code == 2


def test_what_is_in_force_is_so_by_the_clock() -> None:
    now = datetime.now(UTC)
    ahead = (now + timedelta(hours=1)).isoformat()
    alert = {"reason": "update", "superseded_by": None, "expires": ahead}
    assert is_in_force(alert, now)
    assert not is_in_force(alert | {"expires": now.isoformat()}, now)
    assert not is_in_force(alert | {"superseded_by": "01A"}, now)
    assert not is_in_force(alert | {"reason": "cancel"}, now)
