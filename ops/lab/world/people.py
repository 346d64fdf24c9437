"""People who subscribe themselves: with several endpoints, and with the apps of several municipalities on one device.

    people.ndjson   one person a line, in the directory of the population

Of each habit there are as many people as a plan says. Everything follows from the seed, as in `population`. Who must be
told, and where, is decided here from what people have and want, and nothing of it is asked of the service: each person
hears of a message at one endpoint, the first of theirs that lives and follows a place concerned; what follows on it
comes where they were warned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping  # noqa: TC003 - msgspec reads the annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ops.lab.gateways.registry import STANDINS
from ops.lab.gateways.state import b64url, drawn, read_lines
from ops.lab.world.messages import CHAPTERS, CONCERNED
from ops.lab.world.records import Kind  # noqa: TC001 - as above

if TYPE_CHECKING:
    from pathlib import Path

DUEREN, JUELICH, STOLBERG = "05358008", "05358024", "05334032"
VETTWEISS = "05358060"
NEIGHBOUR = "stolberg"
"""The id of the neighbour city's app; those of the district's apps are their AGS."""
CHANNEL = "webpush"
GERMAN = "de"
GONE_PREFIX = "A"
"""A reference that begins so is of an endpoint that a faulty push service calls gone."""
PEOPLE_FILE = "people.ndjson"


class OwnEndpoint(msgspec.Struct, frozen=True):
    """A push subscription of a person. `address` is its path: the origin follows when a push service listens."""

    ref: str
    """Opaque recipient key, the same in the gateways' ledgers."""
    address: str
    keys: dict[str, str]

    @property
    def is_gone(self) -> bool:
        """Whether a faulty push service says that there is none such any more."""
        return self.ref.startswith(GONE_PREFIX)


class AppInstallation(msgspec.Struct, frozen=True):
    """An app on somebody's device: of which instance, which places (AGS) are followed in it, and its endpoints, the
    best first.
    """

    instance: str
    places: tuple[str, ...]
    endpoints: tuple[OwnEndpoint, ...]
    former: OwnEndpoint | None = None
    """The one that it had at its first start, where its push server gives another address at each start. It is no
    endpoint of the person's any more, though nobody calls it gone.
    """


class Person(msgspec.Struct, frozen=True):
    """Somebody with apps, in the order in which they were installed. `device` is what those of one device name."""

    name: str
    habit: str
    installations: tuple[AppInstallation, ...]
    device: str | None = None
    languages: tuple[str, ...] = ()
    """What the person reads, the best first; where nothing is said, German."""
    exercises: bool = False
    """Whether the person takes part in exercises."""

    @property
    def language(self) -> str:
        """Return what the person reads best."""
        return next(iter(self.languages), GERMAN)

    @property
    def endpoints(self) -> tuple[OwnEndpoint, ...]:
        """All endpoints of the person, each once, in the order in which they are tried."""
        return tuple({one.ref: one for app in self.installations for one in app.endpoints}.values())

    def follows(self, endpoint: OwnEndpoint) -> frozenset[str]:
        """Return the places (AGS) that are followed by an endpoint."""
        return frozenset(
            place for app in self.installations if endpoint in app.endpoints for place in app.places
        )


@dataclass(frozen=True, slots=True)
class _Habit:
    """What people of one kind have: apps with the places followed in each and the names of its endpoints. One whose
    name ends with a dagger is gone.
    """

    title: str
    apps: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    one_device: bool = False
    languages: tuple[str, ...] = ()
    exercises: bool = False
    new_address: bool = False
    """Whether the app gets another address at each start."""


