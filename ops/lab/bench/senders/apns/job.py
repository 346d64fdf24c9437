"""The job that everybody gets who sends by APNs."""

from __future__ import annotations

from ops.lab.bench.senders.job import AnyJob


def device_token(number: int) -> str:
    """Return that of a phone."""
    return f"{number:064x}"


class ApnsJob(AnyJob, frozen=True):
    """Send `payload` to `count` phones with the app `topic`, at the `origin` of APNs."""

    origin: str
    ca_file: str
    topic: str
    key: str
    """The signing key (.p8), in PEM."""
    key_id: str
    team_id: str
    document: str
    """The notice as Web Push carries it, for whoever writes the payload."""
    payload: str
    """The payload that is to come of it, for whoever is given one."""
    title: str
    text: str
    collapse_id: str
    ttl_s: int
    count: int
