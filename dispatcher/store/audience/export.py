"""Read all that is kept of one subscriber, for whoever asks what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.vocabulary import EXTREME
from dispatcher.store.audience.wishes import severity_rank
from dispatcher.store.sealed.addresses import COLUMNS

if TYPE_CHECKING:
    from dispatcher.store.record import Connection
    from dispatcher.store.sealed.addresses import Addresses

_SUBSCRIBER: Final = """
SELECT instance_id AS instance, languages, min_severity, quiet_from, quiet_until, drills, escalate_after_s, created_at,
  changed_at, seen_at, tested_at, expires_at AS ends_at, device_hash IS NOT NULL AS names_a_device
FROM subscriber WHERE id = $1"""
_ENDPOINTS: Final = f"""
SELECT n.id, {COLUMNS}, n.address, n.keys, n.channel, n.created_at, n.ended_at, n.end_reason, n.active, e.proven_at,
  e.code_sent_at, e.answer, e.last_accepted_at, e.last_confirmed_at
FROM subscriber_endpoint e JOIN subscription n ON n.id = e.subscription_id WHERE e.subscriber_id = $1
ORDER BY e.position"""  # noqa: S608 - constant
_SEVERITY: Final = {severity_rank(one): one for one in ("Minor", "Moderate", "Severe", EXTREME)}
_SEALED: Final = {"id", "sealed", "address_hash", "vapid", "gateway", "address", "keys"}
_AREAS: Final = (
    "SELECT lat, lon, radius_m, ags FROM subscriber_area WHERE subscriber_id = $1 ORDER BY lat, lon"
)
_PLACES: Final = "SELECT ags FROM subscriber_municipality WHERE subscriber_id = $1 ORDER BY ags"


async def everything(connection: Connection, addresses: Addresses, number: int) -> dict[str, Any] | None:
    """Return it with the names of the record, times in ISO 8601; None where there is no such subscriber. What ledgers
    have of the endpoints is their `number`.
    """
    row = await connection.fetchrow(_SUBSCRIBER, number)
    if row is None:
        return None
    endpoints, areas, places = [await connection.fetch(sql, number) for sql in (_ENDPOINTS, _AREAS, _PLACES)]
    return {
        "wish": {**_wish(row), "places": [*(one["ags"] for one in places), *map(_place, areas)]},
        **_plain(row),
        "places": [one["ags"] for one in places],
        "areas": [_plain(one) for one in areas],
        "endpoints": [_endpoint(one, addresses) for one in endpoints],
    }


def _wish(row: Any) -> dict[str, Any]:
    """Return what is wanted, in the names and words in which an app asks for it."""
    begins, ends, until = row["quiet_from"], row["quiet_until"], row["ends_at"]
    return {
        "languages": list(row["languages"]),
        "min_severity": _SEVERITY.get(row["min_severity"]),
        "quiet_hours": None if begins is None else {"begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"},
        "drills": row["drills"],
        "escalate_after_s": row["escalate_after_s"],
        "ends_at": None if until is None else until.isoformat(),
    }


def _place(area: Any) -> dict[str, Any]:
    """Return a watched area as an app names it: a point with its radius, or a polygon."""
    corners = list(zip(area["lat"], area["lon"], strict=True))
    if len(corners) == 1:
        return {"lat": corners[0][0], "lon": corners[0][1], "radius_m": area["radius_m"]}
    return {"polygon": [list(corner) for corner in corners]}


def _endpoint(row: Any, addresses: Addresses) -> dict[str, Any]:
    opened = addresses.of_either(row)
    own = {"number": opened.id, "address": opened.address, "keys": dict(opened.keys)}
    return own | {name: value for name, value in _plain(row).items() if name not in _SEALED}


def _plain(row: Any) -> dict[str, Any]:
    """Return a row as JSON has it."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in dict(row).items()
    }
