"""placeholder"""

from __future__ import annotations
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    message: str
    recipient: str
    channel: str
    accepted: bool
    wall_time: datetime
    content_hash: str
    kind: str = ""
    collapse: str = ""
    status: int = 0
