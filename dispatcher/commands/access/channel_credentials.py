"""`dispatcher instance credential`: what an instance has of its own to speak with a channel."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from channels.webpush.vapid import VapidSigner, generate_key, unreachable
from dispatcher.access.permissions import Permission
from dispatcher.commands.access.confirmation import refuse
from dispatcher.commands.admin import on_record
from dispatcher.commands.operator import acts, operator
from dispatcher.model.principals import ChannelCredential
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.keys import NoSuchBearer

MOST_BYTES: Final = 32 * 1024
"""Room for a key file of any provider: those of Google's service accounts have some 2,400 bytes."""
PURPOSE: Final = "instance credential"
"""The purpose of the keyed hash that stands for a credential whose public half nobody knows."""


class CredentialChannel(StrEnum):
    """The channels with which an instance may have a credential of its own."""

    WEBPUSH = "webpush"
    """A VAPID key."""
    FCM = "fcm"
    APNS = "apns"


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
    browsers subscribe with. The one so far stays good for what was made with it. Nothing shows the secret again.

    Workers sign with a new VAPID key within ten seconds. Keys of fcm and apns are kept; nothing is sent with them yet.
    """
    settings = Settings()
    plain = _plain(channel, stdin=stdin)
    if subject and (why := unreachable(subject)):
        raise typer.BadParameter(f"--subject: {why}")
    if subject and channel is not CredentialChannel.WEBPUSH:
        raise typer.BadParameter("--subject is of webpush alone")
    public = _public_key(plain, subject or settings.vapid_subject) if channel == "webpush" else ""

    async def work(pool: record.Pool) -> tuple[bool, str]:
        addresses = await agreed_addresses(pool, settings)
        known = public or addresses.sealing.keyed_hash(PURPOSE, plain.hex()).hex()
        kept = ChannelCredential(instance_id, channel, known, subject)
        return await InstanceCredentials(pool).put(kept, plain, addresses, operator().actor), known

    try:
        is_new, known = on_record(settings, work)
    except NoSuchBearer as error:
        refuse(f"there is no {error}")
    if not is_new:
        refuse(f"{instance_id} has this credential already")
    typer.echo(known)


def _plain(channel: CredentialChannel, *, stdin: bool) -> bytes:
    if not stdin:
        if channel is not CredentialChannel.WEBPUSH:
            raise typer.BadParameter(f"a credential of {channel} comes from its provider: --stdin")
        return generate_key()
    plain = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not plain.strip() or len(plain) > MOST_BYTES:
        raise typer.BadParameter(f"the input has 1 to {MOST_BYTES} bytes")
    return plain


def _public_key(pem: bytes, subject: str) -> str:
    try:
        return VapidSigner(pem, subject).public_key
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
