"""Notices, rendered once and kept as long as they are right."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from cap.vocabulary import Status
from dispatcher.delivery.notices import IN_FORCE_FOR, KEPT, Notices, WantedNotice
from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.in_force import InForceReader
from dispatcher.store.sql import ALSO_REPLACED_MOST
from tests.delivery.conftest import House
from tests.support.histories import submit
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, InfoPart, Message

NOW = datetime.now(UTC)


async def leased(house: House, *infos: Any) -> Any:
    await house.subscribe("a")
    raw = Message(identifier="A", sent=NOW, infos=infos or (InfoPart(),)).xml()
    [batch] = await house.planned(raw=raw, expires=NOW + 20 * HOUR)
    return await house.ledger.acquire(batch)


async def test_notices_are_kept_and_the_oldest_make_room(house: House, env: pytest.MonkeyPatch) -> None:
    lease = await leased(house)
    notices = house.dependencies.notices
    first = await notices.notice(lease, NOW)
    assert await notices.notice(lease, NOW) is first
    kept = notices._kept["A", lease.kind, "de"]
    notices._kept.update({(str(n), lease.kind, "de"): kept for n in range(KEPT)})
    assert await notices.notice(lease, NOW) is first
    notices._kept.pop(("A", lease.kind, "de"))
    assert len(notices._kept) == KEPT
    await notices.notice(lease, NOW)
    assert len(notices._kept) == KEPT


async def test_at_the_end_of_an_info_the_next_one_is_told_and_at_last_nothing(house: House) -> None:
    grave = InfoPart(severity="Extreme", headline="Gewitter", lifetime=timedelta(seconds=25))
    long = InfoPart(severity="Minor", headline="Regen", lifetime=10 * HOUR)
    lease = await leased(house, long, grave)
    notices = house.dependencies.notices
    told = [await notices.notice(lease, NOW + timedelta(seconds=s)) for s in (0, 20, 25, 40, 36_000)]
    assert [notice and notice.title for notice in told] == [
        "WARNUNG: Gewitter",
        "WARNUNG: Gewitter",
        "WARNUNG: Regen",
        "WARNUNG: Regen",
        None,
    ]
    assert told[0] is told[1]
    assert told[2] is told[3]


ALL = (DUEREN, JUELICH, HEIMBACH)


async def told(
    alerts: Alerts, alert_id: str, kind: Kind = Kind.ALERT, language: str = "de", notices: Any = None
) -> Any:
    """The document of a notice, as a phone has it now."""
    now = datetime.now(UTC)
    stored = cast("Any", await alerts.get(alert_id))
    lease = SimpleNamespace(
        alert_id=alert_id, kind=kind, language=language, deadline=now + HOUR, chain_id=stored.chain_id
    )
    found = await (notices or Notices(alerts, ZoneInfo("Europe/Berlin"))).notice(cast("Any", lease), now)
    return json.loads(found.payload)


async def warn(house: House, alert_id: str, *areas: str, **changes: Any) -> None:
    """Submit a warning of these municipalities, told in German and English."""
    kept = {
        name: changes.pop(name) for name in ("chain", "reason", "names", "merge", "thread") if name in changes
    }
    severity = changes.get("severity", "Severe")
    infos = tuple(
        InfoPart(areas=areas, severity=severity, language=language, headline=f"{word} {alert_id}")
        for language, word in (("de-DE", "Gefahr"), ("en-GB", "Danger"))
    )
    raw = Message(identifier=alert_id, sent=datetime.now(UTC), infos=infos).xml()
    headline = {"headline": f"Gefahr {alert_id}"}
    await submit(
        house.alerts, alert_id, *areas, raw=raw, expires=NOW + 6 * HOUR, **headline, **changes, **kept
    )


async def pulled(house: House, ags: str) -> set[str]:
    return {one.id for one in (await InForceReader(house.pool).read((ags,))).alerts}


async def test_the_number_is_that_of_the_pull_in_every_municipality(house: House) -> None:
    """On one record: told, replaced, ended, of other places, not for the public."""
    await warn(house, "A", *ALL)
    await warn(house, "B", DUEREN, severity="Extreme")
    await warn(house, "C", DUEREN, JUELICH, severity="Minor")
    await warn(house, "D", JUELICH)
    await submit(house.alerts, "D2", JUELICH, chain="D", reason=Reason.CANCEL)
    await warn(house, "E", DUEREN, reason=Reason.NOT_ACTUAL)
    document = await told(house.alerts, "A")
    assert document["in_force"]["active"] is None
    numbers = {
        ags: group["active"] for group in document["in_force"]["places"] for ags in group["municipalities"]
    }
    assert (
        numbers == {ags: len(await pulled(house, ags)) for ags in ALL} == {DUEREN: 3, JUELICH: 2, HEIMBACH: 1}
    )
    assert "An manchen Orten gelten weiterhin andere Warnungen" in document["notification"]["body"]
    one = (await told(house.alerts, "B"))["in_force"]
    assert (one["active"], one["gravest"]["alert"]) == (len(await pulled(house, DUEREN)), "B")


async def test_an_all_clear_counts_and_names_what_goes_on_in_the_readers_language(house: House) -> None:
    await warn(house, "A", DUEREN)
    await warn(house, "B", DUEREN)
    await submit(
        house.alerts,
        "A2",
        DUEREN,
        chain="A",
        reason=Reason.CANCEL,
        raw=Message(infos=()).xml(),
        expires=NOW + HOUR,
    )
    for language, line in (
        ("de", "Für Ihren Ort gilt weiterhin: Gefahr B"),
        ("en", "Still in force for your place: Danger B"),
    ):
        document = await told(house.alerts, "A2", Kind.CANCEL, language)
        assert line in document["notification"]["body"].split("\n")
        assert document["in_force"]["active"] == len(await pulled(house, DUEREN)) == 1
        assert document["in_force"]["gravest"]["headline"] == line.partition(": ")[2]


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.UPDATE, Kind.CANCEL, Kind.NO_LONGER_AFFECTED])
async def test_no_exercise_names_a_warning_and_no_warning_an_exercise(
    house: House, kind: Any, status: Any
) -> None:
    """Between its marks a warning that is in force would be taken for an exercise."""
    drill = {Kind.CANCEL: Reason.DRILL_END, Kind.UPDATE: Reason.DRILL_UPDATE}.get(kind, Reason.DRILL)
    reason = drill if status is Status.EXERCISE else Reason.NOT_ACTUAL
    await warn(house, "live", DUEREN)
    await warn(house, "other", DUEREN, status=status, reason=reason)
    await warn(house, "exercised", DUEREN, status=status, reason=reason)
    notices = Notices(house.alerts, ZoneInfo("Europe/Berlin"))
    for alert_id, is_live in (("exercised", False), ("live", True)):
        lease = WantedNotice(alert_id, alert_id, kind, "de", datetime.now(UTC) + HOUR)
        found = await notices.notice(lease, datetime.now(UTC))
        assert found is not None
        payload, document = json.loads(found.payload), json.loads(found.document)
        said = f"{found.text}{found.payload.decode()}{found.document.decode()}"
        assert ("ÜBUNG/TEST" in said, "gilt weiterhin" in said) == (not is_live, False)
        assert all(
            f"Gefahr {name}" not in said for name in ("live", "other", "exercised") if name != alert_id
        )
        for one in (payload, document):
            assert ("in_force" in one) == is_live


async def test_where_a_warning_is_over_what_goes_on_elsewhere_is_not_counted(house: House) -> None:
    """An Update leaves a municipality out; what it says of the other one is none of that one's warnings."""
    await warn(house, "A", DUEREN, JUELICH)
    await house.pool.execute("UPDATE alert SET audience = 1")
    await warn(house, "A2", JUELICH, chain="A")
    document = await told(house.alerts, "A2", Kind.NO_LONGER_AFFECTED)
    assert [place["ags"] for place in document["municipalities"]] == [DUEREN]
    assert document["in_force"]["active"] == len(await pulled(house, DUEREN)) == 0
    await warn(house, "B", DUEREN)
    document = await told(house.alerts, "A2", Kind.NO_LONGER_AFFECTED)
    assert (document["in_force"]["active"], document["in_force"]["gravest"]["alert"]) == (1, "B")
    assert "Für Ihren Ort gilt weiterhin: Gefahr B" in document["notification"]["body"]


