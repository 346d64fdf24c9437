"""`dispatcher instance credential`: what an instance has of its own to speak with a channel."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from channels.http.addresses import Purpose
from dispatcher.access.permissions import Permission
from dispatcher.apps.channel_credentials import (
    MOST_BYTES,
    CredentialChannel,
    CredentialRefused,
    OperatorTerms,
    offered,
)
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.keys import NoSuchBearer
from dispatcher.wiring.http_client import exemptions


@acts(Permission.MANAGE_INSTANCES)
def credential(
    instance_id: Annotated[str, typer.Argument(metavar="INSTANCE", help="its id")],
    channel: Annotated[CredentialChannel, typer.Argument(help="what it is for")],
    subject: Annotated[
        str,
        typer.Option(
            help="of webpush: whom push services reach, mailto: or https:; default WARN_VAPID_SUBJECT"
        ),
    ] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="read it from the input; without it a VAPID key is made")
    ] = False,
) -> None:
    """Keep a credential of an instance, sealed, and print what it is known by: of webpush the public key, which
    browsers subscribe with; of fcm the Firebase project; of apns team, key, environment and apps. The one so far
    stays good for what was made with it. Nothing shows the secret again.

    Workers take a new one within ten seconds. Of fcm it is the key file (JSON) of a service account of the project. An
    SMS gateway is a JSON object as one of WARN_SMS_GATEWAYS, without name, weight and reports. Of apns it is a JSON
    object with team_id, key_id, key (the text of Apple's .p8 file), topics (bundle IDs), and perhaps environment
    (production or sandbox) and interruption (time-sensitive or critical).
    """
    settings = Settings()
    if not stdin and channel is not CredentialChannel.WEBPUSH:
        raise typer.BadParameter(f"a credential of {channel} comes from its provider: --stdin")
    operators = OperatorTerms(settings.vapid_subject, exemptions(settings).policy(Purpose.GATEWAY))
    try:
        own = offered(channel, sys.stdin.buffer.read(MOST_BYTES + 1) if stdin else None, subject, operators)
    except CredentialRefused as error:
        raise typer.BadParameter(str(error)) from None

    async def work(pool: record.Pool) -> tuple[bool, str]:
        addresses = await agreed_addresses(pool, settings)
        kept = own.known_as(instance_id, addresses.sealing.keyed_hash)
        is_new = await InstanceCredentials(pool).put(kept, own.plain, addresses, operator().actor)
        return is_new, kept.fingerprint

    try:
        is_new, known = on_record(settings, work)
    except NoSuchBearer as error:
        refuse(f"there is no {error}")
    if not is_new:
        refuse(f"{instance_id} has this credential already")
    typer.echo(known)
