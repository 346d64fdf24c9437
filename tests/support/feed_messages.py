"""Warnings as sources publish them, made here; and the shared corpus, where it is at hand."""

import io
import json
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import cap

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("CAP_CORPUS", ROOT / "../shared/corpus")).resolve()
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUEREN, JUELICH, HEIMBACH = "05358008", "05358024", "05358012"
HANNOVER = "03241001"
SENDER = "opendata@dwd.de"


def corpus(name: str) -> bytes:
    """A file of the corpus. Skips visibly without it, and fails where it must be there."""
    path = CORPUS / name
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the corpus is missing: {path}")
        pytest.skip("the shared corpus is not here")
    return path.read_bytes()


def dwd_id(number: int, language: Any = "MUL") -> str:
    bare = f"2.49.0.0.276.0.DWD.PVW.1700000000000.{number:08d}-0000-4000-8000-000000000000"
    return f"{bare}.{language}" if language else bare


def warning(
    number: int = 1,
    *,
    places: tuple[str, ...] = (DUEREN,),
    sent: Any = NOW,
    lasts: Any = 6 * HOUR,
    references: Any = (),
    **changes: Any,
) -> cap.Alert:
    """A weather warning as DWD writes them. Changes are to the info where it has such a field, else to the alert."""
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.MET,),
        event="STARKREGEN",
        response_types=(cap.ResponseType.PREPARE,),
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity.SEVERE,
        certainty=cap.Certainty.LIKELY,
        event_codes=(cap.NamedValue("II", "61"), cap.NamedValue("LICENSE", "© GeoBasis-DE / BKG 2021")),
        effective=sent,
        onset=sent,
        expires=sent + lasts if lasts else None,
        sender_name="Deutscher Wetterdienst",
        headline=f"Amtliche WARNUNG vor STARKREGEN {number}",
        description="Es tritt Starkregen auf.",
        areas=tuple(
            cap.Area(f"Ort {ags}", geocodes=(cap.NamedValue("WARNCELLID", f"8{ags}"),)) for ags in places
        ),
    )
    own = {name: value for name, value in changes.items() if name in cap.Info.__dataclass_fields__}
    rest = {name: value for name, value in changes.items() if name not in own}
    identifier = rest.pop("identifier", dwd_id(number))
    alert = cap.Alert(
        SENDER,
        identifier,
        sent,
        status=cap.Status.ACTUAL,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        references=tuple(cap.Reference(one.sender, one.identifier, one.sent) for one in references),
        infos=(replace(info, **own),),
    )
    return replace(alert, **rest)


def update(number: int, earlier: Any, **changes: Any) -> cap.Alert:
    changes.setdefault("sent", earlier.sent + timedelta(minutes=10))
    return warning(number, references=(earlier,), msg_type=cap.MsgType.UPDATE, **changes)


def cancel(number: int, earlier: Any, **changes: Any) -> cap.Alert:
    changes.setdefault("sent", earlier.sent + timedelta(minutes=20))
    return warning(
        number,
        references=(earlier,),
        msg_type=cap.MsgType.CANCEL,
        response_types=(cap.ResponseType.ALL_CLEAR,),
        **changes,
    )


def archive(*alerts: Any, extra: Any = ()) -> bytes:
    """A STAT archive; `extra` are (name, bytes) members of any content. The same members are the same archive, whenever
    it is made.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in (*((f"{alert.identifier}.xml", cap.render(alert)) for alert in alerts), *extra):
            bundle.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def dashboard_entry(
    identifier: Any,
    *,
    sent: Any = NOW,
    version: Any = 1,
    headline: str = "Großbrand",
    msg_type: Any = "Alert",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": identifier,
        "payload": {
            "version": version,
            "type": "ALERT",
            "id": identifier,
            "hash": f"{version:064x}",
            "data": {
                "headline": headline,
                "provider": "MOWAS",
                "severity": "Severe",
                "urgency": "Immediate",
                "msgType": msg_type,
                "transKeys": {"event": "BBK-EVC-040"},
                "area": {"type": "ZGEM", "data": "1+2"},
            },
        },
        "i18nTitle": {"de": headline},
        "sent": sent.isoformat(),
        **more,
    }


def nina_detail(
    identifier: Any,
    *,
    sent: Any = NOW,
    ars: Any = "053580008008",
    msg_type: Any = "Alert",
    references: Any = "",
    **changes: Any,
) -> bytes:
    """A MoWaS message in NINA's JSON."""
    info = {
        "language": "DE",
        "category": ["Fire"],
        "event": "Gefahrendurchsage",
        "responseType": ["AllClear"] if msg_type == "Cancel" else ["Shelter"],
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "eventCode": [{"valueName": "profile:DE-BBK-EVENTCODE", "value": "BBK-EVC-040"}],
        "headline": "Großbrand in Düren",
        "description": "Rauch zieht über die Stadt.<br/>Fenster schließen.",
        "instruction": "Schließen Sie Fenster und Türen.",
        "parameter": [
            {"valueName": "warnVerwaltungsbereiche", "value": ars},
            {"valueName": "sender_langname", "value": "Kreis Düren"},
        ],
        "area": [{"areaDesc": "Düren", "geocode": [{"valueName": "AreaId", "value": "0"}]}],
    }
    document = {
        "identifier": identifier,
        "sender": "DE-NW-DN-W001",
        "sent": sent.isoformat(),
        "status": "Actual",
        "msgType": msg_type,
        "scope": "Public",
        "code": ["nina"],
        "references": references,
        "info": [info | changes.pop("info", {})],
    }
    return json.dumps(document | changes).encode()


def listing_body(*entries: Any) -> bytes:
    return json.dumps(list(entries)).encode()
