"""Bytes to a `Document`: the one way in."""

from cap.builder import build
from cap.elements import Element, read
from cap.errors import NotCap
from cap.grammar import ALERT_TAGS
from cap.limits import Limits
from cap.model import Document

_DEFAULT = Limits()


def parse(data: bytes, limits: Limits = _DEFAULT) -> Document:
    """The alerts in `data`: one for a bare alert, any number for a feed or a bundle.

    Raises only `CapError`. Never reads a file or an address, never uses a clock. What is wrong but readable
    is recorded on the alert it concerns and judged by `check`.
    """
    root, repairs = read(data, limits)
    version = ALERT_TAGS.get(root.tag)
    if version is None:
        raise _not_cap(root)
    return Document((build(root, version, limits, repairs),))


def _not_cap(root: Element) -> NotCap:
    where = f"in the namespace {root.namespace[:80]}" if root.namespace else "in no namespace"
    return NotCap(f"The root element is {root.local[:80]} {where}, not a CAP alert.", root.line)
