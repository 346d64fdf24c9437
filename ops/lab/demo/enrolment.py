"""Subscribes people as their apps do: each app says what is wanted, a code comes to the endpoint and is brought back.

What the codes are is read where they arrive: in the push services' ledgers.
"""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ops.lab.world.ledger import ROUND_TRIP, Tail
from ops.lab.world.people import CHANNEL
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.lab.demo.apps import DemoApp
    from ops.lab.world.district import District
    from ops.lab.world.ledger import Entry
    from ops.lab.world.people import AppInstallation, OwnEndpoint, Person

CODES_WITHIN_S = 60.0
LOOK_EVERY_S = 0.1
JSON = "application/json"


class _RoundTrip(msgspec.Struct, frozen=True):
    code: str


class Wanted(NamedTuple):
    """An installation that subscribes."""

    person: Person
    app: AppInstallation
    endpoints: tuple[OwnEndpoint, ...]

    @property
    def path(self) -> str:
        """Return where the service has it. Its id is as an app makes it, but for chance."""
        return f"/v1/instance/subscribers/{self.person.name}-in-{self.app.instance}"


class Enrolment:
    """Subscribes people with the keys of their apps."""

    def __init__(self, district: District, apps: Iterable[DemoApp]) -> None:
        self._district = district
        self._keys = {one.id: one.key for one in apps}
        self._tail = Tail(one.ledger for name, one in district.gateways.items() if name.startswith(CHANNEL))
        self._tail.new()  # what is there is nobody's code

    def enrol(self, people: Sequence[Person]) -> None:
        """Subscribe everybody, the first app of each before any second one: so each has its apps in their order. What
        gets another address at each start has started before. Raises ServiceError.
        """
        everything = [(person, app) for person in people for app in person.installations]
        self._subscribe([Wanted(*one, (one[1].former,)) for one in everything if one[1].former])
        for apps in zip_longest(*(person.installations for person in people)):
            pairs = zip(people, apps, strict=True)
            self._subscribe([Wanted(*one, one[1].endpoints) for one in pairs if one[1] is not None])

    def _subscribe(self, wanted: Sequence[Wanted]) -> None:
        waiting: dict[str, list[Wanted]] = {}
        for one in wanted:
            self._asked(one, "PUT", one.path, self._wish(one))
            for endpoint in one.endpoints:
                waiting.setdefault(endpoint.ref, []).append(one)
        deadline = time.monotonic() + CODES_WITHIN_S
        while waiting:
            for ref, code in codes(self._tail.new()):
                for one in waiting.pop(ref, ()):
                    self._asked(one, "POST", f"{one.path}/proof", msgspec.json.encode({"code": code}))
            if time.monotonic() > deadline:
                raise ServiceError(f"no code came to {len(waiting)} endpoints in {CODES_WITHIN_S:.0f} s")
            time.sleep(LOOK_EVERY_S)

    def _wish(self, one: Wanted) -> bytes:
        url = self._district.origins.address
        return msgspec.json.encode(
            {
                "endpoints": [
                    {"channel": CHANNEL, "address": url(CHANNEL, end.ref, end.address), "keys": end.keys}
                    for end in one.endpoints
                ],
                "places": one.app.places,
                "device": one.person.device,
                "languages": one.person.languages,
                "drills": one.person.exercises,
            }
        )

    def _asked(self, one: Wanted, method: str, path: str, body: bytes) -> None:
        key = self._keys[one.app.instance]
        answer = self._district.service.request(method, path, body, key=key, content_type=JSON)
        if not answer.accepted:
            raise ServiceError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")


def codes(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the codes that came to endpoints, with the endpoint's reference: of each endpoint the last one."""
    found = {
        entry.recipient: msgspec.json.decode(entry.text, type=_RoundTrip).code
        for entry in entries
        if entry.accepted and entry.kind == ROUND_TRIP
    }
    return list(found.items())
