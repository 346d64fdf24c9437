"""A whole installation in one process, and the people it is for: messages go in by the API and by feeds that are
polled over HTTP, and what leaves is read at the gateways. Nothing runs by itself: `work` does what workers would.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from arq.connections import ArqRedis

import cap
from cap.signatures.signing import sign
from dispatcher.access.principals import Actor
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.poller import PollReport
from dispatcher.model.principals import Instance, Source
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import Kind, Lane
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.texts.words.catalogues import words_for
from dispatcher.worker.dependencies import WorkerDependencies
from ops.lab.faults.feeds.server import FeedServer
from tests.api.conftest import SECRET, Answer, Service
from tests.channels.far_side import FarSide
from tests.channels.webpush import subscription as browser
from tests.support.histories import jobs_waiting, let_wake_ups_lapse
from tests.support.messages import Message, cap_time
from tests.support.sealed import ADDRESSES

ALDENHOVEN, DUEREN, JUELICH, LINNICH = "05358004", "05358008", "05358024", "05358036"
HUECKELHOVEN = "05370020"
PLACES = (ALDENHOVEN, DUEREN, JUELICH, LINNICH, HUECKELHOVEN)
CENTRE, COUNTRY, OFFICE = "leitstelle@dueren.example", "lage@land.example", "warnungen@amt.example"
SOURCES = (
    Source("dueren", "Leitstelle Düren", frozenset({CENTRE}), ("05358",)),
    Source("dueren-2", "Leitstelle Düren, zweiter Tisch", frozenset({CENTRE}), ("05358",)),
    Source("heinsberg", "Leitstelle Heinsberg", frozenset({CENTRE}), ("05370",)),
    Source("land", "Lagezentrum", frozenset({COUNTRY}), ("05",)),
)
"""Three share a CAP sender, one of them with another territory."""
ROUNDS = 20
"""How often `work` goes round before what is open counts as stuck."""
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>urn:example:list</id><title>Warnungen</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""


@dataclass(frozen=True)
class Entry:
    """An entry of an index, with what it says of its message. `within`: it holds the message; `missing`: what it links
    to is not there.
    """

    message: Message
    expires: datetime | None = None
    msg_type: str = ""
    within: bool = False
    body: bytes = b""
    missing: bool = False

    @property
    def content(self) -> bytes:
        return self.body or self.message.xml()

    @property
    def name(self) -> str:
        """Where the message is: other words are another document."""
        return f"{self.message.sender}/{self.message.identifier}-{crc32(self.content):08x}"

    def xml(self) -> str:
        one, name = self.message, self.name
        hints = f"<cap:expires>{cap_time(self.expires)}</cap:expires>" if self.expires else ""
        hints += f"<cap:msgType>{self.msg_type}</cap:msgType>" if self.msg_type else ""
        where = f'<link type="application/cap+xml" href="/{name}"/>'
        if self.within:
            where = f'<content type="text/xml">{self.content.decode().partition("?>")[2]}</content>'
        return f"<entry><id>{name}</id><title>x</title><updated>{cap_time(one.sent)}</updated>{where}{hints}</entry>"


@dataclass
class Town:
    """Sources, feeds, people, and what each of them hears."""

    service: Service
    worker: WorkerDependencies
    gateways: FarSide
    server: FeedServer
    queue: ArqRedis
    pool: Any
    keys: tuple[bytes, bytes]
    apps: tuple[FarSide, FarSide]
    """Servers of apps, where an instance may register a webhook."""
    people: dict[str, NewSubscription] = field(default_factory=dict)

    async def open(self) -> None:
        """Introduce the sources, and one app instance for each place."""
        for source in SOURCES:
            await self.service.parts.sources.put(source)
            await self.service.parts.sources.add_key(source.id, f"wk_{source.id}_{SECRET}")
        for ags in PLACES:
            instance = Instance(f"i{ags}", ags, (ags,))
            await self.service.parts.sources.put_instance(instance, f"wi_i{ags}_{SECRET}")

    async def follow(self, name: str, *items: Any, channel: str = "app") -> None:
        """Let somebody follow municipalities or points."""
        places, watched = read_places(list(items), Boundaries.default())
        origin = self.gateways.origin
        gateway, address, keys = {
            "app": (origin, f"{origin}/app/{name}", {"secret": "whsec_" + 32 * "A"}),
            "webpush": (
                origin,
                f"{origin}/push/{name}",
                {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH},
            ),
            "sms": ("sms", f"+4915550{len(self.people):06}", {}),
        }[channel]
        person = NewSubscription(channel, gateway, address, keys, places, watched_areas=watched)
        await Subscriptions(self.pool, ADDRESSES).add_many([person])
        self.people[name] = person

    async def submit(self, message: Message | bytes, source: str = "dueren") -> Answer:
        """Submit a message; what becomes of it is the answer's."""
        answer: Answer = await self.service.submit(message, key=f"wk_{source}_{SECRET}")
        return answer

    async def accepted(self, message: Message | bytes, source: str = "dueren") -> str:
        """Submit a message that is taken; the reason with which it is recorded."""
        answer = await self.submit(message, source)
        assert answer.status == 201, answer.body
        reason: str = answer.json["alert"]["reason"]
        return reason

    async def poll(self, feed: str, *entries: Message | Entry) -> PollReport:
        """Let the feed's source list exactly these, and ask it."""
        listed = [one if isinstance(one, Entry) else Entry(one) for one in entries]
        for one in listed:
            if one.missing:
                continue
            self.server.put(f"/{one.name}", one.content)
        self.server.put(f"/{feed}", ATOM.format("".join(one.xml() for one in listed)).encode())
        services = self.service.parts.feed_services
        report: PollReport = await services.poller.poll(services.named(feed))
        return report

    def signed(self, message: Message) -> Entry:
        """An entry whose message the office has signed."""
        return Entry(message, body=sign(cap.parse(message.xml()).alerts[0], *self.keys))

    async def work(self) -> None:
        """Do what the wake-ups say, in their order, until there are none; then what the reconciler finds."""
        for _ in range(ROUNDS):
            jobs = await self._jobs()
            if not jobs:
                await let_wake_ups_lapse(self.pool)
                await self.worker.reconciler.sweep()
                jobs = await self._jobs()
            if not jobs:
                return
            for function, argument in jobs:
                if function == "plan":
                    await self.worker.planner.plan(argument)
                else:
                    await self.worker.deliverer.deliver(int(argument))
        raise AssertionError("the work does not end")

    async def _jobs(self) -> list[tuple[str, str]]:
        """Take all wake-ups out of the queue: function and argument, in the order in which they are due."""
        waiting = [
            (due, name.split(":"))
            for lane in Lane
            for name, due in (await jobs_waiting(self.queue, lane)).items()
        ]
        # With the marks by which a lower lane yields to a higher one: nobody else is at work here.
        await self.queue.flushdb()
        return [(name[0], name[1]) for _, name in sorted(waiting)]

    def heard(self, name: str) -> list[tuple[str, str]]:
        """What somebody was told, in order: kind and headline, as their gateway got them."""
        return [_told(self.people[name], one.body) for one in self.gateways.seen if self._is_for(name, one)]

    def read(self, name: str) -> list[dict[str, Any]]:
        """The documents that somebody's app got."""
        return [json.loads(one.body) for one in self.gateways.seen if self._is_for(name, one)]

    def pushed(self, name: str) -> list[dict[str, Any]]:
        """The documents that somebody's browser got, decrypted."""
        return [
            json.loads(browser.decrypt(one.body)) for one in self.gateways.seen if self._is_for(name, one)
        ]

    def texts(self, name: str) -> list[str]:
        """What somebody's SMS said."""
        return [json.loads(one.body)["text"] for one in self.gateways.seen if self._is_for(name, one)]

    def _is_for(self, name: str, seen: Any) -> bool:
        person = self.people[name]
        if person.channel == "sms":
            return seen.target == "/sms" and json.loads(seen.body)["to"] == person.address
        return person.address == self.gateways.origin + seen.target

    async def in_force(self, ags: str) -> list[str]:
        """The headlines that an app of this municipality pulls, in alphabetical order."""
        answer = await self.service.get("/v1/instance/alerts", key=f"wi_i{ags}_{SECRET}")
        return sorted(one["headline"] for one in answer.json["alerts"])

    async def reasons(self) -> list[tuple[str, str]]:
        """Identifier and reason of everything of record, in order of arrival."""
        rows = await self.pool.fetch("SELECT identifier, reason FROM alert ORDER BY number")
        return [(row["identifier"], row["reason"]) for row in rows]

    async def held(self) -> list[str]:
        """The identifiers of what waits for a person."""
        return [one.identifier for one in await self.service.parts.feed_services.held.listed()]

    async def release(self, identifier: str) -> None:
        """Let a person send what waits."""
        services = self.service.parts.feed_services
        (waiting,) = [one for one in await services.held.listed() if one.identifier == identifier]
        await services.release.release(waiting.id, Actor("operator:anna"), "am Telefon bestätigt")

    async def run_out(self, identifier: str) -> None:
        """What the passing of time does: a warning's time is over."""
        changed = await self.pool.execute(
            "UPDATE alert SET expires = clock_timestamp() - interval '1 s' WHERE identifier = $1", identifier
        )
        assert changed != "UPDATE 0"


def _told(person: NewSubscription, body: bytes) -> tuple[str, str]:
    if person.channel == "sms":
        first = json.loads(body)["text"].partition("\n")[0]
        words = words_for("de")
        kinds = {prefix: kind for kind, prefix in words.prefix.items()} | {words.withdrawn: Kind.CANCEL}
        prefix, _, headline = first.partition(": ")
        return str(kinds[prefix]), headline
    payload = json.loads(browser.decrypt(body) if person.channel == "webpush" else body)
    return payload["kind"], payload["headline"]
