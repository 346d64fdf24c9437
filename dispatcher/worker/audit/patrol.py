"""Look through the chain all the time, a little at once: a change shows within the hour, and not when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.audit.verification import ChainVerifier
from dispatcher.store.audit_chain.reader import snapshot

if TYPE_CHECKING:
    from dispatcher.audit.verification import ChainVerdict
    from dispatcher.store.record import Pool

PAGE: Final = 300
"""Places that are looked at in one step, which takes some milliseconds: a million in an hour, at one step a second."""


class ChainPatrol:
    """Goes through the chain from its beginning to its end, and from the beginning again."""

    def __init__(self, pool: Pool, page: int = PAGE) -> None:
        self._pool = pool
        self._page = page
        self._verifier = ChainVerifier()
        self._checked = 0
        """The position of the last checkpoint that was read."""

    def begin_anew(self) -> None:
        """Begin with the first place again."""
        self._verifier, self._checked = ChainVerifier(), 0

    async def step(self) -> ChainVerdict | None:
        """Look at the next places. Returns what was found of the whole chain, when it is through."""
        verifier = self._verifier
        async with snapshot(self._pool) as chain:
            before = verifier.position
            links = await chain.links_after(before, self._page)
            through = len(links) < self._page
            beside = await chain.put_beside() if through else []
            anchored = await chain.anchored_number() if through else 0
            # From the last one on, and not from the last place: one may be made for a place that was read before.
            to = None if through else links[-1].position
            checkpoints = await chain.checkpoints_between(self._checked, to)
        if checkpoints and checkpoints[0].position < before:  # committed after the places behind it were read
            self.begin_anew()
            return None
        self._checked = checkpoints[-1].position if checkpoints else self._checked
        while checkpoints and checkpoints[0].position == before:
            verifier.checkpoint(checkpoints.pop(0))
        for link in links:
            verifier.take(link)
            while checkpoints and checkpoints[0].position <= link.position:
                verifier.checkpoint(checkpoints.pop(0))
        for one in checkpoints:
            verifier.checkpoint(one)
        if not through:
            return None
        verifier.beside(beside)
        self.begin_anew()
        return verifier.finish(anchored)
