"""A synthetic population of Kreis Düren: who is subscribed where, by which channel, with real keys.

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
import base64
import hashlib
import random
import sys
import zlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ops.lab.gateways.app import PATH as APP_PATH
from ops.lab.gateways.state import (
    APP_FILE,
    WEBPUSH_FILE,
    Instance,
    UserAgent,
    b64url,
    number_ref,
    read_lines,
)
from ops.lab.gateways.webpush import PATH as WEBPUSH_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

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

SMS_SHARE = 0.199
SECOND_PLACE_SHARE = 0.05
"""Of the subscribers inside, those who watch a second municipality of the district as well."""
POPULATION_FILE = "population.ndjson"
PLAN_FILE = "population.json"
_FORMAT = 2
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256's base point (FIPS 186-5): a private key lies in [1, order - 1]."""


class Plan(msgspec.Struct, frozen=True):
    """What a population follows from. Two equal plans give the same files, byte for byte."""

    seed: int = 1
    subscriptions: int = 20_000
    """Inside the district: one app a municipality, about a fifth SMS, the rest Web Push. At least 15."""
    outside: int = 1_000
    """Subscribers of neighbouring municipalities, who must never get anything meant for the district."""
    format: int = _FORMAT


class Recipient(msgspec.Struct, frozen=True):
    """One subscription. `address` of a URL channel is its path; the origin follows when a gateway listens."""

    ref: str
    """Opaque recipient key, the same in the gateways' ledgers."""
    channel: str
    address: str
    places: tuple[str, ...]
    """AGS of the municipalities watched."""
    instance: str
    """AGS of the municipality whose app the subscription came through."""
    keys: dict[str, str] = {}
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the gateways listen. Web Push subscriptions spread over all `webpush` origins by their token."""

    webpush: tuple[str, ...]
    app: str

    def url(self, recipient: Recipient) -> str:
        """The complete address."""
        if recipient.channel == "sms_http":
            return recipient.address
        if recipient.channel == "app":
            return self.app + recipient.address
        return self.webpush[zlib.crc32(recipient.ref.encode()) % len(self.webpush)] + recipient.address


def make(state: Path, plan: Plan) -> Path:
    """Make the files in `state` unless they are there for this very plan; give the population's path.

    Raises ValueError for fewer subscriptions than municipalities.
    """
    done = state / PLAN_FILE
    population = state / POPULATION_FILE
    if done.exists() and msgspec.json.decode(done.read_bytes(), type=Plan) == plan:
        return population
    if plan.subscriptions < len(INHABITANTS):
        raise ValueError(f"{len(INHABITANTS)} municipalities need as many subscriptions")
    state.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    with (
        population.open("wb") as recipients,
        (state / WEBPUSH_FILE).open("wb") as agents,
        (state / APP_FILE).open("wb") as instances,
    ):
        files = {"webpush": agents, "app": instances}
        for recipient, secret in _generate(plan):
            recipients.write(msgspec.json.encode(recipient) + b"\n")
            if secret is not None:
                files[recipient.channel].write(msgspec.json.encode(secret) + b"\n")
    done.write_bytes(msgspec.json.encode(plan))
    return population


def read(state: Path) -> Iterator[Recipient]:
    """The recipients made in `state`, in their order. Raises OSError."""
    return read_lines(state / POPULATION_FILE, Recipient)


def watching(recipients: Iterable[Recipient], municipalities: Collection[str]) -> Iterator[Recipient]:
    """Those who watch at least one of `municipalities` (AGS): whom a warning for these concerns."""
    return (one for one in recipients if any(place in municipalities for place in one.places))


def import_lines(recipients: Iterable[Recipient], origins: Origins) -> Iterator[bytes]:
    """The service's import file: one JSON object a line, newline included."""
    for one in recipients:
        yield (
            msgspec.json.encode(
                {
                    "channel": one.channel,
                    "address": origins.url(one),
                    "keys": one.keys,
                    "places": one.places,
                    "instance": one.instance,
                    "language": one.language,
                    "ref": one.ref,
                }
            )
            + b"\n"
        )


