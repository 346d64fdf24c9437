"""SMS gateways that apps have of their own are admitted soon after they are on record."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dispatcher.apps.own_gateways import OwnGateway, OwnGateways, newest
from dispatcher.model.principals import ChannelCredential

GOOD = b'{"url": "https://sms.example/messages"}'


class Kept:
    """Credentials as the record would give them, and what was admitted."""

    def __init__(self) -> None:
        self.found: list[tuple[ChannelCredential, bytes]] = []
        self.away = False
        self.admitted: list[list[str]] = []

    async def opened(self) -> Sequence[tuple[ChannelCredential, bytes]]:
        if self.away:
            raise ConnectionRefusedError
        return self.found

    def admit(self, own: Sequence[OwnGateway]) -> None:
        self.admitted.append([one.contract.gateway for one in own])


async def test_what_is_on_record_is_admitted_once_and_an_outage_takes_nothing() -> None:
    kept = Kept()
    gateways = OwnGateways(kept.opened, kept.admit)
    await gateways.look()
    assert kept.admitted == []
    kept.found = [
        (ChannelCredential("dueren", "sms", "old", replaced_at=datetime(2026, 11, 22, tzinfo=UTC)), b"none"),
        (ChannelCredential("dueren", "sms", "new"), GOOD),
        (ChannelCredential("juelich", "sms", "wrong"), b"none"),
    ]
    for kept.away in (False, False, True):
        await gateways.look()
    assert kept.admitted == [["own:dueren"]], "one that is none hurts its app alone"
    kept.away, kept.found = False, []
    await gateways.look()
    assert kept.admitted[1:] == [[]]


def test_it_has_no_weight_and_is_its_apps_own() -> None:
    contract = OwnGateway.of("dueren", GOOD).contract
    assert (contract.gateway, contract.weight, contract.own) == ("own:dueren", 0, True)


def test_of_each_app_the_newest_serves_and_one_that_is_none_says_why() -> None:
    found = newest(
        [
            (
                ChannelCredential("dueren", "sms", "old", replaced_at=datetime(2026, 11, 22, tzinfo=UTC)),
                b"none",
            ),
            (ChannelCredential("dueren", "sms", "new"), GOOD),
            (ChannelCredential("juelich", "sms", "wrong"), b"GEHEIM"),
        ]
    )
    assert isinstance(found["own:dueren"], OwnGateway)
    assert found["own:dueren"].contract.own
    assert found["own:juelich"] == "a gateway is a JSON object, as one of WARN_SMS_GATEWAYS"
