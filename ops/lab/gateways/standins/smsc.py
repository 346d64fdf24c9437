"""An SMS centre reached by SMPP 3.4: stands in for the provider in place of `sms`, whose subscribers are the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from ops.lab.gateways.smpp import process
from ops.lab.gateways.smpp.centre import Account
from ops.lab.gateways.standins import sms

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Coroutine

    from ops.lab.gateways.process import Listen
    from ops.lab.gateways.spec import Site

SYSTEM_ID = "kreis"
LAB_ALERT = r"(\d{8}t\d{6}-\d+-\d+)"
"""The names of chains in the fault lab, which stand in their headlines: SMPP carries no reference of the service's."""
PASSWORD_OCTETS = 8
"""The most characters of a password (SMPP 3.4 section 4.1.1: nine octets with the NUL)."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system-id", default="", help="who may bind; empty: everybody")
    parser.add_argument("--password", default="", help="with this")
    parser.add_argument(
        "--alert", type=re.compile, help="what names the alert in a text: the expression's first group"
    )


def _serve(
    options: argparse.Namespace, listen: Listen, announce: Callable[[str], None]
) -> Coroutine[Any, Any, None]:
    account = Account(sms.STANDIN.channel, options.system_id, options.password, options.alert)
    return process.serve(account, listen, options.ledger, announce)


def _arguments(site: Site) -> tuple[str, ...]:
    return ("--system-id", SYSTEM_ID, "--password", site.token[:PASSWORD_OCTETS], "--alert", LAB_ALERT)


def _settings(site: Site, url: str) -> dict[str, str]:
    gateway = {
        "name": sms.STANDIN.name,
        "hosts": [url],
        "system_id": SYSTEM_ID,
        "password": site.token[:PASSWORD_OCTETS],
        "reconnect_first_s": 0.2,
    }
    return {"WARN_SMPP_GATEWAYS": msgspec.json.encode([gateway]).decode()}


STANDIN = replace(
    sms.STANDIN,
    name="smsc",
    purpose="",
    help="an SMS centre that speaks SMPP",
    add_options=_add_options,
    serve=_serve,
    arguments=_arguments,
    settings=_settings,
)
