"""`dispatcher feeds list | aside | poll | replay | discard | record | key`."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from channels.clock import utc_now
from dispatcher.access.credentials import Bearer
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.keys import new_key, new_key_id
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.commands.admin import connected, queue_url
from dispatcher.commands.desk.session import say
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line, shown
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.feeds import QuarantinedItem
from dispatcher.model.sentences.count import how_many
from dispatcher.model.vocabulary import FeedResult
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.feeds.quarantine import MAX_ITEMS
from dispatcher.store.keys import Keys

if TYPE_CHECKING:
    from channels.http.addresses import Exemptions
    from dispatcher.feeds.assembly import FeedDependencies
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.poller import PollReport
    from dispatcher.feeds.replay.recording import Recorder
    from dispatcher.feeds.replay.replay import Archive, Replay
    from dispatcher.feeds.services import FeedServices

Result = TypeVar("Result")
DISCARDED, REPLAYED = "quarantine.discard", "quarantine.replay"
"""What the audit trail calls the two ways of dealing with what lies aside."""

app = typer.Typer(help="Feeds: how they stand, and by hand.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="the feed's name in the file of feeds")]


@dataclass(frozen=True, slots=True)
class Session:
    """What a command on feeds works with."""

    settings: Settings
    base: FeedDependencies
    services: FeedServices
    pool: record.Pool
    archive: Archive

    def feed(self, name: str) -> Feed:
        feed = self.services.named(name)
        if feed is None:
            where = f"in {self.settings.feeds}" if self.settings.feeds else "as WARN_FEEDS names no file"
            raise typer.BadParameter(f"no feed {name} {where}")
        return feed

    def polled(self, name: str) -> Feed:
        """Return a feed that can be asked."""
        feed = self.feed(name)
        if not feed.is_polled:
            raise typer.BadParameter(f"{name} is not asked: it pushes")
        return feed


@asynccontextmanager
async def opened(*, from_archive: bool = False) -> AsyncIterator[Session]:
    """Open a session. With `from_archive`, what is behind links comes from a recording, not from the network."""
    from dispatcher.feeds.assembly import FeedDependencies, feed_services
    from dispatcher.feeds.replay.replay import Archive
    from dispatcher.intake.four_eyes.asking import ApprovalAsking
    from dispatcher.metrics import Metrics
    from dispatcher.queue.wakeups import WakeUpQueue, open_queue
    from dispatcher.wiring.approvals import audience_estimator, held_texts
    from dispatcher.wiring.boundaries import load_boundaries
    from dispatcher.wiring.connections import queue_address
    from dispatcher.wiring.feeds import load_feeds
    from dispatcher.wiring.http_client import exemptions, http_client

    settings, archive = Settings(), Archive()
    boundaries = load_boundaries(settings)
    feeds = load_feeds(settings, boundaries)
    async with connected(settings) as pool:
        http, wake_ups = (
            http_client(settings),
            WakeUpQueue(open_queue(queue_address(queue_url(settings)))),
        )
        try:
            estimator = audience_estimator(pool, boundaries)
            asking = ApprovalAsking(pool, estimator, held_texts(settings, boundaries.names()))
            base = FeedDependencies(pool, http, exemptions(settings), wake_ups, boundaries, Metrics(), asking)
            services = feed_services(base, feeds, archive.get if from_archive else None)
            await services.store.register([feed.name for feed in feeds])
            yield Session(settings, base, services, pool, archive)
        finally:
            await http.aclose()
            await wake_ups.aclose()


def run(work: Callable[[Session], Awaitable[Result]], *, from_archive: bool = False) -> Result:
    """Do the work within a session of its own."""

    async def main() -> Result:
        async with opened(from_archive=from_archive) as session:
            return await work(session)

    return asyncio.run(main())


@app.command("list")
@requires(Permission.READ_FEEDS)
@helped(Where.SERVER, "dispatcher feeds list", "dispatcher feeds list --json")
def list_feeds(*, as_json: AsJsonLines = False, language: OutputLanguage = DeskLanguage.GERMAN) -> None:
    """List the feeds: what the last poll came to, numbers, since when one is silent. With --json also their addresses
    in full, with the keys in them.
    """
    from dispatcher.api.feeds import overviews

    async def work(session: Session) -> list[dict[str, Any]]:
        urls = {feed.name: list(feed.settings.urls) for feed in session.services.feeds}
        found = await overviews(session.services)
        return [body.model_dump(mode="json") | {"urls": urls[body.name]} for body in found]

    at, feeds = desk(language), run(work)
    if not feeds:
        say([at.line("no_feeds")], err=True)
    elif as_json:
        for feed in feeds:
            typer.echo(json_line(feed))
    else:
        say(columns([_head(at), *(_row(feed, at) for feed in feeds)]).split("\n"))


def _head(at: Desk) -> list[str]:
    names = ("name", "adapter", "last_poll", "result", "stale", "entries", "quarantined")
    return [at.texts.columns[name] for name in names]


def _row(feed: dict[str, Any], at: Desk) -> list[str]:
    moments = [at.time(feed[name]) if feed[name] else "-" for name in ("last_poll", "stale_since")]
    result = at.texts.feed_results[FeedResult(feed["result"])]
    said = f"{result} ({feed['detail']})" if feed["detail"] else result
    counts = (str(feed["entries"]), str(feed["quarantined"]))
    return [feed["name"], feed["format"], moments[0], said, moments[1], *counts]


@app.command("aside")
@requires(Permission.READ_FEEDS)
@helped(Where.SERVER, "dispatcher feeds aside nina", "dispatcher feeds aside nina --json")
def aside(
    name: Name, *, as_json: AsJsonLines = False, language: OutputLanguage = DeskLanguage.GERMAN
) -> None:
    """List what the feed delivered that nobody could read and nobody has dealt with, newest first: number, times, why.

    `feeds replay --quarantined` takes one in again, `feeds discard` ends the waiting of one.
    """

    async def work(session: Session) -> list[QuarantinedItem]:
        return await session.services.quarantine.listed(session.feed(name).name, MAX_ITEMS)

    at, items = desk(language), run(work)
    if as_json:
        for item in items:
            typer.echo(json_line(asdict(item) | {"sha256": item.sha256.hex()}))
    elif items:
        names = ("id", "first", "last", "times", "bytes", "code", "label", "name")
        head = [at.texts.columns[column] for column in names]
        say(columns([head, *(_aside_row(item, at) for item in items)]).split("\n"))
    else:
        say([at.line("no_aside", feed=name)], err=True)


def _aside_row(item: QuarantinedItem, at: Desk) -> list[str]:
    times = (at.time(item.first_at), at.time(item.last_at), str(item.times))
    return [str(item.id), *times, str(item.size), item.code, item.detail, item.name]


@app.command("discard")
@acts(Permission.OPERATE_FEEDS)
@helped(
    Where.SERVER,
    "dispatcher feeds discard nina 17 --why 'an error page; the list came a minute later'",
    exits={0: "all discarded", 1: "some did not lie aside: each is named", 2: "wrong call"},
)
def discard(
    name: Name,
    numbers: Annotated[
        list[int], typer.Argument(min=1, max=2**63 - 1, help="numbers, as `feeds aside` says them")
    ],
    why: Annotated[str, typer.Option(help="for the audit trail")],
    *,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Deal with what nobody could read, without taking it in: it is no longer counted, also when it comes again."""

    async def work(session: Session) -> dict[int, bool]:
        feed, aside, actor = session.feed(name).name, session.services.quarantine, operator().actor
        return {number: await aside.deal_with(feed, number, actor, DISCARDED, why) for number in numbers}

    at, done = desk(language), run(work)
    for number, was_there in done.items():
        key = "discarded_aside" if was_there else "nothing_aside"
        say([at.line(key, feed=name, id=number)], err=not was_there)
    if not all(done.values()):
        raise typer.Exit(1)