async def test_a_later_message_of_a_chain_has_a_higher_sequence_though_the_clock_was_set_back(
    house: House,
) -> None:
    await warn(house, "A", DUEREN)
    await warn(house, "X", DUEREN)
    await warn(house, "A2", DUEREN, chain="A")
    await house.pool.execute("UPDATE alert SET received_at = received_at - interval '1 hour' WHERE id = 'A2'")
    await submit(
        house.alerts,
        "A3",
        DUEREN,
        chain="A",
        reason=Reason.CANCEL,
        raw=Message(infos=()).xml(),
        expires=NOW + HOUR,
    )
    kinds = {"A": Kind.ALERT, "A2": Kind.UPDATE, "A3": Kind.CANCEL}
    numbers = [(await told(house.alerts, one, kind))["sequence"] for one, kind in kinds.items()]
    assert numbers == sorted(set(numbers))
    assert all(number < 1 << 53 for number in numbers)
    (shown,) = (await InForceReader(house.pool).read((DUEREN,))).alerts
    assert shown.sequence == (await told(house.alerts, shown.id))["sequence"]


@pytest.mark.parametrize("reason", [Reason.CANCEL, Reason.UPDATE])
async def test_one_message_for_warnings_of_several_chains_names_the_others(house: House, reason: Any) -> None:
    """Whoever had only N gets the notice under M's chain, and can close N all the same; so does who slept through it
    and gets the next one."""
    await warn(house, "M", DUEREN)
    await warn(house, "N", JUELICH)
    await warn(house, "N2", JUELICH, chain="N")
    await warn(house, "X", JUELICH)
    last = (await told(house.alerts, "N2", Kind.UPDATE))["sequence"]
    assert "also_replaces" not in await told(house.alerts, "N2", Kind.UPDATE)
    await warn(house, "Z", DUEREN, chain="M", merge=["N"], names=["M", "N2"], reason=reason)
    kind = Kind(str(reason)) if reason is Reason.CANCEL else Kind.UPDATE
    shown = await told(house.alerts, "Z", kind)
    assert (shown["chain"], shown["also_replaces"]) == ("M", {"N": last})
    assert last < shown["sequence"]
    await warn(house, "Z2", DUEREN, chain="M", names=["Z"])
    assert (await told(house.alerts, "Z2", Kind.UPDATE))["also_replaces"] == {"N": last}
    (current, *_) = [
        one for one in (await InForceReader(house.pool).read((DUEREN,))).alerts if one.id == "Z2"
    ]
    assert current.also_replaces == {"N": last}, "and the pull says the same"


