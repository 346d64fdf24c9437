"""Who names which gateway, on the real record."""

from typing import Any

from dispatcher.store.sms.namings import LANGUAGES_MOST, languages_wanted, named_gateways
from tests.store.sms.phones import phones
from tests.support.messages import DUEREN


async def test_subscribers_are_counted_by_the_gateway_that_they_name(pool: Any, subscriptions: Any) -> None:
    first, *_ = await phones(pool, subscriptions, 3, gateway="b")
    await phones(pool, subscriptions, 2, first=10)
    await pool.execute("UPDATE subscription SET ended_at = clock_timestamp() WHERE id = $1", first)
    assert await named_gateways(pool, [DUEREN]) == {"b": 2, "": 2}
    assert await named_gateways(pool, ["05354012"]) == {}


async def test_subscribers_are_counted_by_the_languages_that_they_read(pool: Any, subscriptions: Any) -> None:
    await phones(pool, subscriptions, 3)
    await phones(pool, subscriptions, 2, first=10, language="uk,ru")
    await phones(pool, subscriptions, 1, first=20, language="ar")
    assert await languages_wanted(pool, [DUEREN]) == {"de": 3, "uk,ru": 2, "ar": 1}
    assert await languages_wanted(pool, ["05354012"]) == {}
    assert LANGUAGES_MOST > 6
