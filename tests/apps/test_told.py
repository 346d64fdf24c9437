"""What is told of an alert now."""

from collections.abc import Sequence
from typing import Any

import cap
from dispatcher.apps.told import KEPT, ToldAlerts, tell
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import Reason
from dispatcher.texts.content import RecordedMessage
from tests.support.messages import DUEREN, HOUR, NOW, InfoPart, Message, stored

GRAVE = InfoPart(severity="Extreme", event="Unwetter", headline="Gewitter in\u202e Jülich", lifetime=HOUR)
LONG = InfoPart(severity="Minor", event="Regen", headline="Regen in Jülich", lifetime=5 * HOUR)
ENGLISH = InfoPart(
    language="en-GB", severity="Extreme", event="Storm", headline="Storm in Jülich", lifetime=HOUR
)
OWN = ((DUEREN, "Düren"),)


class Record:
    """The messages by id, and how often each was read."""

    def __init__(self, **messages: bytes) -> None:
        self.messages = messages
        self.read: list[str] = []

    async def message(self, alert_id: str) -> cap.Alert | None:
        self.read.append(alert_id)
        return cap.parse(self.messages.get(alert_id, self.messages["A"])).alerts[0]

    async def affected(self, _alert_id: str) -> Sequence[AffectedMunicipality]:
        return [AffectedMunicipality(DUEREN, "Düren", "code", 1.0)]

    def told(self) -> ToldAlerts:
        return ToldAlerts(self.message, self.affected)


async def words(record: Record, hours: float, language: str = "de", **changes: Any) -> Any:
    found = await record.told().now(stored(**changes), OWN, language, NOW + hours * HOUR)
    if found is None:
        return None
    alert = found.alert
    assert found.notice["expires"] == alert.expires.isoformat()
    assert (found.notice["severity"], found.notice["event"]) == (alert.severity, alert.event)
    return alert.headline, alert.event, alert.severity, alert.expires.isoformat()


async def test_the_gravest_info_that_goes_on_speaks_with_its_own_end() -> None:
    record = Record(A=Message(infos=(LONG, GRAVE)).xml())
    grave = ("Gewitter in Jülich", "Unwetter", "Extreme", "2026-11-22T13:00:00+00:00")
    long = ("Regen in Jülich", "Regen", "Minor", "2026-11-22T17:00:00+00:00")
    assert [await words(record, hours) for hours in (0, 1, 5)] == [grave, long, None]


async def test_the_language_asked_for_speaks_as_in_a_push() -> None:
    record = Record(A=Message(infos=(LONG, ENGLISH)).xml())
    assert [(await words(record, 0, language))[0] for language in ("de", "en")] == [
        "Regen in Jülich",
        "Storm in Jülich",
    ]


async def test_a_message_without_any_info_stays_as_it_is_on_record() -> None:
    on_record = ("Hochwasser an der Rur", "Hochwasser", "Severe", "2026-11-22T18:00:00+00:00")
    assert await words(Record(A=Message(infos=()).xml()), 1) == on_record


async def test_an_update_is_told_as_one() -> None:
    record = Record(A=Message(infos=(LONG,)).xml())
    found = await record.told().now(stored(reason=Reason.UPDATE), OWN, "de", NOW)
    assert found is not None
    assert (found.notice["kind"], found.notice["title"]) == ("update", "AKTUALISIERUNG")


async def test_municipalities_are_the_askers_though_the_rest_is_kept() -> None:
    record = Record(A=Message(infos=(LONG,)).xml())
    told = record.told()
    for own in (OWN, (("05358024", "Jülich"),)):
        found = await told.now(stored(), own, "de", NOW)
        assert found is not None
        assert found.notice["municipalities"] == [{"ags": ags, "name": name} for ags, name in own]
    assert record.read == ["A"]


async def test_messages_are_read_once_and_the_oldest_make_room() -> None:
    record = Record(A=Message(infos=(LONG,)).xml())
    told = record.told()
    for _ in range(3):
        await told.now(stored(), OWN, "de", NOW)
    assert record.read == ["A"]
    for number in range(KEPT):
        await told.now(stored(id=str(number)), OWN, "de", NOW)
    assert len(told._kept) == KEPT
    await told.now(stored(), OWN, "de", NOW)
    assert record.read.count("A") == 2


def test_it_is_right_until_something_else_is_to_be_told() -> None:
    message = cap.parse(Message(infos=(LONG, GRAVE)).xml()).alerts[0]
    found = tell(RecordedMessage(message, stored(), ("Düren",)), "de", NOW)
    assert found is not None
    assert found.until == NOW + HOUR
