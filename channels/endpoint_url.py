"""Endpoints whose address is a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.base import Permanent
from channels.http.addresses import AddressPolicy, AddressRefused

if TYPE_CHECKING:
    from channels.base import Endpoint


def origin_of(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """Return the endpoint's origin. Raises `Permanent` if the policy forbids the URL."""
    try:
        return policy.origin(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None


def vetted_origin(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """Return the origin as `origin_of` does; at subscription time, hosts that plainly are not public are refused
    too.
    """
    try:
        return policy.vet(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None
