"""The course that messages took, as the record has it."""

from typing import Any

from dispatcher.model.status import DeedKind, MessageHistory
from dispatcher.model.vocabulary import Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.history import histories
from tests.support.histories import submit


async def test_a_course_is_of_one_message(alerts: Alerts, pool: Any) -> None:
    for name in ("A", "B"):
        await submit(alerts, name)
    for minute in (1, 2):
        await pool.execute(
            """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,
                 outcomes, first_at, last_at)
               VALUES ('A', 'A', 'alert', 'sms', 's', 'de', 'routine', now(), '{1}', '\\x10',
                 '2026-01-01'::timestamptz + $1 * interval '1 minute', '2026-01-02'::timestamptz)""",
            minute,
        )
    by: Any = "person:b.lang"
    await audit.note(pool, by, "alert.conclude", "A", reason="discarded", why="secret")
    await audit.note(pool, by, "dead_letters.replay", "A", batch=1, count=3)
    await audit.note(pool, by, "held.withdraw", "A", by="B", why="Cancel")
    await audit.note(pool, by, "alert.withdraw", "A", by="B", why="Cancel")
    await audit.note(pool, by, "alert.withdraw", "A", by="B", recipients=7)
    await audit.note(pool, by, "alert.correct", "B")
    await audit.note(pool, by, "dead_letter.show", "B", letter="1-1")
    found = await histories(pool, ["A", "B", "C"])
    first, last = found["A"].first_accepted_at, found["A"].last_accepted_at
    assert first is not None
    assert last is not None
    assert first < last
    assert [(one.kind, one.count, one.reason) for one in found["A"].deeds] == [
        (DeedKind.ACCEPTED, 0, Reason.FIRST_NOTICE),
        (DeedKind.CONCLUDED, 0, Reason.DISCARDED),
        (DeedKind.REPLAYED, 3, None),
        (DeedKind.WITHDRAWN, 0, None),
        (DeedKind.WITHDRAWN, 0, None),
    ]
    assert [(one.kind, one.actor) for one in found["B"].deeds] == [
        (DeedKind.ACCEPTED, "source:leitstelle"),
        (DeedKind.CORRECTED, by),
    ]
    assert found["C"] == MessageHistory()