@app.command("poll")
@requires(Permission.OPERATE_FEEDS)
@helped(Where.SERVER, "dispatcher feeds poll dwd")
def poll(name: Name) -> None:
    """Ask a source now, whatever the schedule says."""

    async def work(session: Session) -> PollReport:
        return await session.services.poller.poll(session.polled(name))

    _say(run(work))


@app.command("replay")
@requires(Permission.OPERATE_FEEDS)
@helped(
    Where.SERVER,
    "dispatcher feeds replay dwd day.jsonl --shift",
    "dispatcher feeds replay nina --quarantined 17",
)
def replay(  # noqa: PLR0913 - the options of a command
    name: Name,
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="a recording, a list, a zip or one message"),
    ] = None,
    *,
    quarantined: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="instead of a file: what lies aside")
    ] = None,
    geometry: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="GeoJSON that belongs to one NINA message"),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="which of the feed's addresses a list is from, where it has several")
    ] = None,
    shift: Annotated[bool, typer.Option(help="move every time so that the newest is now")] = False,
    speed: Annotated[float, typer.Option(min=0, help="of a recording; 0: do not wait")] = 0.0,
) -> None:
    """Take something in as if the source had delivered it now."""
    from dispatcher.feeds.replay.recording import RecordingError
    from dispatcher.feeds.replay.replay import Replay

    if (file is None) == (quarantined is None):
        raise typer.BadParameter("give a file, or --quarantined with its number")

    async def work(session: Session) -> list[PollReport]:
        feed = session.feed(name)
        if quarantined:
            feed = _received(feed, await session.services.quarantine.received_at(quarantined))
        job = Replay(session.services.poller, session.archive, feed, speed=speed)
        if file is not None and file.suffix == ".jsonl":
            return await _recording(job, file, shift=shift)
        body = file.read_bytes() if file else await _from_quarantine(session, quarantined or 0)
        part = _part(feed, url, is_message=_is_message(body))
        report = await _single(job, body, await asyncio.to_thread(_content, geometry), part, shift=shift)
        if quarantined and report.succeeded and not report.synced.broken:
            await session.services.quarantine.deal_with(name, quarantined, operator().actor, REPLAYED)
        return [report]

    try:
        reports = run(work, from_archive=True)
    except RecordingError as error:
        raise typer.BadParameter(f"{file}: {error}") from error
    if not reports:
        typer.echo(f"{file}: no answer of an address that {name} lists from", err=True)
        raise typer.Exit(1)
    _say(*reports)


