"""Warnings for measuring: small CAP messages, and when a gateway first took one."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dispatcher.pipeline.render import collapse_key
from ops.lab import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier>
  <sender>{sender}</sender>
  <sent>{sent}</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>de-DE</language>
    <category>Safety</category>
    <event>{event}</event>
    <urgency>{urgency}</urgency>
    <severity>{severity}</severity>
    <certainty>Observed</certainty>
    <expires>{expires}</expires>
    <headline>{event}: Messung {identifier}</headline>
    <instruction>Bleiben Sie im Haus und halten Sie Türen und Fenster geschlossen.</instruction>
    <area>
      <areaDesc>Messgebiet</areaDesc>
      <geocode><valueName>ARS</valueName><value>{ars}</value></geocode>
    </area>
  </info>
</alert>
"""
MEMORY = Path("/dev/shm")  # noqa: S108 - not a name of our own in a shared directory: tempfile makes that
FLASH = ("Immediate", "Extreme")
ROUTINE = ("Expected", "Minor")


def write(identifier: str, *, sender: str, ars: str, grade: tuple[str, str], event: str = "Messung") -> bytes:
    """A CAP 1.2 Alert sent now for one area code. `grade` is (urgency, severity)."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    return TEMPLATE.format(
        identifier=identifier,
        sender=sender,
        ars=ars,
        event=event,
        urgency=grade[0],
        severity=grade[1],
        sent=now.isoformat(),
        expires=(now + timedelta(hours=2)).isoformat(),
    ).encode()


def first_accepts(ledgers: Iterable[Path], alert_ids: Iterable[str]) -> dict[str, datetime]:
    """When a push service first took each alert. Known by the collapse key, which a first notice has to itself,
    so that nothing needs to be decrypted."""
    wanted = {collapse_key(alert_id): alert_id for alert_id in alert_ids}
    first: dict[str, int] = {}
    for path in ledgers:
        for entry in ledger.read(path).entries:
            alert_id = wanted.get(entry.collapse or "")
            if alert_id is not None and entry.accepted:
                first[alert_id] = min(first.get(alert_id, entry.wall_ns), entry.wall_ns)
    return {alert_id: ledger.instant(wall_ns) for alert_id, wall_ns in first.items()}


@contextmanager
def district_home() -> Iterator[Path]:
    """A directory for a district whose gateways write their ledgers to memory, where there is such a place: other
    people's gateways do not sync every request to the disk that the record commits to.
    """
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=memory) as ledgers:
        home = Path(folder) / "district"
        home.mkdir()
        (home / "ledgers").symlink_to(ledgers)
        yield home


def push_ledgers(home: Path) -> list[Path]:
    """The push services' ledgers of a district."""
    return sorted((home / "ledgers").glob("webpush-*.ndjson"))
