"""A prepared warning for tests, and how it is changed."""

from copy import deepcopy
from typing import Any

from dispatcher.templates.reading import template_of
from dispatcher.templates.template import Template

MEMBERS: dict[str, Any] = {
    "id": "hochwasser",
    "title": "Hochwasser",
    "categories": ["Met"],
    "severity": ["Severe", "Extreme"],
    "urgency": ["Expected", "Immediate"],
    "certainty": ["Likely"],
    "response_types": ["Avoid"],
    "event_codes": {"list": "code"},
    "lasts": "6h",
    "lasts_at_most": "1d",
    "municipalities": ["05358008", "05358024"],
    "area": "Rurtal",
    "fields": {
        "ort": {"kind": "place", "label": "Ort", "example": "Jülich", "longest": 40},
        "pegel": {
            "kind": "number",
            "label": "Pegel",
            "example": "520",
            "longest": 5,
            "unit": "cm",
            "least": 0,
            "most": 2000,
            "required": False,
        },
    },
    "texts": {
        "de": {
            "event": "Hochwasser",
            "headline": "Hochwasser: {ort}",
            "description": "Die Rur steigt. [Der Pegel steht bei {pegel}.] Keller laufen voll.",
            "instruction": "Meiden Sie das Ufer bei {ort}.",
        },
        "de-simple": {
            "event": "Hochwasser",
            "headline": "Achtung Hochwasser: {ort}",
            "description": "Es gibt Hochwasser.\n[Das Wasser ist {pegel} hoch.]\nKeller sind voll.",
            "instruction": "Gehen Sie nicht an das Wasser.",
        },
        "en": {
            "event": "Flood",
            "headline": "Flood: {ort}",
            "description": "The Rur is rising. [The gauge shows {pegel}.] Cellars fill up.",
            "instruction": "Keep away from the banks near {ort}.",
        },
    },
}
VALUES = {"ort": "Jülich", "pegel": "520"}


def members(**changes: Any) -> dict[str, Any]:
    """Return the members of the template with changes, such as `texts__de__headline`; None takes a member away."""
    found = deepcopy(MEMBERS)
    for name, value in changes.items():
        *rooms, last = name.split("__")
        place = found
        for room in rooms:
            place = place[room]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return found


def template(**changes: Any) -> Template:
    return template_of(members(**changes))
