"""What an alert's page asks for again and again: how the alert stands, and no more."""

from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest

from dispatcher.access.roles import Role
from dispatcher.api.console.alert.standing import BUSY_S, QUIET_S, progress_values
from dispatcher.console.pages import ROOM
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.model.sms import GatewayQuote, Quote
from dispatcher.model.status import AlertStatus, RecipientProgress
from dispatcher.model.vocabulary import AlertState, State
from tests.api.console.alert.test_dead_letters import failed
from tests.api.console.alert.test_page import put_out
from tests.api.console.test_approvals import NOWHERE, asking, signed_in
from tests.api.console.test_corrections import sent
from tests.support.console import text
from tests.support.messages import DUEREN, JUELICH, NOW, stored

__all__ = ["asking", "signed_in"]
DESK = Desk(desk_texts("de"), DeskLanguage.GERMAN, UTC)


def test_it_is_said_what_its_sms_cost_and_when_they_are_out() -> None:
    gateway = GatewayQuote("gw1", 10_000, 2, seconds=2000.0, price=Decimal(1500), currency="EUR")
    status = AlertStatus(stored(), RecipientProgress(), sms=Quote((gateway,), NOW))
    lines = progress_values(status, DESK)["sms_lines"]
    assert "33 min" in " ".join(lines), lines


@pytest.mark.parametrize(
    ("state", "every_s"),
    [(AlertState.ACCEPTED, BUSY_S), (AlertState.PLANNED, BUSY_S), (AlertState.SETTLED, QUIET_S)],
)
def test_it_is_asked_for_often_while_it_goes_out(state: AlertState, every_s: int) -> None:
    status = AlertStatus(stored(state=state), RecipientProgress())
    assert progress_values(status, DESK)["every_s"] == every_s


async def test_a_page_of_the_parts_that_change_stands_for_itself(asking: Any, signed_in: Any) -> None:
    alert, browser = await sent(asking, DUEREN), await signed_in()
    await put_out(asking.parts.health.pool, alert, State.ACCEPTED, State.PENDING)
    whole, answer = await browser.get(f"alerts/{alert}"), await browser.get(f"alerts/{alert}/progress")
    page = text(answer)
    assert answer.status == 200
    for part in (
        '<div id="head" data-as-of="',
        'id="how-far" data-every="5"',
        "1 von 2 übergeben",
        "Stoppen oder berichtigen",
    ):
        assert part in text(whole), part
        assert part in page, part
    assert "Was die Menschen lesen" not in page
    assert 'id="places"' not in page, "for it every recipient is read"
    script = (ROOM / "static" / "alert.js").read_text(encoding="utf-8")
    assert "const SELDOM = ['places', 'coverage', 'undelivered'];" in script
    assert "${progress}?seldom=1" in script
    table = '<table id="places">'
    whole_table, renewed = (
        one.partition(table)[2].partition("<tbody>")[2].partition("</table>")[0]
        for one in (text(whole), text(await browser.get(f"alerts/{alert}/progress?seldom=1")))
    )
    assert "Düren" in renewed
    assert renewed == whole_table
    await asking.parts.health.pool.execute("UPDATE alert SET stopped_by = id, stopped_at = now()")
    assert "Die Warnung gilt nicht mehr" in text(await browser.get(f"alerts/{alert}/progress"))


async def test_where_nobody_is_reached_and_who_failed_is_renewed_with_the_time(
    asking: Any, signed_in: Any
) -> None:
    fresh, browser = await sent(asking, JUELICH), await signed_in()
    whole = text(await browser.get(f"alerts/{fresh}"))
    for part in ("coverage", "undelivered"):
        assert f'<div id="{part}">\n</div>' in whole, "nothing is known yet, and there is room for it"
    alert = await failed(asking)
    renewed = text(await browser.get(f"alerts/{alert}/progress?seldom=1"))
    whole = text(await browser.get(f"alerts/{alert}"))
    for part, words in (
        ("coverage", "Niemand angemeldet, also niemand gewarnt: Düren."),
        ("undelivered", "(2)</h2>"),
    ):
        now, loaded = (
            one.partition(f'<div id="{part}">')[2].partition("</div>\n") for one in (renewed, whole)
        )
        assert words in now[0], part
        assert "<p>Stand: " in now[0], part
        assert words in loaded[0], part
    assert 'id="coverage"' not in text(await browser.get(f"alerts/{alert}/progress"))


async def test_it_is_for_those_who_may_follow_the_alert(asking: Any, signed_in: Any) -> None:
    alert, stranger = await sent(asking), await signed_in("s.stranger", Role.AUTHOR)
    assert (await stranger.get(f"alerts/{alert}/progress")).status == 404
    assert (await stranger.get(f"alerts/{NOWHERE}/progress")).status == 404
    await asking.parts.health.pool.execute("DELETE FROM person_session")
    assert (await stranger.get(f"alerts/{alert}/progress")).status == 303
