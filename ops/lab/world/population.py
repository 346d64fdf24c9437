"""A synthetic population of Kreis Düren: subscriptions to municipalities, on each channel, with real keys.

    python -m ops.lab.world.population --state DIR [--seed 1] [--subscriptions 20000] [--outside 1000]
        [--webpush URL ...] [--app URL] [--out FILE]

makes it once in DIR (a second call with the same numbers finds it there) and, with `--out`, writes the import
file for the service. Everything follows from the seed, the private keys too: worthless outside a lab.

Phone numbers are `+4900` and nine digits. A German national number never begins with 0, so that none of
them can be dialled. The numbers reserved for films (Bundesnetzagentur, Mitteilung 148/2021: five ranges of
1,000 in the fixed network, some in mobile networks) are too few for a mass send.
"""

from __future__ import annotations

import argparse
import random
import sys
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ops.lab.gateways.registry import ALL, CHANNELS, STANDINS, by_audience
from ops.lab.gateways.state import read_lines
from ops.lab.world import people

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ops.lab.gateways.spec import StandinSpec

INHABITANTS = {
    "05358004": 13_800,  # Aldenhoven
    "05358008": 92_900,  # Düren
    "05358012": 4_300,  # Heimbach
    "05358016": 8_700,  # Hürtgenwald
    "05358020": 7_600,  # Inden
    "05358024": 33_000,  # Jülich
    "05358028": 17_700,  # Kreuzau
    "05358032": 14_000,  # Langerwehe
    "05358036": 12_900,  # Linnich
    "05358040": 10_000,  # Merzenich
    "05358044": 10_200,  # Nideggen
    "05358048": 14_300,  # Niederzier
    "05358052": 10_700,  # Nörvenich
    "05358056": 8_500,  # Titz
    "05358060": 9_500,  # Vettweiß
}
"""The district's municipalities by AGS, with rounded inhabitants: weights, not statistics."""

NEIGHBOURS = (
    "05162012",  # Jüchen
    "05334004",  # Alsdorf
    "05334008",  # Baesweiler
    "05334012",  # Eschweiler
    "05334028",  # Simmerath
    "05334032",  # Stolberg (Rhld.)
    "05362004",  # Bedburg
    "05362016",  # Elsdorf
    "05362020",  # Erftstadt
    "05362032",  # Kerpen
    "05366028",  # Mechernich
    "05366036",  # Schleiden
    "05366044",  # Zülpich
    "05370004",  # Erkelenz
    "05370012",  # Geilenkirchen
    "05370020",  # Hückelhoven
)
"""The municipalities outside the district that share a border with it (from VG250)."""

SECOND_PLACE_SHARE = 0.05
"""The share of the subscribers inside who watch a second municipality of the district as well."""
POPULATION_FILE = "population.ndjson"
PLAN_FILE = "population.json"
_FORMAT = 3


class PopulationPlan(msgspec.Struct, frozen=True):
    """Determines a population. Two equal plans give the same files, byte for byte."""

    seed: int = 1
    subscriptions: int = 20_000
    """Inside the district: one app a municipality, everybody else by the channels' shares. At least 15."""
    outside: int = 1_000
    """Subscribers of neighbouring municipalities, who must never get anything meant for the district."""
    people: int = 0
    """Of each habit of `people.HABITS` so many people, who subscribe themselves: beside the subscriptions."""
    format: int = _FORMAT
    standins: tuple[str, ...] = tuple(STANDINS)
    """By which stand-ins people subscribe, by their names in the registry."""

    def specs(self) -> tuple[StandinSpec, ...]:
        """Return these, in the order of their shares, the largest first."""
        return by_audience(ALL[name] for name in self.standins)


class Recipient(msgspec.Struct, frozen=True):
    """A subscription. The `address` of a URL channel is its path; the origin follows when a gateway listens."""

    ref: str
    """Opaque recipient key, the same in the gateways' ledgers."""
    channel: str
    """The family of the gateway that it is reached by, see `StandinSpec`."""
    address: str
    places: tuple[str, ...]
    """AGS of the municipalities watched."""
    instance: str
    """AGS of the municipality whose app the subscription came through."""
    keys: dict[str, str] = {}
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Origins:
    """Says where the gateways listen that are reached by URL, by family."""

    by_family: Mapping[str, Sequence[str]]

    def url(self, recipient: Recipient) -> str:
        """Return the complete address. Subscribers are spread over all origins of their family by their key."""
        return self.address(recipient.channel, recipient.ref, recipient.address)

    def address(self, family: str, ref: str, address: str) -> str:
        """Return the complete address of an endpoint of this key."""
        origins = self.by_family.get(family)
        if origins is None:
            return address
        return origins[zlib.crc32(ref.encode()) % len(origins)] + address


