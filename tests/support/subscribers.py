"""Subscribers as an app makes them, short to say."""

import hashlib
from typing import Any

from dispatcher.access.management_tokens import ManagementTokens
from dispatcher.apps.enrolment import NumberLeaving
from dispatcher.audience.phone_numbers import NumberRules, block_of
from dispatcher.model.subscribers import Preferences, Wish, WishedEndpoint
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.audience.subscribers import Installation, Put, Subscribers, Tokens
from dispatcher.store.numbers.leave_codes import LeaveCodes
from dispatcher.store.numbers.opt_outs import OptOuts
from dispatcher.store.numbers.sms_codes import CodeLimits, SmsCodes
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, endpoints


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def endpoint(name: str, auth: str = "", channel: str = "webpush") -> WishedEndpoint:
    keys = {"p256dh": name, "auth": auth or name}
    return WishedEndpoint(channel, "https://push.example", f"https://push.example/{name}", keys)


def number(name: str = "+4915112345678") -> WishedEndpoint:
    return WishedEndpoint("sms", "gateway", name, {})


def codes_of(pool: Any, **limits: int) -> SmsCodes:
    """What sends codes by SMS, with room for a thousand of each kind that is not named."""
    of = {"of_number": 1000, "of_block": 1000, "of_instance": 1000, "of_address": 1000}
    return SmsCodes(pool, ADDRESSES, CodeLimits(**{**of, **limits}), block_of)


def leave_codes_of(pool: Any, **limits: int) -> LeaveCodes:
    return LeaveCodes(pool, ADDRESSES, codes_of(pool, **limits), OptOuts(pool, ADDRESSES))


def leaving_of(pool: Any) -> NumberLeaving:
    return NumberLeaving(NumberRules(), leave_codes_of(pool))


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


TOKENS = ManagementTokens(ADDRESSES.sealing.keyed_hash, lambda: "r" * 43)


async def expect_code(pool: Any, code: str) -> None:
    """As if this code had just been sent to every endpoint that is no number."""
    for row in await pool.fetch(
        """SELECT subscriber_id, subscription_id FROM subscriber_endpoint e
           JOIN subscription n ON n.id = e.subscription_id WHERE n.channel <> 'sms'"""
    ):
        await pool.execute(
            """UPDATE subscriber_endpoint SET code_digest = $3, code_sent_at = now(), code_tries = 0
               WHERE (subscriber_id, subscription_id) = ($1, $2)""",
            *row,
            TOKENS.code_digest(row["subscriber_id"], code),
        )


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
        assert await Proofs(pool, ADDRESSES).prove(message.subscriber, message.code_digest)


async def enrol(pool: Any, name: str, *names: str, instance: str = "dueren", **more: Any) -> int:
    """The number of a subscriber whose endpoints are all proven."""
    made = await put(pool, name, wish(*(names or (name,)), **more), instance)
    await prove_all(pool)
    return made.subscriber.number


async def told(pool: Any) -> dict[str, Any]:
    """By the endpoint's name: whether it is active, and what it follows."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        rows = await connection.fetch(
            """SELECT id, active, ARRAY(SELECT ags FROM followed_municipality f WHERE f.subscription_id = s.id
                 ORDER BY ags) AS places FROM subscription s WHERE ended_at IS NULL"""
        )
        names = {number: name for name, number in (await named(connection)).items()}
    return {names[row["id"]]: (row["active"], row["places"]) for row in rows}


async def named(pool: Any, where: str = "ended_at IS NULL") -> dict[str, int]:
    """The numbers of endpoints by name."""
    found = await endpoints(pool, where)
    return {one.address.rpartition("/")[2]: one.id for one in found}
