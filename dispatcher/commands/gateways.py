"""`dispatcher gateway list | test`: the SMS gateways there are, and one SMS to see how one answers."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from channels.base import Endpoint, Notice, Permanent, Urgency
from channels.clock import utc_now
from channels.http.addresses import Purpose
from channels.sms.meanings import AnswerMeaning
from channels.sms.numbers import check_number
from channels.sms.trial import SmsTrial, tried
from dispatcher.access.permissions import Permission
from dispatcher.apps.channel_credentials import CredentialChannel
from dispatcher.apps.own_gateways import OwnGateway, newest
from dispatcher.commands.access.confirmation import Yes
from dispatcher.commands.admin import connected, on_record
from dispatcher.commands.desk.follow_ups import is_confirmed
from dispatcher.commands.desk.session import say
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJson, AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.desk_texts.owed import code_meaning
from dispatcher.model.reports import trial_reference
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.sms.routes import OWN
from dispatcher.store import audit
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.wiring.http_client import exemptions, http_client
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.wiring.sms.gateways import sms_carriers, sms_gateway_names, sms_gateways
from dispatcher.wiring.sms.own_gateways import allowed_gateway, own_carrier
from dispatcher.wiring.sms.smpp import smpp_carriers, smpp_gateways

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.http.client import HttpClient
    from channels.sms.channel import Carrier
    from channels.sms.http.carrier import HttpCarrier
    from channels.sms.settings import SmsGatewaySettings
    from channels.sms.smpp.settings import SmppGatewaySettings
    from dispatcher.store.record import Pool

LASTS: Final = timedelta(minutes=10)
"""How long the SMS is good: whoever tests looks at the phone now."""
NOT_ACCEPTED, WRONG_CALL, UNKNOWN = 1, 2, 3
EXITS: Final = {
    0: "accepted by the gateway, which is not delivered yet",
    NOT_ACCEPTED: "not accepted, or not sent",
    WRONG_CALL: "wrong call, nothing was sent",
    UNKNOWN: "nobody knows whether it was accepted",
}

app = typer.Typer(help="SMS gateways: which there are, and how one answers.", no_args_is_help=True)


@app.command("list")
@requires(Permission.READ_GATEWAYS)
def list_gateways(
    *,
    own: Annotated[
        bool, typer.Option("--own", help="those too that single apps have of their own, from the record")
    ] = False,
    as_json: AsJsonLines = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """List the SMS gateways of the settings, with what is agreed for each. Recipients that name none are spread over
    them by weight; one with the weight 0 only takes over from others.
    """
    at = desk(language)
    settings = Settings()
    rows = [_row(item.name, item.profile or "-", item) for item in settings.sms_gateways]
    rows += [_row(item.name, "SMPP", item) for item in settings.smpp_gateways]
    _require_usable(settings)
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    for name, one in _own(settings).items() if own else ():
        if not isinstance(one, OwnGateway):
            say([f"{name}: {one}"], err=True)
            continue
        try:
            allowed_gateway(one, policy)
        except ValueError as error:
            say([f"{name}: {error}"], err=True)
        else:
            rows.append(_row(name, one.settings.profile or "-", one.settings))
    if as_json:
        for row in rows:
            typer.echo(json_line(row))
    elif rows:
        head = tuple(at.texts.columns[name] for name in rows[0])
        say(columns([head, *(tuple(map(_cell, row.values())) for row in rows)]).split("\n"))
    else:
        say([at.line("no_gateways")], err=True)


def _require_usable(settings: Settings) -> None:
    """End as a start does where one of the settings' gateways cannot be. Raises SettingsError."""
    with naming_setting("WARN_SMS_GATEWAYS"):
        sms_gateways(settings)
    smpp_gateways(settings)


def _row(name: str, profile: str, item: SmsGatewaySettings | SmppGatewaySettings) -> dict[str, Any]:
    """Return what is shown of a gateway: null for a rate that is not declared, and a budget that there is not."""
    agreed = ("sender", "weight", "rate", "parts_per_alert", "parts_per_month")
    return {"name": name, "profile": profile, **{member: getattr(item, member) for member in agreed}}


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.15g}"