def make(state: Path, plan: PopulationPlan) -> Path:
    """Make the files in `state` unless they are there for this very plan; give the population's path.

    Raises ValueError for fewer subscriptions than municipalities.
    """
    done = state / PLAN_FILE
    population = state / POPULATION_FILE
    if done.exists() and msgspec.json.decode(done.read_bytes(), type=PopulationPlan) == plan:
        return population
    if plan.subscriptions < len(INHABITANTS):
        raise ValueError(f"{len(INHABITANTS)} municipalities need as many subscriptions")
    state.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    with ExitStack() as stack:
        recipients = stack.enter_context(population.open("wb"))
        files = {
            spec.family: stack.enter_context((state / spec.state_file).open("wb"))
            for spec in plan.specs()
            if spec.state_file
        }
        for recipient, secret in _generate(plan):
            recipients.write(msgspec.json.encode(recipient) + b"\n")
            if secret is not None:
                files[recipient.channel].write(msgspec.json.encode(secret) + b"\n")
        own = stack.enter_context((state / people.PEOPLE_FILE).open("wb"))
        for person, secrets in people.make(plan.seed, plan.people):
            own.write(msgspec.json.encode(person) + b"\n")
            files[people.CHANNEL].writelines(msgspec.json.encode(secret) + b"\n" for secret in secrets)
    done.write_bytes(msgspec.json.encode(plan))
    return population


def read(state: Path) -> Iterator[Recipient]:
    """Read the recipients made in `state`, in their order. Raises OSError."""
    return read_lines(state / POPULATION_FILE, Recipient)


def watching(recipients: Iterable[Recipient], municipalities: Collection[str]) -> Iterator[Recipient]:
    """Select recipients who watch at least one of `municipalities` (AGS): those a warning for these concerns."""
    return (one for one in recipients if any(place in municipalities for place in one.places))


def import_lines(recipients: Iterable[Recipient], origins: Origins) -> Iterator[bytes]:
    """Write the service's import file: one JSON object a line, newline included."""
    for one in recipients:
        yield (
            msgspec.json.encode(
                {
                    "channel": CHANNELS[one.channel],
                    "address": origins.url(one),
                    "keys": one.keys,
                    "places": one.places,
                    "instance": one.instance,
                    "language": one.language,
                    "ref": one.ref,
                    "legal_basis": "consent",
                }
            )
            + b"\n"
        )


def _generate(plan: PopulationPlan) -> Iterator[tuple[Recipient, msgspec.Struct | None]]:
    chance = random.Random(plan.seed)
    rest, *others = plan.specs()
    official = [(spec, instance) for spec in others if not spec.share for instance in INHABITANTS]
    for spec, instance in official:
        yield _recipient(spec, plan.seed, instance, (instance,), instance)
    personal = plan.subscriptions - len(official)
    homes = chance.choices(tuple(INHABITANTS), weights=tuple(INHABITANTS.values()), k=personal)
    inside = ((_places(chance, home), home) for home in homes)
    outside = (((chance.choice(NEIGHBOURS),), chance.choice(tuple(INHABITANTS))) for _ in range(plan.outside))
    chosen = _chosen(chance, others, personal, plan.outside)
    for index, (places, instance) in enumerate(chain(inside, outside)):
        yield _recipient(chosen.get(index, rest), plan.seed, index, places, instance)


def _chosen(
    chance: random.Random, specs: Iterable[StandinSpec], inside: int, outside: int
) -> dict[int, StandinSpec]:
    """Choose the persons, by number, who subscribe by one of `specs`: inside by lot, outside the first."""
    chosen: dict[int, StandinSpec] = {}
    left: Sequence[int] = range(inside)
    beyond = inside
    for spec in specs:
        chosen.update(dict.fromkeys(chance.sample(left, round(inside * spec.share)), spec))
        left = [index for index in left if index not in chosen]
        end = beyond + round(outside * spec.share)
        chosen.update(dict.fromkeys(range(beyond, end), spec))
        beyond = end
    return chosen


def _recipient(
    spec: StandinSpec, seed: int, person: int | str, places: tuple[str, ...], instance: str
) -> tuple[Recipient, msgspec.Struct | None]:
    one = spec.subscriber(seed, person)
    through = one.instance or instance
    recipient = Recipient(one.ref, spec.family, one.address, places, through, dict(one.keys))
    return recipient, one.secret


def _places(chance: random.Random, home: str) -> tuple[str, ...]:
    if chance.random() >= SECOND_PLACE_SHARE:
        return (home,)
    return (home, chance.choice([other for other in INHABITANTS if other != home]))


def main(argv: Sequence[str] | None = None) -> None:
    """Make a population and, with `--out`, its import file."""
    parser = argparse.ArgumentParser(prog="python -m ops.lab.world.population")
    parser.add_argument("--state", type=Path, required=True, help="directory of the population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--subscriptions", type=int, default=20_000, help="inside the district")
    parser.add_argument("--outside", type=int, default=1_000, help="in neighbouring municipalities")
    reached = [spec for spec in STANDINS.values() if spec.by_url]
    for spec in reached:
        parser.add_argument(f"--{spec.name}", action="append", help=f"origin of {spec.help}; repeatable")
    needed = " and ".join(f"--{spec.name}" for spec in reached)
    parser.add_argument("--out", type=Path, help=f"import file to write; needs {needed}")
    options = parser.parse_args(argv)
    if options.out and not all(getattr(options, spec.name) for spec in reached):
        parser.error(f"--out needs {needed}")
    path = make(options.state, PopulationPlan(options.seed, options.subscriptions, options.outside))
    if options.out:
        origins = Origins({spec.family: getattr(options, spec.name) for spec in reached})
        with options.out.open("wb") as out:
            out.writelines(import_lines(read(options.state), origins))
    sys.stdout.write(f"{options.out or path}\n")


if __name__ == "__main__":
    main()
