"""The form by which an alert is sent again to those who could not be served."""

from typing import Any

from dispatcher.access.roles import Role
from dispatcher.model.vocabulary import Environment, State
from tests.api.console.alert.test_page import page_of, put_out
from tests.api.console.test_approvals import NOWHERE, asking, signed_in
from tests.api.console.test_corrections import sent
from tests.support.console import Browser, text
from tests.support.messages import DUEREN, JUELICH

__all__ = ["asking", "signed_in"]


async def failed(service: Any) -> str:
    """An alert with two dead letters, one of them without an answer; its id."""
    alert, pool = await sent(service, DUEREN), service.parts.health.pool
    await put_out(pool, alert, State.REJECTED, State.DEAD, State.ACCEPTED)
    await pool.execute(
        """INSERT INTO problem (batch_id, position, recipient, label, code, detail, attempts, crashes)
           SELECT id, n, n, 'permanent', '413', '', 1, 0 FROM batch, generate_series(0, 1) n"""
    )
    return alert


async def replays(browser: Browser, alert_id: str, letters: str = "2") -> Any:
    return await browser.post(f"alerts/{alert_id}/replay", letters=letters)


async def outcomes(service: Any) -> list[State]:
    found = await service.parts.health.pool.fetchval("SELECT outcomes FROM batch")
    return [State(one) for one in found]


async def test_an_operator_sends_again_and_is_told_to_how_many(asking: Any, signed_in: Any) -> None:
    alert, browser = await failed(asking), await signed_in("o.operator", Role.OPERATOR)
    page = await page_of(browser, alert)
    for words in (
        "Gescheiterte (2)",
        "<td>SMS</td><td>abgelehnt (413)</td>",
        "An 2 erneut senden",
        "zweimal",
    ):
        assert words in page, words
    answer = await replays(browser, alert)
    assert (answer.status, "An 2 wird erneut gesendet." in text(answer)) == (200, True)
    assert await outcomes(asking) == [State.RETRY, State.RETRY, State.ACCEPTED]
    [row] = await asking.parts.health.pool.fetch("SELECT * FROM audit WHERE action = 'dead_letters.replay'")
    assert (row["actor"], row["detail"]["count"]) == ("person:o.operator", 2)
    assert "2 erneut gesendet von o.operator" in text(answer)
    again = await replays(browser, alert)
    assert (again.status, "Inzwischen sind es 0." in text(again)) == (409, True)
    loaded = await browser.get(f"alerts/{alert}/replay")
    assert (loaded.status, loaded.headers["location"]) == (303, f"/console/live/alerts/{alert}")


async def test_what_became_of_more_than_was_shown_is_not_sent(asking: Any, signed_in: Any) -> None:
    alert, browser = await failed(asking), await signed_in("o.operator", Role.OPERATOR)
    await page_of(browser, alert)
    for letters in ("1", "", "2x", "-2", "9" * 5000):
        assert (await replays(browser, alert, letters)).status == 409
    assert State.RETRY not in await outcomes(asking)


async def test_what_is_over_is_not_sent_again_and_that_is_said(asking: Any, signed_in: Any) -> None:
    alert, browser = await failed(asking), await signed_in("o.operator", Role.OPERATOR)
    await page_of(browser, alert)
    await asking.parts.health.pool.execute("UPDATE alert SET stopped_by = id, stopped_at = now()")
    page = await page_of(browser, alert)
    assert ("An 2 erneut senden" in page, "Es wird nichts erneut gesendet." in page) == (False, True)
    answer = text(await replays(browser, alert))
    assert "An 0 wird erneut gesendet." in answer
    assert "Nicht an 2: die Warnung ist ersetzt oder aufgehoben." in answer


async def test_only_who_may_replay_is_offered_it_and_does(asking: Any, signed_in: Any) -> None:
    alert = await failed(asking)
    approver, operator = await signed_in(), await signed_in("o.operator", Role.OPERATOR)
    page = await page_of(approver, alert)
    assert ("Gescheiterte (2)" in page, "/replay" in page) == (True, False)
    assert (await replays(approver, alert)).status == 403
    await page_of(operator, alert)
    assert (await replays(operator, NOWHERE)).status == 404
    exercise = await signed_in("e.exercise", Role.OPERATOR, environment=Environment.EXERCISE)
    await exercise.get("")
    assert (await replays(exercise, alert)).status == 403, (
        "the role of an operator is of the live service alone"
    )
    operator.token, token = "x" * 43, operator.token
    assert (await replays(operator, alert)).status == 403
    operator.token = token
    await asking.parts.health.pool.execute(
        "UPDATE person_role SET territory = $1 WHERE person_id = 'o.operator'", [JUELICH]
    )
    assert "/replay" not in await page_of(operator, alert)
    assert (await replays(operator, alert)).status == 403
    assert State.RETRY not in await outcomes(asking)
