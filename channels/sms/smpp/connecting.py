"""Opens connections to message centres, and names what is wrong with one that cannot be opened."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from channels.sms.contract import PORT_MAX
from channels.sms.smpp.ends import EndCode
from channels.sms.smpp.session import SessionEnd

if TYPE_CHECKING:
    from channels.sms.smpp.session import SmppSession

SCHEMES: Final = ("smpp", "smpps")
"""Plain TCP, and TLS from the first octet on. There is no STARTTLS in SMPP."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Where a message centre listens."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    """None: the connection is not encrypted."""

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def parse_centre(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of `smpps://host:port`, a slash at its end or not. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"begins with {' or '.join(f'{scheme}://' for scheme in SCHEMES)}")
    try:
        port = parts.port
    except ValueError:  # neither digits nor below 65536
        port = 0
    if port == 0:
        raise ValueError(f"what stands behind the host is no port: 1 to {PORT_MAX}")
    if not parts.hostname or port is None:
        raise ValueError("names a host and a port: smpps://smpp.example:2776")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("has nothing behind the port, and nobody's name in it")
    return parts.scheme, parts.hostname, port


def tls_context(ca_file: str | None = None, *, verify: bool = True) -> ssl.SSLContext:
    """Return what a connection is encrypted with: chain and host name are checked unless `verify` is off. Raises
    `OSError` for a file that is none.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def connect(centre: Centre, session: SmppSession, timeout_s: float) -> SessionEnd | None:
    """Open the session's connection, TLS included. Returns why it could not be."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            await loop.create_connection(
                lambda: session,
                centre.host,
                centre.port,
                ssl=centre.tls,
                server_hostname=centre.host if centre.tls else None,
            )
    except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again, and has a name
        return SessionEnd(*_reason(error, centre))
    return None


def _reason(error: Exception, centre: Centre) -> tuple[EndCode, int, bool, str]:
    code, detail = EndCode.UNREACHABLE, centre.name
    match error:
        case TimeoutError():
            code = EndCode.CONNECT_TIMEOUT
        case ssl.SSLCertVerificationError():
            code, detail = EndCode.TLS_CERTIFICATE, f"{centre.name}: {error.verify_message}"
        case ssl.SSLError():
            code = EndCode.TLS
        case socket.gaierror():
            code = EndCode.DNS
        case ConnectionRefusedError():
            code = EndCode.REFUSED
        case OSError():
            pass
        case _:
            code, detail = EndCode.FAULT, f"{centre.name}: {type(error).__name__}"
    return code, 0, False, detail