def _received(feed: Feed, at: datetime | None) -> Feed:
    """Return the feed with rules that verify signatures as of an earlier receipt."""
    return replace(feed, rules=replace(feed.rules, received_at=at))


async def _from_quarantine(session: Session, number: int) -> bytes:
    found = await session.services.quarantine.content(number)
    if found is None:
        raise typer.BadParameter(f"nothing lies aside under {number}")
    return found[2]


async def _recording(job: Replay, file: Path, *, shift: bool) -> list[PollReport]:
    from dispatcher.feeds.replay.recording import read

    with file.open(encoding="utf-8") as lines:
        answers = list(read(lines))
    if shift and answers:
        job = replace(job, shift=datetime.now(UTC) - answers[-1].at)
    return await job.run(answers)


def _content(path: Path | None) -> bytes:
    return path.read_bytes() if path else b""


def _part(feed: Feed, url: str | None, *, is_message: bool) -> str:
    """Return which list a body stands for. Empty for what is none: it takes nothing off any list."""
    urls = feed.settings.urls
    if url is not None and url not in urls:
        raise typer.BadParameter(f"--url: {feed.name} has no address {url}")
    if is_message or not urls:
        return ""
    if url is None and len(urls) > 1:
        raise typer.BadParameter(
            f"{feed.name} has several addresses: say with --url which one the list is from"
        )
    return url or urls[0]


