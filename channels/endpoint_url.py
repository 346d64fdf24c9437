"""Endpoints whose address is a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.base import Permanent
from channels.http.addresses import AddressPolicy, AddressRefused

if TYPE_CHECKING:
    from channels.base import Endpoint


def origin_of(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """The endpoint's origin. Raises `Permanent` if the policy forbids the URL."""
    try:
        return policy.origin(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None


def vetted_origin(endpoint: Endpoint, policy: AddressPolicy) -> str:
    """As `origin_of`, at subscription time: refuses also hosts that plainly are not public."""
    try:
        return policy.vet(endpoint.address)
    except AddressRefused as refused:
        raise Permanent(refused.code) from None
