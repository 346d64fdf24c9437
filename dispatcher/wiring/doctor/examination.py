"""Look at everything that the service stands on, one part after the other; what is missing keeps no other part back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import asyncpg
from redis.exceptions import RedisError

from channels.clock import utc_now
from channels.webpush.vapid import PLACEHOLDER, unreachable
from dispatcher.access.fingerprints import SecretName
from dispatcher.doctor.diagnosis import Diagnosis, Grade, Part, overall, sound, unknown, warning, wrong
from dispatcher.doctor.holdings import (
    BoundariesCondition,
    SecretCondition,
    diagnose_backup,
    diagnose_boundaries,
    diagnose_followed,
    diagnose_secret,
    diagnose_signing,
    diagnose_subject,
)
from dispatcher.doctor.machine import diagnose_away, diagnose_machine
from dispatcher.doctor.peers import diagnose_peer
from dispatcher.doctor.queue import diagnose_queue
from dispatcher.doctor.record import diagnose_promise, diagnose_record
from dispatcher.queue.wakeups import open_queue
from dispatcher.runtime.listening import require_own_ports
from dispatcher.runtime.secrets.shared import standing
from dispatcher.settings import SettingsError
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import following_others
from dispatcher.store.backup.contents import last_backup
from dispatcher.store.signing_keys import listed_keys
from dispatcher.store.webhooks import callback_origins
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.check import check_settings
from dispatcher.wiring.connections import queue_address
from dispatcher.wiring.doctor.machine import machine_condition
from dispatcher.wiring.doctor.own_thread import FILES_S, within
from dispatcher.wiring.doctor.peers import callback_ways, outbound_tls, reach_all, ways
from dispatcher.wiring.doctor.queue import queue_condition
from dispatcher.wiring.doctor.record import connections_needed, newest_schema, record_condition
from dispatcher.wiring.sms.smpp import require_allowed_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.doctor.record import RecordCondition
    from dispatcher.feeds.configuration import Feed
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool

ASKED_S: Final = 10.0
"""How long the record, and the queue, may take for all that they are asked."""
COUNTED_S: Final = 10.0
"""How long the record may take, after that, to count who follows what: it grows with the subscribers."""
_FAILED: Final = (*record.UNAVAILABLE, asyncpg.PostgresError, SettingsError)
_NO_RECORD: Final = "no alert is accepted, and nothing is sent"
_START: Final = "start it, or `dispatcher up` with this WARN_DATA_DIR; else correct DATABASE_URL"


async def examine(
    settings: Settings,
    database_url: str | None,
    redis_url: str | None,
    *,
    outside: bool,
    counted_s: float = COUNTED_S,
    files_s: float = FILES_S,
) -> list[Diagnosis]:
    """Return how everything was found. A URL is None where there is no server of that kind, not even an embedded one.
    `outside`: connect to gateways, feeds and others, too. `counted_s`: how long the record may take to count;
    `files_s`: how long the file system may for each of what is asked of it. What hangs there holds a thread of its own.
    """
    files = await _files(settings, files_s)
    of_record, callbacks = await _record(settings, database_url, files, counted_s)
    return [
        *files.of_settings,
        *files.of_machine,
        *of_record,
        *await _queue(redis_url, files),
        diagnose_subject(
            settings.vapid_subject,
            is_placeholder=settings.vapid_subject == PLACEHOLDER,
            unreachable="" if settings.vapid_subject == PLACEHOLDER else unreachable(settings.vapid_subject),
        ),
        *diagnose_boundaries(_condition(files.boundaries), utc_now().date()),
        *(await _peers(settings, files, callbacks) if outside else ()),
    ]


class _Files(NamedTuple):
    """What was found of this machine and of the settings, as far as its files answered."""

    of_machine: list[Diagnosis]
    of_settings: list[Diagnosis]
    boundaries: Boundaries | None = None
    feeds: tuple[Feed, ...] = ()
    answer: bool = True
    """Whether all did: where not, nobody asks them for more."""


async def _files(settings: Settings, files_s: float) -> _Files:
    answer = True
    # First: whoever reads a secret, as is done next, closes its file to others.
    try:
        of_machine = diagnose_machine(await within(files_s, partial(machine_condition, settings)))
    except OSError as error:  # a TimeoutError is one
        answer, late = False, isinstance(error, TimeoutError)
        seen = f"no answer in {files_s:g} s" if late else error.strerror or type(error).__name__
        of_machine = diagnose_away(str(settings.data_dir), seen)
    try:
        named = await within(files_s, partial(_named, settings))
    except TimeoutError:
        seen = (
            f"no answer in {files_s:g} s of a file that they name, or of one in {settings.data_dir / 'keys'}"
        )
        why = "a process with these settings does not start"
        of_settings = [wrong(Part.SETTINGS, seen, why, "look at the drives that these files lie on")]
        return _Files(of_machine, of_settings, answer=False)
    return _Files(of_machine, *named, answer=answer)


def _named(settings: Settings) -> tuple[list[Diagnosis], Boundaries | None, tuple[Feed, ...]]:
    boundaries = None
    try:
        boundaries = load_boundaries(settings)
        feeds = check_settings(settings, boundaries)
    except (SettingsError, OSError) as error:
        why = "a process with these settings does not start"
        return (
            [wrong(Part.SETTINGS, str(error), why, "correct it; all settings: ops/docs/settings.md")],
            boundaries,
            (),
        )
    return [*_of_up(settings), sound(Part.SETTINGS, "a process would start with them")], boundaries, feeds


def _of_up(settings: Settings) -> Iterator[Diagnosis]:
    """Yield what keeps `dispatcher up` from starting, and no process that is started by itself."""
    for require in (require_own_ports, require_allowed_sessions):
        try:
            require(settings)
        except SettingsError as error:
            why = (
                "`dispatcher up` does not start with these settings; processes that are started one by one do"
            )
            yield warning(Part.SETTINGS, str(error), why, "correct it, where `dispatcher up` is to run")


async def _record(
    settings: Settings, url: str | None, files: _Files, counted_s: float
) -> tuple[list[Diagnosis], Sequence[str]]:
    """Return how the record was found, and the origins of apps' callbacks that it knows."""
    if url is None and not files.answer:
        return [unknown(Part.RECORD, "whether there is one of `dispatcher up` its files do not tell")], ()
    if url is None:
        return [
            wrong(
                Part.RECORD,
                f"there is none: DATABASE_URL is not set, and {settings.data_dir} has no PostgreSQL of its own",
                _NO_RECORD,
                "set DATABASE_URL, or start `dispatcher up`, which brings one",
            )
        ], ()
    until = asyncio.get_running_loop().time() + ASKED_S
    try:
        async with asyncio.timeout_at(until):
            pool = await record.connect(url, size=1, command_timeout_s=ASKED_S)
        try:
            async with asyncio.timeout_at(until):
                condition = await record_condition(pool)
                servers = len(record.address(url).several)
                found = await _of_record(settings, pool, condition, files)
                found += diagnose_promise(condition, servers)
                if condition.schema != newest_schema():
                    return found, ()
                callbacks = await callback_origins(pool)
            if files.boundaries is not None:
                found += await _followed(pool, files.boundaries, counted_s)
            return found, callbacks
        finally:
            pool.terminate()
    except _FAILED as error:
        return [
            wrong(Part.RECORD, f"not to be asked: {_sentence(error)}", _NO_RECORD, _START),
            *(unknown(part, "the record did not answer") for part in (Part.SCHEMA, Part.AUDIT, Part.SECRETS)),
        ], ()


