"""Bodies of CAP for schemathesis: valid ones of now, and mutated ones, so that submission is really exercised.

It runs in schemathesis' own environment and imports nothing of the project.
"""

from datetime import UTC, datetime, timedelta

import schemathesis
from hypothesis import strategies as st

AGS = ("05358008", "05358024", "05358016", "05334002", "99999999")
MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>\
<sender>{sender}</sender><sent>{sent}</sent><status>{status}</status><msgType>{msg_type}</msgType>\
<scope>{scope}</scope>{references}<info><language>de-DE</language><category>Met</category><event>Hochwasser</event>\
<urgency>{urgency}</urgency><severity>{severity}</severity><certainty>{certainty}</certainty>{expires}\
<headline>{headline}</headline><area><areaDesc>Gebiet</areaDesc>{polygon}\
<geocode><valueName>AGS</valueName><value>{ags}</value></geocode></area></info></alert>
"""
SQUARE = "<polygon>50.7,6.4 50.7,6.5 50.8,6.5 50.8,6.4 50.7,6.4</polygon>"


def cap_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Messages that for the most part are valid."""
    now = datetime.now(UTC).replace(microsecond=0)
    sent = now - timedelta(minutes=draw(st.integers(0, 3)))
    identifiers = st.sampled_from([f"m-{number}" for number in range(40)])
    sender = draw(
        st.sampled_from(["leitstelle@dueren.example"] * 8 + ["leitstelle@aachen.example", "x@y.example"])
    )
    msg_type = draw(st.sampled_from(["Alert"] * 4 + ["Update", "Cancel", "Ack", "Error"]))
    named = f"{sender},{draw(identifiers)},{cap_time(sent)}"
    expires = draw(st.sampled_from([timedelta(hours=6), timedelta(hours=-1), timedelta(days=90), None]))
    return MESSAGE.format(
        identifier=draw(identifiers),
        sender=sender,
        sent=cap_time(draw(st.sampled_from([sent] * 8 + [now + timedelta(days=1)]))),
        status=draw(st.sampled_from(["Actual"] * 4 + ["Exercise", "Test"])),
        msg_type=msg_type,
        scope=draw(st.sampled_from(["Public"] * 6 + ["Restricted", "Private"])),
        references=f"<references>{named}</references>" if msg_type in {"Update", "Cancel"} else "",
        urgency=draw(st.sampled_from(["Immediate", "Expected", "Future"])),
        severity=draw(st.sampled_from(["Extreme", "Severe", "Minor"])),
        certainty=draw(st.sampled_from(["Observed", "Likely", "Unknown"])),
        expires="" if expires is None else f"<expires>{cap_time(now + expires)}</expires>",
        headline=draw(
            st.text(st.characters(codec="utf-8", exclude_characters="<&", min_codepoint=32), max_size=40)
        ),
        polygon=draw(st.sampled_from(["", "", SQUARE, SQUARE.replace("50.8,6.5", "50.8,66.5")])),
        ags=draw(st.sampled_from(AGS)),
    ).encode()


TEMPLATE = """id = "{id}"
title = "Hochwasser"
categories = ["Met"]
severity = ["Severe"]
urgency = ["{urgency}"]
certainty = ["Likely"]
lasts = "6h"
lasts_at_most = "{most}"
[fields.ort]
kind = "place"
label = "Ort"
example = "Jülich"
[texts.de]
event = "Hochwasser"
headline = "Hochwasser: {mark}ort}}"
instruction = "Meiden Sie das Ufer."
"""


@st.composite
def templates(draw: st.DrawFn) -> bytes:
    """Templates that for the most part are valid."""
    return TEMPLATE.format(
        id=draw(st.sampled_from(["hochwasser", "probe", "Hochwasser"])),
        urgency=draw(st.sampled_from(["Immediate", "Expected", "Past"])),
        most=draw(st.sampled_from(["12h", "1h"])),
        mark=draw(st.sampled_from(["{", "{", "["])),
    ).encode()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message with bytes cut out of it, doubled, or written over."""
    body = draw(messages())
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(body)))
        end = draw(st.integers(begin, min(len(body), begin + 60)))
        body = draw(
            st.sampled_from(
                [
                    body[:begin] + body[end:],
                    body[:end] + body[begin:],
                    body[:begin] + draw(st.binary(max_size=8)) + body[end:],
                ]
            )
        )
    return body


@schemathesis.hook
def map_body(context, body):
    """Make exercises of most that is sent where they belong: what is not, is refused before it is judged."""
    if not context.operation.path.startswith("/exercise/") or not isinstance(body, bytes):
        return body
    return body.replace(b"<status>Actual<", b"<status>Exercise<")


schemathesis.openapi.media_type(
    "application/cap+xml", messages() | messages() | mutated() | st.binary(max_size=200)
)
schemathesis.openapi.media_type("application/toml", templates() | templates() | st.binary(max_size=200))
