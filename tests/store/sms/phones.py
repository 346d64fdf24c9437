"""People with telephones."""

from typing import Any

from dispatcher.model.subscriptions import NewSubscription
from tests.support import sealed
from tests.support.messages import DUEREN


async def phones(
    pool: Any, subscriptions: Any, count: int, *, gateway: str = "", first: int = 0, language: str = "de"
) -> list[int]:
    """Subscribe so many, who name this gateway or none; their ids."""
    numbers = [f"+49155{first + n:08}" for n in range(count)]
    keys = {"gateway": gateway} if gateway else {}
    await subscriptions.add_many(
        [
            NewSubscription("sms", gateway or "a", number, keys, (DUEREN,), language=language)
            for number in numbers
        ]
    )
    known = await sealed.numbers(pool)
    return sorted(known[one] for one in numbers)