def _generate(plan: Plan) -> Iterator[tuple[Recipient, UserAgent | Instance | None]]:
    chance = random.Random(plan.seed)
    for instance in INHABITANTS:
        yield _app(plan.seed, instance)
    personal = plan.subscriptions - len(INHABITANTS)
    homes = chance.choices(tuple(INHABITANTS), weights=tuple(INHABITANTS.values()), k=personal)
    inside = ((_places(chance, home), home) for home in homes)
    outside = (((chance.choice(NEIGHBOURS),), chance.choice(tuple(INHABITANTS))) for _ in range(plan.outside))
    sms = set(chance.sample(range(personal), round(personal * SMS_SHARE)))
    sms.update(personal + index for index in range(round(plan.outside * SMS_SHARE)))
    for index, (places, instance) in enumerate(chain(inside, outside)):
        person: Callable[..., tuple[Recipient, UserAgent | None]] = _sms if index in sms else _webpush
        yield person(plan.seed, index, places, instance)


def _places(chance: random.Random, home: str) -> tuple[str, ...]:
    if chance.random() >= SECOND_PLACE_SHARE:
        return (home,)
    return (home, chance.choice([other for other in INHABITANTS if other != home]))


def _app(seed: int, instance: str) -> tuple[Recipient, Instance]:
    secret = "whsec_" + base64.b64encode(_bytes(seed, instance, "secret", 32)).decode("ascii")
    recipient = Recipient(instance, "app", APP_PATH + instance, (instance,), instance, {"secret": secret})
    return recipient, Instance(instance, secret)


def _sms(_seed: int, index: int, places: tuple[str, ...], instance: str) -> tuple[Recipient, None]:
    number = f"+4900{index:09}"
    return Recipient(number_ref(number), "sms_http", number, places, instance), None


def _webpush(seed: int, index: int, places: tuple[str, ...], instance: str) -> tuple[Recipient, UserAgent]:
    token = b64url(_bytes(seed, index, "token", 16))
    auth = b64url(_bytes(seed, index, "auth", 16))
    scalar = int.from_bytes(_bytes(seed, index, "key", 40)) % (_ORDER - 1) + 1
    point = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
    public = b64url(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    keys = {"p256dh": public, "auth": auth}
    recipient = Recipient(token, "webpush", WEBPUSH_PATH + token, places, instance, keys)
    return recipient, UserAgent(token, b64url(scalar.to_bytes(32)), public, auth)


def _bytes(seed: int, who: int | str, what: str, size: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{who}|{what}".encode(), digest_size=size).digest()


def main(argv: Sequence[str] | None = None) -> None:
    """Make a population and, with `--out`, its import file."""
    parser = argparse.ArgumentParser(prog="python -m ops.lab.world.population")
    parser.add_argument("--state", type=Path, required=True, help="directory of the population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--subscriptions", type=int, default=20_000, help="inside the district")
    parser.add_argument("--outside", type=int, default=1_000, help="in neighbouring municipalities")
    parser.add_argument("--webpush", action="append", default=[], help="origin of a push service; repeatable")
    parser.add_argument("--app", default="", help="origin of the app instances")
    parser.add_argument("--out", type=Path, help="import file to write; needs --webpush and --app")
    options = parser.parse_args(argv)
    if options.out and not (options.webpush and options.app):
        parser.error("--out needs --webpush and --app")
    path = make(options.state, Plan(options.seed, options.subscriptions, options.outside))
    if options.out:
        origins = Origins(tuple(options.webpush), options.app)
        with options.out.open("wb") as out:
            out.writelines(import_lines(read(options.state), origins))
    sys.stdout.write(f"{options.out or path}\n")


if __name__ == "__main__":
    main()
