"""What keys open, and what is lost without them."""

from typing import Any

from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.store.backup.legible import Illegible, illegible, recovery_codes, unopened
from tests.support.histories import subscribe
from tests.support.sealed import RING


async def test_what_is_sealed_is_opened_by_its_own_ring_alone(pool: Any, subscriptions: Any) -> None:
    await subscribe(pool, subscriptions, *"abc")
    await subscribe(pool, subscriptions, "d", channel="sms", gateway="smsc")
    assert await unopened(pool, Sealing(RING)) == {}
    assert await unopened(pool, Sealing(KeyRing.new())) == {"subscription": 4}


async def test_what_needs_a_missing_key_is_counted(pool: Any, subscriptions: Any) -> None:
    await subscribe(pool, subscriptions, *"abc")
    await subscribe(pool, subscriptions, "d", channel="sms", gateway="smsc")
    assert await illegible(pool, [1]) == Illegible({}, 0, 0, 0, 0)
    for held in ([], [2]):
        assert await illegible(pool, held) == Illegible({"webpush": 3, "sms": 1}, 0, 0, 0, 0)
    await pool.execute("UPDATE subscription SET ended_at = clock_timestamp() WHERE channel = 'sms'")
    assert (await illegible(pool, [])).endpoints == {"webpush": 3}, "nobody is warned there anyhow"
    assert await recovery_codes(pool) == 0
