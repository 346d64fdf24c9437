"""Our SMPP carrier against the stand-in SMS centre with each of its faults: nobody is forgotten, and nothing is claimed
or denied that the centre's ledger does not bear out.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from channels.base import ChannelDown, Endpoint, RateLimited, Receipt, Transient, Uncertain
from channels.sms.channel import Sms
from channels.sms.smpp.session import Timing
from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.gateways.smpp.faults import SmppFaultKind
from ops.lab.gateways.state import number_ref
from ops.lab.world.ledger import Entry, read
from tests.support.agreement import synthetic
from tests.support.smpp_sender import carrier, notice

pytestmark = pytest.mark.processes

EACH = 12
PATIENT = Timing(answer_s=1.5, alive_s=1.5, unbind_s=0.5)
"""Long enough for whatever a busy machine answers, short enough to wait for what never comes."""
LONG = "Straße überflutet €. " * 10
STRUCK = {"match": {"nth": [5]}, "on": "submit_sm"}


@pytest.fixture(scope="module")
def centre(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    home = tmp_path_factory.mktemp("smsc")
    options = ("--system-id", "kreis", "--password", "geheim")
    with launch.start("smsc", ledger=home / "smsc.ndjson", state=home, options=options) as standin:
        yield standin


@pytest.fixture(scope="module")
def numbers() -> Iterator[str]:
    return synthetic()


async def sent(centre: Standin, endpoints: list[Endpoint], text: str) -> dict[int, Receipt | None]:
    """What was said of each endpoint: nothing of those that a call left out when the gateway was down."""
    sender = carrier(centre.ready.ports[0], timing=PATIENT, reconnect_first_s=0.05, throttle_s=0.05)
    said: dict[int, Receipt | None] = dict.fromkeys(one.id for one in endpoints)
    try:
        with suppress(ChannelDown):  # nothing was written for those of whom nothing is said
            async for known in Sms({"standin": sender}).send(notice(text), "standin", endpoints):
                said |= {receipt.endpoint_id: receipt for receipt in known}
    finally:
        await sender.aclose()
    return said


def taken(entries: tuple[Entry, ...], endpoint: Endpoint) -> list[Entry]:
    """The whole texts that the centre took for an endpoint."""
    recipient = number_ref(endpoint.address)
    return [one for one in entries if one.recipient == recipient and one.accepted and not one.incomplete]


@pytest.mark.parametrize("text", ["Hochwasser", LONG], ids=["one part", "parts"])
@pytest.mark.parametrize("kind", SmppFaultKind)
async def test_what_is_said_of_each_is_borne_out_by_the_ledger(
    centre: Standin, numbers: Iterator[str], kind: SmppFaultKind, text: str
) -> None:
    centre.set_faults({**STRUCK, "action": {"kind": kind, "delay_s": 0.1, "hold": 3}})
    before = len(read(centre.ledger).entries)
    endpoints = [Endpoint(place, next(numbers), {}) for place in range(EACH)]
    said = await sent(centre, endpoints, text)
    own = {number_ref(one.address) for one in endpoints}  # of those before it may still write something down
    entries = tuple(one for one in read(centre.ledger).entries[before:] if one.recipient in own)
    assert sum(one.fault != "" for one in entries) == 1
    found = {one.id: unfounded(said[one.id], len(taken(entries, one))) for one in endpoints}
    assert {place: what for place, what in found.items() if what} == {}


def unfounded(receipt: Receipt | None, times: int) -> str:
    """What is wrong with what was said of somebody who got the text so often; of whom nothing is said got none."""
    if times > 1:
        return "twice"
    if receipt is not None and receipt.error is None:
        return "" if times else "claimed"
    uncertain = receipt is not None and isinstance(receipt.error, Uncertain)
    return "denied" if times and not uncertain else ""


@pytest.mark.parametrize(
    ("receipt", "times", "what"),
    [
        (Receipt(1), 1, ""),
        (Receipt(1), 0, "claimed"),
        (Receipt(1), 2, "twice"),
        (Receipt(1, Transient("0x08")), 1, "denied"),
        (Receipt(1, Transient("0x08")), 0, ""),
        (Receipt(1, Uncertain("timeout")), 1, ""),
        (Receipt(1, Uncertain("timeout")), 0, ""),
        (None, 1, "denied"),
        (None, 0, ""),
    ],
)
def test_a_false_claim_is_found(receipt: Receipt | None, times: int, what: str) -> None:
    assert unfounded(receipt, times) == what


async def test_a_throttled_account_gets_each_text_once(centre: Standin, numbers: Iterator[str]) -> None:
    centre.clear_faults()
    centre.grant(rate=50, burst=1)
    endpoints = [Endpoint(place, next(numbers), {}) for place in range(EACH)]
    open_endpoints = endpoints
    for _ in range(200):
        said = await sent(centre, open_endpoints, "Hochwasser")
        errors = {type(receipt.error) for receipt in said.values() if receipt is not None and receipt.error}
        assert errors <= {RateLimited}
        open_endpoints = [one for one in open_endpoints if (found := said[one.id]) is None or found.error]
        if not open_endpoints:
            break
        await asyncio.sleep(0)
    centre.grant()
    assert [len(taken(read(centre.ledger).entries, one)) for one in endpoints] == [1] * EACH