@app.command("test")
@acts(Permission.TEST_GATEWAYS)
@helped(
    Where.SERVER,
    "dispatcher gateway test kannel +49…",
    "dispatcher gateway test own:dueren +49…",
    "dispatcher gateway test kannel +49… --yes --json",
    exits=EXITS,
)
def try_gateway(
    name: Annotated[str, typer.Argument(help="the gateway, as `gateway list --own` shows it")],
    number: Annotated[str, typer.Argument(help="a phone of your own, in E.164: +49…")],
    *,
    yes: Yes = False,
    as_json: AsJson = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Send one SMS by a gateway and show the request, the answer, and what it was taken for.

    The number is written to no log. Secrets are shown as stars. `own:ID` is an app's own gateway, whose municipality
    pays for it: the audit trail says who tried it.
    """
    at, settings = desk(language), Settings()
    own = _own(settings) if name.startswith(OWN) else {}
    _require(name, number, (*sms_gateway_names(settings), *own), at)
    _require_wanted(name, at, yes=yes)
    trial = asyncio.run(_tried(settings, name, number, at, own.get(name)))
    if as_json:
        typer.echo(json_line({"gateway": name, **trial._asdict()}))
    else:
        say(_lines(trial, at))
    if trial.meaning is not AnswerMeaning.ACCEPTED:
        raise typer.Exit(UNKNOWN if trial.meaning is AnswerMeaning.UNCERTAIN else NOT_ACCEPTED)


def _own(settings: Settings) -> dict[str, OwnGateway | str]:
    """Return the gateways that single apps have of their own, by name; in place of one that is none why."""

    async def work(pool: Pool) -> dict[str, OwnGateway | str]:
        addresses = await agreed_addresses(pool, settings)
        return newest(await InstanceCredentials(pool).opened(CredentialChannel.SMS, addresses))

    return on_record(settings, work)


def _require(name: str, number: str, known: Sequence[str], at: Desk) -> None:
    """End with a wrong call for a gateway that there is not, or what is no number."""
    if name not in known:
        _end([at.line("no_such_gateway", gateway=name, known=", ".join(known) or "-")], WRONG_CALL)
    try:
        check_number(number)
    except Permanent:
        _end([at.line("no_number")], WRONG_CALL)


def _require_wanted(name: str, at: Desk, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        _end([at.texts.usage["confirm_trial"]], WRONG_CALL)
    if not is_confirmed(at.line("trial_asked", gateway=name)):
        _end([at.line("not_sent")], NOT_ACCEPTED)


def _end(lines: list[str], code: int) -> NoReturn:
    say(lines, err=True)
    raise typer.Exit(code)


async def _tried(
    settings: Settings, name: str, number: str, at: Desk, own: OwnGateway | str | None
) -> SmsTrial:
    """Send the SMS. Ends with a wrong call for an app's own gateway by which nothing can be sent."""
    http = http_client(settings)
    carriers: dict[str, Carrier] = {}
    try:
        if own is None:
            carriers = sms_carriers(settings, http) | smpp_carriers(settings)
        else:
            carriers = {name: await _own_carrier(settings, http, name, own)}
        return await tried(carriers[name], _notice(at), Endpoint(0, number, {}))
    finally:
        for one in carriers.values():
            await one.aclose()
        await http.aclose()


async def _own_carrier(settings: Settings, http: HttpClient, name: str, own: OwnGateway | str) -> HttpCarrier:
    try:
        if isinstance(own, str):
            raise ValueError(own)  # noqa: TRY301, TRY004 - as where its address is not allowed
        carrier = own_carrier(settings, http, utc_now, own)
    except ValueError as error:
        _end([f"{name}: {error}"], WRONG_CALL)
    async with connected(settings) as pool:
        await audit.note(pool, operator().actor, "gateway.test", instance=name.removeprefix(OWN))
    return carrier


def _notice(at: Desk) -> Notice:
    now = utc_now()
    # Another each time: providers drop a repeat, by its reference or by its text.
    alert_id = trial_reference(now)
    text = at.line("trial_text", at=at.time(now, seconds=True))
    title = text.partition(":")[0]
    return Notice(alert_id, alert_id, title, text, b"{}", at.language.value, Urgency.NORMAL, now + LASTS)


def _lines(trial: SmsTrial, at: Desk) -> list[str]:
    meaning = at.texts.trial_meanings[trial.meaning]
    named = f"{meaning} ({trial.meaning}{f', {trial.code}' if trial.code else ''})"
    if said := code_meaning(trial.code, at):
        named += f": {said}"
    return [
        at.line("trial_request"),
        *(f"  {line}" for line in trial.request_shown.splitlines()),
        at.line("trial_answer"),
        *(f"  {line}" for line in trial.answer_shown.splitlines()),
        at.line("trial_meaning", meaning=named),
        at.line("trial_reason", reason=at.texts.trial_decided[trial.by].format(named=trial.named)),
    ]
