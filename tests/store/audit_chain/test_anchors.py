"""How far each anchor is; the keeper's tests go through all that happens."""

from typing import Any

from dispatcher.store.audit_chain.anchors import AnchorStates
from tests.support.audit import anchor_states


async def test_a_failure_is_on_the_trail_once_and_so_is_its_end(pool: Any) -> None:
    states = AnchorStates(pool)
    assert await anchor_states(pool) == []
    for error in ("timeout", "http_503"):
        await states.refused(await states.of("file"), error)
    (state,) = await anchor_states(pool)
    assert (state.checkpoint, state.error) == (0, "http_503")
    await states.took(state, 3)
    await states.took(await states.of("file"), 2)
    (state,) = await anchor_states(pool)
    assert (state.checkpoint, state.failing_since, state.error) == (3, None, None)
    rows = await pool.fetch("SELECT action, detail FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("audit_anchor.failing", {"anchor": "file", "error": "timeout"}),
        ("audit_anchor.well", {"anchor": "file"}),
    ]
