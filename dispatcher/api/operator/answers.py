"""Turns what an operator sends about an instance into what is asked for, and an instance into what he is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatcher.access.credentials import judge
from dispatcher.api.instances.profile import members_of
from dispatcher.api.operator.bodies import (
    CreatedInstanceBody,
    CredentialBody,
    InstanceLine,
    KeyBody,
    OperatedInstanceBody,
    PartyState,
)
from dispatcher.apps.administration import WantedChange
from dispatcher.apps.channel_credentials import CredentialChannel
from dispatcher.apps.profile import NamedProfile

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.access.credentials import KeyEntry
    from dispatcher.api.operator.bodies import InstanceChange
    from dispatcher.apps.administration import InstanceAccount
    from dispatcher.model.principals import ChannelCredential, PartyEntry


def wanted_change(body: InstanceChange) -> WantedChange:
    """Return what a body names: null takes away, and what is left out stays."""
    given = body.model_fields_set
    return WantedChange(
        NamedProfile(
            places=body.municipalities,
            territory=body.territory,
            name=body.name,
            languages=body.languages,
            contact=(body.contact or "") if "contact" in given else None,
            shows=(body.shows or ()) if "shows" in given else None,
            **_branding(body),
        ),
        quota=body.requests_per_minute,
        names_quota="requests_per_minute" in given,
    )


def _branding(body: InstanceChange) -> dict[str, str]:
    if "branding" not in body.model_fields_set:
        return {}
    if body.branding is None:
        return dict.fromkeys(("colour", "text_colour", "logo"), "")
    return {name: getattr(body.branding, name) or "" for name in body.branding.model_fields_set}


def line(entry: PartyEntry) -> InstanceLine:
    """Return an instance as a list shows it."""
    return InstanceLine(
        id=entry.id,
        name=entry.name,
        state=_state(entry),
        municipalities=len(entry.places),
        keys=entry.keys,
        created_at=entry.created_at,
        disabled_at=entry.disabled_at,
    )


def instance_body(account: InstanceAccount) -> OperatedInstanceBody:
    """Return all that is known of an instance."""
    return OperatedInstanceBody(**_members(account))


def created(account: InstanceAccount, key: str | None) -> CreatedInstanceBody:
    """Return an instance with its key, where that was just made."""
    return CreatedInstanceBody(**_members(account), key=key)


def _members(account: InstanceAccount) -> dict[str, Any]:
    entry = account.entry
    return {
        **members_of(account.instance, account.neighbours, account.given),
        "state": _state(entry),
        "created_at": entry.created_at,
        "disabled_at": entry.disabled_at,
        "territory": list(account.instance.territory),
        "keys": [key_body(key, account.keys.now) for key in account.keys.entries],
        "credentials": [credential_body(one) for one in account.credentials],
    }


def key_body(key: KeyEntry, now: datetime) -> KeyBody:
    """Return a key without its secret, as it stands at this time."""
    return KeyBody(
        key=str(key.name),
        state=judge(key.terms, now),
        created_at=key.created_at,
        expires_at=key.terms.expires_at,
        last_used_at=key.used_at,
    )


def credential_body(credential: ChannelCredential) -> CredentialBody:
    """Return what is known of a credential that is on record."""
    return CredentialBody(
        channel=CredentialChannel(credential.channel),
        fingerprint=credential.fingerprint,
        subject=credential.subject,
        created_at=credential.created_at,
        replaced_at=credential.replaced_at,
    )


def _state(entry: PartyEntry) -> PartyState:
    return PartyState.DISABLED if entry.disabled_at else PartyState.ENABLED
