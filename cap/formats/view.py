"""Shows an alert to people: German labels, the message's own words."""

from collections.abc import Iterator
from datetime import datetime

from cap.findings import Level
from cap.formats.report import printable
from cap.model import Alert, Area, Info
from cap.policy import STRICT
from cap.rules.validation import check

_LABEL = 14  # columns for a label; the longest, "Dringlichkeit", has 13


def view(alert: Alert) -> str:
    """Returns several lines, the last one blank; nothing in them can control a terminal."""
    lines = [*_head(alert)]
    for info in alert.infos:
        lines += ["", *_info(info)]
    lines += ["", *_findings(alert), ""]
    return "\n".join(lines)


def _head(alert: Alert) -> Iterator[str]:
    yield from _line("Meldung", f"{alert.identifier} von {alert.sender}")
    yield from _line("Gesendet", _time(alert.sent) or "unlesbar")
    yield from _line("Art", f"{alert.msg_type}, {alert.status}, {alert.scope} (CAP {alert.version})")
    for reference in alert.references:
        yield from _line("Bezug", f"{reference.identifier} von {reference.sender or '?'}")
    yield from _line("Hinweis", alert.note)


def _info(info: Info) -> Iterator[str]:
    yield from _line("Sprache", info.language or "nicht angegeben")
    yield from _line("Überschrift", info.headline)
    yield from _line("Ereignis", f"{info.event} ({', '.join(info.categories)})")
    yield from _line("Dringlichkeit", info.urgency)
    yield from _line("Schwere", info.severity)
    yield from _line("Gewissheit", info.certainty)
    yield from _line("Handeln", ", ".join(info.response_types))
    yield from _line("Beginn", _time(info.onset or info.effective))
    yield from _line("Ende", _time(info.expires) or "nicht angegeben")
    yield from _line("Absender", info.sender_name)
    yield from _line("Beschreibung", info.description)
    yield from _line("Anweisung", info.instruction)
    yield from _line("Mehr", info.web)
    yield from _line("Kontakt", info.contact)
    for area in info.areas:
        yield from _line("Gebiet", _area(area))


def _area(area: Area) -> str:
    parts = [area.area_desc or "ohne Namen"]
    for count, name in (
        (len(area.polygons), "Polygone"),
        (len(area.excluded), "ausgenommen"),
        (len(area.circles), "Kreise"),
        (area.unreadable, "UNLESBARE FORMEN"),
    ):
        if count:
            parts.append(f"{name}: {count}")
    parts += [f"{code.name} {code.value}" for code in area.geocodes]
    if area.altitude_ft is not None:
        top = "" if area.ceiling_ft is None else f" bis {area.ceiling_ft:g}"
        parts.append(f"Höhe {area.altitude_ft:g}{top} Fuß")
    return "; ".join(parts)


def _findings(alert: Alert) -> Iterator[str]:
    found = check(alert, STRICT)
    if not found:
        yield from _line("Prüfung", "ohne Befund")
    for finding in found:
        where = f"Zeile {finding.line}: " if finding.line else ""
        mark = {Level.ERROR: "Fehler", Level.WARNING: "Warnung", Level.INFO: "Hinweis"}[finding.severity]
        yield from _line(mark, f"{where}{finding.message_de}")


def _line(label: str, text: str | None) -> Iterator[str]:
    """Yields one label and its text, whose own line breaks are kept and indented."""
    for number, part in enumerate((text or "").splitlines()):
        yield f"{label if number == 0 else '':{_LABEL}} {printable(part)}".rstrip()


def _time(moment: datetime | None) -> str | None:
    return f"{moment:%d.%m.%Y %H:%M:%S %z}" if moment else None
