"""Which push service is behind an origin, and which hosts may be subscribed at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from channels.webpush.services.browsers import BROWSERS
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from channels.webpush.services.push_service import PushService

SERVICES: Final = {service.name: service for service in (*BROWSERS, NTFY, NEXTPUSH, UNIFIEDPUSH)}
ANYWHERE: Final = "*"
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label is a word: a number would be an address.
_HOST: Final = re.compile(rf"\.?(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_IN_PRIVATE_NET: Final = "a server in a private net needs push=http://10.0.0.5:8080 in WARN_ALLOWED_ORIGINS"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9._:\[\]-]+")


@dataclass(frozen=True, slots=True)
class Directory:
    """The push services by host: those of the browsers, ntfy's own, and what the operator adds."""

    admitted: Mapping[str, PushService]
    """By host; a leading dot stands for all hosts below."""
    named: Mapping[str, PushService] = field(default_factory=dict)
    """By origin: whose table is that of a server of one's own. It admits nothing: `WARN_ALLOWED_ORIGINS` does."""
    anywhere: bool = False
    """Whether every public host may be subscribed."""

    @classmethod
    def parse(cls, entries: Iterable[str] = ()) -> Directory:
        """Add `HOST`, `.SUFFIX`, `SERVICE=HOST`, `SERVICE=ORIGIN`, or `*` for any host, to those that are known. Raises
        `ValueError`, which names the entry.
        """
        admitted = {host: service for service in BROWSERS for host in service.hosts}
        named: dict[str, PushService] = {}
        anywhere = False
        for entry in entries:
            if entry == ANYWHERE:
                anywhere = True
                continue
            word, separator, host = entry.rpartition("=")
            service = _service(word, entry) if separator else _of_host(host)
            if "://" in host:
                if not (separator and _ORIGIN.fullmatch(host)):
                    raise ValueError(
                        f"no origin of a push service such as ntfy=http://10.0.0.5:8080: {entry!r}; "
                        f"{_IN_PRIVATE_NET}"
                    )
                named[host] = service
                continue
            _require_host(host, entry)
            if host in admitted:
                raise ValueError(f"{host!r} is there already, as {admitted[host].title}")
            admitted[host] = service
        for host in NTFY.hosts:
            admitted.setdefault(host, NTFY)
        return cls(admitted, named, anywhere)

    def admits(self, origin: str) -> bool:
        """Whether endpoints at this origin may be subscribed."""
        return self.anywhere or _found(self.admitted, origin) is not None

    def names(self, origin: str) -> bool:
        """Whether somebody has named the server there: else it is one that a stranger has chosen."""
        return origin in self.named or _found(self.admitted, origin) is not None

    def of(self, origin: str) -> PushService:
        """Return the push service behind an origin; what nothing is known of is a server of UnifiedPush."""
        return self.named.get(origin) or _found(self.admitted, origin) or UNIFIEDPUSH


def _found(services: Mapping[str, PushService], origin: str) -> PushService | None:
    """Return what is known of an https origin's host, or of the hosts that it is below."""
    scheme, _, host = origin.partition("://")
    if scheme != "https":
        return None
    found = services.get(host)
    while found is None and "." in host:
        host = host.partition(".")[2]
        found = services.get(f".{host}")
    return found


def _service(word: str, entry: str) -> PushService:
    if word not in SERVICES:
        raise ValueError(f"no push service {word!r} in {entry!r}; there are {', '.join(SERVICES)}")
    return SERVICES[word]


def _of_host(host: str) -> PushService:
    return next((service for service in SERVICES.values() if host in service.hosts), UNIFIEDPUSH)


def _require_host(host: str, entry: str) -> None:
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError(
            f"no host such as push.example.org or .example.org, in lower case: {entry!r}; {_IN_PRIVATE_NET}"
        )
    if host.startswith(".") and host.count(".") == 1:
        raise ValueError(f"all hosts of a top-level domain are too many: {entry!r}")


KNOWN_ONLY: Final = Directory.parse()
