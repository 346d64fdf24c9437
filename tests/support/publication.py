"""What is in force, as values: for tests of forms and editions."""

from typing import Any

from dispatcher.model.alerts import StoredAlert
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.in_force import PublicInForce, PublicWarning, Telling, in_force
from dispatcher.publication.messages import KeptMessages
from tests.support.messages import DUEREN, JUELICH, NOW, InfoPart, Message, stored

NAMES = {DUEREN: "Düren", JUELICH: "Jülich", "05358016": "Heimbach", "05334002": "Aachen"}
OWN_COVERAGE = Coverage(territories=("05358",))


def warned(
    alert_id: str,
    *areas: str,
    message: Message | None = None,
    messages: KeptMessages | None = None,
    **changes: Any,
) -> PublicWarning:
    """A warning for these municipalities, by default Düren, as the record has it."""
    areas = areas or (DUEREN,)
    message = message or Message(identifier=f"nr-{alert_id}", infos=(InfoPart(areas=areas),))
    values = {
        "id": alert_id,
        "thread": alert_id,
        "sender": message.sender,
        "identifier": message.identifier,
        "sent": message.sent,
        "severity": message.infos[0].severity if message.infos else "Unknown",
        "headline": message.infos[0].headline if message.infos else "",
    }
    places = tuple((ags, NAMES.get(ags, f"Ort {ags}")) for ags in sorted(areas))
    return warning_of(stored(**values | changes), message.xml(), places, f"mark of {alert_id}", messages)


def warning_of(
    alert: StoredAlert,
    raw: bytes,
    places: tuple[tuple[str, str], ...] = ((DUEREN, "Düren"),),
    mark: str = "1",
    messages: KeptMessages | None = None,
) -> PublicWarning:
    """A warning with this message."""
    return PublicWarning(alert, (messages or KeptMessages()).add(alert, raw), places, mark)


def found(
    *warnings: PublicWarning, coverage: Coverage = OWN_COVERAGE, now: Any = NOW, **more: Any
) -> PublicInForce:
    """What is in force of them, at `NOW` by default."""
    return in_force(warnings, coverage, Telling(), now, **more)
