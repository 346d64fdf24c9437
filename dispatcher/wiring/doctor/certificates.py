"""Let a worker look at the certificates of the service's own address, and of whom it has to reach."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.running import CERTIFICATES_OF
from dispatcher.store.webhooks import callback_origins
from dispatcher.wiring.doctor.names import Names
from dispatcher.wiring.doctor.own_thread import OwnThread
from dispatcher.wiring.doctor.peers import Way, callback_ways, outbound_tls, reach_all, ways
from dispatcher.worker.health.certificates import CertificateExamination

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from dispatcher.doctor.peers import Reached
    from dispatcher.feeds.configuration import Feed
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool

READ_S: Final = 10.0
"""How long reading the authorities may take that are known here."""


def certificate_examination(
    settings: Settings, feeds: Sequence[Feed], pool: Pool, metrics: Metrics
) -> CertificateExamination:
    """Return what looks now and then when certificates end. Names that nobody answers for keep those of their part
    waiting, at this look and the next ones, and of no other.
    """
    named = _Named(settings, feeds)
    looks: dict[Part, Callable[[], Awaitable[Sequence[Reached]]]] = {
        part: partial(_of_settings, named, part, Names()) for part in CERTIFICATES_OF
    }
    looks[Part.CALLBACK] = partial(_of_apps, settings, named, pool, Names())
    return CertificateExamination(looks, metrics)


class _Read(NamedTuple):
    tls: ssl.SSLContext
    ways: Sequence[Way]


class _Named:
    """Finds out whom the settings name, when it is first asked, so that whatever is wrong with one is a look that
    fails: in a thread, for reading authorities holds a loop for tens of milliseconds, and for ever where the disk
    hangs.
    """

    def __init__(self, settings: Settings, feeds: Sequence[Feed]) -> None:
        self._read = OwnThread(partial(_read, settings, feeds))
        self._found: _Read | None = None
        self._turn = asyncio.Lock()  # all parts ask beside each other

    async def __call__(self) -> _Read:
        """Return them. Raises TimeoutError, and as `ways`."""
        async with asyncio.timeout(READ_S), self._turn:
            if self._found is None:
                self._found = await self._read()
            return self._found


def _read(settings: Settings, feeds: Sequence[Feed]) -> _Read:
    tls = outbound_tls(settings)
    return _Read(tls, ways(settings, feeds, tls))


async def _of_settings(named: _Named, part: Part, names: Names) -> Sequence[Reached]:
    return await _reached([way for way in (await named()).ways if way.peer.part is part], names)


async def _of_apps(settings: Settings, named: _Named, pool: Pool, names: Names) -> Sequence[Reached]:
    """Look at as many as 500 servers: where none answers, that takes four minutes."""
    origins = await callback_origins(pool)
    return await _reached([*callback_ways(settings, origins, (await named()).tls)], names)


async def _reached(found: Sequence[Way], names: Names) -> Sequence[Reached]:
    return await reach_all([way for way in found if way.is_checked], names)