async def _of_record(
    settings: Settings, pool: Pool, found: RecordCondition, files: _Files
) -> list[Diagnosis]:
    newest = newest_schema()
    diagnoses = diagnose_record(found, newest, connections_needed(settings))
    if found.schema != newest:
        return [*diagnoses, unknown(Part.SECRETS, "the record is of another version")]
    keys, now = await listed_keys(pool)
    secrets = (
        [await _secret(settings, pool, name) for name in SecretName]
        if files.answer
        else [unknown(Part.SECRETS, "their files do not answer")]
    )
    return [
        *diagnoses,
        *secrets,
        diagnose_signing(keys, now),
        diagnose_backup(await last_backup(pool), now),
    ]


async def _followed(pool: Pool, boundaries: Boundaries, counted_s: float) -> list[Diagnosis]:
    """Return whether all municipalities that are followed are there. A count that fails takes no diagnosis with it that
    was made before.
    """
    try:
        async with asyncio.timeout(counted_s):
            return diagnose_followed(await following_others(pool, boundaries.units.ags))
    except _FAILED as error:
        return [
            unknown(Part.BOUNDARIES, f"nobody counted who follows what they do not have: {_sentence(error)}")
        ]


async def _secret(settings: Settings, pool: Pool, name: SecretName) -> Diagnosis:
    try:
        found = await standing(pool, name, settings)
    except (SettingsError, PermissionError) as error:
        why = "processes that need it do not start on this machine"
        return wrong(Part.SECRETS, f"{name}: {error}", why, "correct it, as the service's account")
    return diagnose_secret(SecretCondition(str(name), found.place, found.agreement))


async def _queue(url: str | None, files: _Files) -> list[Diagnosis]:
    why = "workers hear of an alert only by their sweep of the record, and nothing that processes share is shared"
    if url is None and not files.answer:
        return [unknown(Part.QUEUE, "whether there is one of `dispatcher up` its files do not tell")]
    if url is None:
        mend = "set REDIS_URL, or start `dispatcher up`, which brings one"
        return [
            wrong(
                Part.QUEUE,
                "there is none: REDIS_URL is not set, nor is there one of `dispatcher up`",
                why,
                mend,
            )
        ]
    try:
        client = open_queue(queue_address(url))
        try:
            async with asyncio.timeout(ASKED_S):
                return diagnose_queue(await queue_condition(client))
        finally:
            await client.aclose()
    except (RedisError, OSError, TimeoutError, SettingsError, ValueError) as error:
        return [
            wrong(Part.QUEUE, f"not to be asked: {_sentence(error)}", why, "start it, or correct REDIS_URL")
        ]


async def _peers(settings: Settings, files: _Files, callbacks: Sequence[str]) -> list[Diagnosis]:
    if overall(files.of_settings) is Grade.WRONG:
        return [unknown(Part.GATEWAY, "nobody is connected to before the settings are right")]
    try:
        tls = outbound_tls(settings)
        found = [*ways(settings, files.feeds, tls), *callback_ways(settings, callbacks, tls)]
    except (SettingsError, ValueError) as error:  # a port that is none, say
        why = "nobody is connected to before the settings are right"
        return [wrong(Part.SETTINGS, str(error), why, "correct it; all settings: ops/docs/settings.md")]
    now = utc_now()
    return [diagnose_peer(one, now) for one in await reach_all(found)]


def _condition(boundaries: Boundaries | None) -> BoundariesCondition | None:
    if boundaries is None:
        return None
    units = boundaries.municipalities
    return BoundariesCondition(
        source=boundaries.provenance.source,
        vintage=boundaries.provenance.as_of.date(),
        municipalities=len(units),
        with_population=sum(one.population is not None for one in units),
    )


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__
