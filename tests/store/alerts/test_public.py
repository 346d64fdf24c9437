"""What anybody may know."""

from typing import Any

import pytest

from dispatcher.model.vocabulary import Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.in_force import InForceReader
from dispatcher.store.alerts.public import PublicAlerts, PublicRead
from tests.support.histories import submit
from tests.support.messages import DUEREN, JUELICH


@pytest.fixture
def public(pool: Any) -> PublicAlerts:
    return PublicAlerts(pool)


def ids(found: PublicRead) -> list[str]:
    return [one.stored.id for one in found.changed]


def marks(*reads: PublicRead) -> dict[str, str]:
    return {one.stored.id: one.mark for read in reads for one in read.changed}


async def test_it_is_what_an_instance_of_all_places_would_pull(
    public: PublicAlerts, alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "A", DUEREN, JUELICH, raw=b"as it came")
    await submit(alerts, "B", JUELICH)
    found = await public.read({})
    pulled = await InForceReader(pool).read((DUEREN, JUELICH))
    assert [one.stored for one in found.changed] == list(pulled.alerts)
    assert [one.stored.sequence for one in found.changed] == [one.sequence for one in pulled.alerts]
    assert found.changed[0].raw == b"as it came"
    assert [ags for ags, _ in found.changed[0].municipalities] == [DUEREN, JUELICH]
    assert found.ids == {"A", "B"}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Exercise", "reason": Reason.DRILL},
        {"status": "Exercise", "reason": Reason.NOT_ACTUAL},
        {"status": "Test", "reason": Reason.NOT_ACTUAL},
        {"scope": "Restricted", "reason": Reason.NOT_PUBLIC},
        {"scope": "Private", "reason": Reason.NOT_PUBLIC},
        {"reason": Reason.HELD},
        {"reason": Reason.QUIET},
        {"reason": Reason.MERGED},
        {"reason": Reason.CANCEL},
        # Whatever decided that these are sent: what they say of themselves stands.
        {"status": "Test"},
        {"scope": "Restricted"},
        {"scope": "Private"},
    ],
)
async def test_what_is_not_public_is_never_read(
    public: PublicAlerts, alerts: Alerts, changes: dict[str, Any]
) -> None:
    await submit(alerts, "A", DUEREN, **changes)
    found = await public.read({})
    assert ids(found) == []
    assert not found.ids


async def test_only_what_has_changed_is_read_again(public: PublicAlerts, alerts: Alerts) -> None:
    await submit(alerts, "A", DUEREN)
    first = await public.read({})
    await submit(alerts, "B", DUEREN)
    second = await public.read(marks(first))
    assert ids(second) == ["B"]
    assert second.ids == {"A", "B"}
    await submit(alerts, "C", DUEREN, chain="A")
    third = await public.read(marks(first, second))
    assert ids(third) == ["A", "C"], "A was replaced"
    assert [one.stored.stopped_by for one in third.changed] == ["C", None]
    assert ids(await public.read(marks(second, third))) == []


async def test_what_is_over_is_read_for_an_hour(public: PublicAlerts, alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "E", DUEREN)
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    await pool.execute("UPDATE alert SET expires = now() - interval '59 minutes' WHERE id = 'E'")
    assert (await public.read({})).ids == {"A", "B", "E"}, "with what ended one"
    await pool.execute(
        """UPDATE alert SET stopped_at = stopped_at - interval '61 minutes', expires = CASE id WHEN 'E'
             THEN now() - interval '61 minutes' ELSE expires END"""
    )
    assert (await public.read({})).ids == frozenset()


async def test_what_ended_a_warning_is_read_for_as_long_as_that_is(
    public: PublicAlerts, alerts: Alerts
) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    found = await public.read({})
    assert ids(found) == ["A", "B"]
    assert found.ids == {"A", "B"}
    assert found.changed[0].stored.stopped_by == "B"


@pytest.mark.parametrize("changes", [{"scope": "Restricted"}, {"scope": "Private"}, {"status": "Test"}])
async def test_what_is_not_public_is_not_read_although_it_ended_a_warning(
    public: PublicAlerts, alerts: Alerts, changes: dict[str, Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL, **changes)
    assert (await public.read({})).ids == {"A"}


async def test_large_messages_are_read_some_at_a_time(pool: Any, alerts: Alerts) -> None:
    for one in ("A", "B", "C"):
        await submit(alerts, one, DUEREN, raw=f"message {one}".encode())
    public = PublicAlerts(pool, most=12)  # bytes: a message has 9
    first = await public.read({})
    assert (ids(first), first.is_all) == (["A", "B"], False)
    assert first.ids == {"A", "B", "C"}
    second = await public.read(marks(first))
    assert (ids(second), second.is_all) == (["C"], True)
    assert second.changed[0].municipalities[0][0] == DUEREN
    assert (await public.read(marks(first, second))).is_all
