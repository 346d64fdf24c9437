"""Whatever comes in by whatever way, an exercise leaves for nobody but those who take part, marked at both ends, and by
a key for exercises comes nothing else.

The real record and its plans, the API over HTTP, feeds, the desk's commands and releases; what leaves is what a worker
would render of each batch, and what anybody may read.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import uvloop
from hypothesis import HealthCheck
from hypothesis import strategies as st

import cap
from channels.sms.fitting import compose
from channels.sms.spelling import spelled
from dispatcher.access.principals import of_operator
from dispatcher.commands.desk import service as desk
from dispatcher.commands.desk.submission import post
from dispatcher.delivery.notices import Notices
from dispatcher.intake.approval import Approval
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.intake.prepare import Incoming, feed_rules
from dispatcher.metrics import Metrics
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import State
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.settings import Settings
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from tests.api.conftest import EXERCISE_KEY, INSTANCE_KEY, KEY, SECRET, Service, introduce, serving
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.messages import DUEREN, JUELICH, InfoPart, Message
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

EXAMPLES = 12
SECRET_WORD = "geheim"
"""What every message that is not meant for everybody says in each of its texts."""
LANGUAGES = [*CATALOGUES, "fr"]
FEED_KEY = f"wk_mowas-1_{SECRET}"
WAYS = (
    *("live", "exercise", "live key, path of exercises", "key for exercises, live path"),
    *("command, live", "command, exercise", "feed that pushes", "feed that is asked"),
    *("app", "app, path of exercises", "held and released"),
)
STATUSES = ("Actual", "Exercise", "Test", "System", "Draft")
PUBLIC = (
    *("/v1/public/alerts", "/v1/public/alerts.atom", "/v1/public/alerts.geojson"),
    *(f"/v1/municipalities/{DUEREN}/alerts{form}" for form in ("", ".atom", ".geojson")),
    *(f"/v1/municipalities/{DUEREN}/badge.{form}" for form in ("svg", "json")),
    *("/api31/dashboard/053580000000.json", "/api31/mowas/mapData.json"),
)


@dataclass(frozen=True)
class Step:
    """A message, and the way by which it comes; `about` is the number of an earlier one that it changes or ends."""

    way: str
    status: str
    msg_type: str
    about: int
    severity: str
    place: str


@dataclass(frozen=True)
class Sent:
    """What left for people."""

    alert_id: str
    status: str
    people: frozenset[int]
    language: str
    texts: tuple[str, ...]


@dataclass
class Told:
    """What was accepted by which credential, and what left."""

    accepted: list[tuple[str, str]] = field(default_factory=list)
    """(key, status)"""
    sent: list[Sent] = field(default_factory=list)
    public: list[str] = field(default_factory=list)


def leaks(told: Told, takes_part: frozenset[int]) -> Iterator[str]:
    """What has left its environment, in sentences."""
    for key, status in told.accepted:
        if (key == EXERCISE_KEY) != (status == "Exercise"):
            yield f"{status} was accepted by the key {key[:3]}"
    for one in told.sent:
        yield from leaks_of(one, bool(one.people - takes_part))
    if any(SECRET_WORD in text for text in told.public):
        yield "an exercise can be read by everybody"


def leaks_of(one: Sent, outsiders: bool) -> Iterator[str]:
    if one.status != "Actual" and (outsiders or one.status != "Exercise"):
        yield f"{one.status} left for those who do not take part"
    if outsiders and any(SECRET_WORD in text for text in one.texts):
        yield "a text of an exercise left for those who do not take part"
    for text in one.texts:
        if one.status == "Exercise" and not is_marked(text, words_for(one.language).test):
            yield f"an exercise left unmarked: {text[:40]} … {text[-40:]}"


def is_marked(text: str, mark: str) -> bool:
    """Also as an SMS spells it within the GSM alphabet."""
    marks = {mark, *(spelled(mark, language) for language in ("", *CATALOGUES))}
    return text.startswith(tuple(marks)) and text.endswith(tuple(marks))


class Place:
    """An installation with people in it, half of whom take part in exercises."""

    def __init__(self, service: Service, redis_url: str) -> None:
        self.service, self.parts = service, service.parts
        self.pool = self.parts.health.pool
        self.wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
        self.plans = Plans(self.pool, batch_size=100)
        self.holding = Plans(self.pool, batch_size=100, guard=lambda *_numbers: "so many")
        self.ledger = ledger_of(self.pool)
        alerts, boundaries = self.parts.alerts, self.parts.boundaries
        self.notices = Notices(alerts, ZoneInfo("Europe/Berlin"), page="https://warnung.example/")
        self.feed = FeedIntake(
            alerts=alerts, readers=InProcess(boundaries), wake_ups=self.wake_ups, metrics=Metrics()
        )
        self.release = Approval(alerts=alerts, boundaries=boundaries, wake_ups=self.wake_ups)
        self.messages: list[Message] = []
        self.takes_part: frozenset[int] = frozenset()

    async def open(self) -> None:
        await introduce(self.parts)
        await self.parts.sources.add_key("feed-mowas", FEED_KEY)
        subscriptions, took = Subscriptions(self.pool, ADDRESSES), []
        for number, (language, place) in enumerate(
            (one, two) for one in LANGUAGES for two in (DUEREN, JUELICH)
        ):
            names = [f"{number}-{which}" for which in ("takes-part", "does-not")]
            first, _ = await subscribe(self.pool, subscriptions, *names, places=(place,), language=language)
            took.append(first)
        await self.pool.execute("UPDATE subscription SET drills = true WHERE id = ANY($1)", took)
        self.takes_part = frozenset(took)

    async def take(self, step: Step, told: Told) -> None:
        """A message comes, and all that follows from it is planned and leaves."""
        message = self._message(step)
        self.messages.append(message)
        key, status, alert_id = await self._in(step.way, message)
        if key and status < 300:
            told.accepted.append((key, message.status))
        if step.way == "held and released" and alert_id:
            await plan(self.ledger, self.holding, alert_id)
            stored = await self.parts.alerts.get(alert_id)
            if stored.state == "held":
                await self.release.release(alert_id, of_operator("anna").actor, "so viele sind es")
        await self._out(told)

    def _message(self, step: Step) -> Message:
        quiet = step.status != "Actual"
        said = f"{SECRET_WORD} {len(self.messages)}" if quiet else f"Hochwasser {len(self.messages)}"
        info = InfoPart(
            areas=(step.place,), headline=said, instruction=said, event=said, severity=step.severity
        )
        more = "<note>Übung</note>" if quiet else ""
        made = warning(step.place, status=step.status, more=more, infos=(info,))
        earlier = self.messages[step.about % len(self.messages)] if self.messages else None
        if step.msg_type == "Alert" or earlier is None:
            return made
        return replace(made, msg_type=step.msg_type, references=(earlier,))

    async def _in(self, way: str, message: Message) -> tuple[str, int, str | None]:
        """Bring the message in. Returns the key that was shown, the status of the answer, and the alert of record."""
        body = message.xml()
        if way.startswith("command"):
            key = KEY if way.endswith("live") else EXERCISE_KEY
            return key, *await asyncio.to_thread(_by_command, self.service.url, key, body)
        if way == "feed that pushes":
            await self.service.request(
                "POST", "/v1/feeds/mowas/messages", body, key=FEED_KEY, content_type="application/cap+xml"
            )
            return "", 0, None
        if way == "feed that is asked":
            rules = feed_rules("mowas", senders=frozenset({message.sender}))
            incoming = Incoming(cap.parse(body).alerts[0], body)
            (read,) = await self.feed.prepare([incoming], rules, datetime.now(UTC))
            await self.feed.accept(rules, read)
            return "", 0, None
        real = message.status != "Exercise"
        key, path = {
            "live": (KEY, "/v1"),
            "exercise": (EXERCISE_KEY, "/exercise/v1"),
            "live key, path of exercises": (KEY, "/exercise/v1"),
            "key for exercises, live path": (EXERCISE_KEY, "/v1"),
            "app": (INSTANCE_KEY, "/v1"),
            "app, path of exercises": (INSTANCE_KEY, "/exercise/v1"),
            "held and released": (KEY, "/v1") if real else (EXERCISE_KEY, "/exercise/v1"),
        }[way]
        answer = await self.service.submit(body, key=key, path=f"{path}/alerts")
        return key, answer.status, answer.json["alert"]["id"] if answer.status < 300 else None

    async def _out(self, told: Told) -> None:
        waiting = await self.pool.fetch("SELECT id FROM alert WHERE state = 'accepted' OR plan_at <= now()")
        for row in waiting:
            await plan(self.ledger, self.plans, row["id"])
        for row in await self.pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id"):
            if (lease := await self.ledger.acquire(row["id"])) is None:
                continue
            notice = await self.notices.notice(lease, datetime.now(UTC))
            stored = await self.parts.alerts.get(lease.alert_id)
            people = frozenset(lease.recipients)
            if notice is not None:
                texts = tuple(texts_of(notice))
                told.sent.append(Sent(lease.alert_id, stored.status, people, lease.language, texts))
            now = datetime.now(UTC)
            outcomes = bytes([State.ACCEPTED]) * len(people)
            await self.ledger.release(lease, Progress(outcomes, accepted_first=now, accepted_last=now))

    async def read(self, told: Told) -> None:
        """What anybody may read now, and what an app shows."""
        await self.parts.publisher.look(afresh=True)
        for path in PUBLIC:
            async with self.service.session.get(self.service.url + path) as answer:
                told.public.append(await answer.text())
        shown = await self.service.get("/v1/instance/alerts", key=INSTANCE_KEY)
        told.public.append(shown.body.decode())


def texts_of(notice: Any) -> Iterator[str]:
    """Every text of a notice that a person may read by itself."""
    yield notice.text
    for raw in (notice.payload, notice.document):
        shown = json.loads(raw)
        for name in ("title", "headline", "instruction", "description"):
            if name in shown:
                yield shown[name]
        yield f"{shown['notification']['title']}\n{shown['notification']['body']}"
    for parts in (2, 6):
        yield compose(notice.lines, parts, notice.language).text


def _by_command(url: str, key: str, body: bytes) -> tuple[int, str | None]:
    try:
        return 201, post(desk.Service(url, key), body)["alert"]["id"]
    except desk.ServiceRefused as refused:
        return refused.status, None


@asynccontextmanager
async def placed(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[Place]:
    feeds = folder / "feeds.toml"
    feeds.write_text('[[feed]]\nname = "mowas"\nadapter = "push"\n')
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=folder,
        key_pepper="pepper of the tests",
        feeds=feeds,
    )
    async with serving(settings) as service:
        place = Place(service, redis_url)
        await place.open()
        yield place
        await place.wake_ups.aclose()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture
def place(runner: asyncio.Runner, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Place]:
    context = placed(database_url, redis_url, tmp_path)
    yield runner.run(context.__aenter__())
    runner.run(context.__aexit__(None, None, None))


STEP = st.builds(
    Step,
    st.sampled_from(WAYS),
    st.sampled_from(STATUSES) | st.just("Exercise"),
    st.sampled_from(["Alert", "Alert", "Update", "Cancel"]),
    st.integers(0, 99),
    st.sampled_from(["Extreme", "Severe", "Minor"]),
    st.sampled_from([DUEREN, JUELICH]),
)


@pytest.mark.timeout(300)
def test_no_exercise_leaves_for_who_takes_no_part_and_nothing_else_comes_by_its_key(
    runner: asyncio.Runner, place: Place
) -> None:
    seen = Told()

    async def happen(steps: Sequence[Step]) -> None:
        told = Told()
        for step in steps:
            await place.take(step, told)
        await place.read(told)
        assert list(leaks(told, place.takes_part)) == []
        seen.sent += told.sent
        seen.accepted += told.accepted

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @hypothesis.given(st.lists(STEP, min_size=1, max_size=5))
    @hypothesis.example(
        [Step(way, status, "Alert", 0, "Extreme", DUEREN) for way in WAYS for status in STATUSES[:3]]
    )
    @hypothesis.example(
        [
            Step("exercise", "Exercise", "Alert", 0, "Severe", JUELICH),
            Step("exercise", "Exercise", "Alert", 0, "Severe", DUEREN),
            Step("exercise", "Exercise", "Update", -1, "Severe", DUEREN),
            Step("command, exercise", "Exercise", "Cancel", -1, "Severe", DUEREN),
        ]
    )
    def test(steps: list[Step]) -> None:
        runner.run(happen(steps))

    test()
    assert {one.status for one in seen.sent} == {"Actual", "Exercise"}, "both went out"
    assert set(seen.accepted) >= {(KEY, "Actual"), (EXERCISE_KEY, "Exercise")}
    reached = frozenset().union(*(one.people for one in seen.sent if one.status == "Actual"))
    assert reached - place.takes_part, "warnings reach those who take no part"
    drilled = frozenset().union(*(one.people for one in seen.sent if one.status == "Exercise"))
    assert drilled == place.takes_part


def test_a_broken_guard_is_noticed(runner: asyncio.Runner, place: Place) -> None:
    """What the record's own check keeps out: an exercise that was decided upon as a warning is."""

    async def broken() -> list[str]:
        told = Told()
        drill = warning(status="Exercise", more="<note>Übung</note>", headline=SECRET_WORD)
        await place.service.submit(drill)
        await place.pool.execute("ALTER TABLE alert DROP CONSTRAINT alert_exercise_warns_nobody")
        await place.pool.execute("UPDATE alert SET reason = 'first_notice'")
        await place._out(told)
        await place.read(told)
        return list(leaks(told, place.takes_part))

    found = runner.run(broken())
    assert "Exercise left for those who do not take part" in found
    assert "a text of an exercise left for those who do not take part" in found


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Told(accepted=[(EXERCISE_KEY, "Actual")]), "Actual was accepted by the key wx_"),
        (Told(accepted=[(KEY, "Exercise")]), "Exercise was accepted by the key wk_"),
        (Told(public=[f"… {SECRET_WORD} …"]), "an exercise can be read by everybody"),
        (
            Told(sent=[Sent("A", "Test", frozenset({1}), "de", ())]),
            "Test left for those who do not take part",
        ),
        (
            Told(sent=[Sent("A", "Exercise", frozenset({1}), "de", ("ÜBUNG/TEST: Feuer",))]),
            "an exercise left unmarked: ÜBUNG/TEST: Feuer … ÜBUNG/TEST: Feuer",
        ),
    ],
)
def test_each_leak_is_noticed(told: Told, said: str) -> None:
    assert list(leaks(told, frozenset({1}))) == [said]
