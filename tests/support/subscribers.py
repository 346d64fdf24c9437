"""Subscribers as an app makes them, short to say."""

import hashlib
from typing import Any

from dispatcher.model.subscribers import Preferences, Wish, WishedEndpoint
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.subscribers import Installation, Put, Subscribers, Tokens
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, endpoints


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def endpoint(name: str, auth: str = "", channel: str = "webpush") -> WishedEndpoint:
    keys = {"p256dh": name, "auth": auth or name}
    return WishedEndpoint(channel, "https://push.example", f"https://push.example/{name}", keys)


def wish(*names: str, places: Any = (DUEREN,), device: str = "", **more: Any) -> Wish:
    """What somebody with these endpoints wants; `more` are preferences, or the wish's own."""
    own = {name: more.pop(name) for name in ("watched_areas", "expires_at") if name in more}
    return Wish(
        tuple(endpoint(name) for name in names),
        tuple(places),
        preferences=Preferences(**more),
        device=digest(device) if device else None,
        **own,
    )


def installation(name: str, instance: str = "dueren") -> Installation:
    return Installation(instance, digest(name))


async def put(pool: Any, name: str, wanted: Wish, instance: str = "dueren", token: str = "") -> Put:
    """As the phone does that has the installation's token."""
    tokens = Tokens(digest(token or f"token of {name}"), digest(f"token of {name}"))
    return await Subscribers(pool, ADDRESSES).put(installation(name, instance), wanted, tokens)


async def prove_all(pool: Any, *, limit: int = 100) -> None:
    """Every code that is due is sent, and comes back."""
    messages = EndpointMessages(
        pool, ADDRESSES, lambda channel: f"{channel} code", lambda number, _: digest(str(number))
    )
    codes = iter(range(limit))
    messages = EndpointMessages(
        pool, ADDRESSES, lambda _: f"code {next(codes)}", lambda number, code: digest(f"{number} {code}")
    )
    for message in await messages.claim(limit):
        await messages.answered(message, "accepted", again=False)
        assert await Subscribers(pool, ADDRESSES).prove(message.subscriber, message.code_digest)


async def enrol(pool: Any, name: str, *names: str, instance: str = "dueren", **more: Any) -> int:
    """The number of a subscriber whose endpoints are all proven."""
    made = await put(pool, name, wish(*(names or (name,)), **more), instance)
    await prove_all(pool)
    return made.subscriber.number


async def told(pool: Any) -> dict[str, Any]:
    """By the endpoint's name: whether it is active, and what it follows."""
    rows = await pool.fetch(
        """SELECT id, active, ARRAY(SELECT ags FROM followed_municipality f WHERE f.subscription_id = s.id
             ORDER BY ags) AS places FROM subscription s WHERE ended_at IS NULL"""
    )
    names = {number: name for name, number in (await named(pool)).items()}
    return {names[row["id"]]: (row["active"], row["places"]) for row in rows}


async def named(pool: Any, where: str = "ended_at IS NULL") -> dict[str, int]:
    """The numbers of endpoints by name."""
    found = await endpoints(pool, where)
    return {one.address.rpartition("/")[2]: one.id for one in found}
