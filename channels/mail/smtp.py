"""Hand mails over to one mail server, by SMTP. It classifies what the server answers as channels do, and never retries.

A server's words are a stranger's and may name the mailbox: an error has the code alone.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Final, cast

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from channels.base import (
    ChannelDown,
    ChannelError,
    ChannelMisconfigured,
    DeliveryError,
    Permanent,
    Transient,
    Uncertain,
)
from channels.mail.settings import SmtpSecurity

if TYPE_CHECKING:
    from datetime import datetime

AT_ONCE: Final = 4
"""Connections of one process: mail servers refuse more of one client, and nobody has so many people on duty."""
_CLOSING: Final = 421


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where and how mail is handed over."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """What certificates are checked against; None: the machine's."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One text for one mailbox."""

    to: str = field(repr=False)
    subject: str
    text: str
    message_id: str
    """The left side of `Message-ID`: the same for a message that is handed over once more, so that mailboxes show it
    once."""
    sent_at: datetime


class Mailer:
    """Hands mails over, each in a connection of its own: there are few."""

    def __init__(self, server: MailServer, timeout_s: float) -> None:
        """`timeout_s`: how long handing over one mail may take, all in all."""
        self._server = server
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(AT_ONCE)

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises `DeliveryError` for the mailbox, `ChannelError` for the server."""
        handing = _Handing(self._server)
        async with self._places:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await handing.over(mail, self._timeout_s)
            except (SMTPException, OSError, ValueError) as error:
                if not handing.is_taken:
                    raise handing.failed(error) from None
            finally:
                handing.close()


class _Handing:
    """One mail on its way."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None
        self._has_data = self._is_taken = False

    @property
    def is_taken(self) -> bool:
        """Whether the server has taken the mail, however the connection ended."""
        return self._is_taken

    async def over(self, mail: Mail, timeout_s: float) -> None:
        server = self._server
        self._client = client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=timeout_s,
            use_tls=server.security is SmtpSecurity.TLS,
            start_tls=server.security is SmtpSecurity.STARTTLS,
            tls_context=server.tls if server.security is not SmtpSecurity.NONE else None,
            # No name of this machine is told: it is nobody's business, and may be none that a server takes.
            local_hostname="[127.0.0.1]",
        )
        await client.connect()
        if server.user:
            await client.login(server.user, server.password)
        await client.mail(server.sender)
        await client.rcpt(mail.to)
        self._has_data = True
        await client.data(written(mail, server.sender))
        self._is_taken = True
        await client.quit()

    def failed(self, error: Exception) -> DeliveryError | ChannelError:
        """Return what an error means. A mail that was under way when the connection broke off may have been taken."""
        if isinstance(error, (TimeoutError, SMTPTimeoutError)):
            return self._broken("timeout")
        if isinstance(error, (SMTPServerDisconnected, ConnectionError)) and not isinstance(
            error, SMTPConnectError
        ):
            return self._broken("disconnected")
        return meaning_of_error(error)

    def _broken(self, code: str) -> DeliveryError | ChannelError:
        return Uncertain(code) if self._has_data else ChannelDown(code)

    def close(self) -> None:
        """Part at once, whatever is still to be written: what was to be said has been."""
        if self._client is None:
            return
        # A transport of uvloop is no asyncio.WriteTransport by its class, and has what one has.
        if self._client.transport is not None:
            cast("asyncio.WriteTransport", self._client.transport).abort()
        self._client.close()


def meaning_of_error(error: Exception) -> DeliveryError | ChannelError:
    """Return what an error of a mail server means, by its code alone."""
    if isinstance(error, SMTPRecipientsRefused):
        return meaning_of_error(error.recipients[0])
    if isinstance(error, (SMTPAuthenticationError, SMTPNotSupported)):
        return ChannelMisconfigured(str(getattr(error, "code", "") or "not_supported"))
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return ChannelMisconfigured("tls")
    if type(error) is SMTPException:  # what the server does not offer: to encrypt, or our way to sign in
        return ChannelMisconfigured("not_offered")
    if isinstance(error, SMTPResponseException):
        return _answered(error)
    return ChannelDown("unreachable" if isinstance(error, OSError) else type(error).__name__)


def _answered(error: SMTPResponseException) -> DeliveryError | ChannelError:
    code, is_of_mailbox = error.code, isinstance(error, SMTPRecipientRefused)
    if code == _CLOSING:
        return ChannelDown(str(code))
    if 400 <= code < 500:
        return Transient(str(code))
    # 550 may mean that there is no such mailbox, or that a policy refuses us: no mailbox is given up for it.
    if is_of_mailbox or isinstance(error, SMTPDataError):
        return Permanent(str(code))
    # The server refuses us, whoever the mail is for: once that is mended, what waits is sent.
    return ChannelMisconfigured(str(code)) if code >= 500 else Transient(str(code))


def written(mail: Mail, sender: str) -> bytes:
    """Return the mail as it is handed over: plain text in UTF-8, and marked as what a machine has sent (RFC 3834)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = mail.sent_at
    message["Message-ID"] = f"<{mail.message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Importance"] = "high"
    message.set_content(mail.text)
    return bytes(message)
