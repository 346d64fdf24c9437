"""Let apps on iPhones be sent for, from soon after their keys are on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from channels.apns.apple_apps import AppleApp
from channels.apns.credential import apns_credential
from dispatcher.apps.own_credentials import INTERVAL_S, OwnCredentials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from channels.apns.apple_apps import AppleApps
    from channels.apns.credential import ApnsCredential
    from dispatcher.model.principals import ChannelCredential


class OwnAppleCredential(NamedTuple):
    """A credential, and whether it is its instance's newest."""

    credential: ApnsCredential
    is_newest: bool


class OwnAppleApps(OwnCredentials[OwnAppleCredential]):
    """Runs beside the lanes of a worker. A credential that was replaced goes on for an app, or an environment, that has
    no newer one: one key sends for the App Store, and another for what Xcode installs.
    """

    task = "own_apple_apps"
    unusable = "own_apple_app_unusable"

    def __init__(
        self,
        apps: AppleApps,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        urls: Mapping[str, str],
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, each with its document; `urls` are where APNs is, by environment."""
        super().__init__(opened, interval_s)
        self._apps = apps
        self._urls = urls

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.fingerprint, "newest" if credential.replaced_at is None else "replaced"

    def _make(self, credential: ChannelCredential, plain: bytes) -> OwnAppleCredential:
        return OwnAppleCredential(apns_credential(plain), credential.replaced_at is None)

    def _admit(self, made: Sequence[OwnAppleCredential]) -> None:
        ordered = sorted(made, key=lambda one: one.is_newest)
        self._apps.admit(
            AppleApp(one.credential, topic, self._urls[one.credential.environment])
            for one in ordered
            for topic in one.credential.topics
        )
