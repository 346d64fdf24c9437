"""The neighbour's dispatcher, a service of its own: it publishes what its control centre warns of, and the district's
takes that in as a feed, and warns the people who follow the neighbour city.

Who must be told follows from what people have and want, as in `world.people`; that they were, and once, is counted in
the gateways' ledgers.
"""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import msgspec
from lxml import etree

import cap
from ops.lab.demo import counting
from ops.lab.world.ledger import Tail
from ops.lab.world.people import STOLBERG
from ops.lab.world.records import Kind
from ops.lab.world.service import Service, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from ops.lab.demo.counting import ToldCounts
    from ops.lab.world.district import District
    from ops.lab.world.records import GatewayRecord

SENDER = "leitstelle@staedteregion.example"
CONCERNED = frozenset({STOLBERG})
CONTROL_CENTRE = "Leitstelle der Nachbarn"
FEED_PATH = f"/v1/municipalities/{STOLBERG}/alerts.atom"
FEEDS_FILE = """\
[[feed]]
name = "neighbour"
adapter = "index"
urls = ["{url}"]
interval_s = 5
jitter = 0
country = "DE"
territory = ["{territory}"]
senders = ["{sender}"]
attribution = "Leitstelle der Nachbarn"
licence = "mit Erlaubnis"
"""
LIFETIME = timedelta(hours=6)
TAKEN_IN_WITHIN_S = 120.0
ATOM, CAP = "{http://www.w3.org/2005/Atom}", "{urn:oasis:names:tc:emergency:cap:1.2}"


class TakenInMessage(msgspec.Struct, frozen=True):
    """A message of the neighbour's, by the id that the district's service gave it, and its instants, all aware."""

    kind: Kind
    id: str
    published_at: datetime
    """When the neighbour's service had accepted it."""


class Neighbour:
    """The neighbour's dispatcher: entering it starts it, leaving it stops it."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        self._home = home
        self._service = Service(home / "neighbour", {"WARN_WORKERS": "1", "WARN_API_PORT": str(port)})

    def __enter__(self) -> Self:
        """Raises ServiceError; then nothing is left running."""
        try:
            self._service.start()
            [key] = self._service.commands(
                ["source", "add", "leitstelle", "--sender", SENDER, "--territory", STOLBERG]
            )
        except BaseException:
            self._service.stop()
            raise
        self._service.key = key.strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._service.stop()

    def settings(self) -> Mapping[str, str]:
        """Return what lets another service take in what this one publishes."""
        file = self._home / "feeds.toml"
        file.write_text(
            FEEDS_FILE.format(url=self.origin + FEED_PATH, territory=STOLBERG, sender=SENDER), "utf-8"
        )
        return {"WARN_FEEDS": str(file)}

    def submit(self, message: cap.Alert) -> datetime:
        """Submit as the neighbour's control centre; return when it was accepted. Raises ServiceError."""
        answer = self._service.submit(cap.render(message))
        if not answer.accepted:
            raise ServiceError(f"the neighbour refused {message.identifier}: {answer.body.decode()}")
        return answer.ended_at


def messages(run: str, sent: datetime) -> tuple[cap.Alert, cap.Alert]:
    """Return the neighbour's warning and what takes it back, as of an aware instant. `run` makes their identifiers a
    run's own.
    """
    sent = sent.replace(microsecond=0)
    area = cap.Area("Stolberg (Rhld.)", geocodes=(cap.NamedValue("AGS", STOLBERG),))
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.FIRE,),
        event="Großbrand",
        response_types=(cap.ResponseType.SHELTER,),
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity.SEVERE,
        certainty=cap.Certainty.OBSERVED,
        expires=sent + LIFETIME,
        sender_name=CONTROL_CENTRE,
        headline="Großbrand in einer Lagerhalle in Stolberg",
        description="Rauch zieht über die Altstadt.",
        instruction="Schließen Sie Fenster und Türen. Schalten Sie Lüftungen aus.",
        areas=(area,),
    )
    warning = cap.Alert(
        SENDER,
        f"brand-{run}-1",
        sent,
        cap.Status.ACTUAL,
        cap.MsgType.ALERT,
        cap.Scope.PUBLIC,
        infos=(info,),
    )
    end = cap.Alert(
        SENDER,
        f"brand-{run}-2",
        sent + timedelta(seconds=1),
        cap.Status.ACTUAL,
        cap.MsgType.CANCEL,
        cap.Scope.PUBLIC,
        note="Der Brand ist gelöscht.",
        references=(cap.Reference(SENDER, warning.identifier, sent),),
    )
    return warning, end


def run(neighbour: Neighbour, district: District, name: str) -> Iterator[TakenInMessage]:
    """Have the neighbour warn and take it back, each until everybody whom it concerns was told by the district's
    service. Raises ServiceError.
    """
    for gateway in district.gateways.values():
        gateway.clear_faults()
    owed = counting.concerned(district.recipients, district.people, CONCERNED)
    tail = Tail(gateway.ledger for gateway in district.gateways.values())
    tail.new()
    for kind, message in zip((Kind.ALERT, Kind.CANCEL), messages(name, datetime.now(UTC)), strict=True):
        published_at = neighbour.submit(message)
        deadline = time.monotonic() + TAKEN_IN_WITHIN_S
        while (alert_id := published_by(district.service, message.identifier)) is None:
            counting.look_again(deadline, f"{message.identifier} was not taken in")
        counting.follow(tail, alert_id, owed, deadline)
        yield TakenInMessage(kind, alert_id, published_at)


def published_by(service: Service, identifier: str) -> str | None:
    """Return under which id a service publishes a message in its own feed; None while it does not."""
    root = etree.fromstring(service.request("GET", FEED_PATH).body)
    for entry in root.iter(f"{ATOM}entry"):
        if entry.findtext(f"{CAP}identifier") == identifier:
            return str(entry.findtext(f"{ATOM}id")).rpartition(":")[2]
    return None


def count(
    taken_in: Iterable[TakenInMessage],
    owed: Collection[str],
    gateway: Collection[GatewayRecord],
) -> list[ToldCounts]:
    """Count for each message who was told of it, by what gateways accepted; times count from its publication."""
    return [counting.count(one.kind, one.id, owed, gateway, one.published_at) for one in taken_in]


def faults(counts: Iterable[ToldCounts]) -> Iterator[str]:
    """Yield where somebody was not told once of the neighbour's warning and its end."""
    found = list(counts)
    if [one.kind for one in found] != [Kind.ALERT, Kind.CANCEL]:
        yield "the neighbour's warning and its end were not both taken in"
    for one in found:
        yield from counting.faults(f"the neighbour's {one.kind}", one)


def lines(counts: Iterable[ToldCounts]) -> Iterator[str]:
    """Yield what is said of it, a line for each message."""
    yield "A neighbour's dispatcher warned in Stolberg; ours took it in by its feed, and told who follows Stolberg:"
    for one in counts:
        last = counting.seconds(one.last_s)
        yield f"  {one.kind}: {counting.said(one)}; the last {last} after the neighbour's answer"
