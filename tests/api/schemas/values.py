"""Values that several bodies are made of, and how they are shown."""

from typing import Any

import cap
from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
from dispatcher.model.sentences.sentence import Said
from dispatcher.targeting.outcome import Match, Unmatched
from tests.support.messages import stored as untyped_stored

PLACE = AffectedMunicipality("05358008", "Düren", "geometry", 0.123456)
LOST = Unmatched("geocode", "AGS=99999999", "code not in the boundary data", Said("unbekannt", "unknown"))
MATCHED = Match((), unmatched=(LOST,), notes=("ring repaired",), notes_de=("Ring geflickt",))
FINDING = cap.Finding(
    code="c", severity=cap.Level.WARNING, path="/alert", line=3, message="m", message_de="d"
)
FINDING_BODY = {
    "code": "c",
    "severity": "warning",
    "path": "/alert",
    "line": 3,
    "message": "m",
    "message_de": "d",
}
PLACE_BODY = {"ags": "05358008", "name": "Düren", "reason": "geometry", "share": 0.1235}
LOST_BODY = {
    "kind": "geocode",
    "value": "AGS=99999999",
    "reason": "code not in the boundary data",
    "message": "unknown",
    "message_de": "unbekannt",
}


def on_record(**changes: Any) -> StoredAlert:
    made: StoredAlert = untyped_stored(**changes)
    return made
