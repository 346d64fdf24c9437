"""`dispatcher canary add | list | test | remove`: endpoints of the service's own, to which it sends test alerts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from channels.base import Endpoint, Permanent
from channels.endpoint_url import vetted_origin
from channels.http.addresses import Purpose
from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.bulk.line import REASONS, gateway_of, named_endpoint, read_object
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson
from dispatcher.commands.terminal import columns, json_line
from dispatcher.model.canary.canaries import (
    EVERY,
    EVERY_PAID,
    NAME,
    PAID_CHANNELS,
    SHORTEST,
    CanaryStage,
    NewCanary,
)
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.sms.canary_cost import canary_cost
from dispatcher.store.canary.endpoints import CanaryEndpoints, EndpointTaken
from dispatcher.wiring.http_client import exemptions, http_client
from dispatcher.wiring.sms.gateways import sms_gateway_names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from channels.sms.contract import Contract
    from dispatcher.model.canary.canaries import Canary, LaneProof
    from dispatcher.sms.canary_cost import CanaryCost
    from dispatcher.store import record
    from dispatcher.store.sealed.addresses import Addresses

Result = TypeVar("Result")
MEMBERS: Final = frozenset({"channel", "address", "keys"})
LOOK_EVERY_S: Final = 0.25
NOT_PROVEN: Final = 3
WHY_NOT: Final = (
    "why not, the log of a worker says as delivery_failed, by its code; after private_address name the origin in "
    "WARN_ALLOWED_ORIGINS (push=https://HOST), and start the service again"
)
"""What to do where a test left and never came: at first it is mostly a name that leads into a private net from here."""
TESTED: Final = {
    0: "proven in every lane that was tested",
    1: "there is no such canary",
    2: "wrong call",
    NOT_PROVEN: "not proven in time: the lines say in which lanes, and where it stands why",
}

app = typer.Typer(help="The service's own endpoints, to which it sends test alerts.", no_args_is_help=True)


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise typer.BadParameter(
            "a name has 1 to 32 small letters, digits and hyphens, and stands in metrics"
        )
    return text


Name = Annotated[str, typer.Argument(metavar="NAME", callback=_name, help="its name, e.g. own-receiver")]


@app.command("add")
@helped(
    Where.SERVER,
    "dispatcher canary add own --receiver https://warnung.dueren.example",
    "dispatcher canary add duty-phone --endpoint phone.json --every 300",
)
@acts(Permission.MANAGE_CANARIES)
def add(
    name: Name,
    receiver: Annotated[
        str, typer.Option(metavar="URL", help="where the world reaches the API: it receives there itself")
    ] = "",
    endpoint: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="a file with an endpoint of one's own")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(min=int(SHORTEST.total_seconds()), max=86_400, help="seconds; 60, of SMS 3600"),
    ] = None,
    *,
    accepted_suffices: Annotated[
        bool,
        typer.Option(
            "--accepted-suffices", help="its gateway's acceptance is the proof; no receiver says more"
        ),
    ] = False,
) -> None:
    """Add a canary, to which the service sends test alerts from now on by the way that warnings take.

    With --receiver it is the service itself: a Web Push message leaves through resolver, proxy and TLS, and comes in at
    the API like what people post. With --endpoint it is a device of yours, as a JSON object with the members channel,
    address and keys, as `subscriptions import` takes them. Take one that nobody needs for anything else: it gets a test
    for each lane each time.

    A test is proven by a device receipt, of an SMS by the gateway's report. An SMS costs something, so its lanes take
    turns: one text each time. Nothing of it counts as a warning.

    Add one only when all machines run this version: an older one does not know that a test is no warning.
    """
    if bool(receiver) == (endpoint is not None):
        raise typer.BadParameter("either --receiver or --endpoint says where the tests go")
    settings = Settings()

    async def work(pool: record.Pool) -> tuple[bool, NewCanary]:
        addresses = await agreed_addresses(pool, settings)
        try:
            new = _own(name, receiver, settings, addresses) if receiver else _given(name, endpoint, settings)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        expects = CanaryStage.ACCEPTED if accepted_suffices else CanaryStage.DELIVERED
        new = replace(new, expects=expects, every=timedelta(seconds=every) if every else new.every)
        return await CanaryEndpoints(pool, addresses).add(new, operator().actor), new

    try:
        is_new, new = on_record(settings, work)
    except EndpointTaken:
        refuse("this endpoint is somebody's already; nothing was changed")
    if not is_new:
        refuse(f"there is a canary {name} already; `dispatcher canary remove {name}` removes it")
    typer.echo(f"{name}: tested by {new.channel} every {_seconds(new.every)} s, {_in_lanes(new)}")
    if new.in_turn:
        contract = settings.sms_contracts().get(new.gateway)
        texts = canary_cost(new.every, None, contract).texts
        price = (
            "no price is agreed" if contract is None or contract.price_per_part is None else _a_part(contract)
        )
        typer.echo(
            f"about {texts} texts in 30 days, which count against the budget of their gateway; {price}",
            err=True,
        )


@app.command("list")
@requires(Permission.READ_CANARIES)
def list_canaries(*, as_json: AsJson = False) -> None:
    """List all canaries by lane: when the last test was made, when the last one that was proven, and how long that
    took; and what those cost in 30 days that cost something. No addresses.
    """
    settings = Settings()
    found, now, parts = _on_canaries(_listed_with_parts)
    contracts = settings.sms_contracts()

    def cost(one: Canary, every: timedelta) -> CanaryCost | None:
        if one.channel not in PAID_CHANNELS:
            return None
        return canary_cost(every, parts.get(one.name), contracts.get(one.gateway))

    lines = [
        _line(one, proof, now) | _cost_of_lane(cost(one, one.lane_every))
        for one in found
        for proof in one.lanes
    ]
    if as_json:
        typer.echo(json_line(lines))
    elif not lines:
        typer.echo("there is none: `dispatcher canary add own --receiver URL` adds the service itself")
    else:
        head = ["canary", "channel", "lane", "state", "last_test", "last_proven", "took_s"]
        typer.echo(
            columns(
                [head, *(["-" if line[one] is None else str(line[one]) for one in head] for line in lines)]
            )
        )
        for one in found:
            if (spent := cost(one, one.every)) is not None:
                typer.echo(f"{one.name}: {_in_words(spent)}")


@app.command("test")
@helped(Where.SERVER, exits=TESTED)
@acts(Permission.MANAGE_CANARIES)
def run_now(
    name: Name,
    within: Annotated[int, typer.Option(min=1, max=3600, help="seconds that a proof is waited for")] = 30,
) -> None:
    """Have a canary tested at once, and wait until the test is proven. The worker that leads makes it."""
    found, begun = _on_canaries(partial(_tested_now, name, within))
    if found is None:
        refuse(f"there is no canary {name}: `dispatcher canary list` shows all")
    tested = _tested(found, begun)
    for proof in tested:
        proven = _is_proven(proof) and proof.took is not None
        typer.echo(f"{proof.lane}: " + (f"proven after {_took(proof)} s" if proven else "not proven"))
    if not tested:
        typer.echo("no test was made: does a worker run? `dispatcher doctor` says", err=True)
    elif not all(map(_is_proven, tested)):
        typer.echo(WHY_NOT, err=True)
    if not tested or not all(map(_is_proven, tested)):
        raise typer.Exit(NOT_PROVEN)


@app.command("remove")
@acts(Permission.MANAGE_CANARIES)
def remove(name: Name) -> None:
    """Erase a canary with its endpoint. No test is made any more; what was noted of its tests goes with it."""

    async def work(stores: CanaryEndpoints) -> bool:
        return await stores.remove(name, operator().actor)

    if not _on_canaries(work):
        refuse(f"there is no canary {name}: `dispatcher canary list` shows all")
    typer.echo(f"{name} is removed")


def _own(name: str, url: str, settings: Settings, addresses: Addresses) -> NewCanary:
    from dispatcher.api.canary.receiving import OwnReceivers

    own = OwnReceivers(addresses.sealing.keyed_hash)
    endpoint = Endpoint(0, own.address(url, name), own.receiver(name).keys)
    try:
        gateway = vetted_origin(endpoint, exemptions(settings).policy(Purpose.PUSH))
    except Permanent as error:
        raise ValueError(f"{error.code}: {REASONS.get(error.code, 'no address for this')}") from None
    return _new(name, "webpush", gateway, endpoint)


def _given(name: str, file: Path | None, settings: Settings) -> NewCanary:
    from dispatcher.wiring.channels import channel_registry
    from dispatcher.wiring.webpush import checking_keys

    item = read_object(file.read_bytes() if file else b"")
    if not {"channel", "address"} <= item.keys() <= MEMBERS:
        raise ValueError(
            "an endpoint has the members channel and address, and keys where its channel needs them"
        )
    channels = channel_registry(settings, http_client(settings), checking_keys(settings))
    channel, endpoint = named_endpoint(item, channels, frozenset(sms_gateway_names(settings)))
    return _new(name, channel.name, gateway_of(channel, endpoint), endpoint)


def _new(name: str, channel: str, gateway: str, endpoint: Endpoint) -> NewCanary:
    paid = channel in PAID_CHANNELS
    every = EVERY_PAID if paid else EVERY
    stage = CanaryStage.DELIVERED
    return NewCanary(name, channel, gateway, endpoint.address, endpoint.keys, every, stage, in_turn=paid)


def _on_canaries(work: Callable[[CanaryEndpoints], Awaitable[Result]]) -> Result:
    settings = Settings()

    async def main(pool: record.Pool) -> Result:
        return await work(CanaryEndpoints(pool, await agreed_addresses(pool, settings)))

    return on_record(settings, main)


async def _listed_with_parts(stores: CanaryEndpoints) -> tuple[list[Canary], datetime, dict[str, int]]:
    found, now = await stores.listed()
    return found, now, await stores.text_parts()


async def _tested_now(name: str, within: int, stores: CanaryEndpoints) -> tuple[Canary | None, datetime]:
    """Return the canary as it stands when a test made from now on is proven, or was not in time, and since when that
    is; None where there is no such canary.
    """
    _, begun = await stores.listed()
    if not await stores.test_soon(name):
        return None, begun
    while True:
        listed, now = await stores.listed()
        found = next((one for one in listed if one.name == name), None)
        tested = [] if found is None else _tested(found, begun)
        if (
            found is None
            or (tested and all(map(_is_proven, tested)))
            or now - begun > timedelta(seconds=within)
        ):
            return found, begun
        await asyncio.sleep(LOOK_EVERY_S)


def _tested(canary: Canary, begun: datetime) -> list[LaneProof]:
    """Return the lanes of the last test that was made since: all that were tested at the same time."""
    since = [proof for proof in canary.lanes if proof.sent_at is not None and proof.sent_at > begun]
    last = max((proof.sent_at for proof in since if proof.sent_at), default=None)
    return [proof for proof in since if proof.sent_at == last]


def _took(proof: LaneProof) -> float | None:
    return None if proof.took is None else round(proof.took.total_seconds(), 1)


def _is_proven(proof: LaneProof) -> bool:
    return proof.sent_at is not None and proof.proven_at == proof.sent_at


def _line(canary: Canary, proof: LaneProof, now: datetime) -> dict[str, Any]:
    state = "late" if proof.lane in canary.late_lanes(now) else "in time"
    return {
        "canary": canary.name,
        "channel": canary.channel,
        "lane": proof.lane.value,
        "state": "gone" if canary.ended_at is not None else state,
        "last_test": None if proof.sent_at is None else f"{proof.sent_at:%Y-%m-%dT%H:%M:%SZ}",
        "last_proven": None if proof.proven_at is None else f"{proof.proven_at:%Y-%m-%dT%H:%M:%SZ}",
        "took_s": _took(proof),
        "every_s": _seconds(canary.lane_every),
        "expects": canary.expects.value,
    }


def _cost_of_lane(cost: CanaryCost | None) -> dict[str, Any]:
    """Return what tests in one lane take in 30 days: those of all lanes together are what the receiver costs."""
    return {
        "texts_30d": cost and cost.texts,
        "parts_30d": cost and cost.parts,
        "price_30d": None if cost is None or cost.price is None else float(cost.price),
        "currency": cost and (cost.currency or None),
    }


def _in_words(cost: CanaryCost) -> str:
    texts = f"about {how_many(cost.texts, 'text')} in 30 days"
    if cost.parts is None:
        return f"{texts}; what they cost is known once the first was sent"
    price = "no price is agreed" if cost.price is None else f"{cost.price:.2f} {cost.currency}"
    return f"{texts}, {how_many(cost.parts, 'part')}, {price}"


def _a_part(contract: Contract) -> str:
    return f"each part costs {contract.price_per_part:f} {contract.currency}"


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())


def _in_lanes(new: NewCanary) -> str:
    return "one lane each time" if new.in_turn else "in every lane"