async def test_a_branch_leaves_what_is_newer_in_the_other_chain(house: House) -> None:
    await warn(house, "M", DUEREN)
    await warn(house, "M2", DUEREN, chain="M", names=["M"])
    await warn(house, "B", JUELICH, chain="M", names=["M"], thread="B")
    first = (await told(house.alerts, "M"))["sequence"]
    assert (await told(house.alerts, "B", Kind.UPDATE))["also_replaces"] == {"M": first}
    assert (await told(house.alerts, "M2", Kind.UPDATE))["sequence"] > first


async def test_of_very_many_other_chains_the_newest_are_named(house: House) -> None:
    names = [f"N{number}" for number in range(ALSO_REPLACED_MOST + 2)]
    for name in ("M", *names):
        await warn(house, name, DUEREN)
    await warn(house, "Z", DUEREN, chain="M", merge=names, reason=Reason.CANCEL)
    assert set((await told(house.alerts, "Z", Kind.CANCEL))["also_replaces"]) == set(names[2:])


async def test_what_else_is_in_force_is_asked_again_after_seconds_and_the_message_is_not_read_again(
    house: House,
) -> None:
    await warn(house, "A", DUEREN)
    lease = SimpleNamespace(alert_id="A", kind=Kind.ALERT, language="de", deadline=NOW + HOUR, chain_id="A")
    notices, at = Notices(house.alerts, UTC), datetime.now(UTC)

    async def active(now: datetime) -> Any:
        found = await notices.notice(cast("Any", lease), now)
        return found and json.loads(found.payload)["in_force"]["active"]

    assert await active(at) == 1
    await warn(house, "B", DUEREN)
    assert await active(at + IN_FORCE_FOR / 2) == 1
    source = notices._kept["A", Kind.ALERT, "de"].source
    assert await active(at + IN_FORCE_FOR) == 2
    assert notices._kept["A", Kind.ALERT, "de"].source.alert is source.alert