async def _single(job: Replay, body: bytes, geometry: bytes, part: str, *, shift: bool) -> PollReport:
    """Take in a list of the feed's own kind, or else messages, whatever the feed's lists look like."""
    from dispatcher.feeds.formats.document import Document
    from dispatcher.feeds.replay.replay import newest

    now, feed = utc_now(), job.feed
    if not part and _is_message(body):
        feed = replace(feed, adapter=Document(geometry))
        job = replace(job, feed=feed)
    if shift:
        moment = newest(feed, body, part)
        job = replace(job, shift=now - moment if moment else None)
    return await (job.listed(body, part, now) if part else job.loose(body, now))


def _is_message(body: bytes) -> bool:
    from dispatcher.feeds.formats.document import read_document

    try:
        return bool(read_document(body).alerts)
    except ValueError:
        return False


@app.command("record")
@requires(Permission.OPERATE_FEEDS)
@helped(Where.SERVER, "dispatcher feeds record dwd day.jsonl --polls 60")
def record_feed(
    name: Name,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="JSON lines, appended to")],
    polls: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Write down what a source answers, without taking anything in; with its addresses in full, and the keys in
    them.
    """
    from dispatcher.feeds.replay.recording import Recorder

    async def work(session: Session) -> int:
        feed, count = session.feed(name), 0
        if not feed.settings.urls:
            raise typer.BadParameter(f"{name} has no addresses to record")
        # For its owner alone where it is made: keys may stand in the addresses.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as lines:
            recorder = Recorder(session.base.http, lines, utc_now)
            for number in range(polls):
                if number:
                    await asyncio.sleep(feed.settings.interval_s)
                count += await _record_once(feed, recorder, session.base.exemptions)
        return count

    typer.echo(f"{how_many(run(work), 'message')} behind links")


async def _record_once(feed: Feed, recorder: Recorder, exemptions: Exemptions) -> int:
    from dispatcher.feeds.details import Details
    from dispatcher.feeds.fetch import FetchError, fetch
    from dispatcher.metrics import Metrics

    settings, count = feed.settings, 0
    details = Details(recorder, exemptions, Metrics(), utc_now)
    for url in settings.urls:
        try:
            fetched = await fetch(
                recorder,
                url,
                {},
                policy=exemptions.policy_of_feed(settings.urls),
                timeout_s=settings.timeout_s,
                max_bytes=settings.max_bytes,
                now=utc_now(),
            )
            entries = feed.adapter.listing(fetched.body or b"", url).entries
        except (FetchError, ValueError) as error:
            typer.echo(shown(f"{type(error).__name__}: {error}"), err=True)
            continue
        links = [link for entry in entries for link in entry.links][: settings.max_details]
        for link in links:
            try:
                await details.get(feed, link)
            except FetchError:
                continue
            count += 1
    return count


@app.command("key")
@acts(Permission.ISSUE_FEED_KEYS)
@helped(Where.SERVER, "dispatcher feeds key mowas")
def issue_key(name: Name) -> None:
    """Print a new key with which a source may push messages into the feed, once."""

    async def work(session: Session) -> str:
        if session.feed(name).is_polled:
            raise typer.BadParameter(f"{name} is asked; only a feed with the adapter push takes messages")
        bearer = Bearer(PrincipalKind.FEED, name)
        key_id = new_key_id(name, secrets.token_hex(4))
        key = new_key(bearer.key_kind, key_id, secrets.token_urlsafe(32))
        pepper = await agreed_secret(session.pool, SecretName.PEPPER, session.settings)
        await Keys(session.pool).issue(bearer, key, pepper, operator().actor)
        return key

    typer.echo(run(work))


def _say(*reports: PollReport) -> None:
    """Print one JSON line each; the exit code is 1 if nobody knows now what the source says."""
    for report in reports:
        synced = report.synced
        typer.echo(
            json_line(
                {
                    "result": report.result,
                    "detail": report.detail,
                    "fresh": synced.fresh,
                    "gone": synced.gone,
                    "broken": synced.broken,
                }
            )
        )
    if not all(report.succeeded for report in reports):
        raise typer.Exit(1)
