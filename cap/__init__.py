"""The Common Alerting Protocol as values: this package reads, checks, relates, verifies and writes alerts.

    document = cap.parse(data)
    for alert in document.alerts:
        findings = cap.check(alert, cap.STRICT)

It is pure: it opens no file and no connection and asks no clock. It reads versions 1.0, 1.1 and 1.2, alone or
inside feeds and bundles.
"""

from cap import supersession
from cap.errors import CapError, DoctypeRefused, LimitExceeded, NotCap, NotJson, NotXml, TooLarge
from cap.findings import Finding, Level, Problem, is_valid
from cap.formats.nina import parse_nina
from cap.formats.rendering import render
from cap.limits import Limits
from cap.model import (
    Alert,
    Area,
    Circle,
    Document,
    Entry,
    Identity,
    Info,
    Link,
    NamedValue,
    Polygon,
    Reference,
    Resource,
)
from cap.parse.document import parse
from cap.plaintext import plain
from cap.policy import LENIENT, STRICT, Policy
from cap.profiles import check_profiles, facts, normalise
from cap.profiles.profile import Facts
from cap.rules.validation import check, check_container
from cap.vocabulary import (
    Category,
    Certainty,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    Version,
)

__all__ = [
    "LENIENT",
    "STRICT",
    "Alert",
    "Area",
    "CapError",
    "Category",
    "Certainty",
    "Circle",
    "DoctypeRefused",
    "Document",
    "Entry",
    "Facts",
    "Finding",
    "Identity",
    "Info",
    "Level",
    "LimitExceeded",
    "Limits",
    "Link",
    "MsgType",
    "NamedValue",
    "NotCap",
    "NotJson",
    "NotXml",
    "Policy",
    "Polygon",
    "Problem",
    "Reference",
    "Resource",
    "ResponseType",
    "Scope",
    "Severity",
    "Status",
    "TooLarge",
    "Urgency",
    "Version",
    "check",
    "check_container",
    "check_profiles",
    "facts",
    "is_valid",
    "normalise",
    "parse",
    "parse_nina",
    "plain",
    "render",
    "supersession",
]
