"""Bound how many strangers sign up, by address and by instance, over all processes.

Of each key the time is kept at which its allowance would be whole again (GCRA): one number, whatever the rate.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Final

from dispatcher.queue.rate_bucket import TIMEOUT_S, UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arq.connections import ArqRedis

HOUR_S: Final = 3600
IPV6_PREFIX: Final = 64
"""The bits of an IPv6 address that are one subscriber line's: it may have all others as it likes."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local longest = 0
for n, key in ipairs(KEYS) do
  local step = tonumber(ARGV[2 * n - 1]) / tonumber(ARGV[2 * n])
  local whole = math.min(tonumber(redis.call('GET', key) or 0), now + tonumber(ARGV[2 * n - 1]))
  longest = math.max(longest, math.max(whole, now) + step - now - tonumber(ARGV[2 * n - 1]))
end
if longest > 1e-6 then return tostring(longest) end
for n, key in ipairs(KEYS) do
  local step = tonumber(ARGV[2 * n - 1]) / tonumber(ARGV[2 * n])
  local whole = math.max(math.min(tonumber(redis.call('GET', key) or 0), now + tonumber(ARGV[2 * n - 1])), now) + step
  redis.call('SET', key, string.format('%.6f', whole), 'PX', math.ceil(1000 * (whole - now)) + 1000)
end
return '0'
"""
"""Lua: take one of each key's allowance, or none at all. ARGV: per key the period in seconds, and how many in it.
Returns in how many seconds there is one again. What is further ahead than a period is from before the server's clock
went back."""


class Unbounded(Exception):
    """Whether there are too many cannot be known now: Redis does not answer."""


class SignUps:
    """Counts what strangers ask for."""

    def __init__(
        self, queue: ArqRedis, hidden: Callable[[str, str], bytes], *, of_address: int, of_instance: int
    ) -> None:
        """`hidden` hashes an address with a key, as it is personal data. Of each as many in an hour; 0: none at all."""
        self._hidden = hidden
        self._of_address = of_address
        self._of_instance = of_instance
        self._take = queue.register_script(_TAKE)

    async def take(self, address: str, instance: str) -> float:
        """Take one sign-up. Returns 0, or in how many seconds there may be one. Raises `Unbounded`."""
        if not self._of_address or not self._of_instance:
            return float(HOUR_S)
        names = [("address", line_of(address)), ("instance", instance)]
        return await self._taken(names, (self._of_address, self._of_instance))

    async def take_change(self, installation: bytes) -> float:
        """Take one change of a subscriber who is known, as many as one address may sign up. Returns as `take`; 0 where
        Redis does not answer: who has a token is not kept out.
        """
        try:
            return await self._taken([("installation", installation.hex())], (max(1, self._of_address),))
        except Unbounded:
            return 0.0

    async def _taken(self, names: Sequence[tuple[str, str]], most: Sequence[int]) -> float:
        keys = [f"warn:sign-ups:{kind}:{self._hidden('sign-up', name).hex()[:32]}" for kind, name in names]
        arguments = [number for one in most for number in (HOUR_S, one)]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return float(await self._take(keys=keys, args=arguments))
        except UNAVAILABLE as error:
            raise Unbounded from error


def line_of(address: str) -> str:
    """Return what of a client's address is one subscriber line: an IPv4 address, the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)
