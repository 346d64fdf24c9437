"""Build what notes the steps of alerts, where the settings name a collector."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from channels.http.addresses import AddressRefused, Purpose
from channels.webpush.channel import WebPush
from channels.webpush.services.directory import KNOWN_ONLY
from dispatcher.traces.exporter import SpanExporter
from dispatcher.traces.tracer import NO_TRACES, Tracer
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from channels.http.client import HttpClient
    from channels.webpush.services.directory import Directory
    from dispatcher.metrics import Metrics
    from dispatcher.metrics.process import SpanOutcome
    from dispatcher.settings import Settings
    from dispatcher.traces.spans import Attributes

_NAME: Final = "cap-dispatcher"
_OTHER: Final = "other"


def tracer_of(
    settings: Settings,
    http: HttpClient,
    metrics: Metrics,
    process: str,
    services: Directory = KNOWN_ONLY,
) -> Tracer:
    """Return what notes steps; without a collector nothing does. `process`: what it is called where the settings give
    it no name; `services`: the push services that somebody has named.
    """
    if settings.traces_url is None:
        return NO_TRACES

    def count(outcome: SpanOutcome, spans: int) -> None:
        metrics.trace_spans.labels(outcome).inc(spans)

    resource: Attributes = {
        "service.name": _NAME,
        "service.version": version(_NAME),
        "service.instance.id": settings.process_name or process,
    }
    exempt = exemptions(settings)
    own = exempt.policy(Purpose.PUSH).allow_private

    def label(channel: str, gateway: str) -> str:
        # Where every host may be subscribed, one may be a citizen's own and be called after him.
        if channel == WebPush.name and not (services.names(gateway) or gateway in own):
            return _OTHER
        return metrics.gateway_label(channel, gateway)

    policy = exempt.policy(Purpose.TRACES)
    exporter = SpanExporter(settings.traces_url, http, policy, resource, count)
    return Tracer(exporter, links_senders=settings.traces_link_senders, label=label)


def require_collector(settings: Settings) -> None:
    """Require that spans may be posted where the settings say. Raises SettingsError, without the address: a secret may
    be in it.
    """
    if settings.traces_url is not None:
        with naming_setting("WARN_TRACES_URL"):
            try:
                exemptions(settings).policy(Purpose.TRACES).origin(settings.traces_url)
            except AddressRefused as refused:
                raise ValueError(f"no URL that may be posted to ({refused.code})") from None