class Away(Alerts):
    """A record that goes away, or is slow to give a message back."""

    away = False
    slow: asyncio.Event | None = None

    async def in_force_at(self, alert_ids: Any, at: datetime) -> Any:
        if self.away:
            raise asyncpg.InterfaceError("the record is away")
        return await super().in_force_at(alert_ids, at)

    async def message(self, alert_id: str) -> Any:
        if self.slow is not None and alert_id != "A":
            await self.slow.wait()
        return await super().message(alert_id)


async def test_a_record_that_goes_away_stops_no_notice_that_is_right(house: House) -> None:
    await warn(house, "A", DUEREN)
    alerts = Away(house.pool)
    lease = SimpleNamespace(alert_id="A", kind=Kind.ALERT, language="de", deadline=NOW + HOUR, chain_id="A")
    notices, at = Notices(alerts, UTC), datetime.now(UTC)
    first = await notices.notice(cast("Any", lease), at)
    alerts.away = True
    assert await notices.notice(cast("Any", lease), at + 2 * IN_FORCE_FOR) is first


async def test_no_notice_waits_for_the_words_of_another_warning(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.delivery.notices.OTHER_WITHIN_S", 0)
    await warn(house, "A", DUEREN)
    await warn(house, "B", DUEREN)
    alerts = Away(house.pool)
    alerts.slow = asyncio.Event()
    document = await told(alerts, "A", language="en")
    assert "Still in force for your place: Gefahr B" in document["notification"]["body"]


class Asked(Alerts):
    """A record that counts what it is asked."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool)
        self.questions: Counter[str] = Counter()

    async def in_force_at(self, alert_ids: Any, at: datetime) -> Any:
        self.questions["in force"] += 1
        return await super().in_force_at(alert_ids, at)

    async def message(self, alert_id: str) -> Any:
        self.questions["message"] += 1
        return await super().message(alert_id)


async def test_in_however_many_languages_a_warning_is_read_it_is_looked_up_once(house: House) -> None:
    """Its SMS are counted in all of them, and in two kinds."""
    await warn(house, "A", DUEREN)
    alerts = Asked(house.pool)
    notices, at = Notices(alerts, ZoneInfo("Europe/Berlin")), datetime.now(UTC)

    async def read(now: datetime) -> set[str]:
        wanted = [
            WantedNotice("A", "A", kind, language, at + HOUR)
            for kind in (Kind.ALERT, Kind.UPDATE)
            for language in ("de", "en", "tr")
        ]
        return {cast("Any", await notices.notice(one, now)).title for one in wanted}

    assert len(await read(at)) > 2
    assert alerts.questions == {"message": 1, "in force": 1}
    await read(at + IN_FORCE_FOR)
    assert alerts.questions == {"message": 1, "in force": 2}


async def test_another_language_says_the_end_to_which_a_feed_has_extended_the_warning(house: House) -> None:
    await warn(house, "A", DUEREN)
    notices, at = Notices(house.alerts, ZoneInfo("Europe/Berlin")), datetime.now(UTC)

    async def until(language: str, now: datetime) -> datetime:
        wanted = WantedNotice("A", "A", Kind.ALERT, language, at + 9 * HOUR)
        return cast("Any", await notices.notice(wanted, now)).deadline

    await house.pool.execute("UPDATE alert SET expires = expires - interval '5 hours' WHERE id = 'A'")
    before = await until("de", at)
    await house.pool.execute("UPDATE alert SET expires = expires + interval '4 hours' WHERE id = 'A'")
    assert await until("tr", at + IN_FORCE_FOR) == before + 4 * HOUR
