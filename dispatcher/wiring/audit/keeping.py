"""Build the part of a worker that chains the audit trail, and the anchors that the settings name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from channels.http.addresses import AddressRefused, Purpose
from dispatcher.audit.checkpoint import Interval
from dispatcher.store.audit_chain.anchors import AnchorStates
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.audit_chain.writer import ChainWriter
from dispatcher.store.leadership import AUDIT_LOCK, Leadership
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.worker.audit.anchors import FileAnchor, WebhookAnchor
from dispatcher.worker.audit.keeper import SILENT_S, AuditKeeper, Chain
from dispatcher.worker.audit.patrol import ChainPatrol

if TYPE_CHECKING:
    from channels.http.client import HttpClient
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses
    from dispatcher.worker.audit.anchors import Anchor

_URL: Final = "WARN_AUDIT_ANCHOR_URL"


def audit_keeper(
    settings: Settings, pool: Pool, addresses: Addresses, http: HttpClient, metrics: Metrics
) -> AuditKeeper:
    """Return what keeps the chain, and what makes its checkpoints as often as the settings say."""
    interval = Interval(
        timedelta(minutes=settings.audit_checkpoint_minutes), settings.audit_checkpoint_entries
    )
    chain = Chain(
        pool, ChainWriter(pool), Checkpoints(pool, addresses), ChainPatrol(pool), AnchorStates(pool)
    )
    leadership = Leadership(pool, AUDIT_LOCK, silent_s=SILENT_S)
    return AuditKeeper(chain, leadership, anchors(settings, http), interval, metrics)


def anchors(settings: Settings, http: HttpClient) -> list[Anchor]:
    """Return the anchors that the settings name."""
    found: list[Anchor] = []
    if settings.audit_anchor_file is not None:
        found.append(FileAnchor(settings.audit_anchor_file))
    if settings.audit_anchor_url is not None:
        policy = exemptions(settings).policy(Purpose.ANCHOR)
        found.append(WebhookAnchor(settings.audit_anchor_url, http, policy))
    return found


def require_anchor(settings: Settings) -> None:
    """Require that checkpoints may be posted where the settings say, and that their file can be. Raises SettingsError,
    without the address: a secret may be in it.
    """
    if settings.audit_anchor_url is not None:
        with naming_setting(_URL):
            try:
                exemptions(settings).policy(Purpose.ANCHOR).origin(settings.audit_anchor_url)
            except AddressRefused as refused:
                raise ValueError(f"no URL that may be posted to ({refused.code})") from None
    if settings.audit_anchor_file is not None:
        with naming_setting("WARN_AUDIT_ANCHOR_FILE"):
            if not settings.audit_anchor_file.parent.is_dir():
                raise ValueError(f"there is no folder {settings.audit_anchor_file.parent}")
