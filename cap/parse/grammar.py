"""Holds the content models of CAP 1.0, 1.1 and 1.2 as data: which element, how often, in which order.

They are written from the element tables of the standards (CAP 1.2 §3.2 and its predecessors).
"""

from dataclasses import dataclass
from typing import Final

from cap.vocabulary import Version

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE: Final = f"{DSIG} Signature"
NAMESPACES: Final = {
    "urn:oasis:names:tc:emergency:cap:1.2": Version.V1_2,
    "urn:oasis:names:tc:emergency:cap:1.1": Version.V1_1,
    "http://www.incident.com/cap/1.0": Version.V1_0,
}
NAMESPACE_OF: Final = {version: namespace for namespace, version in NAMESPACES.items()}


@dataclass(frozen=True, slots=True)
class Slot:
    """A child's position in its parent's sequence, and whether it may stand there only once."""

    name: str
    position: int
    once: bool


@dataclass(frozen=True, slots=True)
class Model:
    """The children one element may have, by the tag that the element tree uses ("namespace local")."""

    slots: dict[str, Slot]
    required: tuple[str, ...]
    tags: tuple[str, ...]  # of all slots, in order


@dataclass(frozen=True, slots=True)
class Grammar:
    """The models of one version. `named_value` is for eventCode, parameter and geocode; None where those are plain
    text.
    """

    version: Version
    alert: Model
    info: Model
    resource: Model
    area: Model
    named_value: Model | None


_ALERT: Final = (
    "identifier sender sent status msgType password? source? scope restriction? addresses? code* note?"
    " references? incidents? info* Signature*"
)
_INFO: Final = (
    "language? category+ event responseType* urgency severity certainty audience? eventCode* effective?"
    " onset? expires? senderName? headline? description? instruction? web? contact? parameter*"
    " resource* area*"
)
_RESOURCE: Final = "resourceDesc mimeType size? uri? derefUri? digest?"
_AREA: Final = "areaDesc polygon* circle* geocode* altitude? ceiling?"
_NAMED_VALUE: Final = "valueName value"

# How each version differs from the lists above; "-" marks an element that it does not have.
_DIFFERENCES: Final[dict[Version, dict[str, str]]] = {
    Version.V1_2: {"password?": "-"},
    Version.V1_1: {"password?": "-", "mimeType": "mimeType?"},
    Version.V1_0: {
        "scope": "scope?",
        "category+": "category*",
        "responseType*": "-",
        "mimeType": "mimeType?",
        "derefUri?": "-",
    },
}


def _model(version: Version, text: str) -> Model:
    """`name` is required, `name?` optional, `name*` optional and repeatable, `name+` required and
    repeatable.
    """
    slots: dict[str, Slot] = {}
    required = []
    differences = _DIFFERENCES[version]
    for position, word in enumerate(text.split()):
        chosen = differences.get(word, word)
        if chosen == "-":
            continue
        name = chosen.rstrip("?*+")
        tag = SIGNATURE if name == "Signature" else f"{NAMESPACE_OF[version]} {name}"
        slots[tag] = Slot(name, position, once=chosen[-1] not in "*+")
        if chosen[-1] not in "?*":
            required.append(name)
    return Model(slots, tuple(required), tuple(slots))


def _grammar(version: Version) -> Grammar:
    return Grammar(
        version,
        _model(version, _ALERT),
        _model(version, _INFO),
        _model(version, _RESOURCE),
        _model(version, _AREA),
        None if version is Version.V1_0 else _model(version, _NAMED_VALUE),
    )


GRAMMARS: Final = {version: _grammar(version) for version in Version}

# Elements that decide which message this is, whom it reaches, when, and what it replaces: a second one is never a
# harmless slip.
DECISIVE: Final = frozenset(
    {
        *(
            "identifier",
            "sender",
            "sent",
            "status",
            "msgType",
            "scope",
            "restriction",
            "addresses",
            "references",
        ),
        *("urgency", "severity", "certainty", "effective", "onset", "expires"),
    }
)
ALERT_TAGS: Final = {f"{namespace} alert": version for namespace, version in NAMESPACES.items()}