HABITS = (
    _Habit("one app", ((DUEREN, (DUEREN,), ("phone",)),)),
    _Habit("the neighbour's app", ((NEIGHBOUR, (STOLBERG, DUEREN), ("phone",)),)),
    _Habit("the neighbour's app, for the neighbour alone", ((NEIGHBOUR, (STOLBERG,), ("phone",)),)),
    _Habit(
        "three apps on one device",
        (
            (DUEREN, (DUEREN,), ("first",)),
            (JUELICH, (JUELICH,), ("second",)),
            (NEIGHBOUR, (DUEREN, STOLBERG), ("third",)),
        ),
        one_device=True,
    ),
    _Habit(
        "three apps on one device, of which the first is gone",
        (
            (DUEREN, (DUEREN,), ("first†",)),
            (NEIGHBOUR, (DUEREN,), ("second",)),
            (JUELICH, (JUELICH,), ("third",)),
        ),
        one_device=True,
    ),
    _Habit(
        "two apps on one device, of which one alone is for what comes later",
        ((NEIGHBOUR, (STOLBERG, DUEREN), ("first†",)), (JUELICH, (JUELICH,), ("second",))),
        one_device=True,
    ),
    _Habit(
        "one endpoint in two apps",
        ((DUEREN, (DUEREN,), ("phone",)), (NEIGHBOUR, (DUEREN, STOLBERG), ("phone",))),
    ),
    _Habit("a phone and a tablet", ((JUELICH, (JUELICH,), ("phone", "tablet")),)),
    _Habit(
        "two phones that are gone, and a tablet", ((DUEREN, (DUEREN,), ("phone†", "old phone†", "tablet")),)
    ),
    _Habit("another address at each start", ((DUEREN, (DUEREN,), ("phone",)),), new_address=True),
    _Habit("exercises too", ((VETTWEISS, (VETTWEISS,), ("phone",)),), exercises=True),
    _Habit(
        "exercises too, in English",
        ((VETTWEISS, (VETTWEISS,), ("phone",)),),
        languages=("en",),
        exercises=True,
    ),
    _Habit("no exercises, in Ukrainian", ((VETTWEISS, (VETTWEISS,), ("phone",)),), languages=("uk", "de")),
)


def make(seed: int, of_each_habit: int) -> Iterator[tuple[Person, list[msgspec.Struct]]]:
    """Make the people that follow from a seed, each with what the push services must know of their endpoints."""
    for habit in HABITS:
        for number in range(of_each_habit):
            yield _person(seed, habit, f"person-{HABITS.index(habit)}-{number}")


def _person(seed: int, habit: _Habit, name: str) -> tuple[Person, list[msgspec.Struct]]:
    made: dict[str, OwnEndpoint] = {}
    secrets: list[msgspec.Struct] = []
    for called in dict.fromkeys(called for _, _, names in habit.apps for called in names):
        made[called], secret = _endpoint(seed, f"{name}-{called}", gone=called.endswith("†"))
        secrets.append(secret)
    former = None
    if habit.new_address:
        former, secret = _endpoint(seed, f"{name}-former", gone=False)
        secrets.append(secret)
    apps = tuple(
        AppInstallation(instance, places, tuple(made[called] for called in names), former)
        for instance, places, names in habit.apps
    )
    device = b64url(drawn(seed, name, "device", 24)) if habit.one_device else None
    return Person(name, habit.title, apps, device, habit.languages, habit.exercises), secrets


def _endpoint(seed: int, name: str, *, gone: bool) -> tuple[OwnEndpoint, msgspec.Struct]:
    """Draw until the reference says what is to become of it: one in 64 is of an endpoint that is gone."""
    tries = 0
    while True:
        drawn_one = STANDINS[CHANNEL].subscriber(seed, f"{name}-{tries}")
        found = OwnEndpoint(drawn_one.ref, drawn_one.address, dict(drawn_one.keys))
        if found.is_gone == gone and drawn_one.secret is not None:
            return found, drawn_one.secret
        tries += 1


def read(state: Path) -> Iterator[Person]:
    """Read the people made in `state`; nobody where none were. Raises OSError."""
    file = state / PEOPLE_FILE
    return read_lines(file, Person) if file.exists() else iter(())


def told(person: Person, concerned: Collection[str], warned: str | None) -> str | None:
    """Return at which endpoint (`ref`) a person must hear of a message that newly or still warns these places (AGS):
    where they were warned before (`warned`), else at the first that lives and follows one of the places. None: the
    message is not for them, or nothing of theirs lives that it is for.
    """
    if warned is not None:
        return warned
    fitting = (
        one.ref
        for one in person.endpoints
        if not one.is_gone and not person.follows(one).isdisjoint(concerned)
    )
    return next(fitting, None)


def owed(people: Iterable[Person]) -> Mapping[Kind, Mapping[str, str]]:
    """Return where each person must hear of each of the messages: the endpoint (`ref`) by the person's name."""
    found: dict[Kind, dict[str, str]] = {kind: {} for kind in CHAPTERS}
    for person in people:
        warned: str | None = None
        for kind in CHAPTERS:
            warned = told(person, CONCERNED[kind], warned)
            if warned is not None:
                found[kind][person.name] = warned
    return found
