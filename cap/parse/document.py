"""Turns bytes into a `Document`: every message comes in through `parse`."""

from typing import Final

from cap.limits import Limits
from cap.model import Document
from cap.parse.containers import collect_alerts
from cap.parse.elements import read

_DEFAULT: Final = Limits()


def parse(data: bytes, limits: Limits = _DEFAULT) -> Document:
    """Returns the alerts in `data`: one for a bare alert, any number for a feed or a bundle, none for a mere index.

    Raises only `CapError`. Never reads a file or an address, never uses a clock. What is wrong but readable
    is recorded on the alert it concerns and judged by `check`; what is wrong with the container, by
    `check_container`.
    """
    root, repairs = read(data, limits)
    return collect_alerts(root, repairs, limits)
