"""A keeper on the real record."""

from typing import Any

import pytest

from dispatcher.audit.checkpoint import Interval
from dispatcher.metrics import Metrics
from dispatcher.store.audit_chain.anchors import AnchorStates
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.audit_chain.writer import ChainWriter
from dispatcher.store.leadership import AUDIT_LOCK, Leadership
from dispatcher.worker.audit.keeper import AuditKeeper, Chain
from dispatcher.worker.audit.patrol import ChainPatrol
from tests.store import conftest as on_record
from tests.support.sealed import ADDRESSES

pool = on_record.pool

USUAL = Interval()


@pytest.fixture
async def keeper_with(pool: Any) -> Any:
    """Makes the keeper of a process with these anchors."""
    leaderships = []

    def make(*anchors: Any, interval: Interval = USUAL, **options: Any) -> AuditKeeper:
        leaderships.append(Leadership(pool, AUDIT_LOCK, silent_s=60))
        chain = Chain(
            pool, ChainWriter(pool), Checkpoints(pool, ADDRESSES), ChainPatrol(pool), AnchorStates(pool)
        )
        return AuditKeeper(chain, leaderships[-1], anchors, interval, Metrics(), **options)

    yield make
    for one in leaderships:
        await one.drop()
