"""Build what a process depends on that serves what anybody may read, and nothing else."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from dispatcher.api.public.application import OpenParts, PublicDependencies
from dispatcher.metrics import Metrics
from dispatcher.metrics.process import RESTARTS_FILE
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.runtime.probes import PROBE_TIMEOUT_S, Health
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.signing.message_signer import MessageSigner
from dispatcher.store import record
from dispatcher.store.signing_keys import SigningKeys
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.check import check_settings
from dispatcher.wiring.connections import reading_connections, require_urls
from dispatcher.wiring.publication import publishing, streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.settings import Settings

NICENESS: Final = 10
"""By how much other processes of the machine come first where processors are short: who warns has nine tenths of one
for which a crowd of readers asks too."""


AUTOGROUP: Final = Path("/proc/self/autogroup")
"""Says how nice the session of a process is, and is told so (sched(7))."""
AUTOGROUP_TRIES: Final = 50
AUTOGROUP_AGAIN_S: Final = 0.1
"""The kernel takes one such change in so long, of all processes that are not privileged."""


async def yield_to_others() -> None:
    """Let the processes of those who warn come first from now on.

    Many kernels share processors out among sessions, and go by a process' niceness only within one: PostgreSQL makes a
    session for each connection, so that who submits had no more of a processor than each of a crowd's. So the session
    comes last, too, if it is this process' own, as `dispatcher up` and systemd make it. A shell's is left alone.
    """
    os.nice(NICENESS)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # no such kernel, or a /proc that may only be read
            await _be_nice_as_session()


async def _be_nice_as_session() -> None:
    """Raises OSError where the kernel does not let it."""
    for _ in range(AUTOGROUP_TRIES):
        try:
            AUTOGROUP.write_text(str(NICENESS))
        except BlockingIOError:
            await asyncio.sleep(AUTOGROUP_AGAIN_S)
        else:
            return


@asynccontextmanager
async def reading_dependencies(settings: Settings) -> AsyncIterator[PublicDependencies]:
    """Build all that a reading process needs, and close it at the end."""
    database_url, queue = require_urls(settings)
    metrics = Metrics(restarts=settings.data_dir / RESTARTS_FILE)
    boundaries = load_boundaries(settings)
    metrics.boundaries_as_of.set(boundaries.provenance.as_of.timestamp())
    feeds = check_settings(settings, boundaries)
    pool = await record.connect(database_url, size=1, command_timeout_s=PROBE_TIMEOUT_S)
    wake_ups = WakeUpQueue(open_queue(queue), metrics.enqueue_failures.inc)
    try:
        signer = MessageSigner(SigningKeys(pool, await agreed_addresses(pool, settings)))
        async with (
            publishing(database_url, feeds, boundaries, metrics) as publisher,
            streaming(publisher, settings, metrics, reading_connections(settings)) as streams,
        ):
            health = Health(pool, wake_ups, needs_queue=False)
            parts = OpenParts(streams, boundaries, signer, ZoneInfo(settings.time_zone))
            yield PublicDependencies(publisher, parts, metrics, health)
    finally:
        await wake_ups.aclose()
        await pool.close()
