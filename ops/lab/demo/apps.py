"""Four apps, each with a key of its own: three of the district, and a neighbour city's that joins while all is running.

The neighbour shows what is in force in Düren, which lets it, with its own key. Jülich was asked and has not said so: of
its warnings the neighbour shows none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ops.lab.world.messages import CONCERNED
from ops.lab.world.people import DUEREN, JUELICH, NEIGHBOUR, STOLBERG, VETTWEISS
from ops.lab.world.records import Kind  # noqa: TC001 - msgspec reads the annotations
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ops.lab.world.district import District

GIVEN_BY = "Stadt Düren, Amt für Brandschutz"


class ShownRecord(msgspec.Struct, frozen=True):
    """What an app read of what is in force, once a message had reached everybody. `may_show` and `shown` are AGS."""

    kind: Kind
    app: str
    may_show: tuple[str, ...]
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoApp:
    """An app: its id and key, and of which municipalities (AGS) it may show what is in force."""

    id: str
    key: str
    may_show: tuple[str, ...]


def join(district: District) -> tuple[DemoApp, ...]:
    """Let the neighbour join by configuration, and Düren consent with its own key. Raises ServiceError."""
    service = district.service
    stolberg, dueren, juelich, vettweiss = (
        line.strip()
        for line in service.commands(
            [
                *("instance", "add", NEIGHBOUR, "--territory", STOLBERG, "--name", "Stolberg (Rhld.)"),
                *("--language", "de", "--language", "en", "--colour", "#00457c", "--text-colour", "#ffffff"),
                *("--contact", "app@stolberg.example", "--shows", DUEREN, "--shows", JUELICH),
            ],
            ["instance", "rotate", DUEREN],
            ["instance", "rotate", JUELICH],
            ["instance", "rotate", VETTWEISS],
        )
    )
    body = msgspec.json.encode({"given_by": GIVEN_BY})
    path = f"/v1/instance/consents/{NEIGHBOUR}"
    answer = service.request("PUT", path, body, key=dueren, content_type="application/json")
    if not answer.accepted:
        raise ServiceError(f"PUT {path}: {answer.status} {answer.body[:500]!r}")
    return (
        DemoApp(DUEREN, dueren, (DUEREN,)),
        DemoApp(JUELICH, juelich, (JUELICH,)),
        DemoApp(VETTWEISS, vettweiss, (VETTWEISS,)),
        DemoApp(NEIGHBOUR, stolberg, (STOLBERG, DUEREN)),
    )


def look(district: District, apps: Iterable[DemoApp], kind: Kind) -> Iterator[ShownRecord]:
    """Ask as each app what is in force, after the message of this kind. Raises ServiceError."""
    for app in apps:
        answer = district.service.request("GET", "/v1/instance/alerts", key=app.key)
        if not answer.accepted:
            raise ServiceError(f"GET /v1/instance/alerts: {answer.status} {answer.body[:500]!r}")
        alerts = answer.json()["alerts"]
        shown = {place["ags"] for alert in alerts for place in alert["notice"]["municipalities"]}
        yield ShownRecord(kind, app.id, app.may_show, tuple(sorted(shown)))


def faults(records: Iterable[ShownRecord]) -> Iterator[str]:
    """Yield what an app showed that it should not, or did not though it should."""
    for one in records:
        expected = CONCERNED[one.kind] & set(one.may_show)
        if set(one.shown) != expected:
            yield f"after the {one.kind} the app {one.app} showed {one.shown}, not {tuple(sorted(expected))}"


def lines(records: Iterable[ShownRecord], names: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each app: what it showed after each message, by the municipalities' names."""
    by_app: dict[str, list[ShownRecord]] = {}
    for one in records:
        by_app.setdefault(one.app, []).append(one)
    for app, found in by_app.items():
        told = ", ".join(f"{one.kind} {_named(one.shown, names)}" for one in found)
        neighbours = [names[ags] for ags in found[0].may_show[1:]]
        beside = f", and {' and '.join(neighbours)} by consent" if neighbours else ""
        yield f"{names[found[0].may_show[0]]} ({app}{beside}): {told}"


def _named(places: Iterable[str], names: Mapping[str, str]) -> str:
    return " and ".join(names[ags] for ags in places) or "nothing"
