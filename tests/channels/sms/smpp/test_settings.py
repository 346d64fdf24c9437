"""SMPP gateways as operators write them down."""

import ssl
from typing import Any

import pytest
from pydantic import ValidationError

from channels.base import Permanent, RateLimited
from channels.sms.contract import ContractSettings
from channels.sms.delivery_reports import ReportState
from channels.sms.smpp.receipts import IdForm, ReceiptColumn
from channels.sms.smpp.segments import LongText, ValidityForm
from channels.sms.smpp.session import Role
from channels.sms.smpp.settings import SmppGatewaySettings
from ops.reference import DOCS

LEAST = {"name": "smsc", "hosts": ["smpps://smpp.example:2776"], "system_id": "kreis"}


def settings(**members: Any) -> SmppGatewaySettings:
    return SmppGatewaySettings.model_validate(LEAST | members)


def test_the_least_that_is_needed() -> None:
    gateway = settings(password="geheim12").gateway()
    (centre,) = gateway.plan.centres
    assert (centre.name, gateway.plan.roles, gateway.plan.window) == (
        "smpp.example:2776",
        (Role.TRANSCEIVER,),
        10,
    )
    assert centre.tls is not None
    assert (centre.tls.verify_mode, centre.tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (gateway.form.sender, gateway.form.source_ton, gateway.form.source_npi) == ("WARNUNG", 5, 0)
    assert (gateway.rate, gateway.account) == (None, "")
    assert "geheim" not in repr(settings(password="geheim12"))
    assert "geheim" not in repr(gateway)


def test_all_that_can_be_set() -> None:
    gateway = settings(
        hosts=["smpp://a.example:2775/", "smpps://b.example:2776"],
        password="x" * 20,
        long_password=True,
        system_type="VMA",
        addr_ton=1,
        addr_npi=1,
        address_range="^49",
        tls_verify=False,
        bind="transmitter_and_receiver",
        sessions=2,
        window=1,
        sender="+4924210",
        destination_ton=0,
        destination_npi=0,
        plus=True,
        service_type="WARN",
        data_coding=1,
        long_text="sar",
        validity="absolute",
        receipts=False,
        message_ids="answer_hex",
        receipt_states={"ACKED": "pending"},
        receipt_columns=["state", "id", "", "error"],
        statuses={"0x401": "rejected", "1026": "rate_limited"},
        answer_s=30,
        enquire_s=20,
        reconnect_first_s=30,
        reconnect_most_s=30,
        rate=5,
        shared_rate=True,
    ).gateway()
    plan, form = gateway.plan, gateway.form
    assert [centre.tls is not None for centre in plan.centres] == [False, True]
    assert plan.centres[1].tls is not None
    assert plan.centres[1].tls.verify_mode is ssl.CERT_NONE
    assert plan.roles == (Role.TRANSMITTER, Role.RECEIVER) * 2
    assert plan.window_in_all == 4
    assert (plan.timing.answer_s, plan.timing.silence_s, plan.reconnect_first_s, plan.rate) == (30, 20, 30, 5)
    assert plan.statuses == {0x401: Permanent, 0x402: RateLimited}
    assert (form.sender, form.source_ton, form.source_npi, form.plus) == ("4924210", 1, 1, True)
    assert (form.long_text, form.validity, form.receipts) == (LongText.SAR, ValidityForm.ABSOLUTE, False)
    assert gateway.receipts.ids is IdForm.ANSWER_HEX
    assert gateway.receipts.state("acked") is ReportState.PENDING
    assert gateway.receipts.columns[1] is ReceiptColumn.ID
    assert (gateway.rate, gateway.account) == (5, "smsc")


@pytest.mark.parametrize(
    ("sender", "ton", "npi"), [("WARNUNG", 5, 0), ("Kreis DN", 5, 0), ("24210", 0, 1), ("+4924210", 1, 1)]
)
def test_what_a_sender_is(sender: str, ton: int, npi: int) -> None:
    form = settings(sender=sender).gateway().form
    assert (form.source_ton, form.source_npi) == (ton, npi)
    assert settings(sender=sender, source_ton=3, source_npi=6).gateway().form.source_ton == 3


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"hosts": []}, "at least 1"),
        ({"hosts": ["https://a.example:1"]}, "begins with smpp:// or smpps://"),
        ({"hosts": ["smpp://a.example"]}, "names a host and a port"),
        ({"system_id": "x" * 16}, "pattern"),
        ({"password": "x" * 9}, "SMPP 3.4 has 8 characters at most, not 9; long_password allows more"),
        ({"password": "x" * 64, "long_password": True}, "63 characters at most"),
        ({"password": "schlüss"}, "only ASCII"),
        ({"sender": "Köln"}, "1 to 11 letters"),
        ({"sender": "Kreis Düren 112"}, "1 to 11 letters"),
        ({"sender": ""}, "1 to 11 letters"),
        ({"window": 0}, "greater than or equal to 1"),
        ({"window": True}, "valid integer"),
        ({"tls_verify": "no"}, "valid boolean"),
        ({"answer_s": 15}, "greater than or equal to 20"),
        ({"enquire_s": 301}, "less than or equal to 300"),
        ({"reconnect_first_s": 60}, "reconnect_most_s must be at least reconnect_first_s"),
        ({"statuses": {"0": "rejected"}}, "a number such as 0x401"),
        ({"statuses": {"x": "rejected"}}, "a number such as 0x401"),
        ({"statuses": {"0x401": "accepted"}}, "rejected"),
        ({"data_coding": 256}, "less than or equal to 255"),
        ({"rate": 0}, "greater than 0"),
        ({"windows": 1}, "Extra inputs"),
    ],
)
def test_what_no_gateway_can_be_is_refused(members: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(**members)
    assert words in str(raised.value)


def test_how_many_sessions_workers_open_together() -> None:
    pairs = settings(
        hosts=["smpp://a.example:1", "smpp://b.example:1"], bind="transmitter_and_receiver", sessions=3
    )
    assert (pairs.sessions_of(2), settings().sessions_of(4)) == (24, 4)


def bounds() -> dict[str, str]:
    """What the page is to say of each number that has a most, as the settings have it."""
    told = {}
    for name, member in SmppGatewaySettings.model_fields.items():
        known = {
            key: getattr(one, key) for one in member.metadata for key in ("ge", "le") if hasattr(one, key)
        }
        if "le" in known and name not in ContractSettings.model_fields:
            least = f"({known['ge']:g} " if "ge" in known else ""
            told[name] = f"{least}to {known['le']:g})"
    return told


@pytest.mark.parametrize(("name", "told"), bounds().items())
def test_the_page_has_the_bounds_of_each_number(name: str, told: str) -> None:
    rows = [line.split("|") for line in (DOCS / "smpp.md").read_text(encoding="utf-8").splitlines()]
    (row,) = [row for row in rows if row[1:2] and row[1].startswith(" `") and f"`{name}`" in row[1]]
    assert told in row[2]
