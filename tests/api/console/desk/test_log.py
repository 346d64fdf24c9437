"""The log of a situation, and statistics, as a person gets them."""

import csv
import io
from typing import Any

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning


async def test_a_situation_is_logged_and_summed_up(console: Any, invite: Any) -> None:
    approver, author = Browser(console), Browser(console)
    await approver.enrol(await invite("b.lang", Environment.LIVE, Role.APPROVER))
    await author.enrol(await invite("a.author", Environment.LIVE, Role.AUTHOR))
    first = warning(DUEREN, event="=1+1")
    alert = (await console.submit(first)).json["alert"]["id"]
    cancel = (await console.submit(first.later("weg", "Cancel"))).json["alert"]["id"]
    other = (await console.submit(warning(JUELICH))).json["alert"]["id"]
    await console.parts.health.pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
    held = (await console.submit(warning(JUELICH, headline="Brand", event="Brand"))).json["alert"]["id"]
    await approver.get("desk")
    assert (await approver.post(f"approvals/{held}/reject", why="falscher Ort")).status == 303
    page = text(await approver.get(f"desk/log?alert={held}"))
    assert "Verworfen</span>: <bdi>falscher Ort</bdi>, <bdi>b.lang</bdi>" in page
    assert "Wartet auf eine zweite Person</span>" in page
    page = text(await approver.get(f"desk/log?alert={alert}"))
    assert page.index("Eingegangen</span> (neue Warnung)") < page.index("Ersetzt oder beendet durch")
    assert (f"/alerts/{cancel}" in page, other in page) == (True, False)
    for query in ("", "?from=2026-13-99&to=x", "?from=0001-01-01", "?alert=x"):
        answer = await approver.get(f"desk/log{query}")
        assert (answer.status, other in text(answer)) == (200, True), query
    page = text(await approver.get("desk/log?from=2001-01-01&to=2001-01-02"))
    assert "Nichts." in page
    assert "vom 01.01.2001 bis 02.01.2001" in page
    answer = await approver.get("desk/statistics.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    assert {row["event"]: (row["alerts"], row["sent"]) for row in rows}["'=1+1"] == ("2", "2")
    for path in ("desk/log", "desk/statistics.csv"):
        assert (await author.get(path)).status == 403
    assert (await approver.get("desk/log?alert=01ARZ3NDEKTSV4RRFFQ69G5FAV")).status == 404
