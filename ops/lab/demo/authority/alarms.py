"""The CAP messages of these chapters. Written for this project, in German."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import cap

LIFETIME: Final = timedelta(hours=2)


def alarm(
    sender: str, identifier: str, sent: datetime, *, place: tuple[str, str], event: str, headline: str
) -> cap.Alert:
    """Return a grave warning for a municipality, `place` (AGS, name). `sent` is aware."""
    sent = sent.replace(microsecond=0)
    ags, name = place
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.SAFETY,),
        event=event,
        response_types=(cap.ResponseType.SHELTER,),
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity.SEVERE,
        certainty=cap.Certainty.OBSERVED,
        expires=sent + LIFETIME,
        sender_name="Kreis Düren",
        headline=headline,
        instruction="Gehen Sie ins Haus. Schließen Sie Fenster und Türen.",
        areas=(cap.Area(name, geocodes=(cap.NamedValue("AGS", ags),)),),
    )
    return cap.Alert(
        sender,
        identifier,
        sent,
        cap.Status.ACTUAL,
        cap.MsgType.ALERT,
        cap.Scope.PUBLIC,
        infos=(info,),
    )
